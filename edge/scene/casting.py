"""Looks and small groups of actors drawn by chance: people, vehicles, stalls with their vendors, burning bins."""

from math import cos, radians, sin

import numpy as np

from edge.scene.forms.fittings import Bin, GarbagePile
from edge.scene.forms.grill import CoolBox, Grill
from edge.scene.forms.people import Cycle, Person, Rider
from edge.scene.forms.trade import Cart, Parasol, Stall
from edge.scene.forms.vehicles import Bus, Car
from edge.scene.mesh import Bgr
from edge.scene.world import Actor, Flame, Schedule, Smoke, Stand, Way

PAINTS: tuple[Bgr, ...] = (
    (225, 225, 225),
    (60, 60, 62),
    (150, 150, 155),
    (50, 45, 165),
    (140, 80, 40),
    (205, 210, 215),
    (35, 35, 36),
    (60, 110, 70),
    (40, 170, 210),
)
CLOTHS: tuple[Bgr, ...] = (
    (50, 50, 190),
    (170, 90, 40),
    (60, 140, 60),
    (230, 230, 230),
    (40, 150, 230),
    (45, 45, 50),
    (150, 60, 130),
    (120, 160, 190),
    (190, 160, 60),
    (70, 90, 120),
)


def person(
    random: np.random.Generator,
    *,
    is_working: bool = False,
    vest_bgr: Bgr | None = None,
    umbrella_share: float = 0.06,
) -> Person:
    """Somebody; in rain more of them carry umbrellas."""
    skin = float(random.uniform(0.75, 1.1))
    return Person(
        height_m=float(random.uniform(1.5, 1.86)),
        skin_bgr=(125 * skin, 160 * skin, 205 * skin),
        hair_bgr=(28, 26, 30) if random.random() < 0.8 else (150, 155, 160),
        top_bgr=_cloth(random),
        legs_bgr=(float(random.uniform(35, 130)), float(random.uniform(35, 90)), float(random.uniform(30, 85))),
        is_working=is_working,
        bag_bgr=_cloth(random) if random.random() < 0.3 and not is_working else None,
        umbrella_bgr=_cloth(random) if random.random() < umbrella_share and not is_working else None,
        girth=float(random.uniform(0.88, 1.2)),
        vest_bgr=vest_bgr,
    )


def car(random: np.random.Generator, *, has_lights: bool = False, is_braking: bool = False) -> Car:
    """A car or van."""
    paint = PAINTS[int(random.integers(len(PAINTS)))]
    is_van = bool(random.random() < 0.22)
    length, wide = (float(random.uniform(4.4, 5.4)), 1.9) if is_van else (float(random.uniform(3.8, 4.9)), 1.8)
    height = float(random.uniform(1.9, 2.3)) if is_van else float(random.uniform(1.42, 1.7))
    return Car(paint, length, wide, height, is_van, has_lights, is_braking)


def bus(random: np.random.Generator, *, has_lights: bool = False) -> Bus:
    """A city bus."""
    return Bus(CLOTHS[int(random.integers(4))], length_m=float(random.uniform(8.5, 11.5)), has_lights=has_lights)


def cyclist(
    identity: str, random: np.random.Generator, way: Way, schedule: Schedule, *, has_lights: bool = False
) -> tuple[Actor, Actor]:
    """A cycle and the person on it, two things seen as one shape."""
    is_scooter = bool(random.random() < 0.6)
    box: Bgr | None = (40, 190, 240) if is_scooter and random.random() < 0.5 else None
    return (
        Actor(identity, "cycle", Cycle(_cloth(random), is_scooter, box, has_lights and is_scooter), way, schedule),
        Actor(f"{identity}.rider", "person", Rider(person(random), not is_scooter), way, schedule),
    )


def stall(
    identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule, colours: tuple[Bgr, Bgr], shelter: str
) -> tuple[Actor, ...]:
    """A stall with its vendor behind it; `shelter` is "parasol", "roof" or "none"."""
    form = Stall(
        colours[0],
        colours[1] if random.random() < 0.6 or shelter == "roof" else colours[0],
        int(random.integers(1 << 20)),
        width_m=float(random.uniform(1.9, 2.9)),
        has_roof=shelter == "roof",
        roof_height_m=float(random.uniform(2.05, 2.4)),
    )
    actors = [Actor(identity, "stall", form, stand, schedule)]
    vendor = beside(stand, float(random.uniform(-0.5, 0.5)), -0.95)
    actors.append(Actor(f"{identity}.vendor", "person", person(random, is_working=True), vendor, schedule))
    if shelter == "parasol":
        canopy = Parasol(
            *colours,
            radius_m=float(random.uniform(1.25, 1.6)),
            height_m=float(random.uniform(2.4, 2.8)),
            segments=int(random.choice([6, 8, 8, 10])),
        )
        foot = beside(stand, float(random.uniform(-0.3, 0.3)), -0.62)
        actors.append(Actor(f"{identity}.parasol", "parasol", canopy, foot, schedule, part_of=identity))
    return tuple(actors)


