"""A sealed original opens for a case and a reason, and the record is there before the picture is."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
import yaml
from sqlalchemy import update
from typer.testing import CliRunner

from central.api.access import COOKIE, Access, Tokens
from central.api.http import make_http_app
from central.api.originals import originals_router
from central.artifacts import Artifacts
from central.cli import cli
from central.domain.values import CaseFilter
from central.domain.workflow_words import Role
from central.keys import central_keys, renew_central_keys, unseal_keys
from central.services.doors import Visitor
from central.services.fleet import FleetDesk
from central.services.originals import OPENINGS_FILE, Opening, open_original
from central.services.people import By, Rights
from central.services.photobook import PhotoBook
from central.services.revealing import RevealDesk, Vault
from central.services.sight import Sight
from central.store.cases import CASES
from contract.clock import VirtualClock, format_rfc3339
from contract.errors import PermanentError, UsageError
from contract.sealing import UnsealKey
from contract.taxonomy import Seen
from tests.central.asgi import ORIGIN, AsgiClient
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

SHA = "ab" * 32
PICTURE = hashlib.sha256(JPEG).hexdigest()
PASSWORD = "seven quiet bicycles"
KEY = UnsealKey.generate()
SEALED = KEY.public.seal(b"\xff\xd8\xff original", f"original:{SHA}")


def attempt(log: Path, opening: Opening, *keys: UnsealKey) -> bytes:
    return open_original(SEALED, opening, keys, log, VirtualClock(T0))


def test_it_opens_with_any_of_centrals_keys_and_is_recorded(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    opened = attempt(log, Opening(SHA, "2026-1", "an appeal", "li"), UnsealKey.generate(), KEY)
    assert opened.endswith(b"original")
    (line,) = log.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {
        "at": format_rfc3339(T0),
        "who": "li",
        "case": "2026-1",
        "reason": "an appeal",
        "sha256": SHA,
    }


def test_a_refused_attempt_is_recorded_too(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="none of central's keys"):
        attempt(tmp_path / "log", Opening(SHA, "2026-1", "an appeal", "li"), UnsealKey.generate())
    with pytest.raises(PermanentError):
        attempt(tmp_path / "log", Opening("cd" * 32, "2026-1", "an appeal", "li"), KEY)
    assert len((tmp_path / "log").read_text(encoding="utf-8").splitlines()) == 2


@pytest.mark.parametrize(("case", "reason"), [("", "an appeal"), ("2026-1", ""), ("2026-1", "x")])
def test_without_a_case_or_a_reason_nothing_opens(tmp_path: Path, case: str, reason: str) -> None:
    with pytest.raises(UsageError, match="case and with a reason"):
        attempt(tmp_path / "log", Opening(SHA, case, reason, "li"), KEY)


def test_what_can_not_be_recorded_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UsageError, match="nothing is opened unrecorded"):
        attempt(tmp_path / "file" / "log", Opening(SHA, "2026-1", "an appeal", "li"), KEY)


class Vaulted:
    """Central with a case whose picture's original a node has; people of two districts."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts, self.folder = parts, folder
        self.keys = central_keys(folder / "keys")
        parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=(evidence_ref(),)))
        self.case_id = parts.reader.page(CaseFilter(), 1).items[0].id
        with parts.database.write() as connection:
            connection.execute(update(CASES).values(area_code="370303001002003"))
        self.fleet = FleetDesk(parts.database, lambda: self.keys, parts.clock)
        self.artifacts = Artifacts(folder / "artifacts")
        vault = Vault(self.artifacts.find, lambda: unseal_keys(folder / "keys"), folder / OPENINGS_FILE)
        access = Access(Tokens(OPERATOR_TOKEN, NODE_TOKEN), parts.doors, Sight(parts.database))
        book = PhotoBook(parts.database, parts.objects.find)
        desk = RevealDesk(parts.database, self.fleet, vault, parts.clock, book)
        self.http = make_http_app([originals_router(desk, access)])
        for name, role, district in (
            ("li", Role.LEADER, "370303"),
            ("zhao", Role.LEADER, "370302"),
            ("boss", Role.ADMIN, ""),
            ("wang", Role.REVIEWER, "370303"),
        ):
            parts.people.add(name, PASSWORD, Rights(frozenset({role}), district), By("test"), must_change=False)

    def ask(self, name: str, **body: str) -> httpx.Response:
        client = AsgiClient(self.http)
        client.cookies.set(COOKIE, self.parts.doors.sign_in(name, PASSWORD, Visitor("10.0.0.7")))
        said = {"sha256": PICTURE, "reason": "an appeal"} | body
        path = f"/api/v1/cases/{self.case_id}/originals"
        return client.send("POST", path, json=said, headers={"Origin": ORIGIN})

    def answer(self, request_id: str) -> None:
        """What the node sends."""
        sealed = self.keys.sealing.public.seal(b"\xff\xd8\xff original", f"original:{PICTURE}")
        self.fleet.note_answer(request_id, self.artifacts.keep(sealed), len(sealed))


