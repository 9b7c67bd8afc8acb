"""Evidence packages: the same bytes for the same state, and an outsider who finds the first thing that was touched."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from sqlalchemy import update

from central.api.access import COOKIE, Access, Tokens
from central.api.http import make_http_app
from central.api.package import package_router
from central.domain.people import Operator
from central.domain.workflow import Action, RejectReason
from central.domain.workflow_words import PEOPLE, Role
from central.flowrules import packaged_keeper
from central.keys import central_keys
from central.package.exporting import Exporter, find_case
from central.package.format import INDEX, SIGNATURE
from central.package.gathering import Gatherer
from central.package.verifying import BrokenPackage, verify_package
from central.services.actions import CaseDesk, OperatorAction
from central.services.auditing import verify
from central.services.doors import Visitor
from central.services.people import By, Rights
from central.services.sealing import Sealer
from central.services.sight import Sight
from central.services.steps import Stepper
from central.services.street import Darkroom, StreetDesk, Taken
from central.store import fleet
from central.store.cases import CASES
from central.store.photos import PHOTOS
from contract.errors import UsageError
from contract.events import EvidenceRef
from contract.keys import KeyPairs
from contract.signing import Purpose
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import JPEG, ORIGIN, T0, Street, evidence_ref, minutes, uuid_of
from tests.central.commandline import CommandLine
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts
from tests.central.test_evidence_proof import manifest
from tests.central.workshop_parts import photograph

NODE = KeyPairs.generate()
SHA = hashlib.sha256(JPEG).hexdigest()
CLIP = b"\x00\x00\x00\x18ftypisom" + b"clip" * 20


class Office:
    """Central with one case: two pictures, one of them signed by an enrolled node, and a few steps."""

    def __init__(self, parts: Parts, folder: Path) -> None:
        self.parts = parts
        self.folder = folder
        self.keys = central_keys(folder / "keys")
        sealer = Sealer(parts.database, self.keys.signing, parts.clock)
        gatherer = Gatherer(parts.database, parts.objects, parts.reader, sealer, folder / "keys")
        self.exporter = Exporter(parts.database, gatherer, self.keys.signing, parts.clock)
        with parts.database.write() as connection:
            fleet.enrol(connection, NODE.public("node", "node-1"), T0)
        refs = (
            evidence_ref(),
            evidence_ref(CLIP).model_copy(update={"media_type": "video/mp4"}),
            evidence_ref(b"gone"),
        )
        parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3), evidence=refs))
        self._put(refs[0], JPEG, manifest(refs[0], "node-1", NODE.signing))
        self._put(refs[1], CLIP, {})
        self.case_id = str(AsgiClient(parts.http, "operator-token").get("/api/v1/cases").json()["items"][0]["id"])
        self.act(Action.REJECT, reason=RejectReason.LOOKALIKE)

    @property
    def fingerprint(self) -> str:
        return self.keys.public("central", "central").fingerprint

    def act(self, action: Action, **said: object) -> None:
        desk = CaseDesk(self.parts.database, self.parts.clock, lambda: None)
        desk.act(self.case_id, OperatorAction(action, "王五", **said))  # type: ignore[arg-type]  # what a step needs

    def export(self, name: str = "case.zip") -> Path:
        path = self.folder / name
        self.exporter.export(self.case_id, path, "li")
        return path

    def _put(self, ref: EvidenceRef, content: bytes, headers: dict[str, str]) -> None:
        client = AsgiClient(self.parts.http, NODE_TOKEN)
        answer = client.send("PUT", f"/api/v1/evidence/{ref.sha256}", content=content, headers=headers)
        assert answer.status_code == 201


@pytest.fixture
def office(file_parts: Parts, tmp_path: Path) -> Office:
    return Office(file_parts, tmp_path)


def rewritten(source: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The package with other contents, as a forger without central's key writes it."""
    with zipfile.ZipFile(source) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
    change(files)
    target = source.with_name("forged.zip")
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def fault_of(path: Path) -> tuple[str, str]:
    with pytest.raises(BrokenPackage) as found:
        verify_package(path, None)
    return found.value.what, found.value.file


