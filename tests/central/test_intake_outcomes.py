"""Every kind of bad input has a name, is counted, and costs no finding: odd events are taken and marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from central.domain.lanes import Lane
from central.services.admission import Admission, Settled
from central.services.camerabook import FRESH_S, FleetCameras
from central.services.letters import LetterDesk
from central.services.noticing import ListedCameras, Surroundings
from central.services.outcomes import Mark, Outcome
from central.store import dead_letters, fleet, inbox, outcomes
from central.store.inbox import InboxEvent, Put
from contract.errors import PermanentError
from contract.events import Event
from contract.ids import NodeId
from contract.taxonomy import Seen
from tests.central.builders import ORIGIN, T0, Street, minutes, uuid_of
from tests.central.parts import TOPICS, Parts

SQUARE = ((-500.0, -500.0), (500.0, -500.0), (500.0, 500.0), (-500.0, 500.0))
AROUND = Surroundings(ListedCameras({"node-1": ("cam-1",), "node-2": ("cam-2",)}), SQUARE, ORIGIN)


@dataclass(frozen=True)
class Came:
    topic: str
    payload: bytes


def live(event: Event) -> Came:
    return Came(TOPICS.event_live(NodeId(event.data.node_id)), event.to_wire())


def take(parts: Parts, *events: Event, around: Surroundings = AROUND) -> list[Settled]:
    return Admission(parts.database, TOPICS, parts.clock, around).take([live(event) for event in events])


def marks(settled: Sequence[Settled]) -> list[tuple[Mark, ...]]:
    assert {one.outcome for one in settled} == {Outcome.TAKEN}
    return [one.marks for one in settled]


def counted(parts: Parts) -> dict[tuple[str, str], int]:
    with parts.database.read() as connection:
        return {(one.outcome, one.node_id): one.times for one in outcomes.newest(connection, 100)}


def test_an_ordinary_event_bears_no_mark(file_parts: Parts) -> None:
    assert marks(take(file_parts, Street().event("a", Seen.STALL, (0, 0)))) == [()]
    assert counted(file_parts) == {}


def test_a_camera_that_nobody_registered_is_marked(file_parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0), camera="cam-9")
    assert marks(take(file_parts, event)) == [(Mark.UNKNOWN_CAMERA,)]
    assert counted(file_parts) == {("unknown_camera", "node-1"): 1}


def test_another_nodes_camera_is_marked(file_parts: Parts) -> None:
    assert marks(take(file_parts, Street().event("a", Seen.STALL, (0, 0), camera="cam-2"))) == [(Mark.FOREIGN_CAMERA,)]


def test_without_a_register_no_camera_is_unknown(file_parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0), camera="cam-9")
    assert marks(take(file_parts, event, around=Surroundings())) == [()]


def test_a_clock_that_runs_ahead_is_marked_and_one_that_can_not_be_is_kept_aside(parts: Parts) -> None:
    street = Street()
    soon = street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(30))
    tomorrow = street.event("b", Seen.STALL, (50, 0), last=T0 + timedelta(days=2))
    found = take(parts, soon, tomorrow)
    assert [one.outcome for one in found] == [Outcome.TAKEN, Outcome.IMPOSSIBLE_TIME]
    assert found[0].marks == (Mark.CLOCK_AHEAD,)
    assert counted(parts) == {("clock_ahead", "node-1"): 1, ("impossible_time", "node-1"): 1}


def test_a_position_outside_the_city_is_marked(file_parts: Parts) -> None:
    street = Street()
    found = take(file_parts, street.event("a", Seen.STALL, (499, 0)), street.event("b", Seen.STALL, (501, 0)))
    assert marks(found) == [(), (Mark.OUTSIDE_CITY,)]


@pytest.mark.parametrize("is_one_batch", [True, False])
def test_a_revision_that_goes_backwards_is_marked(parts: Parts, is_one_batch: bool) -> None:
    street = Street()
    sent = [street.event("a", Seen.STALL, (0, 0), revision=revision) for revision in (1, 2, 3, 2)]
    batches = [sent] if is_one_batch else [[event] for event in sent]
    found = [one for batch in batches for one in take(parts, *batch)]
    assert marks(found) == [(), (), (), (Mark.REVISION_BACKWARDS,)]


def test_revisions_that_only_arrive_in_another_order_are_not_marked(file_parts: Parts) -> None:
    street = Street()
    first, second, third = (street.event("a", Seen.STALL, (0, 0), revision=revision) for revision in (1, 2, 3))
    assert marks([*take(file_parts, third), *take(file_parts, first, second)]) == [(), (), ()]


def test_marks_stay_with_the_event_and_can_be_listed(parts: Parts) -> None:
    take(parts, Street().event("a", Seen.STALL, (0, 0), camera="cam-9"))
    with parts.database.read() as connection:
        (marked,) = inbox.newest_marked(connection, 10)
        (waiting,) = inbox.waiting(connection, 10)
    assert marked.marks == waiting.marks == ("unknown_camera",)


def test_repeats_are_not_counted_again(parts: Parts) -> None:
    event = Street().event("a", Seen.STALL, (0, 0), camera="cam-9")
    take(parts, event)
    assert [one.outcome for one in take(parts, event, event)] == [Outcome.REPEATED] * 2
    assert counted(parts) == {("unknown_camera", "node-1"): 1}


def entry(seq: int, name: str | None = None, digest: str = "a", lane: Lane = Lane.LIVE) -> InboxEvent:
    event_id = uuid_of("event", name or str(seq))
    return InboxEvent(event_id, "node-1", uuid_of("stream"), seq, digest, b"{}", T0, lane)


def test_repeats_and_conflicts_within_one_batch_and_with_earlier_ones(parts: Parts) -> None:
    first = [entry(1), entry(2), entry(1), entry(2, digest="b"), entry(2, name="other")]
    with parts.database.write() as connection:
        found = inbox.put_all(connection, first)
    assert found == [Put.TAKEN, Put.TAKEN, Put.REPEATED, Put.CONFLICTING, Put.CONFLICTING]
    with parts.database.write() as connection:
        found = inbox.put_all(connection, [entry(2), entry(3), entry(9, name="1"), entry(1, digest="c")])
    assert found == [Put.REPEATED, Put.TAKEN, Put.CONFLICTING, Put.CONFLICTING]


def test_live_events_are_worked_off_before_backfill_each_in_order(parts: Parts) -> None:
    with parts.database.write() as connection:
        inbox.put_all(connection, [entry(seq, lane=Lane.BACKFILL) for seq in (1, 2)])
        inbox.put_all(connection, [entry(seq) for seq in (3, 4)])
        inbox.put_all(connection, [entry(5, lane=Lane.BACKFILL)])
        ids = [event.row_id for event in inbox.waiting(connection, 4)]
    order = sorted(ids)
    assert ids == [order[2], order[3], order[0], order[1]]


def test_letters_of_one_reason_are_replayed_together_once_the_clock_is_right(parts: Parts) -> None:
    street = Street()
    late = [street.event(f"s{day}", Seen.STALL, (0, 0), last=T0 + timedelta(days=2)) for day in range(3)]
    take(parts, *late)
    take(parts, street.event("x", Seen.STALL, (0, 0), last=T0 + timedelta(days=9)))
    desk = LetterDesk(parts.database, parts.clock, AROUND)
    assert {one.outcome for one in desk.replay_all("impossible_time", "xunjie/v1")} == {"refused"}
    parts.clock.move_to(T0 + timedelta(days=2))
    found = desk.replay_all("impossible_time", "xunjie/v1")
    assert sorted(one.outcome for one in found) == ["refused", "taken", "taken", "taken"]
    assert [one.outcome for one in desk.replay_all("impossible_time", "xunjie/v1")] == ["refused"]
    assert desk.replay_all("no such reason", "xunjie/v1") == []


def test_an_event_that_association_set_aside_is_given_back_to_it(parts: Parts) -> None:
    take(parts, Street().event("a", Seen.STALL, (0, 0)))
    with parts.database.write() as connection:
        (waiting,) = inbox.waiting(connection, 1)
        inbox.mark_done(connection, waiting.row_id, T0, failure="a bug")
        refused = dead_letters.Refused(T0, f"inbox/{waiting.row_id}", "a bug", b"{}", 2, "0" * 64, "node-1", None)
        dead_letters.keep(connection, refused)
    desk = LetterDesk(parts.database, parts.clock)
    letter = desk.newest(1)[0]
    assert desk.replay(letter.id, "xunjie/v1") == "waiting"
    with parts.database.read() as connection:
        assert [event.row_id for event in inbox.waiting(connection, 10)] == [waiting.row_id]
    with pytest.raises(PermanentError, match="not set aside any more"):
        desk.replay(letter.id, "xunjie/v1")


def test_a_receipted_letter_outlives_the_junk(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "KEPT", 3)
    with parts.database.write() as connection:
        for number in range(8):
            place = (uuid_of("stream"), number) if number == 0 else None
            digest = f"{number:064d}"
            dead_letters.keep(connection, dead_letters.Refused(T0, "t", "r", b"", 0, digest, "node-1", place))
        kept = {letter.sha256[-1] for letter in dead_letters.newest(connection, 10)}
    assert kept == {"0", "5", "6", "7"}


def test_the_fleets_register_and_the_sites_list_are_one_book(parts: Parts) -> None:
    book = FleetCameras(parts.database, ListedCameras({"node-1": ("cam-1",)}), parts.clock)
    street = Street()
    around = Surroundings(book)
    assert marks(take(parts, street.event("a", Seen.STALL, (0, 0), camera="cam-7"), around=around)) == [
        (Mark.UNKNOWN_CAMERA,)
    ]
    with parts.database.write() as connection:
        connection.execute(fleet.CAMERAS.insert().values(camera_id="cam-7", node_id="node-1", since=T0))
        connection.execute(fleet.CAMERAS.insert().values(camera_id="cam-8", node_id="node-2", since=T0))
    parts.clock.sleep(FRESH_S)
    found = take(
        parts,
        street.event("b", Seen.STALL, (50, 0), camera="cam-7"),
        street.event("c", Seen.STALL, (90, 0), camera="cam-8"),
        around=around,
    )
    assert marks(found) == [(), (Mark.FOREIGN_CAMERA,)]
