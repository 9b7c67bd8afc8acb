"""Reading cases: snapshots for the domain, rows and histories for people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, and_, bindparam, select, union

from central.domain.reconcile import KeptCase
from central.domain.values import CaseSnapshot, MemberId, Observation, member_id
from central.domain.workflow import REVIEWED, Action, CaseState, Role
from central.domain.workflow_words import Source
from central.store.cases import CASES, HISTORY, MEMBERS, HistoryEntry, Projection
from central.store.observations import OBSERVATIONS, to_observation
from central.store.pictures import EVIDENCE
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import KindGroup, Seen, Violation

MAX_CANDIDATES = 200
"""A bound on what one judgement looks at; the newest win. A street has a handful within reach."""
AT_ONCE = 5000
"""Ids in one statement; both databases take more, but not without limit."""
_IS_OPEN = MEMBERS.c.ended_at.is_(None)
_OPEN_MEMBERS = select(MEMBERS.c.case_id, MEMBERS.c.incident_id, MEMBERS.c.part).where(
    MEMBERS.c.case_id.in_(
        select(MEMBERS.c.case_id).where(MEMBERS.c.incident_id.in_(bindparam("incident_ids", expanding=True)), _IS_OPEN)
    ),
    _IS_OPEN,
)
_FROZEN = select(CASES.c.id).where(
    CASES.c.id.in_(bindparam("case_ids", expanding=True)),
    CASES.c.state.in_(sorted(REVIEWED)) | CASES.c.frozen_at.is_not(None),
)
_FOUND = select(CASES).where(CASES.c.id.in_(bindparam("case_ids", expanding=True)))


@dataclass(frozen=True, slots=True)
class Membership:
    """An incident's (or a part's) place in a case; `ended_at` when it was moved to another. `link` is JSON."""

    incident_id: str
    part: int
    started_at: datetime
    ended_at: datetime | None
    link: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a judgement looks: silence in event time, and metres."""

    gap: timedelta
    reach_m: float


def open_members(connection: Connection, incident_ids: Iterable[str]) -> dict[CaseId, set[MemberId]]:
    """The cases that the incidents are open members of, with all their open members."""
    wanted = sorted(set(incident_ids))
    members: dict[CaseId, set[MemberId]] = defaultdict(set)
    for start in range(0, len(wanted), AT_ONCE):
        for row in connection.execute(_OPEN_MEMBERS, {"incident_ids": wanted[start : start + AT_ONCE]}):
            members[CaseId(row.case_id)].add(member_id(row.incident_id, row.part))
    return members


def frozen_among(connection: Connection, case_ids: Iterable[str]) -> set[CaseId]:
    """Those of the cases that may lose nothing: a person has reviewed them, or the platform has received them."""
    found: set[CaseId] = set()
    wanted = sorted(set(case_ids))
    for start in range(0, len(wanted), AT_ONCE):
        rows = connection.execute(_FROZEN, {"case_ids": wanted[start : start + AT_ONCE]})
        found.update(CaseId(row.id) for row in rows)
    return found


def kept_cases(connection: Connection, incident_ids: Iterable[str]) -> list[KeptCase]:
    """The cases that the incidents are open members of, with all their members."""
    members = open_members(connection, incident_ids)
    frozen = frozen_among(connection, members)
    return [KeptCase(case_id, frozenset(own), case_id in frozen) for case_id, own in sorted(members.items())]


def snapshots(connection: Connection, case_ids: Iterable[str]) -> list[CaseSnapshot]:
    """Snapshots of those of `case_ids` that have members, in id order."""
    query = (
        select(MEMBERS.c.case_id, CASES.c.state, CASES.c.frozen_at, CASES.c.group.label("case_group"), OBSERVATIONS)
        .join(CASES, CASES.c.id == MEMBERS.c.case_id)
        .join(
            OBSERVATIONS,
            and_(OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id, OBSERVATIONS.c.part == MEMBERS.c.part),
        )
        .where(MEMBERS.c.ended_at.is_(None), MEMBERS.c.case_id.in_(sorted(set(case_ids))))
        .order_by(MEMBERS.c.case_id, OBSERVATIONS.c.first_seen_at, OBSERVATIONS.c.incident_id)
    )
    members: dict[str, list[Observation]] = defaultdict(list)
    heads: dict[str, tuple[KindGroup, bool]] = {}
    for row in connection.execute(query):
        members[row.case_id].append(to_observation(row._mapping))
        is_frozen = CaseState(row.state) in REVIEWED or row.frozen_at is not None
        heads[row.case_id] = (KindGroup(row.case_group), is_frozen)
    return [
        CaseSnapshot(CaseId(case_id), heads[case_id][0], tuple(found), heads[case_id][1])
        for case_id, found in members.items()
    ]


def around(connection: Connection, group: KindGroup, case: CaseSnapshot, place: Point, reach: Reach) -> list[str]:
    """Ids of the cases of `group` around `place` that were there while `case` was, give or take the gap."""
    query = select(CASES.c.id).where(
        CASES.c.group == group,
        CASES.c.merged_into.is_(None),
        CASES.c.last_seen_at >= case.first_seen_at - reach.gap,
        CASES.c.first_seen_at <= case.last_seen_at + reach.gap,
        _within(CASES.c.east_m, CASES.c.north_m, place, reach.reach_m),
    )
    rows = connection.execute(query.order_by(CASES.c.id.desc()).limit(MAX_CANDIDATES))
    return [str(row.id) for row in rows]


