"""What the cameras' trackers make of the city: stretches of one thing, broken, hidden, swapped, confused, invented."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from central.simulation.optics import sees
from central.simulation.world import Camera, City, Thing
from contract.plane import Point
from contract.taxonomy import Seen

GONE_AFTER_S = {Seen.FLAME: 20.0, Seen.SMOKE: 60.0, Seen.GARBAGE: 1800.0, Seen.BIN_OVERFLOW: 1800.0}
PRESENT_AFTER_S = {Seen.FLAME: 5.0, Seen.SMOKE: 10.0, Seen.GARBAGE: 300.0, Seen.BIN_OVERFLOW: 300.0}
STANDING_GONE_S, STANDING_PRESENT_S = 120.0, 60.0
"""The nodes' own patience (configs/edge/policies.yaml)."""
SWAP_REACH_M = 8.0
CONFUSIONS: dict[Seen, tuple[Seen, ...]] = {
    Seen.STALL: (Seen.CART, Seen.TABLE, Seen.GARBAGE),
    Seen.CART: (Seen.STALL, Seen.STALL, Seen.GARBAGE),
    Seen.PARASOL: (Seen.TABLE,),
    Seen.TABLE: (Seen.STALL,),
    Seen.GRILL: (Seen.FLAME, Seen.TABLE),
    Seen.FLAME: (Seen.SMOKE,),
    Seen.SMOKE: (Seen.FLAME,),
    Seen.GARBAGE: (Seen.BIN_OVERFLOW, Seen.STALL),
    Seen.BIN_OVERFLOW: (Seen.GARBAGE,),
    Seen.BANNER: (Seen.BILLBOARD,),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One thing followed without a break, `start_s` to `end_s`."""

    thing: Thing
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Track:
    """What a camera reports as one incident; more than one stretch where the tracker swapped identities."""

    camera: Camera
    number: int
    seen: Seen
    stretches: tuple[Stretch, ...]

    @property
    def start_s(self) -> float:
        return self.stretches[0].start_s

    @property
    def end_s(self) -> float:
        return self.stretches[-1].end_s


def present_after_s(seen: Seen) -> float:
    return PRESENT_AFTER_S.get(seen, STANDING_PRESENT_S)


def gone_after_s(seen: Seen) -> float:
    return GONE_AFTER_S.get(seen, STANDING_GONE_S)


def watch(city: City, seed: int) -> Iterator[Track]:
    """Every track of every camera, camera by camera; those too short to be present are left out."""
    for index, camera in enumerate(city.cameras):
        rng = np.random.default_rng([seed, 2, index])
        stretches = [
            stretch
            for thing in city.things
            if sees(camera, thing.place)
            for stretch in _stretches(rng, thing, city)
            if stretch.end_s - stretch.start_s > present_after_s(thing.seen)
        ]
        stretches += _ghosts(rng, camera, city)
        stretches.sort(key=lambda stretch: (stretch.start_s, stretch.thing.thing_id))
        for number, parts in enumerate(_swapped(rng, stretches, city.conditions.swap_share), start=1):
            yield Track(camera, number, _called(rng, parts[0].thing.seen, city.conditions.confused_share), parts)


def _stretches(rng: Generator, thing: Thing, city: City) -> Iterator[Stretch]:
    """The thing's stay, cut where it was hidden for longer than the node's patience and where the tracker broke."""
    start_s = thing.start_s + float(rng.uniform(0, 20))
    for at_s, hidden_s in _interruptions(rng, thing, city):
        if at_s <= start_s:
            continue
        if hidden_s > gone_after_s(thing.seen) or hidden_s < 30.0:  # below: the tracker broke and starts again
            yield Stretch(thing, start_s, at_s)
            start_s = at_s + hidden_s
    if start_s < thing.end_s:
        yield Stretch(thing, start_s, thing.end_s)


def _interruptions(rng: Generator, thing: Thing, city: City) -> list[tuple[float, float]]:
    """(when, for how long) of lorries in the way (30 s to 9 min) and of broken tracks (5 to 20 s)."""
    length_s = thing.end_s - thing.start_s
    hidden = rng.poisson(city.conditions.occlusions_per_h * length_s / 3600)
    broken = rng.poisson(city.conditions.breaks_per_h * length_s / 3600)
    found = [(float(rng.uniform(thing.start_s, thing.end_s)), float(rng.uniform(31, 540))) for _ in range(hidden)]
    found += [(float(rng.uniform(thing.start_s, thing.end_s)), float(rng.uniform(5, 20))) for _ in range(broken)]
    return sorted((at_s, hidden_s) for at_s, hidden_s in found if at_s + hidden_s < thing.end_s)


def _ghosts(rng: Generator, camera: Camera, city: City) -> Iterator[Stretch]:
    """Things that only the detector sees."""
    for number in range(int(rng.poisson(city.conditions.ghosts_per_h * city.length_s / 3600))):
        away_m, angle = float(rng.uniform(8, 40)), camera.yaw_rad + float(rng.uniform(-0.6, 0.6))
        place = Point(camera.place.east_m + away_m * np.sin(angle), camera.place.north_m + away_m * np.cos(angle))
        start_s = float(rng.uniform(0, city.length_s))
        end_s = min(city.length_s, start_s + float(rng.uniform(90, 900)))
        seen = (Seen.STALL, Seen.SMOKE, Seen.CART, Seen.GARBAGE)[int(rng.integers(4))]
        name = f"ghost-{camera.camera_id}-{number}"
        if end_s - start_s > present_after_s(seen):
            yield Stretch(Thing(name, name, seen, place, start_s, end_s, 2.0, is_attended=False), start_s, end_s)


def _swapped(rng: Generator, stretches: Sequence[Stretch], share: float) -> list[tuple[Stretch, ...]]:
    """Exchanges the futures of neighbouring tracks of one group; `share` of all tracks are party to a swap."""
    parts: list[list[Stretch]] = [[stretch] for stretch in stretches]
    neighbours = _neighbours(stretches)
    swaps = int(rng.binomial(len(stretches), share / 2))
    for a in (int(index) for index in rng.permutation(sorted(neighbours))):
        free = [b for b in neighbours[a] if len(parts[b]) == 1]
        if swaps == 0 or len(parts[a]) > 1 or not free:
            continue
        swaps -= 1
        b = free[int(rng.integers(len(free)))]
        first, second = parts[a][0], parts[b][0]
        at_s = _middle(rng, first, second)
        parts[a] = [replace(first, end_s=at_s), replace(second, start_s=at_s)]
        parts[b] = [replace(second, end_s=at_s), replace(first, start_s=at_s)]
    return [tuple(part) for part in parts]


def _middle(rng: Generator, a: Stretch, b: Stretch) -> float:
    """A moment when both have been and will be followed for two minutes."""
    return float(rng.uniform(max(a.start_s, b.start_s) + 120, min(a.end_s, b.end_s) - 120))


def _neighbours(stretches: Sequence[Stretch]) -> dict[int, list[int]]:
    near: dict[int, list[int]] = defaultdict(list)
    for a, first in enumerate(stretches):
        for b, second in enumerate(stretches):
            together_s = min(first.end_s, second.end_s) - max(first.start_s, second.start_s)
            if (
                a != b
                and first.thing.seen is second.thing.seen
                and together_s >= 300
                and _apart_m(first, second) < SWAP_REACH_M
            ):
                near[a].append(b)
    return near


def _apart_m(a: Stretch, b: Stretch) -> float:
    east_m, north_m = a.thing.place.east_m - b.thing.place.east_m, a.thing.place.north_m - b.thing.place.north_m
    return float(np.hypot(east_m, north_m))


def _called(rng: Generator, seen: Seen, confused_share: float) -> Seen:
    choices = CONFUSIONS.get(seen, ())
    if not choices or rng.random() >= confused_share:
        return seen
    return choices[int(rng.integers(len(choices)))]
