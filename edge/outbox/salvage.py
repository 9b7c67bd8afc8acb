"""What can still be read of a damaged outbox: through SQLite as far as it goes, then from the file's own bytes."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

from pydantic import ValidationError

from contract.events import Event

_START = b'{"specversion":"1.0"'
_STRIDE = 64
"""Rows asked for at once; a broken page then costs a few rows, asked for one by one."""
_PAGE_BYTES = 4096
"""SQLite's: a longer payload lies in pieces."""


def salvage(path: Path) -> list[Event]:
    """The events of the damaged file at `path`, by their old number, each once.

    Some may have been receipted before: central keeps one of each, so sending them again is harmless.
    """
    found: dict[tuple[str, int], Event] = {}
    for payload in (*_through_sqlite(path), *_from_bytes(path)):
        with suppress(ValidationError):
            event = Event.model_validate_json(payload)
            found.setdefault((event.data.stream_id, event.data.seq), event)
    return [found[place] for place in sorted(found)]


def salvage_stories(path: Path) -> list[Event]:
    """The last word on each open incident, as far as the damaged file gives them; an incident it does not give stays
    open at central until a person ends it."""
    found: list[Event] = []
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as db:
        for (payload,) in db.execute("SELECT payload FROM story"):
            with suppress(ValidationError):
                found.append(Event.model_validate_json(payload))
    return found


def _through_sqlite(path: Path) -> Iterator[bytes]:
    with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as db:
        last = _highest(db)
        for first in range(1, last + 1, _STRIDE):
            rows = _rows(db, first, first + _STRIDE - 1)
            if rows is None:
                rows = [row for seq in range(first, first + _STRIDE) for row in _rows(db, seq, seq) or ()]
            yield from rows


def _highest(db: sqlite3.Connection) -> int:
    for question in ("SELECT seq FROM sqlite_sequence WHERE name = 'event'", "SELECT max(seq) FROM event"):
        with suppress(sqlite3.Error):
            row = db.execute(question).fetchone()
            if row is not None and row[0]:
                return int(row[0])
    return 0


def _rows(db: sqlite3.Connection, first: int, last: int) -> list[bytes] | None:
    """Payloads in this range; None if a page on the way is broken."""
    try:
        found = db.execute("SELECT payload FROM event WHERE seq BETWEEN ? AND ?", (first, last)).fetchall()
    except sqlite3.Error:
        return None
    return [payload for (payload,) in found if isinstance(payload, bytes)]


def _from_bytes(path: Path) -> Iterator[bytes]:
    """Payloads that lie in one piece in the file or its journal: those of up to a page, which most are."""
    decoder = json.JSONDecoder()
    for place in (path, path.with_name(path.name + "-wal")):
        with suppress(OSError):
            content = place.read_bytes()
            at = content.find(_START)
            while at >= 0:
                text = content[at : at + _PAGE_BYTES].decode("utf-8", "replace")
                with suppress(ValueError):
                    value, end = decoder.raw_decode(text)
                    yield text[:end].encode() if isinstance(value, dict) else b""
                at = content.find(_START, at + 1)
