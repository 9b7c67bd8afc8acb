"""Street furniture: bins, rubbish, trees, lamp posts and billboards."""

from dataclasses import dataclass
from math import cos, pi, sin

from edge.scene.chance import generator
from edge.scene.mesh import Bgr, Mesh, MeshBuilder
from edge.scene.textures import poster_texture


@dataclass(frozen=True, slots=True)
class Bin:
    """A wheelie bin; `lid_open_deg` 0 is shut. Its front is +y."""

    bgr: Bgr
    lid_bgr: Bgr
    width_m: float = 0.62
    height_m: float = 1.0
    is_open: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.35

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        wide, deep, tall = self.width_m / 2, 0.36, self.height_m
        builder.frustum(
            (-wide * 0.82, wide * 0.82, -deep * 0.8, deep * 0.75), (-wide, wide, -deep, deep), (0.08, tall), self.bgr
        )
        dark = (self.bgr[0] * 0.8, self.bgr[1] * 0.8, self.bgr[2] * 0.8)
        builder.box((0, 0, tall - 0.07), (2 * wide + 0.05, 2 * deep + 0.05, 0.07), dark, bias_m=0.05)
        if self.is_open:
            builder.quad(
                (
                    (-wide, -deep, tall + 0.01),
                    (wide, -deep, tall + 0.01),
                    (wide, deep, tall + 0.01),
                    (-wide, deep, tall + 0.01),
                ),
                (30, 32, 30),
                bias_m=0.08,
            )
            hinge, tip = (-deep - 0.02, tall), (-deep - 0.2, tall + 0.62)
            builder.sheet(((-wide, *hinge), (wide, *hinge), (wide, *tip), (-wide, *tip)), self.lid_bgr)
            for x, z in ((-0.12, 0.06), (0.14, 0.1), (0.0, 0.14)):
                builder.ball((x, 0.02, tall + z), 0.17, (45, 42, 40), bias_m=0.12)
        else:
            builder.frustum(
                (-wide - 0.03, wide + 0.03, -deep - 0.03, deep + 0.05),
                (-wide + 0.04, wide - 0.04, -deep, deep - 0.06),
                (tall, tall + 0.1),
                self.lid_bgr,
                bias_m=0.1,
            )
        for side in (-1, 1):
            builder.limb((side * wide * 0.8, -deep, 0.1), (side * wide * 0.9, -deep, 0.1), 0.1, (30, 30, 30))
        builder.sheet(
            (
                (wide * 0.4, deep * 0.94, 0.5),
                (-wide * 0.4, deep * 0.94, 0.5),
                (-wide * 0.4, deep * 0.96, 0.72),
                (wide * 0.4, deep * 0.96, 0.72),
            ),
            (225, 230, 230),
            bias_m=0.1,
        )
        return builder.build()


