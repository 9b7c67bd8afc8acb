"""Sends what people are told outside the console, again and again until it is through."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from central.store import leases, notices
from central.store.database import Database
from central.store.notices import Notice
from contract.clock import Clock
from contract.errors import PermanentError, TransientError

ATTEMPTS = 8
AT_A_TIME = 20
LEASE = "notices"
PERSON = "person/"
"""Before a person's name, among the audiences; who has no target of their own is reached through their role's."""
LEASE_LASTS = timedelta(minutes=5)
"""Longer than a batch may take: targets that hang for half a minute each."""
LOG = structlog.get_logger("central.notices")


class Speaker(Protocol):
    """Sends one text to the configured targets of an audience."""

    @property
    def audiences(self) -> frozenset[str]: ...
    def say(self, audience: str, title: str, body: str) -> None:
        """Raises TransientError or PermanentError where it does not go through."""
        ...


class NoticeSender:
    """Runs on one thread. What has no target is noted as such and done with."""

    def __init__(self, database: Database, speaker: Speaker, clock: Clock, holder: str = "only one") -> None:
        """`holder` names this process among those that work on the same database: one of them sends."""
        self._database, self._speaker, self._clock = database, speaker, clock
        self._holder = holder

    def step(self) -> int:
        """Sends what waits, up to a few; gives how many it tried."""
        now = self._clock.now()
        with self._database.read() as connection:
            waiting = notices.waiting(connection, now, AT_A_TIME)
        if not waiting:
            return 0
        with self._database.write() as connection:
            if leases.hold(connection, LEASE, self._holder, now, LEASE_LASTS) is None:
                return 0
        settled = [self._send(notice, now) for notice in waiting]
        with self._database.write() as connection:
            for notice in settled:
                notices.settle(connection, notice)
        return len(settled)

    def recover(self, failures_in_a_row: int, error: Exception) -> None:
        """Nothing was settled: it is sent again, and may arrive twice."""

    def _send(self, notice: Notice, now: datetime) -> Notice:
        own = f"{PERSON}{notice.person}"
        to = own if notice.person and own in self._speaker.audiences else notice.audience
        if to not in self._speaker.audiences:
            return replace(notice, next_at=None, problem="no target is configured for it")
        tried = replace(notice, attempts=notice.attempts + 1)
        try:
            self._speaker.say(to, notice.title, notice.body)
        except TransientError as error:
            LOG.warning("a notice did not go through", case_id=notice.case_id, audience=notice.audience)
            again = now + timedelta(seconds=15 * 2 ** min(notice.attempts, 7))
            return replace(tried, next_at=None if tried.attempts >= ATTEMPTS else again, problem=str(error))
        except PermanentError as error:
            return replace(tried, next_at=None, problem=str(error))
        return replace(tried, next_at=None, sent_at=now, problem="")


class Silent:
    """Nobody is told anything outside the console: the default."""

    audiences: frozenset[str] = frozenset()

    def say(self, audience: str, title: str, body: str) -> None:
        raise PermanentError(f"no target is configured for {audience}: {title} {body}")
