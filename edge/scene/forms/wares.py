"""Other ways to sell in the street: a cloth on the ground, a cargo tricycle, a glass food cart, a rail of clothes."""

from dataclasses import dataclass
from math import cos, pi, sin

from edge.scene.chance import generator
from edge.scene.glyphs import board_texture
from edge.scene.mesh import Bgr, Mesh, MeshBuilder

_STEEL: Bgr = (150, 150, 148)
_TYRE: Bgr = (30, 30, 32)
_GOODS: tuple[Bgr, ...] = (
    (40, 60, 200),
    (40, 140, 240),
    (60, 160, 60),
    (150, 70, 60),
    (200, 200, 205),
    (60, 60, 62),
    (120, 90, 190),
    (170, 160, 70),
)


@dataclass(frozen=True, slots=True)
class GroundCloth:
    """A cloth on the pavement with rows of small goods."""

    seed: int
    bgr: Bgr
    width_m: float = 2.0
    depth_m: float = 1.3

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, self.depth_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("ground cloth", self.seed)
        wide, deep = self.width_m / 2, self.depth_m / 2
        builder.quad(((-wide, -deep, 0.02), (wide, -deep, 0.02), (wide, deep, 0.02), (-wide, deep, 0.02)), self.bgr)
        step = float(random.uniform(0.2, 0.34))
        kind = random.random()
        for i in range(int(self.width_m / step)):
            row_bgr = _GOODS[int(random.integers(len(_GOODS)))]
            for j in range(int(self.depth_m / step)):
                if random.random() < 0.12:
                    continue
                bgr = row_bgr if kind < 0.5 else _GOODS[int(random.integers(len(_GOODS)))]
                x = -wide + step * (i + 0.5) + float(random.uniform(-0.03, 0.03))
                y = -deep + step * (j + 0.5) + float(random.uniform(-0.03, 0.03))
                size = step * float(random.uniform(0.45, 0.8))
                if kind < 0.35:
                    builder.ball((x, y, 0.02 + size / 3), size / 2.2, bgr, bias_m=0.1)
                else:
                    builder.box((x, y, 0.02), (size, size * 0.8, float(random.uniform(0.03, 0.16))), bgr, bias_m=0.1)
        return builder.build()


@dataclass(frozen=True, slots=True)
class CargoTricycle:
    """An electric tricycle with an open box of vegetables or fruit; its front is +y."""

    seed: int
    bgr: Bgr
    length_m: float = 1.5
    has_canopy: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.55, self.length_m / 2 + 0.5

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("tricycle", self.seed)
        half, wide, back = self.length_m / 2, 0.5, -0.4
        for side in (-1, 1):
            builder.ring((side * (wide + 0.05), back - half * 0.3, 0.28), 0.24, 0.05, _TYRE)
        front = back + half + 0.95
        builder.ring((0, front, 0.28), 0.24, 0.05, _TYRE)
        builder.limb((0, front, 0.28), (0, front - 0.2, 1.05), 0.035, self.bgr)
        builder.limb((-0.32, front - 0.2, 1.08), (0.32, front - 0.2, 1.08), 0.022, (40, 40, 40))
        builder.box((0, back + half + 0.28, 0.35), (0.34, 0.55, 0.38), self.bgr)
        builder.box((0, back + half + 0.2, 0.73), (0.34, 0.4, 0.1), (40, 40, 42))
        builder.box((0, back, 0.42), (2 * wide, self.length_m, 0.34), self.bgr)
        for _ in range(60):
            x = float(random.uniform(-wide + 0.07, wide - 0.07))
            y = back + float(random.uniform(-half + 0.07, half - 0.07))
            bgr = _GOODS[(self.seed + int(random.integers(2))) % len(_GOODS)]
            heap = 0.12 * (1 - abs(x) / wide)
            builder.ball((x, y, 0.78 + heap), 0.085, _shade(bgr, float(random.uniform(0.7, 1.15))), bias_m=0.3)
        if self.has_canopy:
            for x in (-wide, wide):
                for y in (back - half, back + half):
                    builder.limb((x, y, 0.7), (x, y, 1.95), 0.02, _STEEL)
            roof = (-wide - 0.15, wide + 0.15, back - half - 0.2, back + half + 0.2)
            builder.frustum(roof, roof, (1.95, 2.02), _GOODS[self.seed % len(_GOODS)])
        return builder.build()


