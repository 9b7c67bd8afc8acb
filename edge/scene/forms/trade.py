"""What vendors bring: stalls, parasols and carts."""

from dataclasses import dataclass
from math import cos, pi, sin

from edge.scene.chance import generator
from edge.scene.mesh import Bgr, Mesh, MeshBuilder
from edge.scene.textures import sign_texture

_STEEL: Bgr = (140, 138, 135)
_FRUIT: tuple[Bgr, ...] = (
    (40, 60, 200),
    (40, 140, 240),
    (60, 190, 230),
    (60, 160, 60),
    (90, 50, 130),
    (50, 200, 160),
    (40, 40, 150),
)


@dataclass(frozen=True, slots=True)
class Stall:
    """A table with cloth and crates of goods, optionally with posts and a striped roof; vendor's side is -y."""

    cloth_bgr: Bgr
    second_bgr: Bgr
    seed: int
    width_m: float = 2.4
    depth_m: float = 1.1
    has_roof: bool = False
    roof_height_m: float = 2.25

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, self.depth_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("stall", self.seed)
        wide, deep, top = self.width_m / 2, self.depth_m / 2, 0.78
        strips = 7
        for face in range(4):
            for k in range(strips):
                self._cloth(
                    builder, face, k / strips, (k + 1) / strips, top, self.cloth_bgr if k % 2 else self.second_bgr
                )
        table = ((-wide, -deep, top), (wide, -deep, top), (wide, deep, top), (-wide, deep, top))
        builder.quad(table, self.cloth_bgr, bias_m=0.1)
        columns, rows = max(2, round(self.width_m / 0.55)), 2
        for column in range(columns):
            for row in range(rows):
                x = -wide + (column + 0.5) * self.width_m / columns
                y = -deep + (row + 0.5) * self.depth_m / rows
                bgr = _FRUIT[int(random.integers(len(_FRUIT)))]
                _crate(
                    builder,
                    (x, y, top + 0.02),
                    self.width_m / columns * 0.84,
                    self.depth_m / rows * 0.8,
                    bgr,
                    int(random.integers(1 << 30)),
                )
        for _ in range(int(random.integers(1, 4))):
            x = float(random.uniform(-wide, wide))
            builder.box((x, -deep - 0.45, 0.0), (0.45, 0.35, float(random.uniform(0.3, 0.7))), (90, 140, 175))
        if self.has_roof:
            self._roof(builder)
        return builder.build()

    def _cloth(self, builder: MeshBuilder, face: int, start: float, end: float, top: float, bgr: Bgr) -> None:
        wide, deep = self.width_m / 2, self.depth_m / 2
        floor = ((-wide, -deep), (wide, -deep), (wide, deep), (-wide, deep))
        (x1, y1), (x2, y2) = floor[face], floor[(face + 1) % 4]
        a = (x1 + (x2 - x1) * start, y1 + (y2 - y1) * start)
        b = (x1 + (x2 - x1) * end, y1 + (y2 - y1) * end)
        builder.quad(((*a, 0.1), (*b, 0.1), (*b, top), (*a, top)), bgr)

    def _roof(self, builder: MeshBuilder) -> None:
        wide, deep, eave = self.width_m / 2 + 0.2, self.depth_m / 2 + 0.25, self.roof_height_m
        for x in (-wide + 0.1, wide - 0.1):
            for y in (-deep + 0.1, deep - 0.1):
                builder.limb((x, y, 0.0), (x, y, eave), 0.025, _STEEL)
        strips = 8
        for k in range(strips):
            x1, x2 = -wide + 2 * wide * k / strips, -wide + 2 * wide * (k + 1) / strips
            bgr = self.cloth_bgr if k % 2 else self.second_bgr
            ridge = eave + 0.5
            builder.sheet(((x1, -deep, eave), (x2, -deep, eave), (x2, 0, ridge), (x1, 0, ridge)), bgr)
            builder.sheet(((x2, deep, eave), (x1, deep, eave), (x1, 0, ridge), (x2, 0, ridge)), bgr)
            for y in (-deep, deep):
                builder.sheet(((x1, y, eave - 0.22), (x2, y, eave - 0.22), (x2, y, eave), (x1, y, eave)), bgr)
        for x in (-wide, wide):
            builder.sheet(((x, -deep, eave), (x, deep, eave), (x, 0, eave + 0.5), (x, 0, eave + 0.5)), self.second_bgr)


