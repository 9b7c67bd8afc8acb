"""Things that have been taken for smoke, flame or stalls: lanterns, steamers, covered heaps, traffic lights, vans."""

from dataclasses import dataclass
from itertools import pairwise

from edge.scene.chance import generator
from edge.scene.forms.vehicles import light_lamps
from edge.scene.forms.wares import ring_of
from edge.scene.mesh import Bgr, Mesh, MeshBuilder

_GREY: Bgr = (110, 112, 112)
_BAMBOO: tuple[Bgr, Bgr] = ((115, 165, 195), (85, 132, 165))


@dataclass(frozen=True, slots=True)
class Lanterns:
    """A string of red lanterns between two poles; they shine in the dark."""

    count: int
    height_m: float = 3.0
    step_m: float = 0.8
    bgr: Bgr = (35, 40, 215)
    radius_m: float = 0.2

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.count * self.step_m / 2, 0.15

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        half = self.count * self.step_m / 2
        for x in (-half, half):
            builder.limb((x, 0, 0), (x, 0, self.height_m + 0.2), 0.03, _GREY)
        builder.limb((-half, 0, self.height_m + 0.2), (half, 0, self.height_m + 0.2), 0.01, (60, 60, 60))
        for k in range(self.count):
            x = -half + self.step_m * (k + 0.5)
            builder.limb((x, 0, self.height_m - 0.08), (x, 0, self.height_m + 0.05), self.radius_m, self.bgr, glow=0.95)
            builder.limb((x, 0, self.height_m - 0.5), (x, 0, self.height_m - 0.3), 0.02, (40, 190, 235), glow=0.4)
            builder.flare((x, 0, self.height_m), (self.bgr[0] * 0.7, self.bgr[1] * 0.9, self.bgr[2] * 0.7), 0.55)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Steamer:
    """A stack of bamboo steamers on a stove."""

    tiers: int = 4

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.3, 0.3

    @property
    def top_m(self) -> float:
        """Where the steam comes out."""
        return 0.7 + 0.14 * self.tiers

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        builder.box((0, 0, 0), (0.55, 0.55, 0.68), (120, 122, 125))
        rim = ring_of(0.27, 10)
        for tier in range(self.tiers):
            low, high = 0.7 + 0.14 * tier, 0.7 + 0.14 * (tier + 1) - 0.015
            for (x1, y1), (x2, y2) in zip(rim, (*rim[1:], rim[0]), strict=True):
                builder.quad(((x1, y1, low), (x2, y2, low), (x2, y2, high), (x1, y1, high)), _BAMBOO[tier % 2])
        for (x1, y1), (x2, y2) in zip(rim, (*rim[1:], rim[0]), strict=True):
            top = self.top_m
            builder.quad(((0, 0, top), (x1, y1, top), (x2, y2, top), (0, 0, top)), (140, 190, 215), bias_m=0.05)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Tarpaulin:
    """A white, blue or striped sheet thrown over goods or building stuff."""

    seed: int
    bgr: Bgr
    second_bgr: Bgr
    radius_m: float = 1.0
    height_m: float = 1.1

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.radius_m, self.radius_m * 0.7

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("tarpaulin", self.seed)
        steps = 9
        stretch = float(random.uniform(0.55, 0.85))
        rows = []
        for share, z in ((1.0, 0.0), (0.86, 0.55), (0.55, 0.92), (0.0, 1.0)):
            lift = random.uniform(0.82, 1.12, steps) if 0 < share < 1 else [1.0] * steps
            rows.append(
                [
                    (x * share, y * share * stretch, z * self.height_m * float(lift[k]))
                    for k, (x, y) in enumerate(ring_of(self.radius_m, steps))
                ]
            )
        for low, high in pairwise(rows):
            for k in range(steps):
                n = (k + 1) % steps
                builder.sheet((low[k], low[n], high[n], high[k]), self.bgr if k % 2 else self.second_bgr)
        return builder.build()


@dataclass(frozen=True, slots=True)
class TrafficLight:
    """A traffic light on a post, seen from +y; `lit` is 0 red, 1 amber, 2 green."""

    lit: int = 0
    height_m: float = 3.6

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.15, 0.15

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        builder.limb((0, 0, 0), (0, 0, self.height_m), 0.06, _GREY)
        builder.box((0, 0.05, self.height_m - 0.9), (0.34, 0.2, 0.95), (35, 36, 36))
        colours: tuple[Bgr, ...] = ((40, 45, 250), (30, 175, 255), (120, 230, 60))
        for k, bgr in enumerate(colours):
            z, share = self.height_m - 0.15 - 0.3 * k, 1.0 if k == self.lit else 0.22
            shown = (bgr[0] * share, bgr[1] * share, bgr[2] * share)
            builder.limb((0, 0.17, z), (0, 0.18, z), 0.1, shown, bias_m=0.2, glow=1.0 if k == self.lit else 0.0)
            if k == self.lit:
                builder.flare((0, 0.2, z), bgr, 0.5, facing=(0, 1, 0))
        return builder.build()


@dataclass(frozen=True, slots=True)
class BoxVan:
    """A parked delivery or food van with its hatch shut: a vehicle, no stall. Its front is +y."""

    bgr: Bgr
    box_bgr: Bgr
    length_m: float = 5.2
    height_m: float = 2.6
    has_lights: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.95, self.length_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        half, wide = self.length_m / 2, 0.95
        builder.box((0, -0.7, 0.5), (2 * wide, self.length_m - 1.5, self.height_m - 0.5), self.box_bgr)
        cab = (-wide + 0.03, wide - 0.03, half - 1.5, half)
        builder.frustum(cab, cab, (0.35, 1.15), self.bgr)
        high = (-wide + 0.08, wide - 0.08, half - 1.45, half - 0.45)
        builder.frustum(cab, high, (1.15, 2.05), self.bgr, bias_m=0.1)
        builder.quad(
            (
                (wide - 0.12, half - 0.03, 1.2),
                (-wide + 0.12, half - 0.03, 1.2),
                (-wide + 0.2, half - 0.4, 1.95),
                (wide - 0.2, half - 0.4, 1.95),
            ),
            (70, 60, 48),
            bias_m=0.4,
        )
        for side in (-1, 1):
            y1, y2 = (half - 1.35, half - 0.45) if side > 0 else (half - 0.45, half - 1.35)
            x1, x2 = side * (wide - 0.02), side * (wide - 0.07)
            builder.quad(((x1, y1, 1.2), (x1, y2, 1.2), (x2, y2, 1.9), (x2, y1, 1.9)), (70, 60, 48), bias_m=0.4)
            for y in (-half + 0.9, half - 0.8):
                builder.limb((side * (wide - 0.18), y, 0.36), (side * wide, y, 0.36), 0.36, (28, 28, 30), bias_m=0.5)
            light_lamps(builder, side * 0.7, half, 0.75, has_lights=self.has_lights, is_braking=False)
        return builder.build()
