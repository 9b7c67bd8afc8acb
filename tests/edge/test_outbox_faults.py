"""A damaged file, a full disk, an older file: the node goes on, says so, and gives up nothing that it need not."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import Event, IncidentState
from contract.ids import StreamId
from contract.receipts import Receipt, receipts_for
from edge.outbox.room import RESERVE_BYTES, Room
from edge.outbox.sqlite import Outbox
from tests.contract.builders import event, evidence_ref, uuid_of
from tests.edge.fakes import T0

PLENTY = 10**12


def told(state: IncidentState, incident: str, revision: int) -> Callable[[StreamId, int], Event]:
    def build(stream_id: StreamId, seq: int) -> Event:
        return event(
            stream_id=stream_id,
            seq=seq,
            state=state,
            revision=revision,
            incident_id=uuid_of(incident),
            evidence=(evidence_ref(mark=f"{seq % 16:x}"),),
        )

    return build


def open_box(path: Path, room: Room | None = None) -> Outbox:
    return Outbox(path, "node-1", VirtualClock(T0), room)


def filled(path: Path, count: int) -> StreamId:
    """A closed outbox with `count` openings; gives its stream."""
    outbox = open_box(path)
    for seq in range(1, count + 1):
        outbox.append(told(IncidentState.OPENED, f"incident {seq}", 1))
    stream_id = outbox.stream_id
    outbox.close()
    return stream_id


def places(outbox: Outbox) -> list[tuple[str, int]]:
    events = [Event.model_validate_json(entry.payload) for entry in outbox.pending(10**6)]
    return [(entry.data.stream_id, entry.data.seq) for entry in events]


def overwrite(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


def test_a_damaged_file_is_set_aside_and_what_it_still_gives_keeps_its_place(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    old = filled(path, 300)
    page = 4096
    overwrite(path, path.stat().st_size // 2 // page * page, 3 * page)
    with capture_logs() as logs:
        outbox = open_box(path)
    said = [entry for entry in logs if entry["log_level"] == "error"]
    assert len(said) == 1
    assert outbox.set_aside is not None
    assert Path(said[0]["set_aside"]) == outbox.set_aside
    assert outbox.set_aside.exists()
    assert outbox.stream_id != old
    kept = places(outbox)
    assert {stream for stream, _ in kept} == {old}
    assert [seq for _, seq in kept] == sorted({seq for _, seq in kept})
    assert len(kept) > 270
    assert outbox.append(told(IncidentState.OPENED, "new", 1)).data.stream_id == outbox.stream_id
    for receipt in receipts_for(old, [seq for _, seq in kept]):
        outbox.settle(receipt)
    assert {stream for stream, _ in places(outbox)} == {outbox.stream_id}
    assert outbox.depth() == 1
    outbox.close()
    again = open_box(path)
    assert again.set_aside is None
    assert again.depth() == 1
    again.close()


def test_a_file_whose_head_is_gone_gives_what_its_bytes_hold(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    old = filled(path, 40)
    overwrite(path, 0, 4096)
    with capture_logs():
        outbox = open_box(path)
    assert places(outbox) == [(old, seq) for seq in range(1, 41)]
    outbox.close()


def test_a_file_of_something_else_is_set_aside_unharmed(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_text("no database, " * 100, encoding="utf-8")
    with capture_logs():
        outbox = open_box(path)
    assert outbox.set_aside is not None
    assert outbox.set_aside.read_text(encoding="utf-8").startswith("no database")
    assert outbox.append(told(IncidentState.OPENED, "new", 1)).data.seq == 1
    outbox.close()


def test_damage_that_shows_while_the_node_runs_costs_it_no_event(tmp_path: Path) -> None:
    """The pages are broken under a running node; the next event goes into a new file."""
    path = tmp_path / "outbox.sqlite3"
    filled(path, 200)
    outbox = open_box(path)
    outbox.seqs(1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    overwrite(path, 4096, path.stat().st_size - 4096)
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version=1")  # another's write makes the node read its pages anew
    with capture_logs() as logs:
        written = outbox.append(told(IncidentState.OPENED, "after", 1))
    assert written.data.stream_id == outbox.stream_id
    assert [entry for entry in logs if "was damaged" in entry["event"]]
    assert (written.data.stream_id, written.data.seq) in places(outbox)
    outbox.close()


def test_a_file_of_the_first_version_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "CREATE TABLE stream (stream_id TEXT NOT NULL, node_id TEXT NOT NULL);"
            "CREATE TABLE event (seq INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB NOT NULL,"
            " written_at TEXT NOT NULL);"
            "CREATE TABLE evidence (sha256 TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL,"
            " reason TEXT NOT NULL DEFAULT '');"
        )
        stream = uuid_of("old stream")
        db.execute("INSERT INTO stream VALUES (?, 'node-1')", (stream,))
        payload = event(stream_id=stream, seq=1).to_wire()
        db.execute("INSERT INTO event (payload, written_at) VALUES (?, '2026-07-01T10:00:00.000Z')", (payload,))
        db.execute("INSERT INTO evidence VALUES (?, 7, 'waiting', '')", ("a" * 64,))
        db.commit()
    outbox = open_box(path)
    assert outbox.stream_id == stream
    assert outbox.depth() == 1
    assert outbox.evidence_waiting(9) == ["a" * 64]
    assert outbox.append(told(IncidentState.OPENED, "new", 1)).data.seq == 2
    outbox.close()


def story(outbox: Outbox, incident: str, updates: int) -> None:
    outbox.append(told(IncidentState.OPENED, incident, 1))
    for revision in range(2, updates + 2):
        outbox.append(told(IncidentState.UPDATED, incident, revision))


def revisions(outbox: Outbox) -> list[tuple[str, str, int]]:
    events = [Event.model_validate_json(entry.payload) for entry in outbox.pending(10**6)]
    return [(entry.subject, entry.data.state.value, entry.data.revision) for entry in events]


def test_on_a_short_disk_an_incident_keeps_its_opening_its_newest_update_and_its_closing(tmp_path: Path) -> None:
    free = [PLENTY]
    room = Room(tmp_path, free_bytes=lambda _folder: free[0], floor_bytes=0)
    outbox = open_box(tmp_path / "outbox.sqlite3", room)
    story(outbox, "a", 3)
    free[0] = 1000
    story(outbox, "b", 50)
    assert [revision for subject, _, revision in revisions(outbox) if subject == uuid_of("b")] == [1, 51]
    assert [revision for subject, _, revision in revisions(outbox) if subject == uuid_of("a")] == [1, 2, 3, 4]
    outbox.append(told(IncidentState.CLOSED, "b", 52))
    assert [(s, r) for subject, s, r in revisions(outbox) if subject == uuid_of("b")] == [("opened", 1), ("closed", 52)]
    assert outbox.coalesced == 50
    assert outbox.depth() == 6
    outbox.close()


def test_a_full_outbox_gives_up_updates_and_never_an_opening_or_a_closing(tmp_path: Path) -> None:
    """SQLite itself says that it is full (its page limit); events go on being taken while updates can give way."""
    room = Room(tmp_path, max_bytes=256 * 1024)
    outbox = open_box(tmp_path / "outbox.sqlite3", room)
    kept: list[tuple[str, str, int]] = []
    with capture_logs() as logs, pytest.raises(PermanentError, match="no room for another event"):
        for number in range(1000):
            story(outbox, f"incident {number}", 4)
            kept.append((uuid_of(f"incident {number}"), "opened", 1))
            outbox.append(told(IncidentState.CLOSED, f"incident {number}", 6))
            kept.append((uuid_of(f"incident {number}"), "closed", 6))
    assert [entry for entry in logs if "ran out of room" in entry["event"]]
    stays = [entry for entry in revisions(outbox) if entry[1] != "updated"]
    assert stays[: len(kept)] == kept
    assert outbox.coalesced > 0
    assert outbox.depth() == len(revisions(outbox))
    outbox.settle(Receipt(stream_id=outbox.stream_id, acked=((1, 40),)))
    assert outbox.append(told(IncidentState.OPENED, "afterwards", 1)).data.seq > 40
    outbox.close()


def test_the_last_of_the_disk_is_kept_for_deleting(tmp_path: Path) -> None:
    """On a full disk nothing more is taken, receipts still delete, and what they free is used again."""
    free = [PLENTY]
    outbox = open_box(tmp_path / "outbox.sqlite3", Room(tmp_path, free_bytes=lambda _folder: free[0]))
    for number in range(300):
        outbox.append(told(IncidentState.OPENED, f"incident {number}", 1))
    free[0] = 1000
    with capture_logs(), pytest.raises(PermanentError, match="no room for another event"):
        outbox.append(told(IncidentState.OPENED, "one too many", 1))
    assert outbox.settle(Receipt(stream_id=outbox.stream_id, acked=((1, 250),))) == 250
    outbox.append(told(IncidentState.OPENED, "afterwards", 1))
    assert outbox.depth() == 51
    outbox.close()


def test_the_reserve_is_given_back_when_the_disk_is_full_and_made_again(tmp_path: Path) -> None:
    room = Room(tmp_path, free_bytes=lambda _folder: PLENTY)
    assert not room.is_short()
    reserve = tmp_path / "outbox.reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    room.open_reserve()
    assert not reserve.exists()
    assert not room.is_short()
    assert reserve.exists()


def test_pictures_of_given_up_updates_are_not_sent_and_shared_ones_are(tmp_path: Path) -> None:
    """One look's picture serves an update and another incident's opening: it goes with the opening."""

    def showing(state: IncidentState, incident: str, revision: int, mark: str) -> Callable[[StreamId, int], Event]:
        def build(stream_id: StreamId, seq: int) -> Event:
            shown = (evidence_ref(mark=mark),)
            place = {"stream_id": stream_id, "seq": seq, "incident_id": uuid_of(incident)}
            return event(**place, state=state, revision=revision, evidence=shown)

        return build

    outbox = open_box(tmp_path / "outbox.sqlite3", Room(tmp_path, free_bytes=lambda _folder: 0, floor_bytes=0))
    outbox.append(showing(IncidentState.UPDATED, "a", 2, "1"))
    outbox.append(showing(IncidentState.UPDATED, "a", 3, "2"))
    outbox.append(showing(IncidentState.OPENED, "b", 1, "2"))
    outbox.append(showing(IncidentState.UPDATED, "a", 4, "3"))
    outbox.settle(Receipt(stream_id=outbox.stream_id, acked=((1, 4),)))
    assert sorted(outbox.evidence_waiting(9)) == ["2" * 64, "3" * 64]
    outbox.close()


def test_receipts_out_of_order_twice_and_of_others_harm_nothing(tmp_path: Path) -> None:
    outbox = open_box(tmp_path / "outbox.sqlite3")
    for number in range(30):
        outbox.append(told(IncidentState.OPENED, f"incident {number}", 1))
    stream = outbox.stream_id
    for acked in [((21, 25),), ((1, 3), (10, 12)), ((21, 25),), ((24, 26),), ((28, 90),)]:
        outbox.settle(Receipt(stream_id=stream, acked=acked))
    outbox.settle(Receipt(stream_id=uuid_of("another"), acked=((1, 30),)))
    assert outbox.seqs(99) == [4, 5, 6, 7, 8, 9, *range(13, 21), 27]
    assert outbox.depth() == 15
    outbox.close()
