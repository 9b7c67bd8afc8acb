"""Lists of cases as people ask for them: which, in which order, how many. `CaseFilter` is turned into SQL only here."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, not_, or_, select

from central.domain.values import CaseFilter
from central.domain.workflow import CaseState
from central.store import storms
from central.store.assignments import ASSIGNMENTS
from central.store.case_queries import to_projection
from central.store.cases import CASES, MEMBERS, Projection
from central.store.observations import OBSERVATIONS


def page(connection: Connection, wanted: CaseFilter, limit: int) -> list[Projection]:
    """Newest first, or by severity where that is wanted."""
    ordered = ids(connection, wanted, limit)
    rows = connection.execute(select(CASES).where(CASES.c.id.in_(ordered)))
    found = {row.id: to_projection(row._mapping) for row in rows}
    return [found[case_id] for case_id in ordered]


def ids(connection: Connection, wanted: CaseFilter, limit: int) -> list[str]:
    """The same, their ids alone: sorted without carrying their judgements along."""
    query = _chosen(select(CASES.c.id), wanted)
    if wanted.before is not None:
        query = query.where(_comes_after(wanted.before, wanted.is_by_severity))
    order = [CASES.c.severity.desc()] if wanted.is_by_severity else []
    return list(connection.execute(query.order_by(*order, CASES.c.id.desc()).limit(limit)).scalars())


def counts(connection: Connection, wanted: CaseFilter) -> dict[int, int]:
    """How many cases of each severity the whole list holds."""
    query = _chosen(select(CASES.c.severity, func.count()), wanted).group_by(CASES.c.severity)
    return {int(row[0]): int(row[1]) for row in connection.execute(query)}


def tally(connection: Connection, wanted: CaseFilter) -> dict[tuple[CaseState, int], int]:
    """How many cases of each state and severity the whole list holds."""
    query = _chosen(select(CASES.c.state, CASES.c.severity, func.count()), wanted)
    rows = connection.execute(query.group_by(CASES.c.state, CASES.c.severity))
    return {(CaseState(row[0]), int(row[1])): int(row[2]) for row in rows}


def near(connection: Connection, case: Projection, reach_m: float, limit: int) -> list[Projection]:
    """Other cases within `reach_m` of the case, newest first; none without a place."""
    if case.east_m is None or case.north_m is None:
        return []
    query = select(CASES).where(
        CASES.c.id != case.case_id,
        CASES.c.merged_into.is_(None),
        CASES.c.is_prominent.is_(True),
        CASES.c.east_m.between(case.east_m - reach_m, case.east_m + reach_m),
        CASES.c.north_m.between(case.north_m - reach_m, case.north_m + reach_m),
    )
    rows = connection.execute(query.order_by(CASES.c.last_seen_at.desc()).limit(limit))
    return [to_projection(row._mapping) for row in rows]


def areas(connection: Connection, case_ids: Iterable[str]) -> dict[str, str | None]:
    """The area code of each of those cases that there are."""
    query = select(CASES.c.id, CASES.c.area_code).where(CASES.c.id.in_(sorted(set(case_ids))))
    return {row.id: row.area_code for row in connection.execute(query)}


def _chosen(query: Select[Any], wanted: CaseFilter) -> Select[Any]:
    query = query.where(CASES.c.merged_into.is_(None))
    if wanted.states is not None:
        query = query.where(CASES.c.state.in_(sorted(wanted.states)))
    if wanted.kind is not None:
        query = query.where(CASES.c.kind == wanted.kind)
    if wanted.only_prominent:
        query = query.where(CASES.c.is_prominent.is_(True))
    if wanted.silenced is not None:
        is_kept = (CASES.c.silence_id.is_not(None), CASES.c.state == CaseState.OBSERVING)
        query = query.where(and_(*is_kept) if wanted.silenced else not_(and_(*is_kept)))
    for prefix in filter(None, (wanted.district, wanted.area)):
        query = query.where(func.substr(CASES.c.area_code, 1, len(prefix)) == prefix)
    if wanted.camera:
        query = query.where(CASES.c.id.in_(_seen_by(wanted.camera)))
    if wanted.assignee:
        mine = select(ASSIGNMENTS.c.case_id).where(ASSIGNMENTS.c.person == wanted.assignee)
        query = query.where(CASES.c.id.in_(mine))
    if wanted.since is not None:
        query = query.where(CASES.c.first_seen_at >= wanted.since)
    if wanted.storm is not None:
        query = query.where(storms.is_in(wanted.storm))
    if wanted.without:
        query = query.where(or_(CASES.c.id.in_(wanted.but), not_(or_(*map(storms.is_in, wanted.without)))))
    return query


def _seen_by(camera: str) -> Select[tuple[str]]:
    """The cases in which the camera sees something now."""
    joined = MEMBERS.join(OBSERVATIONS, OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id)
    return (
        select(MEMBERS.c.case_id)
        .select_from(joined)
        .where(OBSERVATIONS.c.camera_id == camera, MEMBERS.c.ended_at.is_(None))
    )


def _comes_after(before: str, is_by_severity: bool) -> ColumnElement[bool]:
    """What a list shows after the case `before`."""
    if not is_by_severity:
        return CASES.c.id < before
    marks = CASES.alias()
    severity = select(marks.c.severity).where(marks.c.id == before).scalar_subquery()
    return or_(CASES.c.severity < severity, and_(CASES.c.severity == severity, CASES.c.id < before))
