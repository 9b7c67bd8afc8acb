"""The outbox: events on disk before anything is published, deleted only on central's receipt (ARCHITECTURE §4).

One SQLite file, WAL with full sync. The stream id is minted with the file, so a lost disk starts a new stream and
central never mistakes its sequence numbers for the old ones. A damaged file is set aside and what it still gives keeps
its old place (stream and number), so that central knows each event it already has.

The last word on every incident that is open stays after its receipt, so that a node which was killed can go on with it
or end it.

When the disk runs short, all but the newest `updated` of an incident are given up; `opened` and `closed` never are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from contract.clock import Clock, format_rfc3339, parse_rfc3339
from contract.errors import PermanentError
from contract.events import Event
from contract.ids import StreamId
from contract.receipts import Receipt
from edge.faults import Faults, Point, no_fault
from edge.outbox.database import Database
from edge.outbox.file import BegunAnew, Full
from edge.outbox.room import Room
from edge.outbox.rows import check_size, fill, free_pages, note_story, portions
from edge.outbox.thinning import give_up_all_older, give_up_older

LEAST_FREE_PAGES = 32
"""Empty pages inside the file that one event may need at most: 64 KiB, its rows and indexes."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that central has not receipted."""

    seq: int
    payload: bytes
    written_at: datetime