def cart(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """A vendor's tricycle with its vendor."""
    form = Cart(_cloth(random), _cloth(random), int(random.integers(1 << 20)), float(random.uniform(1.5, 2.1)))
    vendor = Stand(*_spot(stand, -1.0, 0.0), stand.heading_deg + 90)
    return (
        Actor(identity, "vendor_cart", form, stand, schedule),
        Actor(f"{identity}.vendor", "person", person(random, is_working=True), vendor, schedule),
    )


def grill(
    identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule, smoke: Smoke | None, smoking: Schedule
) -> tuple[Actor, ...]:
    """A charcoal grill with its cook, and its smoke while it is lit."""
    metal = float(random.uniform(0.6, 1.5))
    form = Grill(
        int(random.integers(1 << 20)),
        float(random.uniform(1.2, 2.0)),
        (78 * metal, 80 * metal, 84 * metal),
        bool(random.random() < 0.7),
    )
    actors = [
        Actor(identity, "grill", form, stand, schedule),
        Actor(f"{identity}.cook", "person", person(random, is_working=True), beside(stand, 0.1, -0.62), schedule),
    ]
    if random.random() < 0.6:
        side = (form.length_m / 2 + 0.4) * float(random.choice([-1, 1]))
        actors.append(Actor(f"{identity}.box", None, CoolBox(_cloth(random)), beside(stand, side, -0.1), schedule))
    if smoke is not None:
        actors.append(Actor(f"{identity}.smoke", "smoke", smoke, stand, smoking))
    return tuple(actors)


def bin_row(
    identity: str, random: np.random.Generator, stand: Stand, count: int, schedule: Schedule
) -> tuple[Actor, ...]:
    """Wheelie bins side by side."""
    bodies: tuple[Bgr, ...] = ((60, 105, 50), (95, 98, 98), (140, 85, 45), (50, 50, 52))
    body = bodies[int(random.integers(len(bodies)))]
    actors = []
    for k in range(count):
        lid = body if random.random() < 0.5 else bodies[int(random.integers(len(bodies)))]
        form = Bin(body, lid, height_m=float(random.uniform(0.95, 1.15)), is_open=bool(random.random() < 0.3))
        place = beside(stand, (k - (count - 1) / 2) * 0.8, float(random.uniform(-0.08, 0.08)))
        actors.append(Actor(f"{identity}-{k + 1}", "waste_container", form, place, schedule))
    return tuple(actors)


def garbage(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule, radius_m: float) -> Actor:
    """A rubbish heap."""
    return Actor(identity, "garbage_pile", GarbagePile(int(random.integers(1 << 20)), radius_m), stand, schedule)


def fire(
    identity: str,
    random: np.random.Generator,
    stand: Stand,
    burning: Schedule,
    base_m: float,
    size_m: float,
    dark: float,
    smoke_after_s: float,
) -> tuple[Actor, ...]:
    """A fire, and its smoke some seconds later."""
    flame = Flame(
        int(random.integers(1 << 20)), base_m, width_m=size_m, height_m=size_m * float(random.uniform(1.3, 1.9))
    )
    smoke = Smoke(
        int(random.integers(1 << 20)),
        base_m + flame.height_m * 0.45,
        size_m * 0.8,
        strength=float(random.uniform(1.1, 1.7)),
        darkness=dark,
        life_s=float(random.uniform(5.0, 7.0)),
        rise_mps=1.9,
        spread_m=0.7 + 0.5 * size_m,
    )
    later = Schedule(burning.from_s + smoke_after_s, burning.until_s, burning.every_s)
    return (
        Actor(f"{identity}.flame", "flame", flame, stand, burning),
        Actor(f"{identity}.smoke", "smoke", smoke, stand, later),
    )


def beside(stand: Stand, right_m: float, forward_m: float) -> Stand:
    """A place beside another, with the same heading."""
    return Stand(*_spot(stand, right_m, forward_m), stand.heading_deg)


def _spot(stand: Stand, right_m: float, forward_m: float) -> tuple[float, float]:
    turn = radians(stand.heading_deg)
    return (
        stand.east_m + right_m * cos(turn) + forward_m * sin(turn),
        stand.north_m - right_m * sin(turn) + forward_m * cos(turn),
    )


def _cloth(random: np.random.Generator) -> Bgr:
    base, shade = CLOTHS[int(random.integers(len(CLOTHS)))], float(random.uniform(0.7, 1.15))
    return base[0] * shade, base[1] * shade, base[2] * shade
