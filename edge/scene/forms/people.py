"""Walkers, standing vendors and riders."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

from edge.scene.mesh import Bgr, Mesh, MeshBuilder

STEP_M = 1.35
"""Length of a full stride (two steps) of an adult; the gait's phase follows the way walked, so feet do not slide."""


@dataclass(frozen=True, slots=True)
class Person:
    """A standing or walking person; `is_working` stretches the hands forward as over a table or a grill."""

    height_m: float
    skin_bgr: Bgr
    hair_bgr: Bgr
    top_bgr: Bgr
    legs_bgr: Bgr
    is_working: bool = False
    bag_bgr: Bgr | None = None
    umbrella_bgr: Bgr | None = None
    girth: float = 1.0
    vest_bgr: Bgr | None = None
    """A worker's warning vest with two pale bands."""

    @property
    def is_still(self) -> bool:
        return False

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.25, 0.25

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        builder = MeshBuilder()
        if travelled_m > 0:
            swing = sin(2 * pi * travelled_m / STEP_M)
        else:
            swing = 0.0
        self._legs(builder, swing)
        self._trunk(builder, swing, age_s)
        return builder.build()

    def _legs(self, builder: MeshBuilder, swing: float) -> None:
        tall = self.height_m
        for side in (-1, 1):
            lead = swing * side
            hip = (side * 0.055 * tall, 0.0, 0.52 * tall)
            knee = (side * 0.055 * tall, 0.14 * tall * lead + 0.02, 0.28 * tall)
            lift = max(0.0, -lead) * 0.05 * tall
            ankle = (side * 0.055 * tall, 0.25 * tall * lead - lift, 0.045 * tall + lift)
            builder.limb(hip, knee, 0.052 * tall * self.girth, self.legs_bgr, end_radius_m=0.036 * tall)
            builder.limb(knee, ankle, 0.036 * tall, self.legs_bgr, end_radius_m=0.026 * tall)
            toe = (ankle[0], ankle[1] + 0.09 * tall, ankle[2] - 0.02 * tall)
            builder.limb(ankle, toe, 0.024 * tall, (35, 35, 40), bias_m=0.02)

    def _vest(self, builder: MeshBuilder, sway: float) -> None:
        tall, wide = self.height_m, 0.125 * self.height_m * self.girth
        del sway
        if self.vest_bgr is not None:
            _band(builder, wide, 0.078 * tall, (0.55 * tall, 0.82 * tall), self.vest_bgr, 0.06)
            for z in (0.62 * tall, 0.71 * tall):
                _band(builder, wide + 0.004, 0.08 * tall, (z, z + 0.03 * tall), (215, 225, 225), 0.1)

    def _trunk(self, builder: MeshBuilder, swing: float, age_s: float) -> None:
        tall = self.height_m
        sway = 0.012 * sin(age_s * 1.3)
        shoulder_z, girth = 0.80 * tall, self.girth
        if self.vest_bgr is not None:
            self._vest(builder, sway)
        builder.limb(
            (-0.03 * tall, 0, 0.53 * tall), (-0.055 * tall, sway, 0.765 * tall), 0.072 * tall * girth, self.top_bgr
        )
        builder.limb(
            (0.03 * tall, 0, 0.53 * tall), (0.055 * tall, sway, 0.765 * tall), 0.072 * tall * girth, self.top_bgr
        )
        for side in (-1, 1):
            shoulder = (side * 0.125 * tall * girth, sway, shoulder_z - 0.015 * tall)
            if self.is_working:
                reach = 0.04 * sin(age_s * 2.1 + side)
                elbow = (side * 0.15 * tall, 0.10 * tall, 0.64 * tall)
                hand = (side * 0.10 * tall + reach, 0.26 * tall + reach, 0.60 * tall)
            else:
                lead = -swing * side
                elbow = (side * 0.145 * tall * girth, 0.07 * tall * lead - 0.01, 0.63 * tall)
                hand = (side * 0.145 * tall * girth, 0.16 * tall * lead + 0.03, 0.49 * tall)
            builder.limb(shoulder, elbow, 0.034 * tall, self.top_bgr, end_radius_m=0.028 * tall)
            builder.limb(elbow, hand, 0.025 * tall, self.skin_bgr, end_radius_m=0.02 * tall)
            if side == 1 and self.bag_bgr is not None:
                builder.box((hand[0] + 0.05, hand[1], hand[2] - 0.34), (0.1, 0.28, 0.3), self.bag_bgr)
            if side == -1 and self.umbrella_bgr is not None:
                umbrella(builder, (hand[0] + 0.1, hand[1] + 0.1), 1.02 * tall, self.umbrella_bgr)
        head = (0.0, 0.02 * tall + sway, 0.925 * tall)
        builder.limb((0, sway, 0.83 * tall), head, 0.033 * tall, self.skin_bgr)
        builder.ball(head, 0.066 * tall, self.skin_bgr)
        builder.ball((0.0, head[1] - 0.022 * tall, head[2] + 0.022 * tall), 0.066 * tall, self.hair_bgr)


