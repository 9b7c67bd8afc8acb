"""Pairs of sightings that appeared and vanished together: one thing in two pictures, whatever their positions say.

In a row of equal neighbours, two badly measured cameras pair one place off by position, and what they then teach of
each other is wrong. When things came and went tells neighbours apart; where a whole row opens and closes at once it
tells nothing, and then nothing is paired. Only teaches about cameras; it joins no case.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import floor, hypot

from central.domain.registration import camera_of
from central.domain.values import Observation
from contract.plane import Point
from contract.taxonomy import Seen

WITHIN_S = 45.0
"""Both ends may differ by this much: a view's own patience and small obstacles. 25 and 90 taught as well."""
AGREE_M = 2.5
"""Pairs of the same two cameras differ by less than this, or one of them came and went together by chance."""
REACH_M = 16.0
"""Two cameras that err by 4 m each, in opposite directions, still meet; farther apart, unrelated streets would too."""

_Cell = tuple[Seen, int, int]


def twins(parts: Iterable[Sequence[Observation]]) -> Iterator[tuple[Observation, Observation]]:
    """The pairs of different cameras, each the other's only match there, that agree with others; all over and not cut.

    Args:
        parts: of every incident. The result depends on the set alone, but for the pairs' order.
    """
    whole = [own[0] for own in parts if len(own) == 1 and own[0].is_gone and own[0].position is not None]
    whole.sort(key=lambda sighting: (sighting.first_seen_at, sighting.member_id))
    matches = _matches(whole)
    by_cameras: dict[tuple[str, str], list[tuple[Observation, Observation]]] = defaultdict(list)
    for (index, _), others in matches.items():
        if len(others) == 1:
            (other,) = others
            if index < other and len(matches[other, camera_of(whole[index])]) == 1:
                a, b = sorted((whole[index], whole[other]), key=camera_of)
                by_cameras[camera_of(a), camera_of(b)].append((a, b))
    for pairs in by_cameras.values():
        yield from _agreeing(pairs)


def _agreeing(pairs: Sequence[tuple[Observation, Observation]]) -> list[tuple[Observation, Observation]]:
    """Of one pair of cameras: those that most others bear out; none when each stands alone."""
    steps = [_step(a, b) for a, b in pairs]
    near = [
        [other for other, there in enumerate(steps) if hypot(here[0] - there[0], here[1] - there[1]) <= AGREE_M]
        for here in steps
    ]
    most = max(near, key=len)
    return [pairs[index] for index in most] if len(most) >= 2 and 2 * len(most) > len(pairs) else []


def _step(a: Observation, b: Observation) -> tuple[float, float]:
    here, there = _point(a), _point(b)
    return there.east_m - here.east_m, there.north_m - here.north_m


def _matches(whole: Sequence[Observation]) -> dict[tuple[int, str], list[int]]:
    """(sighting, other camera) → what that camera saw come and go with it. `whole` stands in order of beginning."""
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    shelves: dict[_Cell, list[int]] = defaultdict(list)
    for index, sighting in enumerate(whole):
        seen, east, north = _cell(sighting)
        for shelf in ((seen, east + i, north + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
            for other in reversed(shelves.get(shelf, ())):
                if not _is_within(sighting.first_seen_at, whole[other].first_seen_at):
                    break
                if _are_alike(sighting, whole[other]):
                    found[index, camera_of(whole[other])].append(other)
                    found[other, camera_of(sighting)].append(index)
        shelves[seen, east, north].append(index)
    return found


def _is_within(a: datetime, b: datetime) -> bool:
    return abs((a - b).total_seconds()) <= WITHIN_S


def _are_alike(a: Observation, b: Observation) -> bool:
    if camera_of(a) == camera_of(b) or not _is_within(a.last_seen_at, b.last_seen_at):
        return False
    here, there = _point(a), _point(b)
    return hypot(here.east_m - there.east_m, here.north_m - there.north_m) <= REACH_M


def _cell(sighting: Observation) -> _Cell:
    point = _point(sighting)
    return sighting.seen, floor(point.east_m / REACH_M), floor(point.north_m / REACH_M)


def _point(sighting: Observation) -> Point:
    if sighting.position is None:
        raise ValueError(f"{sighting.member_id}: only sightings on the ground have twins")
    return sighting.position.point
