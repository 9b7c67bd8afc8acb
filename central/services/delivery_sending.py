"""Sends one delivery after the other to one target, so that it arrives once, whatever breaks meanwhile.

    claim ──► (doubtful? ask first) ──► submit ──► write how it ended

Each arrow is a place to die at: the claim runs out, and whoever takes the row over asks the target before it repeats.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

import structlog
from sqlalchemy import Connection

from central.domain.delivery import DeliveryState
from central.domain.delivery_pace import CLOSED, Pace, failed, probing, wait_after
from central.services.delivery_notices import Presenter
from central.services.delivery_port import (
    Absent,
    Accepted,
    CannotTell,
    Gateway,
    HandedOver,
    Harmless,
    Held,
    Refused,
    Unavailable,
    Uncertain,
    Verdict,
)
from central.services.delivery_settling import Told, note_accepted, note_refused
from central.store import delivery_claims
from central.store.database import Database
from central.store.delivery_claims import Claim
from contract.clock import Clock
from contract.errors import UsageError
from contract.notices import CaseNotice

SLACK = timedelta(seconds=15)
"""How much longer a claim lasts than the calls it is for: a pause of the process, a slow commit."""
LOG = structlog.get_logger("central.delivery")


class Point(StrEnum):
    """Where a try stands; tests let a sender die there."""

    CLAIMED = "claimed"
    ASKED = "asked"
    SENT = "sent"
    RECORDED = "recorded"


def nobody_watches(_point: Point) -> None:
    """For every day."""


@dataclass(frozen=True, slots=True)
class Route:
    """One target with everything that decides how it is told."""

    name: str
    gateway: Gateway
    presenter: Presenter
    pace: Pace


class Sender:
    """Runs on one thread; several, in any number of processes, share a target's rows. `step` does one row."""

    def __init__(
        self,
        database: Database,
        route: Route,
        clock: Clock,
        holder: str,
        draw: Callable[[], float],
        on_change: Callable[[], None] = lambda: None,
        reached: Callable[[Point], None] = nobody_watches,
        slack: timedelta = SLACK,
    ) -> None:
        """`holder` names this thread among all senders; `draw` gives uniform numbers in 0..1."""
        self._slack = slack
        self._database = database
        self._route = route
        self._clock = clock
        self._holder = holder
        self._draw = draw
        self._on_change = on_change
        self._reached = reached

    def step(self) -> int:
        """Sends what has waited longest; 0 when nothing may be sent now.

        Raises:
            TransientError: the database is away; a row under way is asked about once the claim has run out.
        """
        mine = self._claim()
        if mine is None:
            return 0
        self._reached(Point.CLAIMED)
        verdict = self._send(mine)
        self._reached(Point.SENT)
        self._record(mine, verdict)
        self._reached(Point.RECORDED)
        self._on_change()
        return 1

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing to put right: the claim runs out by itself."""

    def _claim(self) -> Claim | None:
        now, target = self._clock.now(), self._route.name
        with self._database.read() as connection:
            if not delivery_claims.next_due(connection, target, now):
                return None
            if not delivery_claims.breaker(connection, target).lets_through(now):
                return None
        lasts = timedelta(seconds=2 * self._route.gateway.timeout_s) + self._slack
        with self._database.write() as connection:
            state = delivery_claims.breaker(connection, target)
            if not state.lets_through(now):
                return None
            mine = delivery_claims.claim(connection, target, self._holder, now, lasts)
            if mine is not None and state.is_tripped:
                delivery_claims.keep_breaker(connection, target, probing(state, mine.until))
        return mine

    def _send(self, mine: Claim) -> Verdict:
        gateway = self._route.gateway
        try:
            notice = self._route.presenter.notice(mine.sheet, mine.revision, mine.made_at)
        except UsageError as error:
            return Refused(str(error))
        external_id = mine.external_id
        if mine.is_doubtful:
            found = gateway.query(notice, external_id)
            self._reached(Point.ASKED)
            match found:
                case Held() if _is_there(found, notice, external_id):
                    return Accepted(found.external_id)
                case Held():
                    external_id = found.external_id or external_id
                case CannotTell():
                    return Uncertain(found.reason)
                case Absent():
                    external_id = None
                case Harmless():
                    pass
                case _:
                    assert_never(found)
        if self._clock.now() + timedelta(seconds=gateway.timeout_s) > mine.until:
            return Uncertain("the sender was held up; another one takes over")
        return gateway.submit(notice, external_id)

    def _record(self, mine: Claim, verdict: Verdict) -> None:
        now, pace = self._clock.now(), self._route.pace
        with self._database.write() as connection:
            self._note_health(connection, verdict, now)
            match verdict:
                case Accepted():
                    if delivery_claims.settle(connection, mine, DeliveryState.ACCEPTED, now, now):
                        note_accepted(connection, _told(mine, verdict.external_id), now)
                case HandedOver():
                    again = now + pace.reply_within + wait_after(mine.attempt, pace, self._draw())
                    delivery_claims.settle(connection, mine, DeliveryState.HANDED_OVER, now, again)
                case Refused():
                    self._bury(connection, mine, verdict.reason, now)
                case Unavailable() | Uncertain() if now - mine.made_at > pace.give_up:
                    self._bury(connection, mine, f"given up after {pace.give_up.days} days: {verdict.reason}", now)
                case Unavailable():
                    wait = max(wait_after(mine.attempt, pace, self._draw()), timedelta(seconds=verdict.after_s))
                    is_old = delivery_claims.has_newer(connection, mine)
                    state = DeliveryState.SUPERSEDED if is_old else DeliveryState.WAITING
                    delivery_claims.settle(connection, mine, state, now, now + wait, verdict.reason)
                case Uncertain():
                    wait = max(pace.settle, wait_after(mine.attempt, pace, self._draw()))
                    delivery_claims.settle(connection, mine, DeliveryState.UNCERTAIN, now, now + wait, verdict.reason)
                case _:
                    assert_never(verdict)

    def _note_health(self, connection: Connection, verdict: Verdict, now: datetime) -> None:
        target, pace = self._route.name, self._route.pace
        state = delivery_claims.breaker(connection, target)
        if isinstance(verdict, Unavailable | Uncertain):
            after = failed(state, now, pace, self._draw())
            if after.is_tripped and not state.is_tripped:
                LOG.warning("target does not answer; trying it now and then", target=target, why=verdict.reason)
            delivery_claims.keep_breaker(connection, target, after)
        elif state != CLOSED:
            delivery_claims.keep_breaker(connection, target, CLOSED)
            if state.is_tripped:
                LOG.info("target answers again", target=target)
                delivery_claims.hurry(connection, target, now, pace.settle)

    def _bury(self, connection: Connection, mine: Claim, reason: str, now: datetime) -> None:
        if delivery_claims.settle(connection, mine, DeliveryState.DEAD, now, now, reason):
            LOG.error("delivery refused; a person must look", target=mine.target, case_id=mine.case_id, why=reason)
            note_refused(connection, _told(mine, None), reason, now)


def _told(mine: Claim, external_id: str | None) -> Told:
    return Told(mine.case_id, mine.target, mine.revision, external_id or mine.external_id)


def _is_there(found: Held, notice: CaseNotice, known_before: str | None) -> bool:
    """Whether what was in doubt has arrived. Who can't name a revision has surely the first, if any."""
    if found.revision is None:
        return known_before is None
    return found.revision >= notice.revision
