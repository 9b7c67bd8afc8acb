"""The demo's street corner: one script of twenty minutes seen by four cameras.

Main road along the east axis, a side street going north, a wide pavement on the north side where everything happens:

    lawful stall (1.0, 15.5) in its painted zone      bins (8.5, 12.0), burning from 35 s to 8 min
    unlawful stall (-7.0, 11.5), 5 s to 15 min        grill (0.0, 7.0), from 8 s, smoking 20 s to 10 min

The four stand at least 8 m apart, so that no tolerance of the association can confuse them.
"""

import numpy as np

from edge.scene import casting
from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.forms.fittings import Billboard, LampPost, Tree
from edge.scene.houses import house_row
from edge.scene.plan import PaintedArea, Plan, Polygon, Surface
from edge.scene.street import Street
from edge.scene.world import Actor, Ambience, Schedule, Smoke, Stand, Way, World

PERIOD_S = 1200.0
_LAWFUL, _UNLAWFUL, _GRILL, _BINS = (
    Stand(1.0, 15.5, 180),
    Stand(-7.0, 11.5, 180),
    Stand(0.0, 7.0, 180),
    Stand(8.5, 12.0, 180),
)
VENDOR_ZONE: Polygon = ((-1.6, 13.6), (3.6, 13.6), (3.6, 17.2), (-1.6, 17.2))
RECYCLING_ZONE: Polygon = ((6.2, 10.6), (10.8, 10.6), (10.8, 13.4), (6.2, 13.4))
BAN_AREA: Polygon = ((-60.0, -20.0), (60.0, -20.0), (60.0, 40.0), (-60.0, 40.0))


def demo_street(seed: int = 7) -> Street:
    """The demo's street; the seed changes looks and passers-by, never the script."""
    random = generator("demo", seed)
    actors = (*_incidents(random), *_fittings(random), *_passers_by(random))
    ambience = Ambience(
        sun_azimuth_deg=215, sun_elevation_deg=48, ambient=0.62, exposure=1.12, gain_bgr=(0.99, 1.0, 1.02)
    )
    world = World(seed, _plan(random), actors, wind_mps=(0.28, 0.2), ambience=ambience, period_s=PERIOD_S)
    zones = {"vendor_guide_zone": VENDOR_ZONE, "recycling_zone": RECYCLING_ZONE, "bbq_ban_area": BAN_AREA}
    return Street(world, _cameras(), zones)


def _cameras() -> tuple[PinholeCamera, ...]:
    return (
        PinholeCamera("cam-1", -9.0, -4.6, 6.5, yaw_deg=29, tilt_deg=19, fov_deg=68),
        PinholeCamera("cam-2", 9.5, -4.6, 6.5, yaw_deg=-25, tilt_deg=19, fov_deg=68),
        PinholeCamera("cam-3", -12.0, 17.6, 5.5, yaw_deg=115, tilt_deg=20, fov_deg=74),
        PinholeCamera("cam-4", 12.0, 18.5, 6.0, yaw_deg=232, tilt_deg=20, fov_deg=76),
    )


def _plan(random: np.random.Generator) -> Plan:
    walls = (
        *house_row("north-row", random, (-46, 19.2), (15.6, 19.2)),
        *house_row("corner", random, (15.6, 19.2), (15.6, 60)),
        *house_row("east-side", random, (31, 60), (31, 13)),
        *house_row("east-row", random, (31, 13), (75, 13)),
        *house_row("south-row", random, (75, -9.5), (-60, -9.5)),
    )
    return Plan(
        roads=((-90, -3.6, 110, 3.6), (19.5, 3.6, 27, 90)),
        crossings=((14.5, -3.6, 18.0, 3.6), (19.5, 5.5, 27, 8.5)),
        painted=(PaintedArea(VENDOR_ZONE, (90, 215, 235)), PaintedArea(RECYCLING_ZONE, (110, 190, 90))),
        walls=walls,
        surface=Surface(int(random.integers(1 << 16)), (98, 98, 97), (150, 156, 162), 0.6, has_bond=True),
    )


