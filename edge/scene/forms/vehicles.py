"""Cars, vans and buses."""

from dataclasses import dataclass

from edge.scene.mesh import Bgr, Mesh, MeshBuilder

GLASS: Bgr = (70, 60, 48)
_TYRE: Bgr = (28, 28, 30)


@dataclass(frozen=True, slots=True)
class Car:
    """A saloon, hatchback or van; the shape follows from length, height and where the cabin stands.

    `has_lights` lights its head and tail lamps, `is_braking` its brake lamps, which shine in daylight too.
    """

    bgr: Bgr
    length_m: float = 4.5
    width_m: float = 1.8
    height_m: float = 1.48
    is_van: bool = False
    has_lights: bool = False
    is_braking: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, self.length_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        half, wide = self.length_m / 2, self.width_m / 2
        waist = 0.95 if self.is_van else 0.86
        body = (-wide, wide, -half, half)
        builder.frustum(body, (-wide, wide, -half, half), (0.28, 0.62), self.bgr)
        bonnet = (-wide + 0.06, wide - 0.06, -half + 0.06, half - (0.05 if self.is_van else 0.12))
        builder.frustum(body, bonnet, (0.62, waist), self.bgr, bias_m=0.01)
        self._cabin(builder, waist)
        for y in (-half * 0.62, half * 0.62):
            for side in (-1, 1):
                builder.limb((side * (wide - 0.16), y, 0.32), (side * (wide - 0.02), y, 0.32), 0.32, _TYRE, bias_m=0.25)
                builder.limb(
                    (side * (wide + 0.0), y, 0.32), (side * (wide + 0.01), y, 0.32), 0.18, (150, 150, 150), bias_m=0.3
                )
        for side in (-1, 1):
            x = side * (wide - 0.28)
            glow = 1.0 if self.has_lights else 0.0
            tail: Bgr = (60, 60, 255) if self.is_braking else (40, 40, 190)
            _panel(builder, (x - 0.2, x + 0.2), half + 0.01, (0.6, 0.74), (225, 240, 245), faces_front=True, glow=glow)
            _panel(builder, (x - 0.18, x + 0.18), -half - 0.01, (0.6, 0.76), tail, faces_front=False, glow=glow)
            light_lamps(builder, x, half, 0.67, has_lights=self.has_lights, is_braking=self.is_braking)
        _panel(builder, (-0.26, 0.26), half + 0.01, (0.38, 0.5), (190, 110, 40), faces_front=True)
        _panel(builder, (-0.26, 0.26), -half - 0.01, (0.42, 0.54), (190, 110, 40), faces_front=False)
        return builder.build()

    def _cabin(self, builder: MeshBuilder, waist: float) -> None:
        half, wide = self.length_m / 2, self.width_m / 2
        if self.is_van:
            low = (-wide + 0.06, wide - 0.06, -half + 0.06, half - 0.75)
            high = (-wide + 0.16, wide - 0.16, -half + 0.16, half - 1.35)
        else:
            low = (-wide + 0.07, wide - 0.07, -half * 0.78, half * 0.42)
            high = (-wide + 0.24, wide - 0.24, -half * 0.48, half * 0.12)
        builder.frustum(low, high, (waist, self.height_m), self.bgr, bias_m=0.3)
        glass_low, glass_high = _between(low, high, 0.12), _between(low, high, 0.86)
        z = (waist + 0.12 * (self.height_m - waist), waist + 0.86 * (self.height_m - waist))
        for side in range(4):
            spans = [(0.08, 0.48), (0.54, 0.94)] if side in (1, 3) else [(0.08, 0.92)]
            for start, end in spans:
                _window(builder, glass_low, glass_high, z, side, start, end)