@dataclass(frozen=True, slots=True)
class GarbagePile:
    """Bags, boxes and loose rubbish heaped on the ground."""

    seed: int
    radius_m: float = 0.9

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.radius_m, self.radius_m

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("garbage", self.seed)
        bags: tuple[Bgr, ...] = (
            (38, 36, 36),
            (52, 50, 50),
            (150, 150, 155),
            (70, 110, 60),
            (190, 190, 200),
            (60, 60, 140),
        )
        for _ in range(int(9 * self.radius_m) + 4):
            reach, turn = self.radius_m * float(random.random()) ** 0.6, float(random.uniform(0, 2 * pi))
            x, y = reach * cos(turn), reach * sin(turn)
            lift = 0.45 * max(0.0, 1 - reach / self.radius_m) * float(random.random())
            radius = float(random.uniform(0.16, 0.3))
            bgr = bags[int(random.integers(len(bags)))]
            builder.limb(
                (x, y, radius * 0.8 + lift),
                (x + 0.05, y + 0.04, radius * 1.5 + lift),
                radius,
                bgr,
                end_radius_m=radius * 0.55,
            )
            builder.limb(
                (x + 0.05, y + 0.04, radius * 1.9 + lift), (x + 0.07, y + 0.05, radius * 2.3 + lift), radius * 0.2, bgr
            )
        for _ in range(int(5 * self.radius_m) + 2):
            reach, turn = self.radius_m * float(random.uniform(0.3, 1.1)), float(random.uniform(0, 2 * pi))
            size = random.uniform(0.2, 0.5, 3)
            shade = float(random.uniform(0.75, 1.1))
            builder.box(
                (reach * cos(turn), reach * sin(turn), 0.0),
                (float(size[0]), float(size[1]), float(size[2]) * 0.8),
                (95 * shade, 140 * shade, 180 * shade),
            )
        for _ in range(14):
            reach, turn = self.radius_m * float(random.uniform(0.6, 1.35)), float(random.uniform(0, 2 * pi))
            shade = float(random.uniform(90, 240))
            builder.ball(
                (reach * cos(turn), reach * sin(turn), 0.04),
                float(random.uniform(0.03, 0.08)),
                (shade, shade, shade * 0.95),
            )
        return builder.build()


@dataclass(frozen=True, slots=True)
class Tree:
    """A street tree: a trunk and a crown of leaf clusters."""

    seed: int
    height_m: float = 5.5
    crown_m: float = 1.7

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.2, 0.2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("tree", self.seed)
        middle = self.height_m - self.crown_m * 0.8
        builder.limb((0, 0, 0), (0.05, 0, middle), 0.14, (50, 68, 85), end_radius_m=0.08)
        hue = random.uniform(0.8, 1.2, 3)
        for _ in range(320):
            direction = random.normal(size=3)
            direction *= self.crown_m * float(random.random()) ** 0.4 / max(float((direction**2).sum()) ** 0.5, 1e-6)
            x, y, z = (float(v) for v in direction)
            shade = 0.68 + 0.32 * (z / self.crown_m) + float(random.uniform(-0.28, 0.28))
            bgr = (38 * shade * float(hue[0]), 105 * shade * float(hue[1]), 62 * shade * float(hue[2]))
            builder.ball((x, y, middle + z * 0.75), float(random.uniform(0.08, 0.22)), bgr)
        return builder.build()


@dataclass(frozen=True, slots=True)
class LampPost:
    """A lamp post with an arm towards +y; its light shines in the dark only."""

    height_m: float = 6.0
    light_bgr: Bgr = (150, 205, 240)

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.1, 0.1

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        builder.limb((0, 0, 0), (0, 0, self.height_m), 0.09, (110, 112, 112), end_radius_m=0.05)
        builder.limb((0, 0, self.height_m), (0, 1.2, self.height_m + 0.2), 0.04, (110, 112, 112))
        builder.box((0, 1.3, self.height_m + 0.12), (0.25, 0.6, 0.1), (200, 205, 205), glow=1.2)
        builder.flare((0, 1.3, self.height_m + 0.1), self.light_bgr, 0.9)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Billboard:
    """An advertising panel on two posts, a picture on both sides."""

    seed: int
    width_m: float = 2.4
    panel_m: float = 1.4
    foot_m: float = 1.2

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.1

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        wide, low, high = self.width_m / 2, self.foot_m, self.foot_m + self.panel_m
        for x in (-wide * 0.8, wide * 0.8):
            builder.limb((x, 0, 0), (x, 0, high), 0.05, (120, 120, 118))
        builder.box((0, 0, low - 0.05), (self.width_m + 0.1, 0.14, self.panel_m + 0.1), (130, 130, 132), bias_m=0.05)
        for side in (-1, 1):
            y, x1, x2 = side * 0.075, side * wide, -side * wide
            builder.decal(
                ((x1, y, high), (x2, y, high), (x2, y, low), (x1, y, low)), poster_texture(self.seed), bias_m=0.2
            )
        return builder.build()
