"""What is sold and what burns in a street of chance."""

from collections.abc import Callable
from dataclasses import replace
from math import cos, radians, sin

import numpy as np

from edge.scene import casting, casting_trade
from edge.scene.camera import PinholeCamera
from edge.scene.chance_lookalikes import steam
from edge.scene.conditions import Conditions
from edge.scene.forms.trade import Parasol
from edge.scene.forms.wares import Bulb
from edge.scene.mesh import Bgr
from edge.scene.world import Actor, Schedule, Smoke, Stand

_ALWAYS = Schedule(-1e6, 1e9)
_LIT_SHARE = 0.8
"""Vendors who hang a bulb over their goods after dark."""
_SHARES: dict[str, float] = {
    "stall": 2.0,
    "parasol": 0.6,
    "cart": 0.8,
    "ground cloth": 1.2,
    "clothes rail": 0.5,
    "tricycle": 1.0,
    "glass cart": 1.0,
    "grill": 2.0,
    "garbage": 1.1,
    "bins": 0.9,
    "fire": 1.5,
    "far fire": 0.8,
    "ground fire": 0.8,
    "smoke only": 1.6,
    "seating": 1.6,
    "banner": 1.5,
}
_SIMPLE: dict[str, Callable[[str, np.random.Generator, Stand, Schedule], tuple[Actor, ...]]] = {
    "cart": casting.cart,
    "ground cloth": casting_trade.ground_cloth,
    "clothes rail": casting_trade.clothes_rail,
    "tricycle": casting_trade.tricycle,
    "glass cart": casting_trade.glass_cart,
    "seating": casting_trade.seating,
    "banner": casting_trade.banner,
}
_LIT_KINDS = ("stall", "cart", "ground cloth", "clothes rail", "tricycle", "glass cart", "grill", "seating")


def trade_and_fire(
    random: np.random.Generator, camera: PinholeCamera, half_road: float, facade: float, conditions: Conditions
) -> list[Actor]:
    """Stalls, carts, grills, rubbish and fires, at 6 to 60 m from the first camera and apart from each other."""
    taken: list[tuple[float, float]] = []
    actors: list[Actor] = []
    kinds, shares = list(_SHARES), np.array(list(_SHARES.values()))
    for k in range(int(random.integers(3, 10))):
        kind = str(random.choice(kinds, p=shares / shares.sum()))
        is_far, is_straight = kind == "far fire", kind == "banner"
        stand = _free_place(random, camera, half_road, facade, taken, is_far=is_far, is_straight=is_straight)
        if stand is None:
            continue
        taken.append((stand.east_m, stand.north_m))
        identity = f"{kind.replace(' ', '-')}-{k}"
        actors += _thing(kind, identity, random, stand)
        if kind in ("cart", "glass cart", "stall") and random.random() < 0.12:
            place = casting.beside(stand, 0.3, 0.0)
            actors.append(steam(f"{identity}.steam", int(random.integers(1 << 20)), place, 1.1, 0.4, random))
        if conditions.is_dark and kind in _LIT_KINDS and random.random() < _LIT_SHARE:
            bulb = Bulb(float(random.uniform(1.7, 2.3)))
            place = casting.beside(stand, float(random.uniform(-0.7, 0.7)), -0.4)
            actors.append(Actor(f"{identity}.bulb", None, bulb, place, _ALWAYS))
    return actors


def _free_place(
    random: np.random.Generator,
    camera: PinholeCamera,
    half_road: float,
    facade: float,
    taken: list[tuple[float, float]],
    *,
    is_far: bool,
    is_straight: bool,
) -> Stand | None:
    for _ in range(30):
        reach = float(random.uniform(6, 26)) if random.random() < 0.75 else float(random.uniform(20, 45))
        reach = float(random.uniform(25, 60)) if is_far else reach
        bearing = radians(camera.yaw_deg + float(random.uniform(-0.48, 0.48)) * camera.fov_deg)
        east, north = camera.east_m + reach * sin(bearing), camera.north_m + reach * cos(bearing)
        on_pavement = half_road + 0.8 < north < facade - 0.8 or (-half_road - 3.5 < north < -half_road - 0.8)
        at_kerb = half_road - 1.6 < abs(north) < half_road and random.random() < 0.3
        apart = all((east - x) ** 2 + (north - y) ** 2 > 3.2**2 for x, y in taken)
        if (on_pavement or at_kerb) and apart:
            facing = 180.0 if north > 0 else 0.0
            turn = 0.0 if is_straight else float(random.choice([0, 0, 90, -90]))
            return Stand(east, north, facing + turn + float(random.uniform(-25, 25)))
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
    if kind in _SIMPLE:
        return _SIMPLE[kind](identity, random, stand, _ALWAYS)
    if kind == "grill":
        smoke = _smoke(random, 0.95) if random.random() < 0.75 else None
        return casting.grill(identity, random, stand, _ALWAYS, smoke, burning)
    if kind == "garbage":
        return (casting.garbage(identity, random, stand, _ALWAYS, float(random.uniform(0.4, 1.4))),)
    if kind == "bins":
        return casting.bin_row(identity, random, stand, int(random.integers(1, 5)), _ALWAYS)
    if kind == "smoke only":
        return (Actor(identity, "smoke", _smoke(random, float(random.uniform(0.1, 1.2))), stand, burning),)
    return _blaze(kind, identity, random, stand, burning)


def _blaze(kind: str, identity: str, random: np.random.Generator, stand: Stand, burning: Schedule) -> tuple[Actor, ...]:
    """A fire, mostly of rubbish or bins, mostly smoking."""
    size, dark = float(random.uniform(0.3, 1.5)), float(random.uniform(0.1, 0.95))
    base = 0.1 if kind == "ground fire" else float(random.uniform(0.2, 0.9))
    blaze = casting.fire(identity, random, stand, burning, base, size, dark, 0.0)
    blaze = blaze if random.random() < 0.75 else blaze[:1]
    if kind == "ground fire":
        return blaze
    if random.random() < 0.5:
        return (*casting.bin_row(f"{identity}.bin", random, casting.beside(stand, 0.3, 0.0), 2, _ALWAYS), *blaze)
    return (casting.garbage(f"{identity}.heap", random, stand, _ALWAYS, 0.4 + 0.4 * size), *blaze)


def _smoke(random: np.random.Generator, height_m: float) -> Smoke:
    """Smoke of any thickness; a third of it thin, pale and bluish, as charcoal and wet leaves give it off."""
    form = Smoke(
        int(random.integers(1 << 20)),
        height_m,
        float(random.uniform(0.3, 1.4)),
        strength=float(random.uniform(0.5, 1.6)),
        darkness=float(random.uniform(0.0, 0.3)) if random.random() < 0.7 else float(random.uniform(0.3, 0.95)),
        life_s=float(random.uniform(4.0, 9.0)),
        rise_mps=float(random.uniform(0.7, 2.3)),
        spread_m=float(random.uniform(0.6, 2.1)),
    )
    if random.random() < 0.36:
        blue = float(random.uniform(0.0, 0.07))
        return replace(
            form,
            strength=float(random.uniform(0.22, 0.5)),
            darkness=float(random.uniform(0.0, 0.35)),
            tint_bgr=(1.0 + blue, 1.0, 1.0 - blue),
        )
    return form


def _two_colours(random: np.random.Generator) -> tuple[Bgr, Bgr]:
    first, second = random.choice(len(casting.CLOTHS), 2, replace=False)
    one, two = casting.CLOTHS[int(first)], casting.CLOTHS[int(second)]
    return (one, one) if random.random() < 0.25 else (one, two)
