"""Which case came back to where another had ended: the places that need more than another visit."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import floor

from central.domain.rules import AssociationRules
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import KindGroup


@dataclass(frozen=True, slots=True)
class Stay:
    """One case as a stay at a place; `point` is None where no camera knew the ground."""

    case_id: CaseId
    group: KindGroup
    point: Point | None
    start: datetime
    end: datetime


def recurrences(stays: Sequence[Stay], rules: AssociationRules) -> Mapping[CaseId, CaseId]:
    """For every case that began where another had ended, not too long before, the last such case."""
    size_m = max(1.0, rules.recurs_m)
    cells: dict[tuple[KindGroup, int, int], list[Stay]] = defaultdict(list)
    found: dict[CaseId, CaseId] = {}
    for stay in sorted(stays, key=lambda stay: (stay.end, stay.case_id)):
        if stay.point is not None:
            cells[stay.group, floor(stay.point.east_m / size_m), floor(stay.point.north_m / size_m)].append(stay)
    for stay in stays:
        if stay.point is None:
            continue
        east, north = floor(stay.point.east_m / size_m), floor(stay.point.north_m / size_m)
        around = [
            other for i in (-1, 0, 1) for j in (-1, 0, 1) for other in cells.get((stay.group, east + i, north + j), ())
        ]
        earlier = [other for other in around if _is_earlier(other, stay, rules)]
        if earlier:
            found[stay.case_id] = max(earlier, key=lambda other: (other.end, other.case_id)).case_id
    return found


def _is_earlier(other: Stay, stay: Stay, rules: AssociationRules) -> bool:
    if other.point is None or stay.point is None or other.case_id == stay.case_id:
        return False
    away_s = (stay.start - other.end).total_seconds()
    squared = (other.point.east_m - stay.point.east_m) ** 2 + (other.point.north_m - stay.point.north_m) ** 2
    return 0 <= away_s <= rules.groups[stay.group].recurs_within_s and squared <= rules.recurs_m**2
