"""What happens in a street of chance: trade, fires, street furniture, passers-by."""

from math import cos, hypot, radians, sin

import numpy as np

from edge.scene import casting
from edge.scene.camera import PinholeCamera
from edge.scene.forms.fittings import Billboard, LampPost, Tree
from edge.scene.forms.trade import Parasol
from edge.scene.mesh import Bgr
from edge.scene.world import Actor, Schedule, Smoke, Stand, Way

_ALWAYS = Schedule(-1e6, 1e9)


def trade_and_fire(random: np.random.Generator, camera: PinholeCamera, half_road: float, facade: float) -> list[Actor]:
    """Stalls, carts, grills, rubbish and fires, at 6 to 45 m from the first camera and apart from each other."""
    taken: list[tuple[float, float]] = []
    actors: list[Actor] = []
    kinds = (
        "stall",
        "stall",
        "parasol",
        "cart",
        "grill",
        "grill",
        "garbage",
        "bins",
        "fire",
        "fire",
        "ground fire",
        "smoke only",
    )
    for k in range(int(random.integers(2, 8))):
        kind = str(random.choice(kinds))
        stand = _free_place(random, camera, half_road, facade, taken)
        if stand is None:
            continue
        taken.append((stand.east_m, stand.north_m))
        actors += _thing(kind, f"{kind.replace(' ', '-')}-{k}", random, stand)
    return actors


def _free_place(
    random: np.random.Generator,
    camera: PinholeCamera,
    half_road: float,
    facade: float,
    taken: list[tuple[float, float]],
) -> Stand | None:
    for _ in range(30):
        reach = float(random.uniform(6, 26)) if random.random() < 0.75 else float(random.uniform(20, 45))
        bearing = radians(camera.yaw_deg + float(random.uniform(-0.48, 0.48)) * camera.fov_deg)
        east, north = camera.east_m + reach * sin(bearing), camera.north_m + reach * cos(bearing)
        on_pavement = half_road + 0.8 < north < facade - 0.8 or (-half_road - 3.5 < north < -half_road - 0.8)
        at_kerb = half_road - 1.6 < abs(north) < half_road and random.random() < 0.3
        apart = all((east - x) ** 2 + (north - y) ** 2 > 3.2**2 for x, y in taken)
        if (on_pavement or at_kerb) and apart:
            facing = 180.0 if north > 0 else 0.0
            return Stand(east, north, facing + float(random.choice([0, 0, 90, -90])) + float(random.uniform(-25, 25)))
    return None


def _thing(kind: str, identity: str, random: np.random.Generator, stand: Stand) -> tuple[Actor, ...]:
    burning = Schedule(-float(random.uniform(5, 60)), 1e6)
    if kind == "stall":
        return casting.stall(
            identity,
            random,
            stand,
            _ALWAYS,
            _two_colours(random),
            str(random.choice(["parasol", "parasol", "roof", "none"])),
        )
    if kind == "parasol":
        canopy = Parasol(
            *_two_colours(random),
            float(random.uniform(1.0, 1.7)),
            float(random.uniform(2.2, 2.9)),
            int(random.choice([4, 6, 8, 10])),
        )
        return (Actor(identity, "parasol", canopy, stand, _ALWAYS),)
    if kind == "cart":
        return casting.cart(identity, random, stand, _ALWAYS)
    if kind == "grill":
        smoke = _smoke(random, 0.95) if random.random() < 0.75 else None
        return casting.grill(identity, random, stand, _ALWAYS, smoke, burning)
    if kind == "garbage":
        return (casting.garbage(identity, random, stand, _ALWAYS, float(random.uniform(0.4, 1.4))),)
    if kind == "bins":
        return casting.bin_row(identity, random, stand, int(random.integers(1, 5)), _ALWAYS)
    if kind == "smoke only":
        return (Actor(identity, "smoke", _smoke(random, float(random.uniform(0.1, 1.2))), stand, burning),)
    size, dark = float(random.uniform(0.35, 1.5)), float(random.uniform(0.1, 0.95))
    blaze = casting.fire(
        identity,
        random,
        stand,
        burning,
        0.1 if kind == "ground fire" else float(random.uniform(0.2, 0.9)),
        size,
        dark,
        0.0,
    )
    blaze = blaze if random.random() < 0.75 else blaze[:1]
    if kind == "ground fire":
        return blaze
    if random.random() < 0.5:
        return (*casting.bin_row(f"{identity}.bin", random, casting.beside(stand, 0.3, 0.0), 2, _ALWAYS), *blaze)
    return (casting.garbage(f"{identity}.heap", random, stand, _ALWAYS, 0.4 + 0.4 * size), *blaze)


