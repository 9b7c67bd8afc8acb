"""What stands and moves in a street of chance besides trade: furniture, parked vehicles, passers-by, traffic."""

from math import hypot

import numpy as np

from edge.scene import casting
from edge.scene.chance_conditions import LAMP_COLOURS
from edge.scene.conditions import Conditions, Lookalike
from edge.scene.forms.fittings import Billboard, LampPost, Tree
from edge.scene.forms.people import Person
from edge.scene.world import Actor, Schedule, Stand, Way

_ALWAYS = Schedule(-1e6, 1e9)


def fittings(
    random: np.random.Generator, half_road: float, facade: float, taken: list[Stand], conditions: Conditions
) -> list[Actor]:
    """Trees, lamps, billboards, bins and parked vehicles."""
    actors: list[Actor] = []
    kerb = half_road + 1.0
    for k in range(int(random.integers(0, 6))):
        tree = Tree(int(random.integers(1 << 20)), float(random.uniform(4, 7.5)), float(random.uniform(1.1, 2.4)))
        north = kerb if random.random() < 0.6 else -kerb
        actors.append(Actor(f"tree-{k}", None, tree, Stand(float(random.uniform(-45, 45)), north), _ALWAYS))
    actors += _lamp_posts(random, kerb, conditions)
    for k in range(int(random.integers(0, 3))):
        board = Billboard(
            int(random.integers(1 << 20)),
            float(random.uniform(1.4, 4.0)),
            float(random.uniform(0.8, 2.2)),
            float(random.uniform(0.5, 2.4)),
        )
        place = Stand(
            float(random.uniform(-35, 35)),
            float(random.uniform(half_road + 0.8, facade - 0.6)),
            float(random.uniform(120, 240)),
        )
        actors.append(Actor(f"billboard-{k}", "billboard", board, place, _ALWAYS))
    for k in range(int(random.integers(0, 5))):
        place = Stand(float(random.uniform(-40, 40)), half_road - 1.1, 270.0)
        if all(hypot(place.east_m - other.east_m, place.north_m - other.north_m) > 4.0 for other in taken):
            actors.append(Actor(f"parked-{k}", "vehicle", casting.car(random), place, _ALWAYS))
    if random.random() < 0.4:
        place = Stand(float(random.uniform(-20, 20)), facade - 0.7, 180.0)
        actors += casting.bin_row("spare-bin", random, place, int(random.integers(1, 4)), _ALWAYS)
    return actors


def _lamp_posts(random: np.random.Generator, kerb: float, conditions: Conditions) -> list[Actor]:
    """A few posts by day; after dark a row of them with one colour of light, for it is them one sees by."""
    blue, green, red = LAMP_COLOURS[int(random.integers(len(LAMP_COLOURS)))]
    level = 255.0 * float(random.uniform(0.55, 1.0))
    colour, height = (blue * level, green * level, red * level), float(random.uniform(4.5, 8))
    places = [(float(random.uniform(-45, 45)), kerb) for _ in range(int(random.integers(0, 4)))]
    if conditions.is_dark:
        step, start = float(random.uniform(13, 26)), float(random.uniform(-45, -30))
        both = random.random() < 0.5
        places = [(start + step * k, kerb if not both or k % 2 else -kerb) for k in range(int(90 / step))]
    return [
        Actor(
            f"lamp-{k}",
            None,
            LampPost(height, colour),
            Stand(east, north, 180 if north > 0 else 0),
            _ALWAYS,
            lookalike="street lamp" if conditions.is_dark else None,
        )
        for k, (east, north) in enumerate(places)
    ]


def traffic(random: np.random.Generator, half_road: float, facade: float, conditions: Conditions) -> list[Actor]:
    """Passers-by on both pavements, vehicles and cycles on the road."""
    actors: list[Actor] = []
    umbrella_share = 0.06 + 0.5 * (conditions.rain > 0)

    def somebody() -> Person:
        return casting.person(random, umbrella_share=umbrella_share)

    has_lights = conditions.is_dark or (conditions.fog_bgr is not None and bool(random.random() < 0.5))
    for k in range(int(random.integers(1, 16))):
        north = (
            float(random.uniform(half_road + 0.5, facade - 0.5))
            if random.random() < 0.75
            else -half_road - float(random.uniform(0.5, 3))
        )
        if random.random() < 0.25:
            place = Stand(float(random.uniform(-30, 30)), north, float(random.uniform(0, 360)))
            actors.append(Actor(f"stander-{k}", "person", somebody(), place, _ALWAYS))
            continue
        way = Way(((-40.0, north), (40.0, north + float(random.uniform(-1, 1)))), float(random.uniform(0.8, 1.6)))
        actors.append(Actor(f"walker-{k}", "person", somebody(), _either(random, way), _rounds(random, way)))
    lanes = (-half_road * 0.5, half_road * 0.5)
    for k in range(int(random.integers(0, 5))):
        lane = lanes[k % 2]
        way = Way(
            ((-70.0, lane), (70.0, lane)) if lane < 0 else ((70.0, lane), (-70.0, lane)), float(random.uniform(5, 11))
        )
        is_bus, is_braking = random.random() < 0.15, bool(random.random() < 0.25)
        form = (
            casting.bus(random, has_lights=has_lights)
            if is_bus
            else casting.car(random, has_lights=has_lights, is_braking=is_braking)
        )
        kind: Lookalike | None = "brake light" if is_braking and not is_bus else ("headlight" if has_lights else None)
        actors.append(Actor(f"car-{k}", "vehicle", form, way, _rounds(random, way), lookalike=kind))
    for k in range(int(random.integers(0, 4))):
        lane = float(random.choice([-1, 1])) * (half_road - 0.6)
        way = _either(random, Way(((-60.0, lane), (60.0, lane)), float(random.uniform(3, 7))))
        actors += casting.cyclist(f"cycle-{k}", random, way, _rounds(random, way), has_lights=has_lights)
    return actors


def _either(random: np.random.Generator, way: Way) -> Way:
    return Way(way.points_m[::-1], way.speed_mps) if random.random() < 0.5 else way


def _rounds(random: np.random.Generator, way: Way) -> Schedule:
    every = way.duration_s * float(random.uniform(1.0, 1.6))
    start = -600.0 - float(random.uniform(0, every))
    return Schedule(start, start + way.duration_s, every)