class Outbox:
    """The node's own record of what it still owes central. Thread-safe."""

    def __init__(
        self, path: Path, node_id: str, clock: Clock, room: Room | None = None, faults: Faults = no_fault
    ) -> None:
        """Opens or creates the file; a damaged one is set aside and salvaged.

        Raises:
            UsageError: the folder can't be written, or the file belongs to another node.
        """
        self._clock = clock
        self._room = room or Room(path.parent)
        self._faults = faults
        self._listeners: list[Callable[[], None]] = []
        self.coalesced = 0
        self._file = Database(path, node_id, clock, self._room.max_bytes)

    @property
    def stream_id(self) -> StreamId:
        """Of the file; another one after a damaged file was set aside."""
        return self._file.stream_id

    @property
    def set_aside(self) -> Path | None:
        """Where a damaged file was put; None while there was none."""
        return self._file.set_aside

    def append(self, build: Callable[[StreamId, int], Event]) -> Event:
        """See `edge.events.EventBook`: one transaction numbers, builds and stores the event."""
        self._faults(Point.DECIDED)
        try:
            event = self._insert(build)
        except BegunAnew:
            event = self._insert(build)
        except Full:
            event = self._insert_in_new_room(build)
        self._faults(Point.WRITTEN)
        for listener in self._listeners:
            listener()
        return event

    def on_append(self, listener: Callable[[], None]) -> None:
        """`listener` is called after each event is on disk, on the writing thread; it must return at once."""
        self._listeners.append(listener)

    def newest_seq(self) -> int:
        """The highest number ever given in this file; 0 before the first."""
        with self._file.transaction() as db:
            row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
        return 0 if row is None else int(row[0])

    def seqs(self, limit: int, after_seq: int = 0, up_to_seq: int = 2**62) -> list[int]:
        """Numbers of unreceipted events in (`after_seq`, `up_to_seq`], oldest first; cheap, reads no payload."""
        question = "SELECT seq FROM event WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?"
        with self._file.transaction() as db:
            return [seq for (seq,) in db.execute(question, (after_seq, up_to_seq, limit))]

    def load(self, seq: int) -> Entry | None:
        """One event; None if it has been receipted or given up meanwhile."""
        with self._file.transaction() as db:
            row = db.execute("SELECT payload, written_at FROM event WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else Entry(seq, row[0], parse_rfc3339(row[1]))

    def pending(self, limit: int, after_seq: int = 0) -> list[Entry]:
        """Unreceipted events with a number above `after_seq`, oldest first."""
        return [entry for seq in self.seqs(limit, after_seq) if (entry := self.load(seq)) is not None]

    def settle(self, receipt: Receipt) -> int:
        """Deletes what `receipt` covers; gives how many. A receipt for a stream that is not here settles nothing."""
        try:
            return self._settle(receipt)
        except Full:  # deleting needs room for the journal: by small portions it needs little
            self._room.open_reserve()
            return sum(self._settle(portion) for portion in portions(receipt))

    def _settle(self, receipt: Receipt) -> int:
        own = receipt.stream_id == self.stream_id
        where = "old_stream IS NULL AND seq" if own else "old_stream = ? AND old_seq"
        key = () if own else (receipt.stream_id,)
        with self._file.transaction() as db:
            gone = [
                seq
                for span in receipt.acked
                for (seq,) in db.execute(
                    f"DELETE FROM event WHERE {where} BETWEEN ? AND ? RETURNING seq", (*key, *span)
                )
            ]
            db.executemany(
                "UPDATE evidence SET state = 'announced' WHERE state = 'waiting' AND seq = ?", [(seq,) for seq in gone]
            )
            if gone:
                self._faults(Point.DELETING)
        self._file.depth -= len(gone)
        if gone and self._room.is_exhausted():
            self._file.checkpoint()
        return len(gone)

    def unfinished(self, camera_id: str | None = None) -> list[Event]:
        """See `edge.unfinished.Stories`; oldest incident first."""
        with self._file.transaction() as db:
            where, values = ("", ()) if camera_id is None else (" WHERE camera_id = ?", (camera_id,))
            rows = db.execute(f"SELECT payload FROM story{where} ORDER BY incident_id", values).fetchall()
        return [Event.model_validate_json(payload) for (payload,) in rows]

    def depth(self) -> int:
        """How many events central has not receipted."""
        return self._file.depth

    def size_bytes(self) -> int:
        """The file on disk with its journal."""
        return self._file.size_bytes()

    def evidence_waiting(self, limit: int) -> list[str]:
        """Hashes of pictures to upload whose event central already has; others would be refused as unannounced."""
        with self._file.transaction() as db:
            rows = db.execute(
                "SELECT sha256 FROM evidence WHERE state = 'announced' ORDER BY seq LIMIT ?", (limit,)
            ).fetchall()
        return [sha256 for (sha256,) in rows]

    def evidence_depth(self) -> int:
        """How many pictures are not at central yet."""
        with self._file.transaction() as db:
            question = "SELECT count(*) FROM evidence WHERE state IN ('waiting', 'announced')"
            return int(db.execute(question).fetchone()[0])

    def mark_evidence(self, sha256s: Sequence[str], state: str, reason: str = "") -> None:
        """`state` is ``uploaded`` or ``refused``; a refused picture keeps the reason and stays on disk."""
        with self._file.transaction() as db:
            db.executemany(
                "UPDATE evidence SET state = ?, reason = ? WHERE sha256 = ?",
                [(state, reason[:300], sha256) for sha256 in sha256s],
            )

    def close(self) -> None:
        self._file.close()

    def _insert(self, build: Callable[[StreamId, int], Event]) -> Event:
        with self._file.transaction() as db:
            if self._room.is_exhausted() and free_pages(db) < LEAST_FREE_PAGES:
                raise Full("the disk is full")
            cursor = db.execute(
                "INSERT INTO event (payload, written_at) VALUES (x'', ?)", (format_rfc3339(self._clock.now()),)
            )
            seq = int(cursor.lastrowid or 0)
            event = build(self.stream_id, seq)
            payload = event.to_wire()
            check_size(event, payload)
            given_up = give_up_older(db, event, seq) if self._room.is_short() else 0
            fill(db, seq, event, payload)
            note_story(db, event)
            self._faults(Point.BUILT)
        self.coalesced += given_up
        self._file.depth += 1 - given_up
        return event

    def _insert_in_new_room(self, build: Callable[[StreamId, int], Event]) -> Event:
        try:
            self._make_room()
            return self._insert(build)
        except Full as error:
            raise PermanentError(
                f"{self._file.path}: no room for another event ({error}); free the disk or mend the way to central"
            ) from error

    def _make_room(self) -> None:
        """All but the newest `updated` of every incident, with the reserve's help where the disk itself is full."""
        self._room.open_reserve()
        with self._file.transaction() as db:
            count = give_up_all_older(db)
        self.coalesced += count
        self._file.depth -= count
        self._file.checkpoint()
        path = str(self._file.path)
        _log.warning("the outbox ran out of room; older updates were given up", path=path, given_up=count)
