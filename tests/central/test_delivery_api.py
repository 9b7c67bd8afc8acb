"""Deliveries over HTTP: how they stand, signed replies, pictures by links that run out; and on the command line."""

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI

from central.api.access import Access, Tokens
from central.api.http import make_http_app
from central.domain.workflow import CaseState
from central.services.delivery_signature import sign
from central.services.sight import Sight
from central.simulation.city_platform import Fault
from central.store import case_queries
from contract.clock import SystemClock
from contract.notices import PlatformReply, ReplyKind
from tests.central.asgi import AsgiClient
from tests.central.builders import JPEG, T0, minutes, uuid_of
from tests.central.commandline import CommandLine
from tests.central.delivery_parts import CITY, SECRETS, Listening, Post, platform
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

KEY = SECRETS["XUNJIE_SECRET_HOOK"].encode()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Listening]:
    with platform(tmp_path) as listening:
        yield listening


def http_of(post: Post, parts: Parts) -> FastAPI:
    access = Access(Tokens(OPERATOR_TOKEN, NODE_TOKEN), parts.doors, Sight(parts.database))
    return make_http_app(post.dispatching.routers(access, parts.objects))


def hook(city: Listening) -> dict[str, Any]:
    return {"name": "hook", "kind": "webhook", "secret": "hook", "url": f"http://127.0.0.1:{city.port}/hook"}


def test_a_cases_deliveries_say_who_has_what(file_parts: Parts, city: Listening) -> None:
    post = Post(file_parts.database, {**CITY, "url": city.url})
    city.control(faults=[Fault.REFUSE_422])
    case_id = post.confirmed("a")
    post.run()
    post.change(case_id, gone_at=T0)
    post.run()
    client = AsgiClient(http_of(post, file_parts), OPERATOR_TOKEN)
    found = client.get(f"/api/v1/cases/{case_id}/deliveries").json()
    (target,) = found["targets"]
    assert (target["target"], target["external_id"], target["is_current"]) == ("city", "ZB-000001", True)
    assert [(row["revision"], row["state"]) for row in found["deliveries"]] == [(1, "dead"), (2, "accepted")]
    assert [row["problem"] for row in client.get("/api/v1/deliveries").json()] == [
        "it answered 422: field address is missing"
    ]
    (standing,) = client.get("/api/v1/deliveries/targets").json()
    assert (standing["name"], standing["counts"]) == ("city", {"dead": 1})
    assert AsgiClient(http_of(post, file_parts)).get(f"/api/v1/cases/{case_id}/deliveries").status_code == 401


def test_a_signed_reply_becomes_a_step_and_an_unsigned_one_nothing(file_parts: Parts, city: Listening) -> None:
    post = Post(file_parts.database, hook(city))
    case_id = post.confirmed("a", CaseState.REPORTED)
    client = AsgiClient(http_of(post, file_parts))
    said = PlatformReply(reply_id="1", kind=ReplyKind.STATE, case_id=case_id, state="accepted", at=T0)
    body, path = said.to_wire(), "/api/v1/platforms/hook/replies"
    good = sign(KEY, "m1", post.clock.now(), body)
    assert client.send("POST", path, content=body).status_code == 401
    assert client.send("POST", path, content=body, headers=sign(b"x" * 24, "m1", T0, body)).status_code == 401
    assert client.send("POST", path, content=body, headers=sign(KEY, "m1", T0 - minutes(6), body)).status_code == 401
    assert client.send("POST", "/api/v1/platforms/other/replies", content=body, headers=good).status_code == 401
    assert client.send("POST", path, content=b"x" * 20_000, headers=good).status_code == 413
    assert client.send("POST", path, content=body, headers=good).json() == {"outcome": "taken", "reason": ""}
    assert client.send("POST", path, content=body, headers=good).json()["outcome"] == "repeated"
    wrong = b'{"reply_id": "2", "kind": "state"}'
    answer = client.send("POST", path, content=wrong, headers=sign(KEY, "m2", T0, wrong))
    assert (answer.status_code, answer.json()["detail"]) == (422, "at: Field required")
    with file_parts.database.read() as connection:
        case = case_queries.find(connection, case_id)
    assert case is not None
    assert case.state is CaseState.ACCEPTED


