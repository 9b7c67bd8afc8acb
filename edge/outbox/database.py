"""The outbox's file, open: one connection, one lock, one stream; a file that breaks is set aside and begun anew."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from contract.clock import Clock, format_rfc3339
from contract.errors import PermanentError, UsageError
from contract.events import Event
from contract.ids import StreamId, uuid7
from edge.outbox.file import BegunAnew, Damaged, Full, connect, is_damage, is_full, set_aside
from edge.outbox.rows import fill, note_story
from edge.outbox.salvage import salvage, salvage_stories

_log = structlog.get_logger(__name__)


class Database:
    """Thread-safe. `depth` counts the unreceipted events: whoever adds or deletes some says so there."""

    stream_id: StreamId

    def __init__(self, path: Path, node_id: str, clock: Clock, max_bytes: int) -> None:
        """Opens or creates the file; a damaged one is set aside and salvaged.

        Raises:
            UsageError: the folder can't be written, or the file belongs to another node.
        """
        self.path = path
        self._node_id = node_id
        self._clock = clock
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self.depth = 0
        self.set_aside: Path | None = None
        try:
            self._open()
        except Damaged as error:
            self._start_anew(error)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One writing transaction: whole or not at all.

        Raises:
            Full: there is no room for it.
            BegunAnew: the file broke and was set aside; the same call works on the new one.
            PermanentError: SQLite refuses it.
        """
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                if is_full(error):
                    raise Full(str(error)) from error
                if is_damage(error):
                    self._db.close()
                    self._start_anew(error)
                    raise BegunAnew(f"{self.path}: was damaged ({error}) and has been set aside") from error
                raise PermanentError(f"{self.path}: {error}") from error
            except BaseException:
                self._roll_back()
                raise

    def checkpoint(self) -> None:
        """Empties the journal, as far as the disk lets it."""
        with self._lock, suppress(sqlite3.OperationalError):
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size_bytes(self) -> int:
        """The file on disk with its journal."""
        parts = (self.path, self.path.with_name(self.path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def _open(self) -> None:
        self._db = connect(self.path, self._max_bytes)
        try:
            self.stream_id = self._open_stream()
            self.depth = int(self._db.execute("SELECT count(*) FROM event").fetchone()[0])
        except BaseException as error:
            self._db.close()
            if isinstance(error, sqlite3.Error) and is_damage(error):
                raise Damaged(str(error)) from error
            raise

    def _open_stream(self) -> StreamId:
        row = self._db.execute("SELECT stream_id, node_id FROM stream").fetchone()
        if row is None:
            stream_id = uuid7(self._clock.now())
            self._db.execute("INSERT INTO stream VALUES (?, ?)", (stream_id, self._node_id))
            return StreamId(stream_id)
        if row[1] != self._node_id:
            raise UsageError(
                f"{self.path}: belongs to node {row[1]!r}, not {self._node_id!r}; give this node its own state_dir"
            )
        return StreamId(row[0])

    def _start_anew(self, why: Exception) -> None:
        """Sets the damaged file aside and goes on in a new stream with what could be salvaged."""
        self.set_aside = set_aside(self.path, self._clock.now())
        saved = [event for event in salvage(self.set_aside) if event.data.node_id == self._node_id]
        stories = [event for event in salvage_stories(self.set_aside) if event.data.node_id == self._node_id]
        self._open()
        self._db.execute("BEGIN IMMEDIATE")
        for event in saved:
            self._take_over(event)
        for event in stories:
            note_story(self._db, event)
        self._db.execute("COMMIT")
        self.depth = len(saved)
        _log.error(
            "the outbox was damaged; it was set aside and a new stream begun",
            reason=str(why),
            set_aside=str(self.set_aside),
            events_salvaged=len(saved),
            stream_id=self.stream_id,
        )

    def _take_over(self, event: Event) -> None:
        """A salvaged event keeps its old place: stream and number."""
        place = (format_rfc3339(self._clock.now()), event.data.stream_id, event.data.seq)
        cursor = self._db.execute(
            "INSERT INTO event (payload, written_at, old_stream, old_seq) VALUES (x'', ?, ?, ?)", place
        )
        fill(self._db, int(cursor.lastrowid or 0), event, event.to_wire())

    def _roll_back(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            _log.warning("a transaction could not be rolled back", path=str(self.path), reason=str(error))
