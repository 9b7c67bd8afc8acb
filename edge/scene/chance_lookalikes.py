"""Look-alikes of a street of chance: none of them smoke, flame or a stall, whatever they resemble."""

from collections.abc import Callable
from math import cos, hypot, radians, sin

import numpy as np

from edge.scene import casting
from edge.scene.camera import PinholeCamera
from edge.scene.conditions import Conditions, Lookalike
from edge.scene.forms.mistaken import BoxVan, Lanterns, Steamer, Tarpaulin, TrafficLight
from edge.scene.mesh import Bgr
from edge.scene.world import Actor, Schedule, Smoke, Stand, Way

_ALWAYS = Schedule(-1e6, 1e9)
_STEAMING = Schedule(-60.0, 1e6)
_SHEETS: tuple[tuple[Bgr, Bgr], ...] = (
    ((225, 225, 222), (215, 216, 214)),
    ((205, 205, 200), (228, 228, 226)),
    ((190, 110, 40), (180, 100, 40)),
    ((40, 40, 190), (190, 110, 40)),
)


def lookalikes(
    random: np.random.Generator,
    camera: PinholeCamera,
    half_road: float,
    facade: float,
    conditions: Conditions,
    taken: list[Stand],
) -> list[Actor]:
    """A handful of look-alikes in view of the first camera, apart from what stands already (`taken`)."""
    makers: tuple[Callable[[str, np.random.Generator, Stand], tuple[Actor, ...]], ...] = (
        _steamer,
        _steamer,
        _tarpaulin,
        _lanterns,
        _workers,
    )
    actors: list[Actor] = []
    for k in range(int(random.choice([0, 1, 1, 2, 3]))):
        stand = _place(random, camera, (half_road + 0.9, facade - 0.9), taken)
        if stand is not None:
            taken.append(stand)
            actors += makers[int(random.integers(len(makers)))](f"mistaken-{k}", random, stand)
    actors += _on_the_road(random, camera, half_road, conditions, taken)
    if random.random() < (0.5 if conditions.weather in ("fog", "haze", "rain") else 0.06):
        actors += _mist(random, camera)
    return actors


def steam(identity: str, seed: int, stand: Stand, height_m: float, size_m: float, random: np.random.Generator) -> Actor:
    """White vapour that is gone after a metre or two: no column, no drift."""
    form = Smoke(
        seed,
        height_m,
        size_m,
        strength=float(random.uniform(1.0, 3.0)),
        darkness=-0.2,
        life_s=float(random.uniform(0.9, 1.8)),
        rise_mps=float(random.uniform(0.7, 1.25)),
        spread_m=float(random.uniform(0.3, 0.75)),
        growth_s=1.0,
    )
    return Actor(identity, None, form, stand, _STEAMING, lookalike="steam")


def _steamer(identity: str, random: np.random.Generator, stand: Stand) -> tuple[Actor, ...]:
    pot = Steamer(int(random.integers(2, 7)))
    vapour = steam(f"{identity}.steam", int(random.integers(1 << 20)), stand, pot.top_m, 0.45, random)
    return (Actor(identity, None, pot, stand, _ALWAYS), vapour)


def _tarpaulin(identity: str, random: np.random.Generator, stand: Stand) -> tuple[Actor, ...]:
    first, second = _SHEETS[int(random.integers(len(_SHEETS)))]
    seed, radius = int(random.integers(1 << 20)), float(random.uniform(0.6, 1.5))
    form = Tarpaulin(seed, first, second, radius, float(random.uniform(0.6, 1.5)))
    return (Actor(identity, None, form, stand, _ALWAYS, lookalike="tarpaulin"),)


def _lanterns(identity: str, random: np.random.Generator, stand: Stand) -> tuple[Actor, ...]:
    colours: tuple[Bgr, ...] = ((35, 40, 215), (30, 35, 190), (40, 120, 245))
    form = Lanterns(
        int(random.integers(3, 9)),
        float(random.uniform(2.5, 3.6)),
        float(random.uniform(0.6, 1.0)),
        colours[int(random.integers(3))],
        float(random.uniform(0.15, 0.26)),
    )
    return (Actor(identity, None, form, stand, _ALWAYS, lookalike="lantern"),)


def _workers(identity: str, random: np.random.Generator, stand: Stand) -> tuple[Actor, ...]:
    """People in warning vests, standing about or sweeping."""
    vests: tuple[Bgr, ...] = ((20, 95, 250), (25, 60, 240), (30, 230, 220))
    vest = vests[int(random.integers(3))]
    actors = []
    for k in range(int(random.integers(1, 4))):
        place = casting.beside(stand, k * 0.9, float(random.uniform(-0.6, 0.6)))
        form = casting.person(random, is_working=bool(random.random() < 0.6), vest_bgr=vest)
        actors.append(Actor(f"{identity}-{k}", "person", form, place, _ALWAYS, lookalike="orange vest"))
    return tuple(actors)


def _on_the_road(
    random: np.random.Generator, camera: PinholeCamera, half_road: float, conditions: Conditions, taken: list[Stand]
) -> list[Actor]:
    actors: list[Actor] = []
    place = _place(random, camera, (-half_road + 0.5, half_road - 0.5), taken)
    if place is not None and random.random() < 0.14:
        actors.append(steam("manhole", int(random.integers(1 << 20)), place, 0.0, 0.4, random))
    if random.random() < 0.3:
        actors += _idling(random, half_road, conditions, taken)
    if random.random() < 0.2:
        actors += _trail(random, half_road, conditions)
    if random.random() < 0.18:
        post = Stand(float(random.uniform(-25, 25)), half_road + 0.7, float(random.choice([90, 270, 180])))
        form = TrafficLight(int(random.integers(3)), float(random.uniform(3.0, 4.5)))
        actors.append(Actor("traffic-light", None, form, post, _ALWAYS, lookalike="traffic light"))
    return actors


