"""Events over HTTP: the same checks, inbox and outcomes as over MQTT, and an answer that serves as a receipt."""

import json
from typing import Any

import httpx
import pytest

from central.api.ingest import MAX_BODY_BYTES, MAX_EVENTS
from central.store import inbox
from contract.events import MAX_EVENT_BYTES, Event
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import Street
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN, Parts

PATH = "/api/v1/nodes/node-1/events"


@pytest.fixture
def parts(file_parts: Parts) -> Parts:
    """On SQLite alone: admission itself is tested on both databases."""
    return file_parts


@pytest.fixture
def node(parts: Parts) -> AsgiClient:
    return AsgiClient(parts.http, NODE_TOKEN)


def events(count: int) -> list[Event]:
    street = Street()
    return [street.event(f"s{number}", Seen.STALL, (60.0 * number, 0)) for number in range(count)]


def post(node: AsgiClient, content: bytes, kind: str = "application/json", path: str = PATH) -> httpx.Response:
    return node.send("POST", path, content=content, headers={"Content-Type": kind})


def outcomes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [event["outcome"] for event in answer.json()["events"]]


def acked(answer: httpx.Response) -> list[Any]:
    return [receipt["acked"] for receipt in answer.json()["receipts"]]


def test_one_event_is_taken_and_its_receipt_is_the_answer(node: AsgiClient, parts: Parts) -> None:
    answer = post(node, events(1)[0].to_wire(), "application/cloudevents+json")
    assert outcomes(answer) == ["taken"]
    assert acked(answer) == [[[1, 1]]]
    parts.run()
    assert len(AsgiClient(parts.http, OPERATOR_TOKEN).get("/api/v1/cases").json()["items"]) == 1


@pytest.mark.parametrize("shape", ["array", "lines"])
def test_a_batch_gets_one_receipt_and_an_outcome_each(node: AsgiClient, shape: str) -> None:
    wires = [event.to_wire() for event in events(3)]
    if shape == "array":
        answer = post(node, b"[ " + b",\n".join(wires) + b"]")
    else:
        answer = post(node, b"\n".join(wires) + b"\n", "application/x-ndjson")
    assert outcomes(answer) == ["taken"] * 3
    assert acked(answer) == [[[1, 3]]]


def test_what_came_over_mqtt_is_a_repeat_over_http_and_the_other_way_round(node: AsgiClient, parts: Parts) -> None:
    first, second = events(2)
    parts.take(first)
    answer = post(node, b"[" + first.to_wire() + b"," + second.to_wire() + b"]")
    assert outcomes(answer) == ["repeated", "taken"]
    assert acked(answer) == [[[1, 2]]]
    parts.take(second)
    assert parts.intake.counts.repeated == 1


def test_poison_in_a_batch_is_kept_and_costs_the_others_nothing(node: AsgiClient, parts: Parts) -> None:
    first, second = (event.to_wire() for event in events(2))
    answer = post(node, b"\n".join([first, b"{nonsense", b"[" * 5000, second]), "application/x-ndjson")
    assert outcomes(answer) == ["taken", "malformed", "malformed", "taken"]
    assert acked(answer) == [[[1, 2]]]
    assert len(parts.reader.dead_letters(10)) == 2


@pytest.mark.parametrize("broken", [b"{nonsense", b"", b"\xff\xfe", b"[" * 100_000, b'{"a": [[[', b"[1, 2", b"nul"])
def test_a_body_that_is_no_json_is_kept_and_answered(node: AsgiClient, parts: Parts, broken: bytes) -> None:
    answer = post(node, broken)
    assert set(outcomes(answer)) <= {"malformed", "oversized"}
    assert len(parts.reader.dead_letters(10)) >= 1


def test_an_array_that_breaks_off_keeps_what_was_whole(node: AsgiClient) -> None:
    first, second = (event.to_wire() for event in events(2))
    answer = post(node, b"[" + first + b"," + second[:-20])
    assert outcomes(answer) == ["taken", "malformed"]


def test_a_node_may_not_speak_for_another(node: AsgiClient) -> None:
    answer = post(node, events(1)[0].to_wire(), path="/api/v1/nodes/node-2/events")
    assert outcomes(answer) == ["node_mismatch"]
    assert acked(answer) == []


def test_an_oversized_event_is_kept_by_its_beginning(node: AsgiClient, parts: Parts) -> None:
    assert outcomes(post(node, b"x" * (MAX_EVENT_BYTES + 1))) == ["oversized"]
    assert parts.reader.dead_letters(1)[0].is_whole is False


def test_more_than_the_limits_is_refused_before_it_is_stored(node: AsgiClient, parts: Parts) -> None:
    assert post(node, b"x" * (MAX_BODY_BYTES + 1)).status_code == 413
    assert post(node, b"\n".join([b"{}"] * (MAX_EVENTS + 1)), "application/x-ndjson").status_code == 413
    assert parts.reader.dead_letters(10) == ()


def test_backfill_waits_behind_live_events(node: AsgiClient, parts: Parts) -> None:
    old, new = (event.to_wire() for event in events(2))
    post(node, old, path=f"{PATH}?lane=backfill")
    post(node, new)
    with parts.database.read() as connection:
        waiting = [json.loads(event.payload)["data"]["seq"] for event in inbox.waiting(connection, 10)]
    assert waiting == [2, 1]


@pytest.mark.parametrize("token", [None, "wrong", OPERATOR_TOKEN])
def test_only_nodes_may_hand_in_events(parts: Parts, token: str | None) -> None:
    assert post(AsgiClient(parts.http, token), b"{}").status_code == 401
    for path in ("outcomes", "marked"):
        assert AsgiClient(parts.http, NODE_TOKEN).get(f"/api/v1/intake/{path}").status_code == 401


def test_outcomes_are_counted_for_operators_to_see(node: AsgiClient, parts: Parts) -> None:
    for _ in range(3):
        post(node, b"{nonsense")
    found = AsgiClient(parts.http, OPERATOR_TOKEN).get("/api/v1/intake/outcomes").json()["items"]
    assert [(one["outcome"], one["node_id"], one["times"]) for one in found] == [("malformed", "node-1", 3)]