@pytest.fixture
def vaulted(parts: Parts, tmp_path: Path) -> Vaulted:
    return Vaulted(parts, tmp_path)


def test_an_original_is_asked_of_its_node_once_and_opened_for_the_person_who_asked(vaulted: Vaulted) -> None:
    asked = vaulted.ask("li")
    assert asked.status_code == 202
    assert vaulted.ask("li").json() == asked.json()
    (request,) = vaulted.fleet.requests("node-1", 10)
    assert (request.request.by, request.request.request_id) == ("li", asked.json()["request_id"])
    vaulted.answer(request.request.request_id)
    opened = vaulted.ask("li")
    assert (opened.status_code, opened.content) == (200, b"\xff\xd8\xff original")
    assert opened.headers["cache-control"] == "no-store"
    line = json.loads((vaulted.folder / OPENINGS_FILE).read_text(encoding="utf-8"))
    assert (line["who"], line["case"], line["reason"]) == ("li", vaulted.case_id, "an appeal")
    newest = vaulted.parts.people.log(1)[0]
    assert (newest.what.value, newest.who, newest.facts["case"]) == ("original_opened", "li", vaulted.case_id)
    case = vaulted.parts.reader.detail(vaulted.case_id)
    assert case is not None
    said = [(step.what, step.actor, step.role, step.facts["reason"]) for step in case.history[-3:]]
    assert said == [
        ("original_asked", "li", "leader", "an appeal"),
        ("original_asked", "li", "leader", "an appeal"),
        ("original_opened", "li", "leader", "an appeal"),
    ]


@pytest.mark.parametrize("name", ["zhao", "boss", "wang"])
def test_neither_another_district_nor_another_role_sees_an_original(vaulted: Vaulted, name: str) -> None:
    assert vaulted.ask(name).status_code == 403
    assert vaulted.fleet.requests(None, 10) == []


def test_an_original_needs_a_reason_and_a_picture_of_the_case(vaulted: Vaulted) -> None:
    assert vaulted.ask("li", reason="      ").status_code == 422
    assert vaulted.ask("li", sha256=SHA).status_code == 422
    assert vaulted.fleet.requests(None, 10) == []


@pytest.mark.parametrize(
    ("who", "code", "said"),
    [
        ("li", 0, ""),
        ("operator", 0, ""),
        ("zhao", 2, "answers for 370302"),
        ("boss", 2, "needs a role of"),
        ("nobody", 2, "nobody is called nobody"),
    ],
)
def test_the_command_opens_for_an_account_what_was_sealed_before_the_keys_were_renewed(
    vaulted: Vaulted, who: str, code: int, said: str
) -> None:
    sealed, keys = vaulted.folder / "x.sealed", vaulted.folder / "keys"
    sealed.write_bytes(central_keys(keys).sealing.public.seal(b"\xff\xd8\xff original", f"original:{SHA}"))
    renew_central_keys(keys)
    config = vaulted.folder / "central.yaml"
    url = vaulted.parts.database.url.render_as_string(hide_password=False)
    config.write_text(yaml.safe_dump({"keys_dir": str(keys), "database_url": url}), encoding="utf-8")
    out = vaulted.folder / "x.jpg"
    arguments = ["open-original", str(sealed), "--sha256", SHA, "--case", vaulted.case_id, "--reason", "an appeal"]
    done = CliRunner().invoke(cli, [*arguments, "--who", who, "--out", str(out), "--config", str(config)])
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert out.is_file() is (code == 0)
    if code == 0:
        assert out.read_bytes().endswith(b"original")
        assert out.stat().st_mode & 0o077 == 0
        assert vaulted.parts.people.log(1)[0].who == who
    assert (keys / OPENINGS_FILE).is_file() is (code == 0)
