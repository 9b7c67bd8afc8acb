"""Fetches the redacted pictures of shared cases from the other central, by the links in its notices."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from sqlalchemy import Connection

from central.services.evidence import JPEG_MAGIC, ObjectStore
from central.store import case_queries, changes, deliveries, delivery_sheets, shared_pictures
from central.store.database import Database
from central.store.shared_pictures import Awaited
from contract.clock import Clock

AT_ONCE = 8
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=30)
LOG = structlog.get_logger("central.exchange")


class Source(Protocol):
    """Where the pictures lie."""

    def fetch(self, path: str) -> bytes | str:
        """The bytes at `path` of the other's address; or why there are none now."""
        ...


@dataclass(frozen=True, slots=True)
class FetchParts:
    """What fetching is made of."""

    database: Database
    objects: ObjectStore
    clock: Clock
    on_change: Callable[[], None] = lambda: None


class PictureFetcher:
    """One target's; runs on one thread, harmless in several processes: a picture twice is the same file."""

    def __init__(self, parts: FetchParts, target: str, source: Source) -> None:
        self._parts, self._target, self._source = parts, target, source

    def step(self) -> int:
        """Fetches some; gives how many came. What does not come is tried until its link runs out.

        Raises:
            TransientError: the database is away.
        """
        now = self._parts.clock.now()
        with self._parts.database.read() as connection:
            waiting = shared_pictures.due(connection, self._target, now, AT_ONCE)
        came = sum(self._get(one) for one in waiting)
        if came:
            self._parts.on_change()
        return came

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right."""

    def _get(self, one: Awaited) -> bool:
        now = self._parts.clock.now()
        if one.picture.until is not None and one.picture.until <= now:
            self._put_off(one, None, "its link ran out before it could be fetched")
            return False
        known = self._parts.objects.find(one.picture.sha256)
        content = known.read_bytes() if known else self._source.fetch(_path(one.picture.url or ""))
        problem = content if isinstance(content, str) else _problem(content, one.picture.sha256)
        if isinstance(content, str) or problem:
            wait = min(FIRST_WAIT * 2 ** min(one.attempts, 10), LONGEST_WAIT)
            self._put_off(one, now + wait, problem)
            return False
        self._keep(one, content)
        return True

    def _keep(self, one: Awaited, content: bytes) -> None:
        """The picture's file first: a row that says it is here must never lie."""
        upload = self._parts.objects.begin()
        try:
            upload.write(content)
            upload.commit()
        finally:
            upload.discard()
        now = self._parts.clock.now()
        with self._parts.database.write() as connection:
            self._hang(connection, one, len(content), now)

    def _hang(self, connection: Connection, one: Awaited, size_bytes: int, now: datetime) -> None:
        case = case_queries.find(connection, one.case_id)
        if case is None:
            return
        shared_pictures.hang(connection, one, case.seen, size_bytes, now)
        for sheet in delivery_sheets.sheets_of(connection, [one.case_id]):
            deliveries.note_body(connection, one.target, sheet)
        changes.record(connection, "case", [one.case_id], now)

    def _put_off(self, one: Awaited, until: datetime | None, problem: str) -> None:
        if until is None or one.attempts == 0:
            LOG.warning("a shared case's picture did not come", target=one.target, case_id=one.case_id, why=problem)
        with self._parts.database.write() as connection:
            shared_pictures.put_off(connection, one, until, problem)


def _path(url: str) -> str:
    """The link without scheme and host: those come from the targets file alone."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _problem(content: bytes, sha256: str) -> str:
    if not content.startswith(JPEG_MAGIC):
        return "what came is no JPEG picture"
    if hashlib.sha256(content).hexdigest() != sha256:
        return "what came is another picture than was announced"
    return ""
