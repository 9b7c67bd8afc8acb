"""The ledger of files: what lies in the evidence folder, how old and how large, and whether central has it.

A cache of the chain for retention, in SQLite; lost or damaged, it is made anew from chain and folder. Any thread.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from contract.errors import PermanentError
from contract.events import EvidenceRole
from contract.evidence_manifest import EvidenceItem, FileKind
from edge.evidence.shedding import Stored

LEDGER_FILE = "ledger.sqlite3"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    sha256 TEXT NOT NULL, file TEXT NOT NULL, role TEXT NOT NULL, media_type TEXT NOT NULL, size_bytes INTEGER NOT NULL,
    captured_at REAL NOT NULL, is_settled INTEGER NOT NULL DEFAULT 0, is_small INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sha256, file)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS voucher (sha256 TEXT PRIMARY KEY, wire BLOB NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What was just put into the folder: a picture or clip, and its sealed original if there is one."""

    item: EvidenceItem
    at: datetime

    @classmethod
    def of(cls, item: EvidenceItem, at: datetime) -> "Kept":
        return cls(item, at)

    def rows(self) -> Iterator[tuple[object, ...]]:
        item = self.item
        taken_s = item.captured_at.timestamp()
        is_small = item.media_type != "image/jpeg"
        yield item.sha256, FileKind.REDACTED, item.role, item.media_type, item.size_bytes, taken_s, False, is_small
        if item.original is not None:
            size = item.original.size_bytes
            yield item.sha256, FileKind.ORIGINAL, item.role, item.media_type, size, taken_s, True, True


class Ledger:
    """One connection, one lock."""

    def __init__(self, folder: Path) -> None:
        """For the evidence folder; ``ledger.sqlite3`` is opened when first needed, a damaged one set aside."""
        self._path = folder / LEDGER_FILE
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def add(self, kept: Iterable[Kept]) -> None:
        """Remembers files; one that is known stays as it is.

        Raises:
            PermanentError: the disk refuses.
        """
        with self._transaction() as db:
            rows = [row for entry in kept for row in entry.rows()]
            db.executemany("INSERT OR IGNORE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def note_voucher(self, sha256s: Sequence[str], wire: bytes) -> None:
        """The signed manifest that goes to central with these pictures; forgotten once they are settled."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO voucher VALUES (?, ?)", [(sha256, wire) for sha256 in sha256s])

    def voucher(self, sha256: str) -> bytes | None:
        """The signed manifest that vouches for a picture which central has not got yet."""
        with self._transaction() as db:
            row = db.execute("SELECT wire FROM voucher WHERE sha256 = ?", (sha256,)).fetchone()
        return None if row is None else bytes(row[0])

    def settle(self, sha256s: Sequence[str]) -> None:
        """Central has these pictures, or will never want them."""
        with self._transaction() as db:
            marks = [(sha256,) for sha256 in sha256s]
            db.executemany("UPDATE file SET is_settled = 1 WHERE sha256 = ? AND file = 'redacted'", marks)
            db.executemany("DELETE FROM voucher WHERE sha256 = ?", marks)

    def replace(self, old_sha256: str, new_sha256: str, size_bytes: int) -> None:
        """The smaller picture stands in for the old one."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR IGNORE INTO file SELECT ?, file, role, media_type, ?, captured_at, 1, 1 FROM file"
                " WHERE sha256 = ? AND file = 'redacted'",
                (new_sha256, size_bytes, old_sha256),
            )
            db.execute("DELETE FROM file WHERE sha256 = ? AND file = 'redacted'", (old_sha256,))

    def forget(self, files: Iterable[tuple[str, FileKind]]) -> None:
        """These files are gone."""
        with self._transaction() as db:
            db.executemany("DELETE FROM file WHERE sha256 = ? AND file = ?", list(files))

    def stored(self) -> list[Stored]:
        """Everything that lies in the folder."""
        with self._transaction() as db:
            rows = db.execute(
                "SELECT sha256, file, role, size_bytes, captured_at, is_settled, is_small FROM file"
            ).fetchall()
        return [
            Stored(
                sha256,
                FileKind(file),
                EvidenceRole(role),
                size,
                datetime.fromtimestamp(taken_s, UTC),
                bool(settled),
                bool(small),
            )
            for sha256, file, role, size, taken_s, settled, small in rows
        ]

    def knows(self, sha256: str) -> bool:
        with self._transaction() as db:
            return db.execute("SELECT 1 FROM file WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def used_bytes(self) -> int:
        with self._transaction() as db:
            return int(db.execute("SELECT coalesce(sum(size_bytes), 0) FROM file").fetchone()[0])

    def close(self) -> None:
        with self._lock:
            if self._db is not None:
                self._db.close()
            self._db = None

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._db = self._open()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                self._path.replace(self._path.with_suffix(".damaged"))
                self._db = self._open()
        return self._db

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")  # a cache: what a power cut takes is found again in the chain
            db.executescript(_SCHEMA)
            db.execute("SELECT count(*) FROM file").fetchone()
        except sqlite3.Error:
            db.close()
            raise
        return db

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                db = self._opened()
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
            except (sqlite3.Error, OSError) as error:
                if self._db is not None:
                    self._db.close()  # rolls back; the next caller opens it anew
                self._db = None
                raise PermanentError(f"{self._path}: can't be used ({error})") from error
