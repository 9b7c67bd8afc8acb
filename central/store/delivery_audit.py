"""Reading deliveries for those who look after them: totals, dead letters, and what reconciliation compares."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, exists, func, select, update

from central.domain.delivery import DeliveryState
from central.domain.workflow import CaseState
from central.store.cases import CASES
from central.store.deliveries import DELIVERIES, STANDINGS, DeliveryRow, StandingRow, to_delivery, to_standing
from central.store.delivery_targets import TARGETS

_D = DELIVERIES.c
_OPEN = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.UNCERTAIN, DeliveryState.HANDED_OVER)


def counts(connection: Connection) -> dict[str, dict[str, int]]:
    """Target → state → how many rows, for what is not settled well."""
    wanted = (*_OPEN, DeliveryState.DEAD)
    query = select(_D.target, _D.state, func.count()).where(_D.state.in_(wanted)).group_by(_D.target, _D.state)
    found: dict[str, dict[str, int]] = {}
    for target, state, number in connection.execute(query):
        found.setdefault(target, {})[state] = int(number)
    return found


def oldest_waiting(connection: Connection, target: str) -> datetime | None:
    """When the longest waiting row was made."""
    query = select(_D.made_at).where(_D.target == target, _D.state.in_(_OPEN)).order_by(_D.made_at).limit(1)
    return connection.execute(query).scalar()


def listed(connection: Connection, states: Sequence[str], target: str | None, limit: int) -> list[DeliveryRow]:
    """The newest rows in `states`."""
    query = select(DELIVERIES).where(_D.state.in_(states))
    if target is not None:
        query = query.where(_D.target == target)
    return [to_delivery(row._mapping) for row in connection.execute(query.order_by(_D.id.desc()).limit(limit))]


def find(connection: Connection, row_id: int) -> DeliveryRow | None:
    row = connection.execute(select(DELIVERIES).where(_D.id == row_id)).first()
    return None if row is None else to_delivery(row._mapping)


def replay(connection: Connection, row_id: int, now: datetime) -> bool:
    """Lets a dead row be tried again from the beginning; False when it is not dead, or a newer one went instead."""
    later = DELIVERIES.alias("later")
    is_newest = ~exists().where(
        later.c.case_id == _D.case_id, later.c.target == _D.target, later.c.revision > _D.revision
    )
    is_dead = (_D.id == row_id, _D.state == DeliveryState.DEAD, is_newest)
    anew = {"state": DeliveryState.WAITING, "attempts": 0, "next_at": now, "made_at": now, "settled_at": None}
    return connection.execute(update(DELIVERIES).where(*is_dead).values(anew)).rowcount == 1


def settled(connection: Connection, target: str) -> dict[str, StandingRow]:
    """The cases that the target says it has, and that were not cleared from it since."""
    is_there = (STANDINGS.c.target == target, STANDINGS.c.accepted_at.is_not(None), STANDINGS.c.cleared_at.is_(None))
    rows = connection.execute(select(STANDINGS).where(*is_there))
    return {row.case_id: to_standing(row._mapping) for row in rows}


def under_way(connection: Connection, target: str) -> set[str]:
    """The cases with a revision that is not settled: what the target has of them may change at any moment."""
    query = select(_D.case_id).where(_D.target == target, _D.state.in_(_OPEN)).distinct()
    return set(connection.execute(query).scalars())


def states_of(connection: Connection, target: str) -> dict[str, CaseState]:
    """How the cases that the target was told of stand."""
    query = select(CASES.c.id, CASES.c.state).join(STANDINGS, STANDINGS.c.case_id == CASES.c.id)
    rows = connection.execute(query.where(STANDINGS.c.target == target))
    return {row.id: CaseState(row.state) for row in rows}


def never_told(connection: Connection, target: str, states: Sequence[CaseState]) -> list[str]:
    """Cases in `states` that were never queued for the target."""
    was_told = exists().where(
        STANDINGS.c.case_id == CASES.c.id, STANDINGS.c.target == target, STANDINGS.c.told_state.is_not(None)
    )
    query = select(CASES.c.id).where(CASES.c.state.in_(states), CASES.c.merged_into.is_(None), ~was_told)
    return list(connection.execute(query.order_by(CASES.c.id)).scalars())


def forget_id(connection: Connection, case_id: str, target: str) -> None:
    """The target no longer has the case: the next revision is as the first."""
    is_it = (STANDINGS.c.case_id == case_id, STANDINGS.c.target == target)
    connection.execute(update(STANDINGS).where(*is_it).values(external_id=None, accepted_at=None))


def keep_report(connection: Connection, target: str, report: dict[str, object], now: datetime) -> None:
    connection.execute(update(TARGETS).where(TARGETS.c.name == target).values(report=report, reconciled_at=now))


def to_clear(
    connection: Connection, target: str, final: Sequence[CaseState], before: datetime, limit: int
) -> list[DeliveryRow]:
    """The last deliveries of cases that came to their end before `before` and still lie retained for the target."""
    query = (
        select(DELIVERIES)
        .join(STANDINGS, (STANDINGS.c.case_id == _D.case_id) & (STANDINGS.c.target == _D.target))
        .where(
            _D.target == target,
            _D.revision == STANDINGS.c.revision,
            _D.made_at < before,
            STANDINGS.c.told_state.in_(final),
            STANDINGS.c.sent_at.is_not(None),
            STANDINGS.c.cleared_at.is_(None),
        )
        .order_by(_D.id)
        .limit(limit)
    )
    return [to_delivery(row._mapping) for row in connection.execute(query)]


def note_cleared(connection: Connection, case_id: str, target: str, now: datetime) -> None:
    is_it = (STANDINGS.c.case_id == case_id, STANDINGS.c.target == target)
    connection.execute(update(STANDINGS).where(*is_it).values(cleared_at=now))
