"""Senders' claims on deliveries: one sender a row, in each case's order, over any number of processes.

A claim is taken inside `Database.write`, which knows one writer: two senders never take the same row. It runs out by
itself; what it was about is then doubtful, and the next sender asks the target first.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, update

from central.domain.delivery import UNSETTLED, CaseSheet, DeliveryState
from central.domain.delivery_pace import Breaker
from central.store.deliveries import DELIVERIES, STANDINGS
from central.store.delivery_targets import TARGETS

_D = DELIVERIES.c
_EARLIER = DELIVERIES.alias("earlier")
_TIME_HAS_COME = and_(
    _D.state.in_((DeliveryState.WAITING, DeliveryState.UNCERTAIN, DeliveryState.HANDED_OVER)),
    _D.next_at <= bindparam("at"),
)
_CLAIM_RAN_OUT = and_(_D.state == DeliveryState.SENDING, _D.claimed_until <= bindparam("at"))
_EARLIER_IS_UNDER_WAY = exists().where(
    _EARLIER.c.case_id == _D.case_id,
    _EARLIER.c.target == _D.target,
    _EARLIER.c.revision < _D.revision,
    _EARLIER.c.state.in_(sorted(UNSETTLED)),
)
_IS_DUE = and_(_D.target == bindparam("of_target"), or_(_TIME_HAS_COME, _CLAIM_RAN_OUT), ~_EARLIER_IS_UNDER_WAY)
# Senders ask twice a second each, for ever: building these anew took longer than the database's answer.
_ANY_DUE = select(_D.id).where(_IS_DUE).limit(1)
_LONGEST_DUE = select(DELIVERIES).where(_IS_DUE).order_by(_D.next_at, _D.id).limit(1)
_TARGET = select(TARGETS).where(TARGETS.c.name == bindparam("named"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A row that is this sender's until `until`. `is_doubtful`: it may have been sent before.

    `attempt` counts the tries, this one too; with `holder` it fences what is written about it.
    """

    row_id: int
    case_id: str
    target: str
    revision: int
    sheet: CaseSheet
    made_at: datetime
    attempt: int
    is_doubtful: bool
    holder: str
    until: datetime
    external_id: str | None


def next_due(connection: Connection, target: str, now: datetime) -> bool:
    """Whether something may be sent; a cheap look before a writing transaction."""
    return connection.execute(_ANY_DUE, {"of_target": target, "at": now}).first() is not None


def claim(connection: Connection, target: str, holder: str, now: datetime, lasts: timedelta) -> Claim | None:
    """The row that has waited longest of those that may be sent; None when there is none."""
    row = connection.execute(_LONGEST_DUE, {"of_target": target, "at": now}).first()
    if row is None:
        return None
    attempt, until = int(row.attempts) + 1, now + lasts
    values = {"state": DeliveryState.SENDING, "claimed_by": holder, "claimed_until": until, "attempts": attempt}
    connection.execute(update(DELIVERIES).where(_D.id == row.id).values(values))
    is_it = (STANDINGS.c.case_id == row.case_id, STANDINGS.c.target == target)
    connection.execute(update(STANDINGS).where(*is_it, STANDINGS.c.sent_at.is_(None)).values(sent_at=now))
    external_id = connection.execute(select(STANDINGS.c.external_id).where(*is_it)).scalar()
    return Claim(
        row_id=int(row.id),
        case_id=row.case_id,
        target=target,
        revision=int(row.revision),
        sheet=CaseSheet.model_validate_json(row.sheet),
        made_at=row.made_at,
        attempt=attempt,
        is_doubtful=DeliveryState(row.state) in UNSETTLED,
        holder=holder,
        until=until,
        external_id=external_id,
    )


def settle(
    connection: Connection, mine: Claim, state: DeliveryState, now: datetime, next_at: datetime, problem: str = ""
) -> bool:
    """Writes how the try ended and gives the claim back; False when it had run out and is another's now."""
    is_over = state in {DeliveryState.ACCEPTED, DeliveryState.DEAD, DeliveryState.SUPERSEDED}
    is_mine = (_D.id == mine.row_id, _D.claimed_by == mine.holder, _D.attempts == mine.attempt)
    values = {
        "state": state,
        "next_at": next_at,
        "problem": problem[:500],
        "claimed_by": None,
        "claimed_until": None,
        "settled_at": now if is_over else None,
    }
    done = connection.execute(update(DELIVERIES).where(*is_mine, _D.state == DeliveryState.SENDING).values(values))
    return done.rowcount == 1


def has_newer(connection: Connection, mine: Claim) -> bool:
    """Whether a later revision waits behind this one."""
    query = select(_D.id).where(_D.case_id == mine.case_id, _D.target == mine.target, _D.revision > mine.revision)
    return connection.execute(query.limit(1)).first() is not None


def hurry(connection: Connection, target: str, now: datetime, settle_in: timedelta) -> None:
    """The target answers again: nobody waits out a back-off that was about its absence."""
    is_waiting = (_D.target == target, _D.state == DeliveryState.WAITING, _D.next_at > now)
    connection.execute(update(DELIVERIES).where(*is_waiting).values(next_at=now))
    is_doubtful = (_D.target == target, _D.state == DeliveryState.UNCERTAIN, _D.next_at > now + settle_in)
    connection.execute(update(DELIVERIES).where(*is_doubtful).values(next_at=now + settle_in))


def breaker(connection: Connection, target: str) -> Breaker:
    row = connection.execute(_TARGET, {"named": target}).first()
    return Breaker() if row is None else Breaker(int(row.failures), row.opened_at, row.retry_at)


def keep_breaker(connection: Connection, target: str, now_is: Breaker) -> None:
    values = {"failures": now_is.failures, "opened_at": now_is.opened_at, "retry_at": now_is.retry_at}
    connection.execute(update(TARGETS).where(TARGETS.c.name == target).values(values))