def _crate(
    builder: MeshBuilder, floor: tuple[float, float, float], wide: float, deep: float, bgr: Bgr, seed: int
) -> None:
    """A box of fruit, vegetables or packets, heaped."""
    random = generator("crate", seed)
    x, y, z = floor
    builder.box((x, y, z), (wide, deep, 0.12), (120, 150, 175), bias_m=0.15)
    for _ in range(12):
        shade = float(random.uniform(0.75, 1.15))
        dx, dy = random.uniform(-0.42, 0.42, 2)
        heap = 0.16 + 0.1 * (1 - 2 * max(abs(dx), abs(dy)))
        ball = (x + float(dx) * wide, y + float(dy) * deep, z + float(heap))
        builder.ball(ball, 0.07, (bgr[0] * shade, bgr[1] * shade, bgr[2] * shade), bias_m=0.25)


@dataclass(frozen=True, slots=True)
class Parasol:
    """A segmented canopy on a pole; with `is_square` a four-sided market umbrella."""

    first_bgr: Bgr
    second_bgr: Bgr
    radius_m: float = 1.35
    height_m: float = 2.45
    segments: int = 8
    foot_m: tuple[float, float] = (0.0, 0.0)

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.2, 0.2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        x, y = self.foot_m
        eave = self.height_m - 0.34 * self.radius_m
        builder.limb((x, y, 0.0), (x, y, self.height_m + 0.08), 0.025, (200, 200, 205))
        builder.limb((x, y, 0.05), (x, y, 0.06), 0.25, (90, 90, 95))
        for k in range(self.segments):
            bgr = self.first_bgr if k % 2 else self.second_bgr
            (c1, s1), (c2, s2) = (
                (cos(2 * pi * j / self.segments), sin(2 * pi * j / self.segments)) for j in (k, k + 1)
            )
            rim, mid = self.radius_m, self.radius_m * 0.55
            knee = eave + (self.height_m - eave) * 0.56
            a, b = (x + rim * c1, y + rim * s1, eave), (x + rim * c2, y + rim * s2, eave)
            c, d = (x + mid * c1, y + mid * s1, knee), (x + mid * c2, y + mid * s2, knee)
            tip = (x, y, self.height_m)
            builder.sheet((a, b, d, c), bgr)
            builder.sheet((c, d, tip, tip), bgr)
            hem = 0.16
            builder.sheet(((a[0], a[1], eave - hem), (b[0], b[1], eave - hem), b, a), shaded(bgr, 0.9))
        return builder.build()


@dataclass(frozen=True, slots=True)
class Cart:
    """A vendor's tricycle or push cart: wheels, a box with a glass case on it, a roof and a name board."""

    bgr: Bgr
    roof_bgr: Bgr
    seed: int
    length_m: float = 1.9

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.55, self.length_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("cart", self.seed)
        half, wide = self.length_m / 2, 0.5
        for side in (-1, 1):
            builder.ring((side * (wide + 0.06), -half * 0.3, 0.3), 0.27, 0.035, (30, 30, 32))
            builder.limb((side * (wide + 0.06), -half * 0.3, 0.3), (side * wide, -half * 0.3, 0.3), 0.06, _STEEL)
        builder.ring((0, half + 0.35, 0.28), 0.25, 0.03, (30, 30, 32))
        builder.limb((0, half + 0.35, 0.28), (0, half + 0.15, 1.0), 0.03, _STEEL)
        builder.limb((-0.3, half + 0.12, 1.02), (0.3, half + 0.12, 1.02), 0.02, (40, 40, 40))
        builder.box((0, 0, 0.38), (2 * wide, self.length_m, 0.5), self.bgr)
        builder.box((0, 0, 0.88), (2 * wide - 0.08, self.length_m * 0.9, 0.5), (190, 185, 175), bias_m=0.2)
        for _ in range(8):
            y = float(random.uniform(-half * 0.8, half * 0.8))
            bgr = _FRUIT[int(random.integers(len(_FRUIT)))]
            builder.box((float(random.uniform(-0.3, 0.3)), y, 1.38), (0.2, 0.2, 0.14), bgr, bias_m=0.3)
        for x in (-wide, wide):
            for y in (-half, half):
                builder.limb((x, y, 0.88), (x, y, 2.0), 0.02, _STEEL)
        builder.frustum((-0.7, 0.7, -half - 0.2, half + 0.2), (-0.5, 0.5, -half, half), (2.0, 2.16), self.roof_bgr)
        board = sign_texture(self.seed, 4, (30, 60, 215), (230, 245, 250))
        for side in (-1, 1):
            x, y1, y2 = side * (wide + 0.01), -side * half * 0.9, side * half * 0.9
            near = ((x, y1, 0.85), (x, y2, 0.85), (x, y2, 0.45), (x, y1, 0.45))
            builder.decal(near, board, bias_m=0.3)
        return builder.build()


def shaded(bgr: Bgr, factor: float) -> Bgr:
    """The colour made darker or lighter."""
    return bgr[0] * factor, bgr[1] * factor, bgr[2] * factor