def test_a_package_is_sound_and_says_what_it_proves(office: Office) -> None:
    found = verify_package(office.export(), lambda keys: keys.has_fingerprint(office.fingerprint))
    assert (found.case_id, found.state, found.is_anchored) == (office.case_id, "rejected_false_alarm", True)
    assert (found.pictures, found.vouched_pictures, found.missing_pictures) == (2, 1, 1)
    assert found.steps == 3
    assert found.checkpoints >= 1


def test_it_works_on_postgresql_too(parts: Parts, tmp_path: Path) -> None:
    assert verify_package(Office(parts, tmp_path / "office").export(), None).steps == 3


def test_the_same_state_gives_the_same_bytes_and_every_taking_out_is_in_the_history(office: Office) -> None:
    first = office.export("a.zip").read_bytes()
    office.parts.clock.sleep(100.0)
    assert office.export("b.zip").read_bytes() == first
    what = [step.what for step in office.parts.reader.detail(office.case_id).history]  # type: ignore[union-attr]
    assert what.count("exported") == 2
    office.act(Action.REOPEN, note="看清楚")
    third = office.export("c.zip")
    assert third.read_bytes() != first
    assert verify_package(third, None).state == "pending_review"
    assert verify(office.parts.database, [office.keys.signing.public]).is_intact


def test_the_sheet_speaks_both_languages(office: Office) -> None:
    with zipfile.ZipFile(office.export()) as archive, pymupdf.open("pdf", archive.read("sheet.pdf")) as sheet:
        text = "".join(page.get_text() for page in sheet)
    for words in ("案件证据单", "Evidence sheet", "露天烧烤", "王五", office.case_id, SHA):
        assert words in text.replace("\n", "")


def _drop_picture(files: dict[str, bytes]) -> None:
    del files[f"pictures/{SHA}.jpg"]


def _change_picture(files: dict[str, bytes]) -> None:
    files[f"pictures/{SHA}.jpg"] = JPEG[:-3] + b"x\xff\xd9"


def _add_file(files: dict[str, bytes]) -> None:
    files["pictures/extra.jpg"] = JPEG


def _change_history(files: dict[str, bytes]) -> None:
    files["history.json"] = files["history.json"].replace("王五".encode(), "李四".encode())


def _change_index(files: dict[str, bytes]) -> None:
    files[INDEX] = files[INDEX].replace(b"rejected_false_alarm", b"confirmed")


def _climb_out(files: dict[str, bytes]) -> None:
    files["../evil.sh"] = b"x"


def _absolute(files: dict[str, bytes]) -> None:
    files["/etc/passwd"] = b"x"


def _drop_index(files: dict[str, bytes]) -> None:
    del files[INDEX]


@pytest.mark.parametrize(
    ("change", "what", "file"),
    [
        (_drop_picture, "missing", f"pictures/{SHA}.jpg"),
        (_change_picture, "changed", f"pictures/{SHA}.jpg"),
        (_add_file, "extra", "pictures/extra.jpg"),
        (_change_history, "changed", "history.json"),
        (_change_index, "signature", INDEX),
        (_climb_out, "path", "../evil.sh"),
        (_absolute, "path", "/etc/passwd"),
        (_drop_index, "missing", INDEX),
    ],
)
def test_the_first_thing_that_was_touched_is_named(
    office: Office, change: Callable[[dict[str, bytes]], None], what: str, file: str
) -> None:
    assert fault_of(rewritten(office.export(), change)) == (what, file)


def _signed_again(office: Office, change: Callable[[dict[str, bytes]], None]) -> Path:
    """As somebody inside does who has central's key, and brings the index in line with what was changed."""

    def all_of_it(files: dict[str, bytes]) -> None:
        change(files)
        index = json.loads(files[INDEX])
        for entry in index["files"]:
            content = files[entry["path"]]
            entry |= {"sha256": hashlib.sha256(content).hexdigest(), "size_bytes": len(content)}
        files[INDEX] = json.dumps(index).encode()
        signature = base64.b64encode(office.keys.signing.sign(files[INDEX], Purpose.PACKAGE)).decode()
        files[SIGNATURE] = json.dumps({"key_id": office.keys.signing.key_id, "signature": signature}).encode()

    return rewritten(office.export(), all_of_it)


def _change_manifest(files: dict[str, bytes]) -> None:
    name = f"manifests/{SHA}.json"
    wire = json.loads(files[name])
    wire["signature"] = base64.b64encode(bytes(64)).decode()
    files[name] = json.dumps(wire).encode()