def _idling(random: np.random.Generator, half_road: float, conditions: Conditions, taken: list[Stand]) -> list[Actor]:
    """A parked van or car, sometimes with its engine running: exhaust stays low, behind the tail pipe."""
    stand = Stand(float(random.uniform(-22, 22)), half_road - 1.2, 270.0)
    if any(hypot(stand.east_m - other.east_m, stand.north_m - other.north_m) < 5.5 for other in taken):
        return []
    taken.append(stand)
    is_running = bool(random.random() < 0.6)
    is_lit = conditions.is_dark and is_running
    if random.random() < 0.55:
        paint, box = casting.PAINTS[int(random.integers(6))], casting.CLOTHS[int(random.integers(8))]
        van = BoxVan(paint, box, float(random.uniform(4.6, 6.2)), float(random.uniform(2.3, 2.9)), is_lit)
        actors = [Actor("idling", "vehicle", van, stand, _ALWAYS, lookalike="parked van")]
    else:
        car = casting.car(random, has_lights=is_lit)
        actors = [Actor("idling", "vehicle", car, stand, _ALWAYS, lookalike="headlight" if is_lit else None)]
    if is_running:
        tail = casting.beside(stand, 0.4, -2.6)
        actors.append(_vapour("idling.exhaust", random, tail, _STEAMING, "exhaust"))
    return actors


def _trail(random: np.random.Generator, half_road: float, conditions: Conditions) -> list[Actor]:
    """A vehicle that draws a trail of dust or exhaust behind it."""
    lane = float(random.choice([-0.5, 0.5])) * half_road
    points = ((-70.0, lane), (70.0, lane)) if lane < 0 else ((70.0, lane), (-70.0, lane))
    way = Way(points, float(random.uniform(4, 9)))
    every = way.duration_s * 1.05
    start = -600.0 - float(random.uniform(0, every))
    rounds = Schedule(start, start + way.duration_s, every)
    car = casting.car(random, has_lights=conditions.is_dark)
    kind: Lookalike = "exhaust" if random.random() < 0.5 or conditions.wetness > 0 else "dust"
    return [
        Actor("trailing", "vehicle", car, way, rounds, lookalike="headlight" if conditions.is_dark else None),
        _vapour("trailing.trail", random, way, rounds, kind),
    ]


def _vapour(
    identity: str, random: np.random.Generator, place: Stand | Way, schedule: Schedule, kind: Lookalike
) -> Actor:
    is_dust = kind == "dust"
    form = Smoke(
        int(random.integers(1 << 20)),
        0.3,
        1.4 if is_dust else 0.15,
        strength=float(random.uniform(0.3, 0.7)) if is_dust else float(random.uniform(0.6, 1.6)),
        darkness=0.15 if is_dust else float(random.uniform(-0.1, 0.45)),
        life_s=float(random.uniform(1.6, 2.6)) if is_dust else float(random.uniform(0.8, 1.6)),
        rise_mps=0.25 if is_dust else 0.3,
        spread_m=float(random.uniform(0.5, 0.9)) if is_dust else float(random.uniform(0.25, 0.5)),
        growth_s=0.5,
        tint_bgr=(0.72, 0.88, 1.0) if is_dust else (1.0, 1.0, 1.0),
    )
    return Actor(identity, None, form, place, schedule, lookalike=kind)


def _mist(random: np.random.Generator, camera: PinholeCamera) -> list[Actor]:
    """Banks of mist: wide, thin, without a base and without a column."""
    actors: list[Actor] = []
    for k in range(int(random.integers(1, 4))):
        reach = float(random.uniform(14, 40))
        bearing = radians(camera.yaw_deg + float(random.uniform(-0.4, 0.4)) * camera.fov_deg)
        stand = Stand(camera.east_m + reach * sin(bearing), camera.north_m + reach * cos(bearing))
        form = Smoke(
            int(random.integers(1 << 20)),
            float(random.uniform(0.3, 2.5)),
            float(random.uniform(7, 16)),
            strength=float(random.uniform(0.07, 0.18)),
            darkness=float(random.uniform(-0.1, 0.1)),
            life_s=6.0,
            rise_mps=0.03,
            spread_m=float(random.uniform(2.0, 3.4)),
        )
        actors.append(Actor(f"mist-{k}", None, form, stand, _STEAMING, lookalike="mist"))
    return actors


def _place(
    random: np.random.Generator, camera: PinholeCamera, north_m: tuple[float, float], taken: list[Stand]
) -> Stand | None:
    for _ in range(20):
        reach = float(random.uniform(6, 30))
        bearing = radians(camera.yaw_deg + float(random.uniform(-0.48, 0.48)) * camera.fov_deg)
        east, north = camera.east_m + reach * sin(bearing), camera.north_m + reach * cos(bearing)
        is_apart = all(hypot(east - other.east_m, north - other.north_m) > 2.6 for other in taken)
        if north_m[0] < north < north_m[1] and is_apart:
            return Stand(east, north, 180.0 + float(random.uniform(-30, 30)))
    return None
