"""A stored day under other rules: which of its cases would be others. Writes nothing.

What people said and which cases are frozen binds the other rules as it bound those that were.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from central.domain.board import Board
from central.domain.partition import partition
from central.domain.reconcile import Plan, reconcile
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.sightings import observations_of
from central.domain.values import MemberId, Observation
from central.services.roll import Roll
from central.services.settling import bonds_for
from central.store import camera_errors, case_queries, observations, sightings
from central.store.database import Database
from contract.ids import CaseId, IncidentId
from contract.taxonomy import KindGroup

AT_ONCE = 2000
"""Incidents whose revisions are read in one statement."""


@dataclass(frozen=True, slots=True)
class CaseChange:
    """`case_id` would become `becomes`: be split into them, be merged into one, or lose or gain sightings."""

    case_id: CaseId
    what: Literal["split", "merged", "altered"]
    becomes: tuple[CaseId, ...]
    sightings: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The difference. `new`: cases that there would be besides; `frozen`: cases that no rule may change any more."""

    sightings: int
    cases_today: int
    cases_then: int
    frozen: int
    new: tuple[CaseId, ...]
    changes: tuple[CaseChange, ...]

    def count(self, what: str) -> int:
        return sum(change.what == what for change in self.changes)


def what_if_stored(database: Database, rules: AssociationRules, start: datetime, end: datetime) -> WhatIf:
    """What `rules` would make of everything seen from `start` to `end`, against the cases as they are."""
    with database.read() as connection:
        newest = camera_errors.newest(connection)
        known = newest.known if newest else UNREGISTERED
        board = Board(rules, known)
        for group in KindGroup:
            gap = rules.groups[group].gap
            for parts in _seen(connection, rules, group, (start - gap, end + gap)):
                board.put(parts)
        roll = Roll()
        roll.read(connection, board.incidents())
        frozen = case_queries.frozen_among(connection, roll.cases_of(board.members()))
        then = _then(connection, board, roll, frozen, (rules, known))
    there = {m for m in board.members() if (seen := board.sighting(m)) and _is_within(seen, start, end)}
    today = {member: case_id for member in board.members() if (case_id := roll.case_of(_known(roll, member)))}
    return _difference(there, today, then, frozen)


def _seen(
    connection: Connection, rules: AssociationRules, group: KindGroup, span: tuple[datetime, datetime]
) -> Iterable[tuple[Observation, ...]]:
    """Everything of the group, told anew from what the cameras said: other rules may cut tracks elsewhere."""
    ids = [parts[0].incident_id for parts in observations.seen_between(connection, group, *span)]
    for first in range(0, len(ids), AT_ONCE):
        said = sightings.revisions_of(connection, ids[first : first + AT_ONCE])
        yield from (observations_of(own, rules) for own in said.values() if own)


def _then(
    connection: Connection,
    board: Board,
    roll: Roll,
    frozen: set[CaseId],
    by: tuple[AssociationRules, Registration],
) -> dict[MemberId, CaseId]:
    rules, known = by
    said_in = connection if sightings.has_bonds(connection) else None
    case_of: dict[MemberId, CaseId] = {}
    for together in board.components(rules.largest):
        kept = roll.kept((sighting.member_id for sighting in together), frozen)
        found = partition(together, rules, bonds_for(said_in, together, kept, rules), known)
        plan = reconcile(found, kept, rules)
        case_of |= _planned(together, roll, plan)
    return case_of


def _planned(together: Sequence[Observation], roll: Roll, plan: Plan) -> dict[MemberId, CaseId]:
    moved = {move.sighting.member_id: move.case_id for move in plan.moves}
    members = [sighting.member_id for sighting in together]
    return {m: case_id for m in members if (case_id := moved.get(m) or roll.case_of(m)) is not None}


def _difference(
    there: set[MemberId], today: Mapping[MemberId, CaseId], then: Mapping[MemberId, CaseId], frozen: set[CaseId]
) -> WhatIf:
    before, after = _members(today), _members(then)
    of_that_day = sorted({today[member] for member in there if member in today})
    changes = []
    for case_id in of_that_day:
        becomes = tuple(sorted({then[member] for member in before[case_id] if member in then}))
        if len(becomes) == 1 and after[becomes[0]] == before[case_id]:
            continue
        what: Literal["split", "merged", "altered"] = "split" if len(becomes) > 1 else "altered"
        if what == "altered" and becomes and case_id not in becomes:
            what = "merged"
        changes.append(CaseChange(case_id, what, becomes, len(before[case_id])))
    cases_then = {then[member] for member in there if member in then}
    return WhatIf(
        sightings=len(there),
        cases_today=len(of_that_day),
        cases_then=len(cases_then),
        frozen=len(frozen.intersection(of_that_day)),
        new=tuple(sorted(cases_then.difference(before))),
        changes=tuple(changes),
    )


def _known(roll: Roll, member: MemberId) -> MemberId:
    """The member as the roll knows it: a part that only the other rules cut off is in the whole's case."""
    return member if roll.case_of(member) else MemberId(IncidentId(member.partition("#")[0]))


def _members(case_of: Mapping[MemberId, CaseId]) -> dict[CaseId, frozenset[MemberId]]:
    found: dict[CaseId, set[MemberId]] = defaultdict(set)
    for member, case_id in case_of.items():
        found[case_id].add(member)
    return {case_id: frozenset(members) for case_id, members in found.items()}


def _is_within(sighting: Observation, start: datetime, end: datetime) -> bool:
    return sighting.last_seen_at >= start and sighting.first_seen_at < end


def day_span(day: datetime) -> tuple[datetime, datetime]:
    """The day that begins at `day`."""
    return day, day + timedelta(days=1)