def _change_link(files: dict[str, bytes]) -> None:
    chain = json.loads(files["chain.json"])
    chain["pieces"][0]["links"][0]["row_id"] += 1
    files["chain.json"] = json.dumps(chain).encode()


def _drop_step(files: dict[str, bytes]) -> None:
    steps = json.loads(files["history.json"])
    del steps["rows"][-1]
    files["history.json"] = json.dumps(steps).encode()


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (_change_picture, "changed"),
        (_change_manifest, "manifest"),
        (_change_link, "chain"),
        (_change_history, "history"),
        (_drop_step, "history"),
    ],
)
def test_even_who_can_sign_the_index_changes_no_picture_and_no_step(
    office: Office, change: Callable[[dict[str, bytes]], None], what: str
) -> None:
    assert fault_of(_signed_again(office, change))[0] == what


def test_a_package_by_somebody_else_is_not_centrals(office: Office, tmp_path: Path) -> None:
    other = KeyPairs.generate().public("central", "central").fingerprint
    with pytest.raises(BrokenPackage, match="is not the one you gave"):
        verify_package(office.export(), lambda keys: keys.has_fingerprint(other))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", bytes(30_000_000))
    assert fault_of(path) == ("zip_bomb", "index.json")


def test_a_link_and_a_twin_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("pictures/a.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert fault_of(path)[0] == "path"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("index.json", "{}")
        archive.writestr("index.json", "[]")
    assert fault_of(path) == ("extra", "index.json")


@pytest.mark.parametrize("keep", [0, 100, -30])
def test_a_torn_file_is_no_package(office: Office, keep: int) -> None:
    path = office.export()
    path.write_bytes(path.read_bytes()[:keep])
    assert fault_of(path)[0] == "zip"


def test_an_outsider_verifies_with_one_command(office: Office, command_line: CommandLine) -> None:
    path = str(office.export())
    sound = command_line("verify-package", path, "--key", office.fingerprint, "--json")
    assert (sound.returncode, json.loads(sound.stdout)["intact"]) == (0, True)
    assert office.fingerprint in command_line("verify-package", path).stdout
    forged = str(rewritten(Path(path), _drop_picture))
    broken = command_line("verify-package", forged, "--json")
    assert (broken.returncode, json.loads(broken.stdout)["fault"]["what"]) == (1, "missing")
    assert command_line("verify-package", str(office.folder / "none.zip")).returncode == 2
    assert command_line("verify-package", path, "--key", "12-34").returncode == 2


def test_the_command_writes_the_same_as_the_desk(office: Office, command_line: CommandLine, tmp_path: Path) -> None:
    config = tmp_path / "central.yaml"
    url = office.parts.database.url
    config.write_text(f"database_url: {url}\nkeys_dir: {tmp_path / 'keys'}\nevidence_dir: {tmp_path / 'evidence'}\n")
    out = tmp_path / "out.zip"
    result = command_line("export-case", office.case_id, "--config", str(config), "--out", str(out), "--json")
    assert (result.returncode, json.loads(result.stdout)["missing"]) == (0, 1)
    assert verify_package(out, None).case_id == office.case_id
    assert command_line("export-case", "20260701-9", "--config", str(config), "--out", str(out)).returncode == 2


def test_another_process_with_other_hashes_writes_the_same_bytes(
    office: Office, command_line: CommandLine, tmp_path: Path
) -> None:
    config = tmp_path / "central.yaml"
    url = office.parts.database.url
    config.write_text(f"database_url: {url}\nkeys_dir: {tmp_path / 'keys'}\nevidence_dir: {tmp_path / 'evidence'}\n")
    export = ["export-case", office.case_id, "--config", str(config), "--out"]
    assert command_line(*export, str(tmp_path / "here.zip")).returncode == 0
    command = [sys.executable, "-m", "central", *export, str(tmp_path / "there.zip")]
    subprocess.run(command, check=True, env=os.environ | {"PYTHONHASHSEED": "1"})
    assert (tmp_path / "here.zip").read_bytes() == (tmp_path / "there.zip").read_bytes()


def test_a_case_is_found_by_its_number_and_nothing_half_written_stays(office: Office, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no case"):
        find_case(office.parts.database, "'; --")
    with pytest.raises(UsageError, match="can't be written"):
        office.exporter.export(office.case_id, tmp_path / "no" / "where.zip", "li")
    shutil.rmtree(tmp_path / "evidence")
    assert verify_package(office.export(), None).missing_pictures == 3


def _photographed(office: Office) -> str:
    """Takes a photograph of the case; gives the name of its file."""
    parts = office.parts
    darkroom = Darkroom(parts.objects, lambda: office.keys.sealing.public)
    stepper = Stepper(packaged_keeper())
    desk = StreetDesk(parts.database, parts.reader, darkroom, stepper, parts.clock, ORIGIN, lambda: None)
    photo = desk.keep(office.case_id, Operator("sun.jun", PEOPLE), Taken(photograph(), "a" * 64, None))
    return photo.sha256


def test_photographs_are_in_the_package_coarse_with_who_took_them(office: Office) -> None:
    sha256 = _photographed(office)
    package = office.export()
    assert verify_package(package, None).photographs == 1
    with zipfile.ZipFile(package) as archive:
        assert hashlib.sha256(archive.read(f"photographs/{sha256}.jpg")).hexdigest() == sha256
        (told,) = json.loads(archive.read("photographs.json"))["photographs"]
        sheet = pymupdf.open("pdf", archive.read("sheet.pdf"))
    assert (told["person"], told["sha256"], told["redaction"]) == ("sun.jun", sha256, "coarse/1")
    assert sha256 in "".join(page.get_text() for page in sheet).replace("\n", "")
    forged = rewritten(package, lambda files: files.update({f"photographs/{sha256}.jpg": photograph(1)}))
    assert fault_of(forged) == ("changed", f"photographs/{sha256}.jpg")
    office.parts.objects.remove(sha256)
    found = verify_package(office.export("later.zip"), None)
    assert (found.photographs, found.missing_pictures) == (0, 2)


def test_a_photograph_that_the_history_does_not_name_is_a_forgery_even_if_signed(office: Office) -> None:
    sha256 = _photographed(office)
    with office.parts.database.write() as connection:
        connection.execute(update(PHOTOS).values(original_sha256="b" * 64))
    assert fault_of(office.export()) == ("photograph", "photographs.json")
    with office.parts.database.write() as connection:
        connection.execute(update(PHOTOS).values(sha256="c" * 64))
    office.parts.objects.remove(sha256)
    assert fault_of(office.export()) == ("photograph", "photographs.json")


@pytest.mark.parametrize(
    ("name", "role", "district", "code"),
    [
        ("li", Role.LEADER, "370303", 200),
        ("zhao", Role.LEADER, "370302", 403),
        ("chen", Role.DISPATCHER, "", 403),
    ],
)
def test_over_http_a_package_is_for_roles_of_its_district_and_stays_on_record(
    parts: Parts, tmp_path: Path, name: str, role: Role, district: str, code: int
) -> None:
    office = Office(parts, tmp_path / "office")
    with parts.database.write() as connection:
        connection.execute(update(CASES).values(area_code="370303001002003"))
    parts.people.add(name, "seven quiet bicycles", Rights(frozenset({role}), district), By("test"), must_change=False)
    access = Access(Tokens(OPERATOR_TOKEN, NODE_TOKEN), parts.doors, Sight(parts.database))
    client = AsgiClient(make_http_app([package_router(office.exporter, parts.reader, access)]))
    client.cookies.set(COOKIE, parts.doors.sign_in(name, "seven quiet bicycles", Visitor("10.0.0.7")))
    answer = client.get(f"/api/v1/cases/{office.case_id}/package")
    assert answer.status_code == code
    history = parts.reader.detail(office.case_id).history  # type: ignore[union-attr]
    assert [step.actor for step in history if step.what == "exported"] == ([name] if code == 200 else [])
    if code == 200:
        path = tmp_path / "got.zip"
        path.write_bytes(answer.content)
        assert verify_package(path, None).case_id == office.case_id
        assert (parts.people.log(1)[0].what.value, parts.people.log(1)[0].who) == ("package_exported", name)
    assert client.get(f"/api/v1/cases/{uuid_of('x')}/package").status_code == (404 if role is Role.LEADER else 403)