def _incidents(random: np.random.Generator) -> tuple[Actor, ...]:
    always = Schedule(-1e6, 1e9)
    grilling = Schedule(8.0, 600.0, PERIOD_S)
    smoke = Smoke(int(random.integers(1 << 20)), 0.95, 1.1, strength=1.0, darkness=0.12, life_s=6.0, spread_m=0.95)
    return (
        *casting.stall("stall-lawful", random, _LAWFUL, always, ((60, 150, 60), (225, 230, 230)), "parasol"),
        *casting.stall(
            "stall-unlawful",
            random,
            _UNLAWFUL,
            Schedule(5.0, 900.0, PERIOD_S),
            ((45, 40, 205), (190, 90, 35)),
            "parasol",
        ),
        *casting.grill("grill", random, _GRILL, grilling, smoke, Schedule(20.0, 600.0, PERIOD_S)),
        *casting.bin_row("bin", random, casting.beside(_BINS, -0.4, 0.1), 3, always),
        casting.garbage("garbage", random, casting.beside(_BINS, 1.35, -0.1), always, 0.75),
        *casting.fire(
            "fire", random, casting.beside(_BINS, 1.2, 0.0), Schedule(35.0, 480.0, PERIOD_S), 0.25, 1.3, 0.72, 15.0
        ),
    )


def _fittings(random: np.random.Generator) -> tuple[Actor, ...]:
    always = Schedule(-1e6, 1e9)
    trees = ((-19.0, 5.4), (-30.0, 5.4), (-27.0, -5.8), (30.5, -6.2), (29.0, 6.0), (18.0, 27.0))
    lamps = ((-16.0, 4.4, 180), (17.8, 9.0, 90), (22.0, -5.0, 0))
    return (
        *(
            Actor(f"tree-{k}", None, Tree(int(random.integers(1 << 20))), Stand(*at), always)
            for k, at in enumerate(trees)
        ),
        *(Actor(f"lamp-{k}", None, LampPost(), Stand(*at), always) for k, at in enumerate(lamps)),
        Actor("billboard-1", "billboard", Billboard(int(random.integers(1 << 20))), Stand(-13.5, 9.0, 150), always),
        Actor("parked-1", "vehicle", casting.car(random), Stand(-24.0, -2.5, 270), always),
        Actor("parked-2", "vehicle", casting.car(random), Stand(28.4, 22.0, 0), always),
    )


def _passers_by(random: np.random.Generator) -> tuple[Actor, ...]:
    """People on the pavements, cycles at the kerb, cars and a bus on the road; rounds divide the period."""
    actors: list[Actor] = []
    for k, north in enumerate((4.6, 5.2, 9.3, 9.7, 13.2, 18.2, -4.6, -6.5, -7.5, 5.6)):
        points = (
            ((-45.0, north), (-3.0, north + float(random.uniform(-0.3, 0.3))), (17.0, north), (17.6, 34.0))
            if north > 0
            else ((-45.0, north), (45.0, north))
        )
        if random.random() < 0.5:
            points = points[::-1]
        way = Way(points, float(random.uniform(1.0, 1.5)))
        actors.append(
            Actor(f"walker-{k}", "person", casting.person(random), way, _rounds(random, way, (75.0, 100.0, 120.0)))
        )
    for k, lane in enumerate((3.0, -3.0, 2.7)):
        way = Way(
            ((-80.0, lane), (100.0, lane)) if lane < 0 else ((100.0, lane), (-80.0, lane)),
            float(random.uniform(4.0, 6.5)),
        )
        actors += casting.cyclist(f"cycle-{k}", random, way, _rounds(random, way, (60.0, 75.0, 100.0)))
    for k, lane in enumerate((1.7, -1.7, 1.7, -1.7)):
        way = Way(((-85.0, lane), (105.0, lane)) if lane < 0 else ((105.0, lane), (-85.0, lane)), 9.0)
        actors.append(Actor(f"car-{k}", "vehicle", casting.car(random), way, _rounds(random, way, (40.0, 48.0, 60.0))))
    way = Way(((105.0, 1.7), (-85.0, 1.7)), 7.5)
    actors.append(Actor("bus", "vehicle", casting.bus(random), way, _rounds(random, way, (150.0,))))
    return tuple(actors)


def _rounds(random: np.random.Generator, way: Way, every_s: tuple[float, ...]) -> Schedule:
    every = float(random.choice([choice for choice in every_s if choice > way.duration_s] or [PERIOD_S]))
    start = -PERIOD_S * 4 + float(random.uniform(0, every))
    return Schedule(start, start + way.duration_s, every)
