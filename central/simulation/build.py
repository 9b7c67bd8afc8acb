"""Builds a city from a seed: crossings with cameras that overlap, rows of neighbours, places that re-offend."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from central.simulation.optics import sees
from central.simulation.world import Camera, City, Conditions, Offset, Thing
from contract.ids import CameraId, NodeId, derived_entropy
from contract.plane import Point
from contract.taxonomy import Seen

CROSSINGS = 4
CROSSING_M = 400.0
DISTRICT_M = 4000.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """`nearest_m`: how near two of them stand; `size_m`: as a camera boxes it; `stay_min`: median minutes; `away_min`:
    shortest absence after which the same spot is a new incident (a little more than the rules' gap)."""

    seen: Seen
    weight: float
    nearest_m: float
    size_m: float
    stay_min: float
    away_min: float = 11


KINDS = (
    _Kind(Seen.STALL, 0.36, 4.5, 2.4, 45),
    _Kind(Seen.CART, 0.18, 4.0, 1.8, 25),
    _Kind(Seen.GRILL, 0.18, 6.0, 1.6, 60),
    _Kind(Seen.FLAME, 0.06, 8.0, 1.5, 12),
    _Kind(Seen.GARBAGE, 0.12, 5.0, 1.8, 90, 65),
    _Kind(Seen.BIN_OVERFLOW, 0.05, 5.0, 1.4, 90, 65),
    _Kind(Seen.BANNER, 0.05, 8.0, 3.0, 240, 3000),
)
"""Stalls are 2 to 3 m wide with a way between them: 4.5 m from middle to middle is as near as they get."""
COMPANIONS: dict[Seen, tuple[tuple[Seen, float, float, float], ...]] = {
    Seen.STALL: ((Seen.PARASOL, 0.40, 1.0, 0.0), (Seen.TABLE, 0.25, 1.6, 0.0)),
    Seen.GRILL: ((Seen.SMOKE, 0.75, 0.5, 1.2), (Seen.FLAME, 0.20, 0.3, 0.0)),
    Seen.FLAME: ((Seen.SMOKE, 0.90, 0.5, 1.5),),
}
"""(seen, how often, how far beside, drift) of what belongs to the same real incident."""
LONGEST_EXTRA_S = 4500.0
"""How much longer than the shortest absence a vendor stays away."""


def build_city(seed: int, districts: int, hours: float, conditions: Conditions) -> City:
    """The city of `seed`; the same arguments give the same city."""
    rng = np.random.default_rng([seed, 1])
    length_s = hours * 3600.0
    cameras: list[Camera] = []
    things: list[Thing] = []
    for district in range(districts):
        for crossing in range(CROSSINGS):
            name = f"d{district + 1}-x{crossing + 1}"
            centre = Point(district * DISTRICT_M + crossing * CROSSING_M, float(rng.normal(0, 30)))
            cameras += _cameras(rng, name, centre, length_s, conditions)
            things += _things(rng, name, centre, length_s, conditions)
    return City(tuple(cameras), tuple(things), tuple(_overlaps(cameras, things)), length_s, conditions)


def _cameras(rng: Generator, name: str, centre: Point, length_s: float, conditions: Conditions) -> Iterator[Camera]:
    corners = rng.permutation(4)[: rng.choice([2, 2, 3, 3, 4])]
    skew_s = conditions.skewed_s if rng.random() < conditions.skewed_share else conditions.skew_s
    node_skew_s = float(rng.normal(0, skew_s))
    for number, corner in enumerate(sorted(corners), start=1):
        angle = math.pi / 4 + corner * math.pi / 2
        place = Point(centre.east_m + 14 * math.sin(angle), centre.north_m + 14 * math.cos(angle))
        outage = None
        if rng.random() < conditions.outage_share and length_s > conditions.outage_s:
            start_s = float(rng.uniform(0, length_s - conditions.outage_s))
            outage = (start_s, start_s + conditions.outage_s)
        yield Camera(
            camera_id=CameraId(f"{name}-cam-{number}"),
            node_id=NodeId(f"{name}-node"),
            place=place,
            height_m=float(rng.uniform(4.5, 7.0)),
            yaw_rad=angle + math.pi + float(rng.normal(0, 0.25)),
            has_pose=bool(rng.random() >= conditions.unposed_share),
            offsets=tuple(_offsets(rng, length_s, conditions)),
            skew_s=node_skew_s,
            outage=outage,
        )


def _offsets(rng: Generator, length_s: float, conditions: Conditions) -> Iterator[Offset]:
    east_m, north_m = (float(value) for value in rng.normal(0, conditions.bias_m, 2))
    yield Offset(0.0, east_m, north_m)
    if rng.random() < conditions.moved_share:
        angle = rng.uniform(0, 2 * math.pi)
        shift_e, shift_n = conditions.moved_m * math.sin(angle), conditions.moved_m * math.cos(angle)
        yield Offset(float(rng.uniform(0.2, 0.8)) * length_s, east_m + shift_e, north_m + shift_n)


def _things(rng: Generator, crossing: str, centre: Point, length_s: float, conditions: Conditions) -> Iterator[Thing]:
    """Rows of one kind along the pavements, none nearer to another row than 7 m."""
    taken: list[Point] = []
    weights = np.array([kind.weight for kind in KINDS])
    for row in range(int(rng.integers(*conditions.rows))):
        kind = KINDS[int(rng.choice(len(KINDS), p=weights / weights.sum()))]
        places = _row(rng, centre, kind, conditions)
        if any(math.hypot(a.east_m - b.east_m, a.north_m - b.north_m) < 7.0 for a in places for b in taken):
            continue
        taken += places
        for spot, place in enumerate(places):
            yield from _visits(rng, f"{crossing}-r{row}-s{spot}", place, kind, length_s, conditions.alone_share)


def _row(rng: Generator, centre: Point, kind: _Kind, conditions: Conditions) -> list[Point]:
    length = int(rng.choice(conditions.row_lengths))
    spacing_m = float(rng.uniform(kind.nearest_m, kind.nearest_m + conditions.spread_m))
    is_along_east = rng.random() < 0.5
    side_m, start_m = float(rng.choice([-7.0, 7.0]) + rng.normal(0, 1)), float(rng.uniform(-26, 16))
    along = [start_m + index * spacing_m for index in range(length)]
    pairs = [(a, side_m) if is_along_east else (side_m, a) for a in along]
    return [Point(centre.east_m + east, centre.north_m + north) for east, north in pairs]


def _visits(
    rng: Generator, spot: str, place: Point, kind: _Kind, length_s: float, alone_share: float
) -> Iterator[Thing]:
    """Whoever stands at one spot, one after the other."""
    at_s, visit = float(rng.uniform(-1200, 3000)), 0
    while at_s < length_s:
        stay_s = 60 * kind.stay_min * float(np.exp(rng.normal(0, 0.6)))
        start_s, end_s = max(0.0, at_s), min(length_s, at_s + stay_s)
        if end_s - start_s > 180:
            visit += 1
            real_id = f"{spot}-v{visit}"
            is_attended = not _is_alone(real_id, kind.seen, alone_share)
            main = Thing("", "", kind.seen, place, start_s, end_s, kind.size_m, is_attended=is_attended)
            yield from _incident(rng, real_id, main)
        at_s = at_s + stay_s + 60 * kind.away_min + float(rng.uniform(0, LONGEST_EXTRA_S))


def _is_alone(real_id: str, seen: Seen, share: float) -> bool:
    """By the name: a draw more would make every seed another city."""
    return seen is Seen.CART and derived_entropy(real_id)[0] < 256 * share


def _incident(rng: Generator, real_id: str, main: Thing) -> Iterator[Thing]:
    jitter = rng.normal(0, 0.3, 2)
    place = Point(main.place.east_m + float(jitter[0]), main.place.north_m + float(jitter[1]))
    yield replace(main, thing_id=real_id, real_id=real_id, place=place)
    for seen, share, beside_m, drift_m in COMPANIONS.get(main.seen, ()):
        if rng.random() < share:
            angle = rng.uniform(0, 2 * math.pi)
            spot = Point(place.east_m + beside_m * math.sin(angle), place.north_m + beside_m * math.cos(angle))
            late_s = float(rng.uniform(0, 0.3)) * (main.end_s - main.start_s)
            start_s = main.start_s + late_s
            yield Thing(f"{real_id}/{seen}", real_id, seen, spot, start_s, main.end_s, main.size_m, drift_m)


def _overlaps(cameras: Sequence[Camera], things: Sequence[Thing]) -> Iterator[tuple[CameraId, CameraId]]:
    """An installer declares which cameras share a view."""
    for index, a in enumerate(cameras):
        for b in cameras[index + 1 :]:
            shares = any(sees(a, thing.place) and sees(b, thing.place) for thing in things)
            if a.node_id == b.node_id and shares:
                yield a.camera_id, b.camera_id