def _smoke(random: np.random.Generator, height_m: float) -> Smoke:
    return Smoke(
        int(random.integers(1 << 20)),
        height_m,
        float(random.uniform(0.4, 1.4)),
        strength=float(random.uniform(0.5, 1.6)),
        darkness=float(random.uniform(0.0, 0.3)) if random.random() < 0.7 else float(random.uniform(0.3, 0.95)),
        life_s=float(random.uniform(4.0, 8.0)),
        rise_mps=float(random.uniform(0.8, 2.2)),
        spread_m=float(random.uniform(0.6, 1.9)),
    )


def fittings(random: np.random.Generator, half_road: float, facade: float, taken: list[Stand]) -> list[Actor]:
    """Trees, lamps, billboards, bins and parked vehicles."""
    actors: list[Actor] = []
    kerb = half_road + 1.0
    for k in range(int(random.integers(0, 6))):
        tree = Tree(int(random.integers(1 << 20)), float(random.uniform(4, 7.5)), float(random.uniform(1.1, 2.4)))
        north = kerb if random.random() < 0.6 else -kerb
        actors.append(Actor(f"tree-{k}", None, tree, Stand(float(random.uniform(-45, 45)), north), _ALWAYS))
    for k in range(int(random.integers(0, 4))):
        place = Stand(float(random.uniform(-45, 45)), kerb, 180)
        actors.append(Actor(f"lamp-{k}", None, LampPost(float(random.uniform(4.5, 8))), place, _ALWAYS))
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


def traffic(random: np.random.Generator, half_road: float, facade: float) -> list[Actor]:
    actors: list[Actor] = []
    for k in range(int(random.integers(1, 16))):
        north = (
            float(random.uniform(half_road + 0.5, facade - 0.5))
            if random.random() < 0.75
            else -half_road - float(random.uniform(0.5, 3))
        )
        if random.random() < 0.25:
            place = Stand(float(random.uniform(-30, 30)), north, float(random.uniform(0, 360)))
            actors.append(Actor(f"stander-{k}", "person", casting.person(random), place, _ALWAYS))
            continue
        way = Way(((-40.0, north), (40.0, north + float(random.uniform(-1, 1)))), float(random.uniform(0.8, 1.6)))
        actors.append(
            Actor(f"walker-{k}", "person", casting.person(random), _either(random, way), _rounds(random, way))
        )
    lanes = (-half_road * 0.5, half_road * 0.5)
    for k in range(int(random.integers(0, 5))):
        lane = lanes[k % 2]
        way = Way(
            ((-70.0, lane), (70.0, lane)) if lane < 0 else ((70.0, lane), (-70.0, lane)), float(random.uniform(5, 11))
        )
        form = casting.bus(random) if random.random() < 0.15 else casting.car(random)
        actors.append(Actor(f"car-{k}", "vehicle", form, way, _rounds(random, way)))
    for k in range(int(random.integers(0, 4))):
        lane = float(random.choice([-1, 1])) * (half_road - 0.6)
        way = _either(random, Way(((-60.0, lane), (60.0, lane)), float(random.uniform(3, 7))))
        actors += casting.cyclist(f"cycle-{k}", random, way, _rounds(random, way))
    return actors


def _two_colours(random: np.random.Generator) -> tuple[Bgr, Bgr]:
    first, second = random.choice(len(casting.CLOTHS), 2, replace=False)
    one, two = casting.CLOTHS[int(first)], casting.CLOTHS[int(second)]
    return (one, one) if random.random() < 0.25 else (one, two)


def _either(random: np.random.Generator, way: Way) -> Way:
    return Way(way.points_m[::-1], way.speed_mps) if random.random() < 0.5 else way


def _rounds(random: np.random.Generator, way: Way) -> Schedule:
    every = way.duration_s * float(random.uniform(1.0, 1.6))
    start = -600.0 - float(random.uniform(0, every))
    return Schedule(start, start + way.duration_s, every)
