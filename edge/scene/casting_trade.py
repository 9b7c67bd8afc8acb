"""More ways of selling and of sitting in the street, drawn by chance, and banners."""

import numpy as np

from edge.scene.casting import CLOTHS, beside, person
from edge.scene.forms.seating import Banner, Fence, Table
from edge.scene.forms.trade import Parasol
from edge.scene.forms.wares import CargoTricycle, ClothesRail, GlassCart, GroundCloth
from edge.scene.mesh import Bgr
from edge.scene.world import Actor, Schedule, Stand

_TOPS: tuple[Bgr, ...] = ((215, 218, 220), (120, 165, 195), (70, 110, 150), (190, 130, 70), (60, 60, 190))
_STOOLS: tuple[Bgr, ...] = ((50, 50, 200), (190, 100, 40), (60, 170, 230), (90, 160, 60), (210, 212, 215))
_BANNERS: tuple[tuple[Bgr, Bgr], ...] = (
    ((35, 30, 200), (240, 245, 250)),
    ((35, 30, 200), (70, 220, 250)),
    ((160, 80, 25), (245, 245, 245)),
    ((70, 130, 40), (245, 245, 245)),
    ((235, 238, 240), (40, 40, 190)),
    ((40, 195, 240), (30, 30, 190)),
)


def ground_cloth(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """Goods spread on the pavement, their seller beside them."""
    form = GroundCloth(_seed(random), _cloth(random), float(random.uniform(1.2, 3.0)), float(random.uniform(0.9, 1.6)))
    return (Actor(identity, "stall", form, stand, schedule), _seller(identity, random, stand, -1.0, schedule))


def clothes_rail(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """A rail of clothes with its seller."""
    form = ClothesRail(_seed(random), float(random.uniform(1.4, 2.6)))
    return (Actor(identity, "stall", form, stand, schedule), _seller(identity, random, stand, -0.8, schedule))


def tricycle(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """A cargo tricycle full of produce with its seller."""
    form = CargoTricycle(_seed(random), _cloth(random), float(random.uniform(1.3, 1.8)), bool(random.random() < 0.3))
    seller = beside(stand, float(random.choice([-1, 1])) * 1.0, -0.3)
    return (
        Actor(identity, "vendor_cart", form, stand, schedule),
        Actor(f"{identity}.vendor", "person", person(random, is_working=True), seller, schedule),
    )


def glass_cart(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """A steel food cart with a glass case and its cook."""
    form = GlassCart(_seed(random), _cloth(random), _cloth(random), float(random.uniform(1.2, 1.8)))
    return (Actor(identity, "vendor_cart", form, stand, schedule), _seller(identity, random, stand, -0.8, schedule))


def seating(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """One to four tables with stools, sometimes under parasols: places to sit, nothing for sale."""
    top, stool = _TOPS[int(random.integers(len(_TOPS)))], _STOOLS[int(random.integers(len(_STOOLS)))]
    is_round, has_parasols = bool(random.random() < 0.4), bool(random.random() < 0.35)
    first = _cloth(random)
    second = first if random.random() < 0.5 else (228.0, 230.0, 230.0)
    actors: list[Actor] = []
    step = float(random.uniform(1.9, 2.6))
    for k in range(int(random.integers(1, 5))):
        place = beside(stand, (k % 2) * step, (k // 2) * step)
        size, height = float(random.uniform(0.65, 1.05)), float(random.choice([0.55, 0.72, 0.74]))
        stools = int(random.integers(2, 6))
        form = Table(_seed(random), top, stool, is_round, size, height, stools, bool(random.random() < 0.7))
        actors.append(Actor(f"{identity}-{k}", "table", form, place, schedule))
        if has_parasols:
            canopy = Parasol(first, second, float(random.uniform(1.1, 1.5)), float(random.uniform(2.3, 2.7)))
            actors.append(Actor(f"{identity}-{k}.parasol", "parasol", canopy, place, schedule))
        if random.random() < 0.4:
            guest = beside(place, float(random.choice([-1, 1])) * (size / 2 + 0.4), 0.2)
            actors.append(Actor(f"{identity}-{k}.guest", "person", person(random, is_working=True), guest, schedule))
    return tuple(actors)


def banner(identity: str, random: np.random.Generator, stand: Stand, schedule: Schedule) -> tuple[Actor, ...]:
    """A cloth banner on a railing or between two poles."""
    ground, stroke = _BANNERS[int(random.integers(len(_BANNERS)))]
    on_railing = bool(random.random() < 0.5)
    width = float(random.uniform(2.5, 7.0))
    drop = float(random.uniform(0.5, 0.8))
    low = float(random.uniform(0.25, 0.45)) if on_railing else float(random.uniform(1.6, 3.2))
    glyphs = max(4, min(16, round(width / drop * 0.9)))
    cloth = Banner(_seed(random), ground, stroke, width, drop, low, glyphs)
    fence = Fence(width + 0.2, low + drop + 0.1, on_railing)
    return (
        Actor(f"{identity}.fence", None, fence, beside(stand, 0.0, -0.08), schedule),
        Actor(identity, "banner", cloth, stand, schedule),
    )


def _seller(identity: str, random: np.random.Generator, stand: Stand, forward_m: float, schedule: Schedule) -> Actor:
    place = beside(stand, float(random.uniform(-0.4, 0.4)), forward_m)
    return Actor(f"{identity}.vendor", "person", person(random, is_working=True), place, schedule)


def _seed(random: np.random.Generator) -> int:
    return int(random.integers(1 << 20))


def _cloth(random: np.random.Generator) -> Bgr:
    base, shade = CLOTHS[int(random.integers(len(CLOTHS)))], float(random.uniform(0.7, 1.15))
    return base[0] * shade, base[1] * shade, base[2] * shade