def test_a_link_shows_its_picture_until_it_runs_out(file_parts: Parts, city: Listening) -> None:
    post = Post(file_parts.database, {**CITY, "url": city.url})
    sha256 = hashlib.sha256(JPEG).hexdigest()
    upload = file_parts.objects.begin()
    upload.write(JPEG)
    upload.commit()
    links = post.dispatching.routes["city"].presenter.links
    assert links is not None
    url = links.url(sha256, post.clock.now() + timedelta(days=1)).removeprefix("https://central.test")
    client = AsgiClient(http_of(post, file_parts))
    answer = client.get(url)
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, JPEG, "image/jpeg")
    assert client.get(url.replace(sha256, "0" * 64)).status_code == 403
    assert client.get(url.replace("until=", "until=9")).status_code == 403
    post.clock.sleep(86401)
    assert client.get(url).status_code == 403


def test_dead_letters_and_reconciliation_on_the_command_line(
    file_parts: Parts, city: Listening, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUNJIE_SECRET_CITY", "token")
    target = {**CITY, "url": city.url}
    post = Post(file_parts.database, target)
    city.control(faults=[Fault.REFUSE_422])
    case_id = post.confirmed("a")
    post.run()
    database = ("--database-url", file_parts.database.url.render_as_string(hide_password=False))
    (letter,) = json.loads(command_line("deliveries", "list", "--json", *database).stdout)
    assert letter["case_id"] == case_id
    assert "field address is missing" in command_line("deliveries", "show", str(letter["id"]), *database).stdout
    assert command_line("deliveries", "replay", str(letter["id"]), *database).returncode == 0
    post.clock.move_to(SystemClock().now())  # the command line's own
    post.run()
    assert city.refs() == [case_id]
    again = command_line("deliveries", "replay", str(letter["id"]), *database)
    assert (again.returncode, again.stderr) == (2, f"delivery {letter['id']} can't be replayed: it is accepted\n")
    assert "no delivery 99" in command_line("deliveries", "show", "99", *database).stderr

    (tmp_path / "targets.yaml").write_text(yaml.safe_dump({"targets": [target]}), encoding="utf-8")
    wanted = ("--targets", str(tmp_path / "targets.yaml"), *database)
    assert command_line("reconcile", "city", *wanted).returncode == 0
    city.parts.records.add(uuid_of("case", "never ours"), 1, {})
    differs = command_line("reconcile", "city", "--json", *wanted)
    assert (differs.returncode, json.loads(differs.stdout)["counts"]["extra"]) == (1, 1)
    unknown = command_line("reconcile", "town", *wanted)
    assert (unknown.returncode, unknown.stderr) == (2, "no target 'town'; the targets file has: city\n")


def test_reconciling_follows_the_sites_own_workflow_file(
    file_parts: Parts, city: Listening, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XUNJIE_SECRET_CITY", "token")
    targets = {"targets": [{**CITY, "url": city.url}]}
    (tmp_path / "targets.yaml").write_text(yaml.safe_dump(targets), encoding="utf-8")
    (tmp_path / "workflow.yaml").write_text("profile: nobody's\n", encoding="utf-8")
    named = {name: str(tmp_path / f"{name}.yaml") for name in ("targets", "workflow")}
    (tmp_path / "central.yaml").write_text(yaml.safe_dump(named), encoding="utf-8")
    database = ("--database-url", file_parts.database.url.render_as_string(hide_password=False))
    told = command_line("reconcile", "city", "--config", str(tmp_path / "central.yaml"), *database)
    assert (told.returncode, "workflow.yaml" in told.stderr or "nobody's" in told.stderr) == (2, True), told.stderr
