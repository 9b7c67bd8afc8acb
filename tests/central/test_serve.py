"""The whole of central over a real broker: events in, receipts out, cases over HTTP and on the live feed."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.taxonomy import Seen
from deploy.broker import find_mosquitto
from tests.central.brokers import embedded_broker, mosquitto
from tests.central.builders import JPEG, T0, Street, evidence_ref, minutes, seconds
from tests.central.served import EdgeEnd, Served, distinct_cases, serve
from tests.edge.waiting import PATIENCE_S, until
from tests.ports import free_port

HAS_MOSQUITTO = find_mosquitto() is not None


@pytest.fixture(
    params=[
        "iotcore",
        pytest.param(
            "mosquitto",
            marks=[pytest.mark.broker, pytest.mark.skipif(not HAS_MOSQUITTO, reason="mosquitto is not installed")],
        ),
    ]
)
def broker(request: pytest.FixtureRequest) -> Iterator[int]:
    with embedded_broker() if request.param == "iotcore" else mosquitto() as port:
        yield port


@pytest.fixture
def served(broker: int, tmp_path: Path) -> Iterator[Served]:
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        yield running


def test_from_event_to_receipt_case_picture_and_live_feed(broker: int, served: Served) -> None:
    street, node, ref = Street(), EdgeEnd(broker), evidence_ref()
    with served.live() as messages:
        node.send(
            street.event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(1), evidence=(ref,)),
            street.event("smoke", Seen.SMOKE, (3, 2), camera="cam-2", sigma_m=3, last=T0 + seconds(70)),
        )
        node.send_bytes(b"{nonsense")
        node.send_bytes(b"x" * 70_000)
        node.send(street.event("far", Seen.STALL, (300, 0), last=T0 + seconds(5)))
        node.wait_for_receipt(1, 2, 3)
        change_id, case = next(
            (change_id, data)
            for change_id, event, data in messages
            if event == "case" and data["cameras"] == ["cam-1", "cam-2"]
        )
    assert case["kind"] == "open_bbq"
    with served.live(last_event_id=change_id) as messages:
        assert served.put_picture(ref.sha256, JPEG) == 201
        pictured = next(data for _, event, data in messages if event == "case" and data["picture"])
    assert (pictured["id"], pictured["picture"]["sha256"]) == (case["id"], ref.sha256)
    until(lambda: served.get("health")["inbox_waiting"] == 0, "the last one is associated, too")
    assert len(served.get("cases")["items"]) == 2
    letters = served.get("dead-letters")["items"]
    assert sorted(letter["size_bytes"] for letter in letters) == [9, 70_000]
    until(lambda: served.get("health")["events_taken"] >= 3, "the backroom has told of them")
    health = served.get("health")
    assert (health["ok"], health["events_taken"], health["step_failures"]) == (True, 3, 0)
    node.close()


def test_what_was_sent_while_central_was_away_arrives_and_nothing_twice(broker: int, tmp_path: Path) -> None:
    street, node = Street(), EdgeEnd(broker)
    first = street.event("a", Seen.STALL, (0, 0))
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        node.send(first)
        node.wait_for_receipt(1)
    later = [street.event(f"s{number}", Seen.STALL, (50.0 * number, 0)) for number in range(1, 21)]
    node.send(first, *later)
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        node.wait_for_receipt(*range(1, 22))
        with running.live() as messages:
            distinct_cases(messages, 21)
        assert len(running.get("cases?limit=100")["items"]) == 21
    node.close()


def test_central_killed_hard_in_the_middle_loses_nothing_and_doubles_nothing(broker: int, tmp_path: Path) -> None:
    street, node = Street(), EdgeEnd(broker)
    events = [street.event(f"s{number}", Seen.STALL, (12.0 * number, 0)) for number in range(200)]
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        node.send(*events[:100])
        node.wait_for_receipt(1)
        running.process.kill()
        node.send(*events[100:])
    with serve(tmp_path, broker) as running:
        running.wait_for_log("broker connected")
        node.send(*(event for event in events if event.data.seq not in node.receipted))  # as an edge node does
        node.wait_for_receipt(*range(1, 201))
        with running.live() as messages:
            distinct_cases(messages, 200)
        assert len(running.get("cases?limit=500")["items"]) == 200
        assert running.get("dead-letters")["items"] == []
    node.close()


def test_central_ends_cleanly_while_somebody_watches(served: Served) -> None:
    with served.live() as messages:
        served.process.send_signal(signal.SIGTERM)
        assert list(messages) == []
    assert served.process.wait(PATIENCE_S) == 0


def test_a_broker_that_is_away_at_start_is_said_and_waited_for(tmp_path: Path) -> None:
    port = free_port()
    with serve(tmp_path, port) as running:
        line = running.wait_for_log("broker can't be reached")
        assert "trying again" in line
        until(lambda: "can't be reached" in running.get("health")["broker_problem"], "its health says so, too")
        health = running.get("health")
        assert (health["ok"], health["broker_connected"]) == (False, False)
        with embedded_broker(port):
            running.wait_for_log("broker connected")
            until(lambda: running.get("health")["ok"], "it is well")
