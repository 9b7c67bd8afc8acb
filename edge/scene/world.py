"""Who is where at a moment of the scripted world.

Nothing is simulated forward: every actor's place is a closed formula of time, so any moment can be asked for at once
and every camera sees the same world.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import atan2, degrees, floor, hypot
from typing import Literal

from edge.scene.conditions import CLEAR_DAY, Conditions, Lookalike
from edge.scene.forms.form import Form
from edge.scene.lamplight import Lamp
from edge.scene.plan import Plan

Label = Literal[
    "smoke",
    "flame",
    "grill",
    "stall",
    "vendor_cart",
    "parasol",
    "shop_sign",
    "billboard",
    "garbage_pile",
    "waste_container",
    "person",
    "vehicle",
    "cycle",
    "table",
    "banner",
]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Present from `from_s` to `until_s`, again every `every_s` (never again when None)."""

    from_s: float
    until_s: float
    every_s: float | None = None

    def showing(self, t_s: float, lingers_s: float) -> tuple[int, float] | None:
        """The number of the present appearance and its age, or None while absent.

        Args:
            t_s: world time.
            lingers_s: how much longer than the schedule says it stays visible.
        """
        since = t_s - self.from_s
        number = floor(since / self.every_s) if self.every_s is not None else 0
        age = since - number * (self.every_s or 0.0)
        if age < 0 or age >= self.until_s - self.from_s + lingers_s:
            return None
        return number, age


@dataclass(frozen=True, slots=True)
class Stand:
    """A fixed place; the heading is where its front looks, clockwise from north."""

    east_m: float
    north_m: float
    heading_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Way:
    """A walk along straight legs at constant speed, beginning when the schedule begins."""

    points_m: tuple[tuple[float, float], ...]
    speed_mps: float

    @property
    def duration_s(self) -> float:
        """How long the whole way takes."""
        return sum(hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(self.points_m)) / self.speed_mps

    def at(self, travelled_m: float) -> Stand:
        """The place and heading after so many metres; past the end it stays there."""
        left = travelled_m
        for (x1, y1), (x2, y2) in pairwise(self.points_m):
            length = hypot(x2 - x1, y2 - y1)
            if left <= length:
                break
            left -= length
        share = min(1.0, left / max(length, 1e-9))
        return Stand(x1 + (x2 - x1) * share, y1 + (y2 - y1) * share, degrees(atan2(x2 - x1, y2 - y1)))


@dataclass(frozen=True, slots=True)
class Smoke:
    """A smoke source; see `plume` for what the numbers do."""

    seed: int
    height_m: float
    width_m: float
    strength: float = 1.0
    darkness: float = 0.1
    life_s: float = 6.0
    rise_mps: float = 1.5
    spread_m: float = 1.0
    """Radius of a puff at the end of its life."""
    growth_s: float = 6.0
    tint_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Colour as a share of grey smoke's, by channel: dust is brown, oil smoke bluish."""


@dataclass(frozen=True, slots=True)
class Flame:
    """A fire; `height_m` is the height of its tongues above `base_m` when fully grown."""

    seed: int
    base_m: float
    width_m: float
    height_m: float
    growth_s: float = 8.0


@dataclass(frozen=True, slots=True)
class Actor:
    """Something that comes and goes. `part_of` names the actor whose box also spans this one (a stall's parasol).

    `lookalike` says what it may be mistaken for smoke, flame or a stall by; it never changes the label.
    """

    identity: str
    label: Label | None
    form: Form | Smoke | Flame
    place: Stand | Way
    schedule: Schedule
    part_of: str | None = None
    lookalike: Lookalike | None = None


@dataclass(frozen=True, slots=True)
class ActorNow:
    """An actor at one moment; `emitting_s` is how long it has been a source (smoke drifts on after the fire)."""

    actor: Actor
    identity: str
    stand: Stand
    age_s: float
    travelled_m: float

    @property
    def emitting_s(self) -> float:
        """Seconds from its beginning to its scheduled end."""
        return self.actor.schedule.until_s - self.actor.schedule.from_s


@dataclass(frozen=True, slots=True)
class Ambience:
    """Light and weather: sun position, the sky's share of the light, exposure, colour gain (blue, green, red), haze."""

    sun_azimuth_deg: float
    sun_elevation_deg: float
    ambient: float
    exposure: float = 1.0
    gain_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gamma: float = 1.0
    haze_m: float = 220.0
    noise_sigma: float = 2.2
    blur_px: float = 0.45


@dataclass(frozen=True, slots=True)
class World:
    """A street with its script; `wind_mps` is (east, north).

    Smoke whose colour differs by less than `least_contrast` (grey levels) from what is behind it is not boxed there:
    nobody can see it. With 0 opacity alone counts.
    """

    seed: int
    plan: Plan
    actors: tuple[Actor, ...]
    wind_mps: tuple[float, float]
    ambience: Ambience
    period_s: float | None = None
    conditions: Conditions = CLEAR_DAY
    lamps: tuple[Lamp, ...] = ()
    least_contrast: float = 0.0

    def actors_at(self, t_s: float) -> tuple[ActorNow, ...]:
        """Everything present at a moment, in the script's order."""
        return tuple(now for actor in self.actors if (now := _now(actor, t_s)) is not None)


def _now(actor: Actor, t_s: float) -> ActorNow | None:
    lingers_s = actor.form.life_s if isinstance(actor.form, Smoke) else 0.0
    showing = actor.schedule.showing(t_s, lingers_s)
    if showing is None:
        return None
    number, age_s = showing
    if isinstance(actor.place, Stand):
        return ActorNow(actor, actor.identity, actor.place, age_s, 0.0)
    travelled_m = age_s * actor.place.speed_mps
    # A passer-by of the next round is another person: trackers must not be rewarded for thinking otherwise.
    identity = actor.identity if actor.schedule.every_s is None else f"{actor.identity}#{number}"
    return ActorNow(actor, identity, actor.place.at(travelled_m), age_s, travelled_m)
