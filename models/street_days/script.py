"""Streets of chance with a timetable: what stood there all the time in a training picture comes and goes in acts.

A street is `edge.scene.streets.random_street(seed)`. Its time is cut into acts of a quarter of an hour; in each, every
stall, fire and look-alike is there or not, from some moment to another, all by the seed. What belongs to the place
(houses, bins, rubbish, parked cars, lamps) and the traffic stay.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from edge.scene.chance import generator
from edge.scene.streets import Street, random_street
from edge.scene.world import Actor, Flame, Schedule, Smoke, Stand

ACT_MARK = "@"
_TRADE = ("stall", "cart", "ground-cloth", "clothes-rail", "tricycle", "glass-cart", "parasol", "seating")
_FIRE = ("grill", "smoke-only", "fire", "far-fire", "ground-fire")
_LOOKALIKE = ("mistaken", "manhole", "idling", "mist")
_ROOT = re.compile(r"^([a-z-]*?)(?:-\d+)?(?:-\d+)?(?=\.|$)")
_NUMBERED_ROOT = re.compile(r"^([a-z-]+?-\d+|[a-z]+)")


@dataclass(frozen=True, slots=True)
class Timetable:
    """How long an act is, and how likely, from when and for how long each group is there in it; seconds."""

    name: str
    act_s: float
    begins_s: tuple[float, float]
    present_share: Mapping[str, float]
    lasts_s: Mapping[str, tuple[float, float]]


DAY = Timetable(
    "day",
    900.0,
    (30.0, 400.0),
    {"trade": 0.45, "fire": 0.4, "lookalike": 0.5},
    {"trade": (240.0, 480.0), "fire": (120.0, 400.0), "lookalike": (90.0, 420.0)},
)
"""A busy day: what is judged."""
DRILL = Timetable(
    "drill",
    200.0,
    (8.0, 40.0),
    {"trade": 0.5, "fire": 0.85, "lookalike": 0.85},
    {"trade": (100.0, 150.0), "fire": (100.0, 150.0), "lookalike": (100.0, 150.0)},
)
"""Short acts in which nearly everything burns or steams: what the second stage learns from, never judged by."""
TIMETABLES = {table.name: table for table in (DAY, DRILL)}


@dataclass(frozen=True, slots=True)
class Unit:
    """One act at one camera: what is recorded at once."""

    seed: int
    camera_id: str
    act: int
    light: str
    weather: str
    timetable: Timetable = DAY

    @property
    def name(self) -> str:
        return f"{self.seed}/{self.camera_id}/act-{self.act:02d}"

    @property
    def condition(self) -> str:
        return f"{self.light} {self.weather}"


def street_act(seed: int, act: int, timetable: Timetable = DAY) -> Street:
    """The street of `seed` in one act, which begins at `act` × `act_s` of the world's time."""
    street = random_street(seed)
    fixed: list[Actor] = []
    timed: dict[str, list[Actor]] = {}
    for actor in street.world.actors:
        if _group(actor) is None:
            fixed.append(actor)
        else:
            timed.setdefault(_root(actor.identity), []).append(actor)
    scripted = [
        actor
        for root, family in timed.items()
        for actor in _staged(family, root, act, timetable, generator("street day", seed, root, act))
    ]
    # Drawing order follows depth, not the script's order, so appending changes nothing else.
    return replace(street, world=replace(street.world, actors=(*fixed, *scripted)))


def units(
    first_seed: int, last_seed: int, per_condition: int | None, acts: int, timetable: Timetable = DAY
) -> Iterator[Unit]:
    """What to record, act after act, so that a run cut short is still balanced over streets and conditions.

    Args:
        first_seed: of the range, inclusive.
        last_seed: of the range, inclusive.
        per_condition: at most so many seeds of one light and weather, the lowest ones; None: every seed.
        acts: how many per camera.
        timetable: of all of them.
    """
    streets: list[tuple[int, str, str, tuple[str, ...]]] = []
    taken: dict[tuple[str, str], int] = {}
    for seed in range(first_seed, last_seed + 1):
        street = random_street(seed)
        key = (street.conditions.light, street.conditions.weather)
        taken[key] = taken.get(key, 0) + 1
        if per_condition is None or taken[key] <= per_condition:
            streets.append((taken[key], *key, (str(seed), *(camera.camera_id for camera in street.cameras))))
    streets.sort(key=lambda entry: entry[0])
    for act in range(acts):
        for view in range(2):
            for _, light, weather, (seed_text, *cameras) in streets:
                yield Unit(int(seed_text), cameras[view], act, light, weather, timetable)


def _group(actor: Actor) -> str | None:
    """How an actor comes and goes, or None if it stays."""
    if not isinstance(actor.place, Stand) or actor.identity.split(".")[-1].startswith(("bin", "heap")):
        return None
    match = _ROOT.match(actor.identity)
    kind = match.group(1) if match else ""
    for name, kinds in (("trade", _TRADE), ("fire", _FIRE), ("lookalike", _LOOKALIKE)):
        if kind in kinds:
            return name
    return None


def _root(identity: str) -> str:
    match = _NUMBERED_ROOT.match(identity)
    return match.group(1) if match else identity


def _staged(
    family: list[Actor], root: str, act: int, timetable: Timetable, random: np.random.Generator
) -> Iterator[Actor]:
    group = _group(family[0])
    assert group is not None
    is_present = random.random() < timetable.present_share[group]
    begins_s = act * timetable.act_s + float(random.uniform(*timetable.begins_s))
    ends_s = begins_s + float(random.uniform(*timetable.lasts_s[group]))
    lights_up_s = float(random.uniform(0.0, 40.0)) if root.startswith("grill") else 0.0
    if not is_present:
        return
    for actor in family:
        form, from_s = actor.form, begins_s
        if isinstance(form, Smoke | Flame):
            form, from_s = replace(form, seed=form.seed + act), begins_s + lights_up_s
        yield replace(
            actor,
            identity=_in_act(actor.identity, act),
            form=form,
            schedule=Schedule(from_s, ends_s),
            part_of=None if actor.part_of is None else _in_act(actor.part_of, act),
        )


def _in_act(identity: str, act: int) -> str:
    return f"{identity}{ACT_MARK}{act}"