@dataclass(frozen=True, slots=True)
class GlassCart:
    """A steel food cart: a cabinet with a lettered front, a lit glass case, a roof with a board; vendor's side -y."""

    seed: int
    front_bgr: Bgr
    roof_bgr: Bgr
    width_m: float = 1.5

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.4

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("glass cart", self.seed)
        wide, deep = self.width_m / 2, 0.36
        for x in (-wide * 0.75, wide * 0.75):
            builder.ring((x, 0.0, 0.16), 0.14, 0.035, _TYRE)
        builder.box((0, 0, 0.25), (2 * wide, 2 * deep, 0.6), (185, 185, 182))
        letters = board_texture(self.seed, 4, self.front_bgr, (240, 245, 250), is_upright=False)
        builder.decal(
            (
                (wide, deep + 0.01, 0.8),
                (-wide, deep + 0.01, 0.8),
                (-wide, deep + 0.01, 0.32),
                (wide, deep + 0.01, 0.32),
            ),
            letters,
            bias_m=0.2,
        )
        for k in range(7):
            x = -wide * 0.85 + 1.7 * wide * k / 6
            shade = float(random.uniform(0.7, 1.2))
            builder.limb((x, 0.05, 0.95), (x, 0.1, 1.05), 0.09, (45 * shade, 95 * shade, 165 * shade), bias_m=0.2)
        builder.box((0, 0, 0.85), (2 * wide * 0.96, 2 * deep * 0.9, 0.52), (170, 190, 195), bias_m=0.05, glow=0.75)
        for x in (-wide, wide):
            for y in (-deep, deep):
                builder.limb((x, y, 0.85), (x, y, 1.95), 0.022, _STEEL)
        roof = (-wide - 0.15, wide + 0.15, -deep - 0.12, deep + 0.25)
        builder.frustum(roof, roof, (1.95, 2.03), self.roof_bgr)
        sign = board_texture(self.seed + 1, 5, self.roof_bgr, (235, 245, 250), is_upright=False)
        y, x1, x2 = deep + 0.26, wide + 0.15, -wide - 0.15
        builder.decal(((x1, y, 2.32), (x2, y, 2.32), (x2, y, 1.98), (x1, y, 1.98)), sign, bias_m=0.3, glow=0.8)
        return builder.build()


@dataclass(frozen=True, slots=True)
class ClothesRail:
    """A rail with hanging clothes, sold on the pavement."""

    seed: int
    width_m: float = 1.8

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.3

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("rail", self.seed)
        half = self.width_m / 2
        for x in (-half, half):
            builder.limb((x, -0.25, 0), (x, 0, 1.6), 0.018, _STEEL)
            builder.limb((x, 0.25, 0), (x, 0, 1.6), 0.018, _STEEL)
        builder.limb((-half, 0, 1.6), (half, 0, 1.6), 0.018, _STEEL)
        for k in range(int(self.width_m / 0.13)):
            x = -half + 0.13 * (k + 0.5)
            bgr = _GOODS[int(random.integers(len(_GOODS)))]
            low, lean = float(random.uniform(0.5, 0.95)), float(random.uniform(-0.04, 0.04))
            builder.sheet(((x, -0.2, low), (x + lean, 0.2, low), (x, 0.2, 1.5), (x, -0.2, 1.55)), bgr)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Bulb:
    """A bare lamp on a stick, as vendors hang over their goods after dark."""

    height_m: float = 2.0
    bgr: Bgr = (190, 225, 245)

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.05, 0.05

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        builder.limb((0, 0, 0), (0, 0, self.height_m), 0.012, _STEEL)
        builder.ball((0, 0.06, self.height_m), 0.06, (235, 245, 250), glow=1.0)
        builder.flare((0, 0.06, self.height_m), self.bgr, 0.5)
        return builder.build()


def ring_of(radius_m: float, steps: int) -> tuple[tuple[float, float], ...]:
    """Points of a circle, counter-clockwise."""
    return tuple((radius_m * cos(2 * pi * k / steps), radius_m * sin(2 * pi * k / steps)) for k in range(steps))


def _shade(bgr: Bgr, factor: float) -> Bgr:
    return bgr[0] * factor, bgr[1] * factor, bgr[2] * factor
