"""Everything seen lately, by where and when, and which sightings hang together: the unit that is re-considered.

Two sightings hang together when they are so near in time and place (or in one camera's picture, or in pictures declared
to overlap) that they could come into one case, or keep each other out of one. What doesn't hang together can't
influence each other.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, hypot

from central.domain.districts import District
from central.domain.registration import UNREGISTERED, Registration, camera_of
from central.domain.rules import AssociationRules
from central.domain.values import MemberId, Observation
from contract.ids import IncidentId
from contract.plane import Point
from contract.taxonomy import KindGroup

Room = tuple[District, KindGroup]
"""What lies in two rooms never hangs together."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A sighting, where it stands once its camera's shift is taken off, and the shelves it lies on.

    `start_s` and `end_s` leave room for what its clock may be wrong by.
    """

    sighting: Observation
    point: Point | None
    start_s: float
    end_s: float
    shelves: tuple[tuple[Room, object], ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when, epoch seconds."""

    start_s: float
    end_s: float


class Board:
    """Sightings, indexed. Not thread-safe: one writer."""

    def __init__(self, rules: AssociationRules, known: Registration = UNREGISTERED) -> None:
        self._rules, self._known = rules, known
        self._spots: dict[MemberId, _Spot] = {}
        self._parts: dict[IncidentId, tuple[Observation, ...]] = {}
        self._shelves: dict[tuple[Room, object], dict[MemberId, _Spot]] = defaultdict(dict)
        self._partners = {camera: rules.partners_of(camera) for pair in rules.overlaps for camera in pair}

    def __len__(self) -> int:
        return len(self._spots)

    def __contains__(self, member: MemberId) -> bool:
        return member in self._spots

    def put(self, parts: tuple[Observation, ...]) -> tuple[Observation, ...]:
        """Takes the parts of one incident in place of those it had; gives the earlier ones."""
        incident_id = parts[0].incident_id
        before = self.drop(incident_id)
        self._parts[incident_id] = parts
        for sighting in parts:
            spot = self._spot(sighting)
            self._spots[sighting.member_id] = spot
            for shelf in spot.shelves:
                self._shelves[shelf][sighting.member_id] = spot
        return before

    def drop(self, incident_id: IncidentId) -> tuple[Observation, ...]:
        """Forgets an incident; gives the parts it had."""
        before = self._parts.pop(incident_id, ())
        for sighting in before:
            for shelf in self._spots.pop(sighting.member_id).shelves:
                del self._shelves[shelf][sighting.member_id]
        return before

    def parts(self, incident_id: IncidentId) -> tuple[Observation, ...]:
        """The parts of an incident, none when it is not on the board."""
        return self._parts.get(incident_id, ())

    def beside(self, member: MemberId) -> list[MemberId]:
        """What hangs directly together with `member`, itself left out."""
        around = (other.sighting.member_id for other in self._beside(self._spots[member]))
        return [other for other in around if other != member]

    def incidents(self) -> list[IncidentId]:
        return list(self._parts)

    def members(self) -> list[MemberId]:
        return list(self._spots)

    def sighting(self, member: MemberId) -> Observation | None:
        """The sighting as the board has it; None when it is not there."""
        spot = self._spots.get(member)
        return None if spot is None else spot.sighting

    def forget_before(self, instant: datetime) -> list[MemberId]:
        """Drops incidents whose last sighting lies before `instant`; gives their sightings."""
        old = [incident_id for incident_id, parts in self._parts.items() if parts[-1].last_seen_at < instant]
        return [sighting.member_id for incident_id in old for sighting in self.drop(incident_id)]

    def has_place(self, sighting: Observation) -> bool:
        """Whether anything was seen at the sighting's named place."""
        return bool(self._shelves.get((self._room(sighting), _place_shelf(sighting))))

    def district_of(self, sighting: Observation) -> District:
        return self._rules.districts.of(sighting.node_id, sighting.camera_id)

    def around(self, room: Room, point: Point, reach_m: float, span: Span) -> list[MemberId]:
        """What of the kind group was seen in the district within `reach_m` of `point` at some time of the span."""
        size_m = max(1.0, self._rules.groups[room[1]].reach_m)
        steps = ceil(reach_m / size_m)
        east, north = _cell(point, size_m)
        cells = ((east + i, north + j) for i in range(-steps, steps + 1) for j in range(-steps, steps + 1))
        return [
            spot.sighting.member_id
            for cell in cells
            for spot in self._shelves.get((room, cell), {}).values()
            if spot.end_s >= span.start_s and spot.start_s <= span.end_s
        ]

    def component(
        self, seeds: Iterable[MemberId], limit: int, without: Collection[MemberId] = frozenset()
    ) -> list[Observation]:
        """Everything that hangs together with `seeds`, directly or through others; nearest first, at most `limit`.

        What is in `without` is passed by.
        """
        waiting = [self._spots[seed] for seed in dict.fromkeys(seeds)]
        found = {spot.sighting.member_id for spot in waiting}
        for spot in waiting:
            if len(found) >= limit:
                break
            others = {other.sighting.member_id: other for other in self._beside(spot)}
            new = [other for name, other in others.items() if name not in found and name not in without]
            if len(found) + len(new) > limit:  # a crowd: who stands nearest, and was there when this one was
                new = sorted(new, key=lambda other: _apartness(spot, other))[: limit - len(found)]
            found.update(other.sighting.member_id for other in new)
            waiting += new
        return [spot.sighting for spot in waiting]

    def components(self, limit: int) -> Iterator[list[Observation]]:
        """All of them, every sighting once; a larger one than `limit` comes in pieces (the same for the same sightings
        put in the same order)."""
        done: set[MemberId] = set()
        for member_id in self._spots:
            if member_id not in done:
                found = self.component([member_id], limit, done)
                done.update(member.member_id for member in found)
                yield found

    def _beside(self, spot: _Spot) -> Iterator[_Spot]:
        room = self._room(spot.sighting)
        rule = self._rules.groups[spot.sighting.group]
        earliest, latest = spot.start_s - rule.gap_s, spot.end_s + rule.gap_s
        for shelf in self._looked_through(spot):
            for other in self._shelves.get((room, shelf), {}).values():
                if other.end_s >= earliest and other.start_s <= latest and _is_within(spot, other, rule.reach_m):
                    yield other
        if spot.sighting.place_id is not None:
            yield from self._shelves.get((room, _place_shelf(spot.sighting)), {}).values()

    def _looked_through(self, spot: _Spot) -> Iterator[object]:
        """Keys of the shelves that may hold what hangs together with `spot`."""
        camera = camera_of(spot.sighting)
        if spot.point is None:
            yield camera
        else:
            east, north = _cell(spot.point, self._rules.groups[spot.sighting.group].reach_m)
            yield from ((east + i, north + j) for i in (-1, 0, 1) for j in (-1, 0, 1))
            yield f"{camera}?"
        for partner in self._partners.get(spot.sighting.camera_id, ()):
            yield f"@{partner}" if spot.point is None else f"@{partner}?"

    def _spot(self, sighting: Observation) -> _Spot:
        point = self._known.corrected(sighting)
        camera = camera_of(sighting)
        shelves: list[object] = [camera, f"@{sighting.camera_id}"]
        if point is None:
            shelves += [f"{camera}?", f"@{sighting.camera_id}?"]
        else:
            shelves.append(_cell(point, self._rules.groups[sighting.group].reach_m))
        if sighting.place_id is not None:
            shelves.append(_place_shelf(sighting))
        start_s = sighting.first_seen_at.timestamp() - sighting.clock_slack_s
        end_s = sighting.last_seen_at.timestamp() + sighting.clock_slack_s
        room = self._room(sighting)
        return _Spot(sighting, point, start_s, end_s, tuple((room, shelf) for shelf in shelves))

    def _room(self, sighting: Observation) -> Room:
        return self.district_of(sighting), sighting.group


def _place_shelf(sighting: Observation) -> str:
    return f"{camera_of(sighting)}#{sighting.place_id}"


def _cell(point: Point, reach_m: float) -> tuple[int, int]:
    """Cells are as large as the reach, so that what is within reach lies in the nine around."""
    size_m = max(1.0, reach_m)
    return floor(point.east_m / size_m), floor(point.north_m / size_m)


def _apartness(a: _Spot, b: _Spot) -> tuple[float, float, MemberId]:
    """First by silence between both, then by distance."""
    silence_s = max(0.0, a.start_s - b.end_s, b.start_s - a.end_s)
    apart_m = 0.0
    if a.point is not None and b.point is not None:
        apart_m = hypot(a.point.east_m - b.point.east_m, a.point.north_m - b.point.north_m)
    return silence_s, apart_m, b.sighting.member_id


def _is_within(a: _Spot, b: _Spot, reach_m: float) -> bool:
    if a.point is None or b.point is None:
        return True
    return (a.point.east_m - b.point.east_m) ** 2 + (a.point.north_m - b.point.north_m) ** 2 <= reach_m**2
