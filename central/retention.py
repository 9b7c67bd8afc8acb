"""Retention: lets `central.domain.retention` decide, and takes away in bites that hold nobody up for long."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Protocol

import structlog

from central.domain.retention import CaseFacts, RetentionRules, expiry
from central.store import expiring, photos
from central.store.database import Database
from central.store.expiring import Spent
from contract.clock import Clock

LOG = structlog.get_logger("central.retention")
BITE = 200
"""Rows or cases a transaction: some ten milliseconds under the write lock, so that intake hardly notices."""
EVERY = timedelta(days=1)
SETTLING_IN = timedelta(hours=1)
UPLOAD_GRACE = timedelta(days=1)
"""A picture that nothing refers to stays this long: its event may still be on the way."""


class Pictures(Protocol):
    """The evidence folder."""

    def every(self) -> Iterable[tuple[str, Path]]: ...
    def remove(self, sha256: str) -> int: ...


@dataclass(slots=True)
class Swept:
    """What a run took away, or would take away."""

    cases: int = 0
    pictured_incidents: int = 0
    photographed_cases: int = 0
    lone_incidents: int = 0
    inbox_payloads: int = 0
    dead_letters: int = 0
    status: int = 0
    picture_files: int = 0
    picture_bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Due:
    """Of a page of cases: which go, and of the others whose incidents' pictures and whose photographs do."""

    gone: list[str]
    pictured: list[str]
    photographed: list[str]


class Retention:
    """`run` does everything once; `step` is for a worker and does it once a day."""

    def __init__(
        self, database: Database, pictures: Pictures, rules: RetentionRules, clock: Clock, bite: int = BITE
    ) -> None:
        self._bite = bite
        self._database = database
        self._pictures = pictures
        self._rules = rules
        self._clock = clock
        self._next_at: datetime | None = None

    def step(self) -> int:
        """Runs an hour after the start (which has enough to do), then daily. Always 0: no more is to be done at once.

        Raises:
            TransientError: the database refused; what went before is gone, the next step goes on.
        """
        now = self._clock.now()
        if self._next_at is None:
            self._next_at = now + SETTLING_IN
        if now >= self._next_at:
            swept = self.run(now)
            self._next_at = now + EVERY
            LOG.info("retention has run", **{name: getattr(swept, name) for name in Swept.__slots__})
        return 0

    def recover(self, in_a_row: int, error: Exception) -> None:
        """Nothing to put right: what is left is found again."""

    def run(self, now: datetime, dry: bool = False, tell: Callable[[str], None] = lambda _what: None) -> Swept:
        """Takes away what is due at `now`, class by class; `dry` only counts.

        Raises:
            TransientError: see `step`.
        """
        swept = Swept()
        tell("cases")
        self._cases(now, dry, swept)
        tell("incidents without a case")
        self._lone_incidents(now - timedelta(days=self._rules.unseen), dry, swept)
        for kind, days in self._ages().items():
            tell(kind.value.replace("_", " "))
            setattr(swept, kind.value, self._spend(kind, now - timedelta(days=days), dry))
        tell("pictures that nothing refers to")
        self._orphans(now, dry, swept)
        return swept

    def _ages(self) -> dict[Spent, int]:
        return {
            Spent.INBOX_PAYLOADS: self._rules.inbox_payload,
            Spent.DEAD_LETTERS: self._rules.dead_letters,
            Spent.STATUS: self._rules.status,
        }

    def _cases(self, now: datetime, dry: bool, swept: Swept) -> None:
        for facts in self._case_pages():
            due = {case.case_id: expiry(case, self._rules) for case in facts}
            gone = [case_id for case_id, when in due.items() if when.frees_record(now)]
            bare = [case_id for case_id, when in due.items() if when.frees_pictures(now) and case_id not in gone]
            with self._database.read() as connection:
                pictured = expiring.pictured(connection, bare)
                photographed = photos.pictured(connection, bare)
            if dry:
                swept.cases += len(gone)
                swept.pictured_incidents += len(pictured)
                swept.photographed_cases += len(photographed)
            elif gone or pictured or photographed:
                self._take(_Due(gone, pictured, photographed), now, swept)

    def _take(self, due: "_Due", now: datetime, swept: Swept) -> None:
        with self._database.write() as connection:
            freed = expiring.drop_pictures(connection, due.pictured)
            freed |= expiring.drop_photos(connection, due.photographed)
            count, more = expiring.drop_cases(connection, due.gone, "retention", now)
        swept.cases += count
        swept.pictured_incidents += len(due.pictured)
        swept.photographed_cases += len(due.photographed)
        self._remove(freed | more, swept)

    def _case_pages(self) -> Iterator[list[CaseFacts]]:
        after = ""
        while True:
            with self._database.read() as connection:
                page = expiring.case_facts(connection, after, self._bite)
            if not page:
                return
            yield page
            after = page[-1].case_id

    def _lone_incidents(self, before: datetime, dry: bool, swept: Swept) -> None:
        if dry:
            with self._database.read() as connection:
                swept.lone_incidents = len(expiring.lone_incidents(connection, before, None))
            return
        while True:
            with self._database.write() as connection:
                found = expiring.lone_incidents(connection, before, self._bite)
                freed = expiring.drop_incidents(connection, found) if found else set()
            swept.lone_incidents += len(found)
            self._remove(freed, swept)
            if len(found) < self._bite:
                return

    def _spend(self, kind: Spent, before: datetime, dry: bool) -> int:
        if dry:
            with self._database.read() as connection:
                return expiring.count_spent(connection, kind, before)
        count, after = 0, 0
        while True:
            with self._database.write() as connection:
                ids = expiring.spend(connection, kind, before, after, self._bite)
            count += len(ids)
            if len(ids) < self._bite:
                return count
            after = ids[-1]

    def _orphans(self, now: datetime, dry: bool, swept: Swept) -> None:
        """What a killed run or a lost event left behind in the folder."""
        oldest = (now - UPLOAD_GRACE).timestamp()
        stale = (name for name, path in self._pictures.every() if _changed_at(path) < oldest)
        while names := list(islice(stale, self._bite)):
            with self._database.read() as connection:
                lost = set(names) - expiring.known_pictures(connection, names)
            if dry:
                swept.picture_files += len(lost)
            else:
                self._remove(lost, swept)

    def _remove(self, names: set[str], swept: Swept) -> None:
        for name in sorted(names):
            size_bytes = self._pictures.remove(name)
            swept.picture_files += size_bytes > 0
            swept.picture_bytes += size_bytes


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
