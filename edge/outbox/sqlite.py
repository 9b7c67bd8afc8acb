"""The outbox: events on disk before anything is published, deleted only on central's receipt (ARCHITECTURE §4).

One SQLite file, WAL with full sync. The stream id is minted with the file, so a lost disk starts a new stream and
central never mistakes its sequence numbers for the old ones.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contract.clock import Clock, format_rfc3339, parse_rfc3339
from contract.errors import PermanentError, UsageError
from contract.events import MAX_EVENT_BYTES, Event
from contract.ids import StreamId, uuid7
from contract.receipts import Receipt

_SCHEMA = """
CREATE TABLE IF NOT EXISTS stream (stream_id TEXT NOT NULL, node_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB NOT NULL, written_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS evidence (
    sha256 TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS evidence_waiting ON evidence (state, seq);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that central has not receipted."""

    seq: int
    payload: bytes
    written_at: datetime


class Outbox:
    """The node's own record of what it still owes central. Thread-safe: one connection, one lock."""

    def __init__(self, path: Path, node_id: str, clock: Clock) -> None:
        """Opens or creates the file.

        Raises:
            UsageError: the folder can't be written, the file is no outbox, or it belongs to another node.
        """
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
            self.stream_id = self._open_stream(node_id)
        except (OSError, sqlite3.Error) as error:
            raise UsageError(
                f"{path}: can't be used as the outbox ({error}); check state_dir and its rights"
            ) from error

    def append(self, build: Callable[[StreamId, int], Event]) -> Event:
        """See `edge.events.EventBook`: one transaction numbers, builds and stores the event."""
        with self._transaction() as db:
            cursor = db.execute(
                "INSERT INTO event (payload, written_at) VALUES (x'', ?)", (format_rfc3339(self._clock.now()),)
            )
            seq = int(cursor.lastrowid or 0)
            event = build(self.stream_id, seq)
            payload = event.to_wire()
            check_size(event, payload)
            db.execute("UPDATE event SET payload = ? WHERE seq = ?", (payload, seq))
            db.executemany(
                "INSERT OR IGNORE INTO evidence (sha256, seq, state) VALUES (?, ?, 'waiting')",
                [(ref.sha256, seq) for ref in event.data.evidence],
            )
        for listener in self._listeners:
            listener()
        return event

    def on_append(self, listener: Callable[[], None]) -> None:
        """`listener` is called after each event is on disk, on the writing thread; it must return at once."""
        self._listeners.append(listener)

    def pending(self, limit: int, after_seq: int = 0) -> list[Entry]:
        """Unreceipted events with a number above `after_seq`, oldest first."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT seq, payload, written_at FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (after_seq, limit)
            ).fetchall()
        return [Entry(seq, payload, parse_rfc3339(written_at)) for seq, payload, written_at in rows]

    def settle(self, receipt: Receipt) -> int:
        """Deletes what `receipt` covers; gives how many. A receipt for another stream settles nothing."""
        if receipt.stream_id != self.stream_id:
            return 0
        with self._transaction() as db:
            return sum(
                db.execute("DELETE FROM event WHERE seq BETWEEN ? AND ?", span).rowcount for span in receipt.acked
            )

    def depth(self) -> int:
        """How many events central has not receipted."""
        with self._transaction() as db:
            return int(db.execute("SELECT count(*) FROM event").fetchone()[0])

    def evidence_waiting(self, limit: int) -> list[str]:
        """Hashes of pictures to upload whose event central already has; others would be refused as unannounced."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT sha256 FROM evidence WHERE state = 'waiting' AND seq NOT IN (SELECT seq FROM event)"
                " ORDER BY seq LIMIT ?",
                (limit,),
            ).fetchall()
        return [sha256 for (sha256,) in rows]

    def evidence_depth(self) -> int:
        """How many pictures are not at central yet."""
        with self._transaction() as db:
            return int(db.execute("SELECT count(*) FROM evidence WHERE state = 'waiting'").fetchone()[0])

    def mark_evidence(self, sha256s: Sequence[str], state: str, reason: str = "") -> None:
        """`state` is ``uploaded`` or ``refused``; a refused picture keeps the reason and stays on disk."""
        with self._transaction() as db:
            db.executemany(
                "UPDATE evidence SET state = ?, reason = ? WHERE sha256 = ?",
                [(state, reason[:300], sha256) for sha256 in sha256s],
            )

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _open_stream(self, node_id: str) -> StreamId:
        row = self._db.execute("SELECT stream_id, node_id FROM stream").fetchone()
        if row is None:
            stream_id = uuid7(self._clock.now())
            self._db.execute("INSERT INTO stream VALUES (?, ?)", (stream_id, node_id))
            return StreamId(stream_id)
        if row[1] != node_id:
            raise UsageError(
                f"{self._path}: belongs to node {row[1]!r}, not {node_id!r}; give this node its own state_dir"
            )
        return StreamId(row[0])

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise PermanentError(f"{self._path}: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def check_size(event: Event, payload: bytes) -> None:
    """Refuses what the wire does not carry.

    Raises:
        PermanentError: the event is larger than `MAX_EVENT_BYTES`; the message names the largest field.
    """
    if len(payload) <= MAX_EVENT_BYTES:
        return
    fields = event.data.model_dump(mode="json")
    largest = max(fields, key=lambda name: len(str(fields[name])))
    raise PermanentError(
        f"event of {len(payload)} bytes exceeds {MAX_EVENT_BYTES}; its largest field is data.{largest}"
    )