@dataclass(frozen=True, slots=True)
class Bus:
    """A city bus."""

    bgr: Bgr
    stripe_bgr: Bgr = (235, 235, 235)
    length_m: float = 10.5
    width_m: float = 2.5
    height_m: float = 3.05
    has_lights: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, self.length_m / 2

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        half, wide = self.length_m / 2, self.width_m / 2
        body = (-wide, wide, -half, half)
        builder.frustum(body, body, (0.32, 1.15), self.bgr)
        builder.frustum(body, body, (1.15, 2.35), self.stripe_bgr, bias_m=0.02)
        roof = (-wide + 0.1, wide - 0.1, -half + 0.1, half - 0.15)
        builder.frustum(body, roof, (2.35, self.height_m), self.bgr, bias_m=0.03)
        bays = 7
        for side in (1, 3):
            for bay in range(bays):
                _window(builder, body, body, (1.22, 2.28), side, (bay + 0.06) / bays, (bay + 0.94) / bays, bias_m=1.6)
        _window(builder, body, body, (1.1, 2.4), 2, 0.05, 0.95, bias_m=1.2)
        _window(builder, body, body, (1.5, 2.3), 0, 0.1, 0.9, bias_m=1.2)
        _panel(builder, (-0.8, 0.8), half + 0.01, (2.45, 2.72), (30, 120, 250), faces_front=True)
        for y in (-half * 0.55, half * 0.62):
            for side in (-1, 1):
                builder.limb((side * (wide - 0.2), y, 0.48), (side * (wide - 0.02), y, 0.48), 0.48, _TYRE, bias_m=1.6)
                builder.limb((side * wide, y, 0.48), (side * wide, y, 0.48), 0.24, (140, 140, 140), bias_m=1.7)
        for side in (-1, 1):
            x = side * (wide - 0.35)
            glow = 1.0 if self.has_lights else 0.0
            _panel(builder, (x - 0.2, x + 0.2), half + 0.01, (0.6, 0.8), (220, 240, 245), faces_front=True, glow=glow)
            _panel(
                builder, (x - 0.15, x + 0.15), -half - 0.01, (0.6, 0.95), (40, 40, 190), faces_front=False, glow=glow
            )
            light_lamps(builder, x, half, 0.7, has_lights=self.has_lights, is_braking=False)
        return builder.build()


def light_lamps(builder: MeshBuilder, x: float, half_m: float, z: float, *, has_lights: bool, is_braking: bool) -> None:
    """The glare of one side's head and tail lamp, `half_m` before and behind the middle."""
    if has_lights:
        builder.flare((x, half_m + 0.05, z), (205, 225, 235), 0.75, facing=(0, 1, 0), beam=(x, half_m + 9.0, 0))
    if has_lights or is_braking:
        size, bgr = (0.6, (20.0, 25.0, 220.0)) if is_braking else (0.3, (12.0, 14.0, 150.0))
        builder.flare((x, -half_m - 0.05, z), bgr, size, facing=(0, -1, 0))


_Rectangle = tuple[float, float, float, float]


def _between(low: _Rectangle, high: _Rectangle, share: float) -> _Rectangle:
    left, right, back, front = (a + (b - a) * share for a, b in zip(low, high, strict=True))
    return left - 0.012, right + 0.012, back - 0.012, front + 0.012


def _window(
    builder: MeshBuilder,
    low: _Rectangle,
    high: _Rectangle,
    z_m: tuple[float, float],
    side: int,
    start: float,
    end: float,
    *,
    bias_m: float = 0.6,
) -> None:
    """Glass on one side (0 back, 1 right, 2 front, 3 left) between two shares of its length."""
    edges = []
    for left, right, back, front in (low, high):
        floor = ((left, back), (right, back), (right, front), (left, front))
        (x1, y1), (x2, y2) = floor[side], floor[(side + 1) % 4]
        edges.append([(x1 + (x2 - x1) * s, y1 + (y2 - y1) * s) for s in (start, end)])
    (a, b), (c, d) = edges
    builder.quad(((*a, z_m[0]), (*b, z_m[0]), (*d, z_m[1]), (*c, z_m[1])), GLASS, bias_m=bias_m)


def _panel(
    builder: MeshBuilder,
    x_m: tuple[float, float],
    y: float,
    z_m: tuple[float, float],
    bgr: Bgr,
    *,
    faces_front: bool,
    glow: float = 0.0,
) -> None:
    left, right = (x_m[1], x_m[0]) if faces_front else x_m
    builder.quad(
        ((left, y, z_m[0]), (right, y, z_m[0]), (right, y, z_m[1]), (left, y, z_m[1])), bgr, bias_m=0.8, glow=glow
    )
