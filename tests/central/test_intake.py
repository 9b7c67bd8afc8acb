"""Every event once, then acknowledged, then receipted; what can't be taken is set aside and stops nothing."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from central.domain.values import CaseFilter
from central.services.letters import LetterDesk
from central.services.noting import Taken, Taker
from central.store import inbox
from contract.errors import PermanentError, TransientError, UsageError
from contract.events import MAX_EVENT_BYTES, ClockState, IncidentEvent
from contract.ids import NodeId
from contract.status import NodeState, NodeStatus
from contract.taxonomy import Seen
from tests.central.builders import T0, Street, uuid_of
from tests.central.parts import TOPICS, Parts

LIVE = TOPICS.event_live(NodeId("node-1"))


def reasons(parts: Parts) -> list[str]:
    return [letter.reason for letter in parts.reader.dead_letters(50)]


def case_count(parts: Parts) -> int:
    return len(parts.reader.page(CaseFilter(), 100).items)


def test_an_event_is_committed_acknowledged_and_receipted(parts: Parts) -> None:
    parts.take(Street().event("a", Seen.STALL, (0, 0)))
    assert parts.link.acked == [1]
    assert parts.link.receipted() == {1}
    assert parts.link.published[0][0] == "xunjie/v1/node/node-1/receipt"
    assert case_count(parts) == 1


def test_a_repeated_event_changes_nothing_and_is_receipted_again(parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0))
    parts.take(event)
    parts.link.published.clear()
    parts.take(event)
    assert parts.link.receipted() == {1}
    assert parts.link.acked == [1, 2]
    assert parts.intake.counts.repeated == 1
    assert case_count(parts) == 1


def test_a_failed_commit_acknowledges_nothing_and_the_redelivery_is_taken(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = Street().event("a", Seen.STALL, (0, 0))
    parts.link.push_event(event)

    @contextmanager
    def locked(**_: bool) -> Iterator[Connection]:
        raise TransientError("database is locked")
        yield

    with monkeypatch.context() as patch, pytest.raises(TransientError):
        patch.setattr(parts.database, "write", locked)
        parts.intake.step()
    assert parts.link.acked == []
    assert parts.link.published == []
    parts.intake.recover(1, TransientError())
    assert parts.link.reconnects == 1
    parts.take(event)
    assert parts.link.receipted() == {1}


def test_an_acknowledgement_of_an_older_connection_is_not_sent(parts: Parts) -> None:
    parts.link.push_event(Street().event("a", Seen.STALL, (0, 0)))
    parts.link.epoch += 1
    parts.run()
    assert parts.link.acked == []
    assert parts.link.receipted() == {1}


def test_the_same_id_with_another_content_is_refused_kept_and_receipted(parts: Parts) -> None:
    street = Street()
    event = street.event("a", Seen.STALL, (0, 0))
    parts.take(event)
    forged = event.model_copy(update={"data": event.data.model_copy(update={"seq": 7, "track_id": 9})})
    parts.take(forged)
    assert parts.intake.counts.conflicts == 1
    assert "conflict" in reasons(parts)[0]
    assert parts.link.receipted() == {1, 7}
    assert case_count(parts) == 1


def test_the_same_place_in_the_stream_with_another_id_is_a_conflict(parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0))
    parts.take(event, event.model_copy(update={"id": uuid_of("other")}))
    assert parts.intake.counts.conflicts == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "Invalid JSON"),
        (b"{nonsense", "Invalid JSON"),
        (b"\xff\xfe\x00", "Invalid JSON"),
        (b"[" * 50_000, "Invalid JSON"),
        (b"[]", "should be an object"),
        (b"{}", "Field required"),
        (b"x" * (MAX_EVENT_BYTES + 1), "over the limit"),
    ],
)
def test_a_bad_message_is_dead_lettered_with_its_reason_and_acknowledged(
    parts: Parts, payload: bytes, reason: str
) -> None:
    parts.link.push(LIVE, payload)
    parts.take(Street().event("a", Seen.STALL, (0, 0)))
    assert reason in reasons(parts)[0]
    assert parts.link.acked == [1, 2]
    assert case_count(parts) == 1


def test_a_dead_letter_keeps_length_hash_and_the_beginning(parts: Parts) -> None:
    parts.link.push(LIVE, b"x" * 70_000)
    parts.run()
    letter = parts.reader.dead_letters(1)[0]
    assert (letter.size_bytes, len(letter.head), letter.is_whole) == (70_000, 4096, False)
    assert len(letter.sha256) == 64


def test_the_same_bad_bytes_are_counted_not_kept_twice(parts: Parts) -> None:
    for _ in range(3):
        parts.link.push(LIVE, b"junk")
    parts.run()
    letters = parts.reader.dead_letters(50)
    assert [letter.times for letter in letters] == [3]


def test_a_node_may_speak_only_for_itself(parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0))
    parts.link.push(TOPICS.event_live(NodeId("node-2")), event.to_wire())
    parts.run()
    assert "topic says node node-2" in reasons(parts)[0]
    assert parts.link.receipted() == set()


@pytest.mark.parametrize(
    "topic", ["xunjie/v1/node/node-1/event/other", "elsewhere/node-1", "xunjie/v1/node/a b/status"]
)
def test_an_unknown_topic_is_dead_lettered(parts: Parts, topic: str) -> None:
    parts.link.push(topic, b"{}")
    parts.run()
    assert "topic" in reasons(parts)[0]


def test_an_unreadable_event_whose_place_is_legible_is_receipted_so_that_the_node_goes_on(parts: Parts) -> None:
    content = json.loads(Street().event("a", Seen.STALL, (0, 0)).to_wire())
    content["data"]["seen"] = "unicorn"
    parts.link.push(LIVE, json.dumps(content).encode())
    parts.run()
    assert "data.seen" in reasons(parts)[0]
    assert parts.link.receipted() == {1}


@pytest.mark.parametrize(
    "at", [datetime(1969, 12, 31, tzinfo=UTC), T0 + timedelta(days=2), datetime.max.replace(tzinfo=UTC)]
)
def test_a_time_that_can_not_be_is_refused_and_receipted(parts: Parts, at: datetime) -> None:
    parts.take(Street().event("a", Seen.STALL, (0, 0), first=at))
    assert "clock" in reasons(parts)[0]
    assert parts.link.receipted() == {1}
    assert case_count(parts) == 0


def test_a_status_is_remembered_and_a_bad_one_set_aside(parts: Parts) -> None:
    status = NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=NodeState.ONLINE,
        at=T0,
        software="1",
        config_version="1",
        clock_state=ClockState.SYNCHRONISED,
        outbox_depth=3,
    )
    parts.link.push(TOPICS.status(NodeId("node-1")), status.to_wire())
    parts.link.push(TOPICS.status(NodeId("node-1")), b"{}")
    parts.run()
    assert [node.status.outbox_depth for node in parts.reader.nodes()] == [3]
    assert len(reasons(parts)) == 1


def test_a_row_that_the_database_refuses_is_set_aside_alone(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    street = Street()
    put_all = inbox.put_all

    def picky(connection: Connection, entries: list[inbox.InboxEvent]) -> list[inbox.Put]:
        if any(entry.seq == 1 for entry in entries):
            connection.exec_driver_sql("INSERT INTO nodes (node_id) VALUES (NULL)")
        return put_all(connection, entries)

    monkeypatch.setattr(inbox, "put_all", picky)
    parts.take(street.event("a", Seen.STALL, (0, 0)), street.event("b", Seen.STALL, (50, 0)))
    assert "can't be stored" in reasons(parts)[0]
    assert case_count(parts) == 1
    assert parts.link.receipted() == {1, 2}


def test_an_event_that_association_can_not_take_is_set_aside_after_three_attempts(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    street = Street()
    bad, good = street.event("bad", Seen.STALL, (0, 0)), street.event("good", Seen.STALL, (50, 0))
    parts.link.push_event(bad)
    parts.link.push_event(good)
    parts.intake.step()
    take = Taker.take

    def picky(taker: Taker, connection: Connection, told: Sequence[IncidentEvent], since: datetime) -> Taken:
        if bad.data in told:
            raise ValueError("a bug")
        return take(taker, connection, told, since)

    monkeypatch.setattr(Taker, "take", picky)
    for attempt in range(1, 6):
        try:
            parts.association.step()
        except ValueError as error:
            parts.association.recover(attempt, error)
    assert reasons(parts) == ["association failed: ValueError: a bug"]
    assert case_count(parts) == 1


def test_a_dead_letter_can_be_replayed_once_its_reason_is_gone(parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0))
    parts.link.push("xunjie/v2/node/node-1/event/live", event.to_wire())
    parts.run()
    desk = LetterDesk(parts.database, parts.clock)
    letter = desk.newest(1)[0]
    with pytest.raises(PermanentError, match="still refused"):
        desk.replay(letter.id, "xunjie/v1")
    assert desk.replay(letter.id, "xunjie/v2") == "taken"
    assert desk.replay(letter.id, "xunjie/v2") == "repeated"
    parts.run()
    assert case_count(parts) == 1
    with pytest.raises(UsageError, match="no dead letter 99"):
        desk.show(99)


def test_the_database_keeps_full_synchronous_writes(file_parts: Parts) -> None:
    with file_parts.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert sqlite3.sqlite_version_info >= (3, 35)