def _band(
    builder: MeshBuilder, half_x: float, half_y: float, z_m: tuple[float, float], bgr: Bgr, bias_m: float
) -> None:
    rectangle = (-half_x, half_x, -half_y, half_y)
    builder.frustum(rectangle, rectangle, z_m, bgr, bias_m=bias_m)


def umbrella(builder: MeshBuilder, middle_m: tuple[float, float], height_m: float, bgr: Bgr) -> None:
    """A hand umbrella; people carry them against sun and rain, and they look like small parasols."""
    x, y = middle_m
    builder.limb((x, y, height_m - 0.55), (x, y, height_m + 0.3), 0.012, (60, 60, 60))
    rim = [(x + 0.52 * cos(2 * pi * k / 8), y + 0.52 * sin(2 * pi * k / 8), height_m + 0.08) for k in range(9)]
    for start, end in pairwise(rim):
        builder.sheet((start, end, (x, y, height_m + 0.32), (x, y, height_m + 0.32)), bgr)


@dataclass(frozen=True, slots=True)
class Cycle:
    """A bicycle or a scooter without its rider; `is_scooter` gives it a body instead of a frame."""

    frame_bgr: Bgr
    is_scooter: bool = False
    box_bgr: Bgr | None = None
    has_lights: bool = False

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.3, 0.9

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        wheel = 0.25 if self.is_scooter else 0.33
        span = 0.58 if self.is_scooter else 0.52
        for y in (-span, span):
            builder.ring((0, y, wheel), wheel - 0.03, 0.05 if self.is_scooter else 0.022, (30, 30, 32))
        bar = (0.0, span - 0.14, 1.02)
        builder.limb((0, span, wheel), bar, 0.028, self.frame_bgr)
        builder.limb((-0.28, bar[1], 1.04), (0.28, bar[1], 1.04), 0.02, (50, 50, 50))
        if self.is_scooter:
            builder.limb((0, -0.45, 0.42), (0, 0.28, 0.3), 0.13, self.frame_bgr)
            builder.limb((0, -0.5, 0.55), (0, -0.1, 0.55), 0.17, self.frame_bgr, end_radius_m=0.12)
            builder.frustum((-0.2, 0.2, 0.36, 0.46), (-0.14, 0.14, 0.3, 0.4), (0.35, 0.95), self.frame_bgr)
            builder.box((0, -0.28, 0.7), (0.28, 0.6, 0.08), (35, 35, 35))
        else:
            seat, crank = (0.0, -0.2, 0.86), (0.0, -0.05, 0.3)
            for start, end in (
                (crank, bar),
                (crank, seat),
                (seat, bar),
                (crank, (0, -span, wheel)),
                (seat, (0, -span, wheel)),
            ):
                builder.limb(start, end, 0.022, self.frame_bgr)
            builder.limb((0, -0.34, 0.9), (0, -0.1, 0.9), 0.06, (30, 30, 30))
        if self.has_lights:
            builder.ball((0, bar[1] + 0.12, 0.86), 0.07, (230, 240, 245), glow=1.0)
            builder.flare((0, bar[1] + 0.2, 0.86), (190, 215, 230), 0.55, facing=(0, 1, 0), beam=(0, bar[1] + 6.0, 0))
            builder.flare((0, -span - 0.1, 0.7), (12, 14, 150), 0.22, facing=(0, -1, 0))
        if self.box_bgr is not None:
            builder.box((0, -span - 0.02, 0.8), (0.46, 0.42, 0.42), self.box_bgr)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Rider:
    """The person on a cycle: sitting, pedalling when on a bicycle."""

    person: Person
    is_pedalling: bool

    @property
    def is_still(self) -> bool:
        return False

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.3, 0.9

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s
        builder, look = MeshBuilder(), self.person
        turn = 2 * pi * travelled_m / 4.5 if self.is_pedalling else 0.0
        for side in (-1, 1):
            phase = turn + (0 if side == 1 else pi)
            foot = (side * 0.11, 0.0 + 0.15 * sin(phase), 0.32 + (0.15 * cos(phase) if self.is_pedalling else 0.06))
            knee = (side * 0.12, 0.26, 0.62 + (foot[2] - 0.32) * 0.5)
            builder.limb((side * 0.09, -0.2, 0.95), knee, 0.085, look.legs_bgr, end_radius_m=0.06)
            builder.limb(knee, foot, 0.058, look.legs_bgr, end_radius_m=0.045)
            builder.limb((side * 0.2, 0.03, 1.4), (side * 0.24, 0.34, 1.07), 0.052, look.top_bgr, end_radius_m=0.035)
            builder.limb((side * 0.05, -0.2, 0.97), (side * 0.09, 0.02, 1.38), 0.125, look.top_bgr, bias_m=0.01)
        builder.ball((0, 0.1, 1.64), 0.11, look.skin_bgr)
        builder.ball((0, 0.07, 1.68), 0.115, look.hair_bgr)
        return builder.build()
