"""What a simulated municipal platform has on its disk. It knows no idempotency: what is posted twice is there twice."""

import json
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, ref TEXT, rev INTEGER, state TEXT, version INTEGER, content TEXT
);
CREATE INDEX IF NOT EXISTS by_ref ON records (ref);
CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, record INTEGER);
"""
PAGE = 500


@dataclass(frozen=True, slots=True)
class Record:
    """One case at the platform. `ref` is the sender's case id, `rev` the newest revision it was told."""

    number: int
    ref: str
    rev: int
    state: str
    version: int

    @property
    def name(self) -> str:
        return f"ZB-{self.number:06d}"

    def told(self) -> dict[str, Any]:
        return {"id": self.name, "ref": self.ref, "rev": self.rev, "state": self.state, "version": self.version}


class Records:
    """One file that outlives the process. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._guard = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")  # it is killed in trials; no power cut is tried
        self._database.executescript(_TABLES)

    def add(self, ref: str, rev: int, content: dict[str, Any], key: str = "") -> Record:
        """A new record, whatever there is already; only a known `key` gives the record that it made."""
        with self._guard:
            known = self._database.execute("SELECT record FROM keys WHERE key = ?", (key,)).fetchone() if key else None
            if known is not None:
                return self._one("id = ?", known[0])
            row = (ref, rev, "received", 1, json.dumps(content, ensure_ascii=False))
            made = self._database.execute(
                "INSERT INTO records (ref, rev, state, version, content) VALUES (?, ?, ?, ?, ?)", row
            )
            if key:
                self._database.execute("INSERT INTO keys VALUES (?, ?)", (key, made.lastrowid))
            return self._one("id = ?", made.lastrowid)

    def change(self, number: int, rev: int, content: dict[str, Any]) -> Record | None:
        """Puts the newer content into the record; None if there is none. An older revision changes nothing."""
        with self._guard:
            self._database.execute(
                "UPDATE records SET rev = ?, content = ? WHERE id = ? AND rev < ?",
                (rev, json.dumps(content, ensure_ascii=False), number, rev),
            )
            found = self._all("id = ?", number)
            return found[0] if found else None

    def move(self, number: int, state: str) -> Record:
        """The platform's own people bring the case on."""
        with self._guard:
            self._database.execute("UPDATE records SET state = ?, version = version + 1 WHERE id = ?", (state, number))
            return self._one("id = ?", number)

    def by_ref(self, ref: str) -> list[Record]:
        with self._guard:
            return self._all("ref = ?", ref)

    def find(self, number: int) -> Record | None:
        with self._guard:
            found = self._all("id = ?", number)
            return found[0] if found else None

    def page(self, number: int) -> list[Record]:
        """Pages count from 1."""
        with self._guard:
            return self._all("1 = ? LIMIT ? OFFSET ?", 1, PAGE, (number - 1) * PAGE)

    def content(self, number: int) -> dict[str, Any]:
        with self._guard:
            row = self._database.execute("SELECT content FROM records WHERE id = ?", (number,)).fetchone()
        found: dict[str, Any] = json.loads(row[0])
        return found

    def count(self) -> int:
        with self._guard:
            return int(self._database.execute("SELECT count(*) FROM records").fetchone()[0])

    def drop(self, number: int) -> None:
        """As if a clerk had deleted it."""
        with self._guard:
            self._database.execute("DELETE FROM records WHERE id = ?", (number,))

    def close(self) -> None:
        with self._guard:
            self._database.close()

    def _one(self, condition: str, *values: object) -> Record:
        return self._all(condition, *values)[0]

    def _all(self, condition: str, *values: object) -> list[Record]:
        query = f"SELECT id, ref, rev, state, version FROM records WHERE {condition}"
        return [Record(*row) for row in self._database.execute(query, values)]
