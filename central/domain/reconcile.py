"""A partition against the cases there are: what has to change so that the cases become the partition.

Every group keeps the case that most of its members are in; a frozen case keeps its group whatever the numbers say.
Nothing here acts: the plan is a value, and the caller carries it out.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from central.domain.explain import links_of
from central.domain.partition import Partition
from central.domain.rules import AssociationRules
from central.domain.values import Link, MemberId, Observation
from contract.ids import CaseId, derived_entropy, uuid7


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case as it stands: its members among the partition's sightings, and whether it may lose any."""

    case_id: CaseId
    members: frozenset[MemberId]
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A sighting's new case; `was` is None for one that had none."""

    sighting: Observation
    was: CaseId | None
    case_id: CaseId
    link: Link


@dataclass(frozen=True, slots=True)
class Plan:
    """`opened` are new cases, `moves` memberships that change, `relinked` those that stay in a case that lost somebody
    (whom their explanation may have named), `merged` emptied cases and what they became part of, `proposals` pairs of
    frozen cases that only a person may join."""

    opened: tuple[CaseId, ...] = ()
    moves: tuple[Move, ...] = ()
    relinked: tuple[Move, ...] = ()
    merged: Mapping[CaseId, CaseId] = field(default_factory=dict)
    proposals: tuple[frozenset[CaseId], ...] = ()


def case_id_of(first: Observation, generation: int = 1) -> CaseId:
    """The id of the case that `first` opens; `generation` when an earlier one still lives on without it."""
    parts = ("case", first.member_id) if generation == 1 else ("case", first.member_id, str(generation))
    return CaseId(uuid7(first.first_seen_at, derived_entropy(*parts)))


def reconcile(
    found: Partition,
    kept: Sequence[KeptCase],
    rules: AssociationRules,
    mint: Callable[[Observation], CaseId] = case_id_of,
) -> Plan:
    """What turns `kept` into `found`.

    Args:
        found: the partition of all sightings that hang together.
        kept: the cases these sightings are in.
        rules: for the links' explanations.
        mint: the id of the case that a sighting opens.
    """
    case_of = {member: case.case_id for case in kept for member in case.members}
    names = _names(found, kept)
    opened = []
    for number, group in enumerate(found.groups):
        if number not in names:
            names[number] = mint(found.sightings[group[0]])
            opened.append(names[number])
    lost = {
        case_of.get(found.sightings[place].member_id)
        for number, group in enumerate(found.groups)
        for place in group
        if case_of.get(found.sightings[place].member_id) != names[number]
    }
    changed = [
        number for number in range(len(found.groups)) if _is_changed(found, number, names[number], case_of, lost)
    ]
    all_moves = [
        Move(found.sightings[place], case_of.get(found.sightings[place].member_id), names[number], link)
        for number in changed
        for place, link in zip(found.groups[number], links_of(found, number, rules), strict=True)
    ]
    moves = [move for move in all_moves if move.was != move.case_id]
    relinked = [move for move in all_moves if move.was == move.case_id and move.was in lost]
    proposals = tuple(frozenset(names[number] for number in pair) for pair in found.proposals)
    return Plan(tuple(opened), tuple(moves), tuple(relinked), _merged(kept, moves), proposals)


def _is_changed(
    found: Partition, number: int, name: CaseId, case_of: Mapping[MemberId, CaseId], lost: Set[CaseId | None]
) -> bool:
    """Whether the group gains or loses somebody: only then has anything to be explained anew."""
    cases = {case_of.get(found.sightings[place].member_id) for place in found.groups[number]}
    return cases != {name} or name in lost


def _names(found: Partition, kept: Sequence[KeptCase]) -> dict[int, CaseId]:
    """Group → the case it keeps. Frozen cases first, then by the number of common members, then who had opened it."""
    claims = []
    for number, group in enumerate(found.groups):
        own = case_id_of(found.sightings[group[0]])
        members = {found.sightings[place].member_id for place in group}
        for case in kept:
            common = len(members & case.members)
            if common:
                claims.append((not case.is_frozen, -common, case.case_id != own, case.case_id, number))
    names: dict[int, CaseId] = {}
    for *_, case_id, number in sorted(claims):
        if number not in names and case_id not in names.values():
            names[number] = case_id
    return names


def _merged(kept: Sequence[KeptCase], moves: Sequence[Move]) -> dict[CaseId, CaseId]:
    merged = {}
    for case in kept:
        left = [move for move in moves if move.was == case.case_id]
        came = any(move.case_id == case.case_id for move in moves)
        if left and len(left) == len(case.members) and not came:
            takers = Counter(move.case_id for move in left)
            merged[case.case_id] = min(takers, key=lambda taker: (-takers[taker], taker))
    return merged
