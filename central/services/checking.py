"""Looks through all cases for two that the rules would make one: there must be none, whatever happened on the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from sqlalchemy import Connection

from central.domain.board import Board
from central.domain.explain import links_of
from central.domain.partition import Partition, partition
from central.domain.reconcile import KeptCase
from central.domain.registration import UNREGISTERED, Registration
from central.domain.rules import AssociationRules
from central.domain.values import Link, Observation
from central.services.settling import bonds_for
from central.store import camera_errors, case_queries, observations
from central.store.database import Database
from contract.ids import CaseId

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class JoinablePair:
    """Two open cases, neither frozen, that the rules put into one; `link` is why."""

    case_id: CaseId
    other_id: CaseId
    link: Link


def joinable_pairs(
    database: Database, rules: AssociationRules, known: Registration | None = None
) -> list[JoinablePair]:
    """Every such pair; empty when the store is as the rules would have it.

    Args:
        database: is only read, in one snapshot; the associator should have nothing waiting.
        rules: those the cases were made by, a site's camera overlaps included.
        known: what the associator knew of the cameras; the newest that was learnt when None.
    """
    with database.read() as connection:
        newest = camera_errors.newest(connection) if known is None else None
        known = known or (newest.known if newest else UNREGISTERED)
        board = Board(rules, known)
        for parts in observations.seen_since(connection, BEGINNING):
            board.put(parts)
        components = board.components(rules.largest)
        return [pair for component in components for pair in _in_component(connection, component, rules, known)]


def _in_component(
    connection: Connection, together: Sequence[Observation], rules: AssociationRules, known: Registration
) -> Iterator[JoinablePair]:
    if len(together) < 2:
        return
    kept = case_queries.kept_cases(connection, {sighting.incident_id for sighting in together})
    if len(kept) < 2:
        return
    found = partition(together, rules, bonds_for(connection, together, kept, rules), known)
    for number in range(len(found.groups)):
        yield from _in_group(found, number, kept, rules)


def _in_group(
    found: Partition, number: int, kept: Sequence[KeptCase], rules: AssociationRules
) -> Iterator[JoinablePair]:
    case_of = {member: case for case in kept for member in case.members}
    links = dict(zip(found.groups[number], links_of(found, number, rules), strict=True))
    first: dict[CaseId, int] = {}
    for place in found.groups[number]:
        case = case_of.get(found.sightings[place].member_id)
        if case is not None and not case.is_frozen:
            first.setdefault(case.case_id, place)
    for (case_id, _), (other_id, place) in pairwise(first.items()):
        yield JoinablePair(case_id, other_id, links[place])
