"""The outbox's file: its tables, how an older one is brought up to date, and when it counts as damaged."""

import sqlite3
from datetime import datetime
from pathlib import Path

from contract.errors import PermanentError, UsageError

_TABLES = """
CREATE TABLE IF NOT EXISTS stream (stream_id TEXT NOT NULL, node_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, payload BLOB NOT NULL, written_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS evidence (
    sha256 TEXT PRIMARY KEY, seq INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS evidence_waiting ON evidence (state, seq);
CREATE TABLE IF NOT EXISTS story (
    incident_id TEXT PRIMARY KEY, camera_id TEXT NOT NULL, payload BLOB NOT NULL) WITHOUT ROWID;
"""
_LATER_COLUMNS = {
    "state": "TEXT NOT NULL DEFAULT ''",
    "incident_id": "TEXT NOT NULL DEFAULT ''",
    "old_stream": "TEXT",
    "old_seq": "INTEGER",
}
"""Columns of `event` that files of the first version lack. `old_*`: a salvaged event's place in its lost stream."""
_INDEXES = """
CREATE INDEX IF NOT EXISTS event_story ON event (incident_id, seq);
CREATE INDEX IF NOT EXISTS event_salvaged ON event (old_stream, old_seq) WHERE old_stream IS NOT NULL;
"""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class Damaged(Exception):
    """The file is no database, or its pages contradict each other."""


class Full(PermanentError):
    """The disk, or the outbox's own share of it, has no room for another page."""


class BegunAnew(PermanentError):
    """The file broke under way and was set aside; the same call works on the new one."""


def connect(path: Path, max_bytes: int) -> sqlite3.Connection:
    """The file opened, checked and brought up to date; made if it is missing.

    Raises:
        Damaged: it can't be trusted.
        UsageError: the place can't be used at all.
    """
    db = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA wal_autocheckpoint=250")  # a megabyte of journal: on a small disk it counts
        page_bytes = int(db.execute("PRAGMA page_size").fetchone()[0])
        db.execute(f"PRAGMA max_page_count={max_bytes // page_bytes}")
        verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise Damaged(verdict)
        _bring_up_to_date(db)
    except Damaged:
        _close(db)
        raise
    except (OSError, sqlite3.Error) as error:
        _close(db)
        if is_damage(error):
            raise Damaged(str(error)) from error
        raise UsageError(f"{path}: can't be used as the outbox ({error}); check state_dir and its rights") from error
    return db


def is_damage(error: Exception) -> bool:
    """Whether `error` says that the file itself is broken."""
    return isinstance(error, sqlite3.Error) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) in _DAMAGE


def is_full(error: sqlite3.Error) -> bool:
    """Whether `error` says that there is no room."""
    return (getattr(error, "sqlite_errorcode", 0) & 0xFF) == sqlite3.SQLITE_FULL


def set_aside(path: Path, at: datetime) -> Path:
    """Renames the damaged file with its journal; gives its new place.

    Raises:
        UsageError: the folder refuses.
    """
    place = path.with_name(f"{path.stem}.damaged-{at:%Y%m%dT%H%M%S%f}{path.suffix}")
    try:
        for ending in ("-wal", "-shm", ""):
            part = path.with_name(path.name + ending)
            if part.exists():
                part.rename(place.with_name(place.name + ending))
    except OSError as error:
        raise UsageError(f"{path}: is damaged and can't be set aside ({error.strerror}); check its rights") from error
    return place


def _bring_up_to_date(db: sqlite3.Connection) -> None:
    db.executescript(_TABLES)
    there = {row[1] for row in db.execute("PRAGMA table_info(event)")}
    for name, kind in _LATER_COLUMNS.items():
        if name not in there:
            db.execute(f"ALTER TABLE event ADD COLUMN {name} {kind}")
    db.executescript(_INDEXES)
    # Files of the first version had one word for both; a picture may be uploaded once its event has left the table.
    db.execute("UPDATE evidence SET state = 'announced' WHERE state = 'waiting' AND seq NOT IN (SELECT seq FROM event)")


def _close(db: sqlite3.Connection | None) -> None:
    if db is not None:
        db.close()
