"""Carries a partition out: opens cases, moves memberships, merges what is emptied, and writes why."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection

from central.domain.partition import Bonds, partition
from central.domain.reconcile import KeptCase, Move, Plan, case_id_of, reconcile
from central.domain.registration import Registration
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation
from central.domain.workflow import FIRST_STATE, Role
from central.services.records import LinkRecord, MembershipRecord, ProposalRecord, link_record
from central.services.roll import Roll
from central.store import case_queries, cases, sightings
from central.store.cases import HistoryEntry, Projection
from contract.ids import CaseId


class Settler:
    """Works inside the caller's transaction, and keeps the roll in step with the rows."""

    def __init__(self, rules: AssociationRules, known: Registration, roll: Roll) -> None:
        self._rules, self._known, self._roll = rules, known, roll
        self.heeds_people = True
        """False spares a question per component while nobody has said anything."""

    def settle(
        self, connection: Connection, together: Sequence[Observation], frozen: set[CaseId], now: datetime
    ) -> set[CaseId]:
        """Brings the cases of `together` (everything that hangs together) in line; gives those that changed."""
        members = [sighting.member_id for sighting in together]
        if len(members) == 1 and not self._is_new(members[0]):
            return set()
        kept = self._roll.kept(members, frozen)
        bonds = bonds_for(connection if self.heeds_people else None, together, kept, self._rules)
        found = partition(together, self._rules, bonds, self._known)
        revived: set[CaseId] = set()
        plan = reconcile(found, kept, self._rules, lambda first: _opened(connection, first, revived))
        self._carry_out(connection, plan, revived, now)
        return _touched(plan)

    def _is_new(self, member: MemberId) -> bool:
        """Whether it has no case of its own yet; alone on the street it needs no more than one."""
        case_id = self._roll.case_of(member)
        return case_id is None or self._roll.members(case_id) != {member}

    def drop(self, connection: Connection, gone: Iterable[MemberId], now: datetime) -> set[CaseId]:
        """Ends the memberships of parts that a late revision showed to be none; gives the cases they were in."""
        touched: set[CaseId] = set()
        for member in gone:
            was = self._roll.case_of(member)
            if was is None:
                continue
            incident_id, _, part = member.partition("#")
            cases.leave(connection, incident_id, now, int(part or 1))
            self._roll.move(member, None)
            touched.add(was)
            whole = self._roll.case_of(MemberId(incident_id))
            if not self._roll.members(was) and whole is not None:
                cases.merge_into(connection, was, whole)
        return touched

    def _carry_out(self, connection: Connection, plan: Plan, revived: set[CaseId], now: datetime) -> None:
        first_of = {move.case_id: move for move in reversed(plan.moves)}
        for case_id in revived:
            cases.revive(connection, case_id)
        for move in plan.moves:
            if move.was is not None:
                cases.leave(connection, move.sighting.incident_id, now, move.sighting.part)
        for move in plan.moves:
            is_first = move.case_id in plan.opened and first_of[move.case_id] is move
            self._join(connection, move, "opened" if is_first else "joined", now)
        for stay in plan.relinked:
            link = link_record(stay.link).model_dump_json()
            cases.relink(connection, stay.sighting.incident_id, stay.sighting.part, link)
        for case_id, into in plan.merged.items():
            cases.merge_into(connection, case_id, into)
        for move in plan.moves:
            if move.was is not None:
                what = "merged" if move.was in plan.merged else "left"
                cases.append(connection, _note(move.was, move.sighting, what, now))
        for pair in plan.proposals:
            a, b = sorted(pair)
            _propose(connection, a, b, now)

    def _join(self, connection: Connection, move: Move, what: str, now: datetime) -> None:
        record = link_record(move.link)
        sighting = move.sighting
        cases.join(connection, move.case_id, sighting.incident_id, now, record.model_dump_json(), sighting.part)
        self._roll.move(sighting.member_id, move.case_id)
        cases.append(connection, _note(move.case_id, sighting, what, now, record))


def bonds_for(
    said_in: Connection | None, together: Sequence[Observation], kept: Sequence[KeptCase], rules: AssociationRules
) -> Bonds:
    """What people said about `together`, and which of its cases may not change.

    `said_in` is None when people never said anything.
    """
    members = [sighting.member_id for sighting in together]
    said = [] if said_in is None else sightings.bonds_among(said_in, members)
    must = {bond.members for bond in said if bond.kind == "must"}
    cannot = frozenset(bond.members for bond in said if bond.kind == "cannot")
    if len(members) >= rules.largest:  # what was left out of sight may have been what held them together
        must |= {pair for case in kept for pair in _chain(case.members & set(members)) if pair not in cannot}
    held = tuple(case.members for case in kept if case.is_frozen)
    return Bonds(frozenset(must), cannot, held)


def _opened(connection: Connection, first: Observation, revived: set[CaseId]) -> CaseId:
    """The id of the case that `first` opens: a new one, or that of its own earlier case that was merged away.

    A new one is written here, since whether its id is free shows in the writing; the other is added to `revived`.
    """
    generation = 1
    while True:
        case_id = case_id_of(first, generation)
        if cases.claim(connection, _new_case(case_id, first)):
            return case_id
        known = case_queries.find(connection, case_id)
        if known is not None and known.merged_into is not None:
            revived.add(case_id)
            return case_id
        generation += 1


def _touched(plan: Plan) -> set[CaseId]:
    moved = {case_id for move in plan.moves for case_id in (move.was, move.case_id) if case_id is not None}
    return moved | {case_id for pair in plan.proposals for case_id in pair}


def _chain(members: Iterable[MemberId]) -> list[frozenset[MemberId]]:
    first, *others = sorted(members) or [MemberId("")]
    return [frozenset((first, other)) for other in others]


def _propose(connection: Connection, a: CaseId, b: CaseId, now: datetime) -> None:
    if sightings.propose(connection, a, b, now):
        for case_id, other in ((a, b), (b, a)):
            facts = ProposalRecord(other_case_id=other).model_dump_json()
            cases.append(connection, HistoryEntry(case_id, now, "proposed", Role.JUDGE, "associator", facts))


def _new_case(case_id: CaseId, first: Observation) -> Projection:
    position = first.position
    return Projection(
        case_id=case_id,
        group=first.group,
        state=FIRST_STATE,
        kind=None,
        seen=first.seen,
        severity=0,
        is_prominent=False,
        first_seen_at=first.first_seen_at,
        last_seen_at=first.last_seen_at,
        gone_at=None,
        east_m=position.point.east_m if position else None,
        north_m=position.point.north_m if position else None,
        zone_id=None,
        judgement="",
    )


def _note(
    case_id: CaseId, sighting: Observation, what: str, now: datetime, link: LinkRecord | None = None
) -> HistoryEntry:
    facts = MembershipRecord(
        incident_id=sighting.incident_id,
        node_id=sighting.node_id,
        camera_id=sighting.camera_id,
        seen=sighting.seen,
        link=link,
    )
    return HistoryEntry(
        case_id=case_id,
        at=now,
        what=what,
        role=Role.JUDGE,
        actor="associator",
        facts=facts.model_dump_json(),
        event_at=sighting.last_seen_at,
    )