def signs_on(connection: Connection, camera_ids: Iterable[str], since: datetime) -> set[CaseId]:
    """Cases of signs and boards on the pictures of these cameras that were seen at `since` or later."""
    query = (
        select(MEMBERS.c.case_id)
        .join(
            OBSERVATIONS,
            and_(OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id, OBSERVATIONS.c.part == MEMBERS.c.part),
        )
        .where(
            OBSERVATIONS.c.group == KindGroup.SIGNAGE,
            OBSERVATIONS.c.last_seen_at >= since,
            OBSERVATIONS.c.camera_id.in_(sorted(set(camera_ids))),
            _IS_OPEN,
        )
    )
    return {CaseId(row.case_id) for row in connection.execute(query)}


def find(connection: Connection, case_id: str) -> Projection | None:
    return find_all(connection, [case_id]).get(case_id)


def find_all(connection: Connection, case_ids: Iterable[str]) -> dict[str, Projection]:
    """Those of the cases that there are, by id."""
    rows = connection.execute(_FOUND, {"case_ids": sorted(set(case_ids))})
    return {row.id: to_projection(row._mapping) for row in rows}


def cases_of(connection: Connection, incident_ids: Iterable[str]) -> set[str]:
    """The cases whose open members the incidents are."""
    query = select(MEMBERS.c.case_id).where(
        MEMBERS.c.incident_id.in_(sorted(set(incident_ids))), MEMBERS.c.ended_at.is_(None)
    )
    return {str(row.case_id) for row in connection.execute(query)}


def areas_of_picture(connection: Connection, sha256: str) -> list[str | None]:
    """Where the cases lie that the picture is evidence of; None for one that nobody has placed."""
    query = (
        select(CASES.c.area_code)
        .join(MEMBERS, MEMBERS.c.case_id == CASES.c.id)
        .join(EVIDENCE, EVIDENCE.c.incident_id == MEMBERS.c.incident_id)
        .where(EVIDENCE.c.sha256 == sha256, _IS_OPEN)
    )
    own = select(CASES.c.area_code).join(EVIDENCE, EVIDENCE.c.incident_id == CASES.c.id)
    return list(connection.execute(union(query, own.where(EVIDENCE.c.sha256 == sha256))).scalars())


def memberships(connection: Connection, case_id: str) -> Sequence[Membership]:
    rows = connection.execute(select(MEMBERS).where(MEMBERS.c.case_id == case_id).order_by(MEMBERS.c.id))
    return [Membership(row.incident_id, row.part, row.started_at, row.ended_at, row.link) for row in rows]


def history(connection: Connection, case_id: str) -> list[HistoryEntry]:
    """The case's life, oldest first."""
    rows = connection.execute(select(HISTORY).where(HISTORY.c.case_id == case_id).order_by(HISTORY.c.id))
    return [
        HistoryEntry(
            case_id=row.case_id,
            at=row.at,
            what=row.what,
            role=Role(row.role),
            actor=row.actor,
            facts=row.facts,
            event_at=row.event_at,
            action=Action(row.action) if row.action else None,
            from_state=CaseState(row.from_state) if row.from_state else None,
            to_state=CaseState(row.to_state) if row.to_state else None,
        )
        for row in rows
    ]


def gone_in(connection: Connection, state: CaseState, limit: int) -> list[Projection]:
    """Cases in `state` whose thing the cameras saw go, the oldest first."""
    query = select(CASES).where(CASES.c.state == state, CASES.c.gone_at.is_not(None), CASES.c.merged_into.is_(None))
    return [to_projection(row._mapping) for row in connection.execute(query.order_by(CASES.c.id).limit(limit))]


def standing_beside(connection: Connection, case: Projection, since: datetime, reach_m: float) -> bool:
    """Whether another thing of its group came after `since` and stands within `reach_m`; False without a place."""
    if case.east_m is None or case.north_m is None:
        return False
    query = select(CASES.c.id).where(
        CASES.c.group == case.group,
        CASES.c.id != case.case_id,
        CASES.c.merged_into.is_(None),
        CASES.c.gone_at.is_(None),
        CASES.c.first_seen_at > since,
        CASES.c.state != CaseState.SUPPRESSED,
        _within(CASES.c.east_m, CASES.c.north_m, Point(case.east_m, case.north_m), reach_m),
    )
    return connection.execute(query.limit(1)).first() is not None


def actors_of(connection: Connection, case_id: str, actions: Iterable[Action]) -> frozenset[str]:
    """Who took any of the steps, at any time of the case's life."""
    query = select(HISTORY.c.actor).where(HISTORY.c.case_id == case_id, HISTORY.c.action.in_(sorted(actions)))
    return frozenset(connection.execute(query.distinct()).scalars())


def _within(east_m: Column[float], north_m: Column[float], point: Point, reach_m: float) -> ColumnElement[bool]:
    return and_(
        east_m.between(point.east_m - reach_m, point.east_m + reach_m),
        north_m.between(point.north_m - reach_m, point.north_m + reach_m),
    )


def to_projection(row: RowMapping) -> Projection:
    """A row of `CASES`."""
    return Projection(
        case_id=row["id"],
        group=KindGroup(row["group"]),
        state=CaseState(row["state"]),
        kind=Violation(row["kind"]) if row["kind"] else None,
        seen=Seen(row["seen"]),
        severity=row["severity"],
        is_prominent=row["is_prominent"],
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        gone_at=row["gone_at"],
        east_m=row["east_m"],
        north_m=row["north_m"],
        zone_id=row["zone_id"],
        judgement=row["judgement"],
        merged_into=row["merged_into"],
        source=Source(row["source"]),
        area_code=row["area_code"],
        department=row["department"],
        number=row["number"],
        silence_id=row["silence_id"],
        address=row["address"],
        description=row["description"],
    )
