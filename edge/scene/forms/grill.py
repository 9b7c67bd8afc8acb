"""The charcoal grill and what stands beside it."""

from dataclasses import dataclass

from edge.scene.chance import generator
from edge.scene.mesh import Bgr, Mesh, MeshBuilder


@dataclass(frozen=True, slots=True)
class Grill:
    """A charcoal trough on legs with skewers across it; the cook stands at -y."""

    seed: int
    length_m: float = 1.5
    metal_bgr: Bgr = (78, 80, 84)
    has_rack: bool = True

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.length_m / 2, 0.25

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("grill", self.seed)
        half, deep, floor, rim = self.length_m / 2, 0.19, 0.66, 0.86
        for x in (-half + 0.08, half - 0.08):
            for y in (-deep, deep):
                builder.limb((x * 1.04, y * 1.5, 0.0), (x, y * 0.8, floor), 0.022, self.metal_bgr)
        builder.limb((-half, -deep, 0.28), (half, -deep, 0.28), 0.015, self.metal_bgr)
        builder.limb((-half, deep, 0.28), (half, deep, 0.28), 0.015, self.metal_bgr)
        builder.frustum(
            (-half + 0.05, half - 0.05, -deep * 0.7, deep * 0.7),
            (-half, half, -deep, deep),
            (floor, rim),
            self.metal_bgr,
        )
        coals = 9
        for k in range(coals):
            x = -half + 0.1 + (self.length_m - 0.2) * (k + 0.5) / coals
            glow = float(random.uniform(0.3, 1.0))
            builder.ball((x, 0.0, rim - 0.02), 0.1, (20 + 20 * glow, 30 + 90 * glow, 60 + 190 * glow), bias_m=0.2)
        skewers = int(self.length_m / 0.1)
        for k in range(skewers):
            x = -half + 0.08 + (self.length_m - 0.16) * k / max(1, skewers - 1)
            builder.limb(
                (x, -deep - 0.16, rim + 0.03), (x, deep + 0.04, rim + 0.03), 0.006, (190, 190, 190), bias_m=0.3
            )
            if random.random() < 0.75:
                meat = float(random.uniform(0.7, 1.2))
                builder.limb(
                    (x, -0.1, rim + 0.04), (x, 0.14, rim + 0.04), 0.032, (45 * meat, 65 * meat, 125 * meat), bias_m=0.32
                )
        if self.has_rack:
            for x in (-half, half):
                builder.limb((x, deep, rim), (x, deep, 1.25), 0.016, self.metal_bgr)
            builder.limb((-half, deep, 1.25), (half, deep, 1.25), 0.016, self.metal_bgr)
            for x in (-half * 0.5, 0.0, half * 0.4):
                builder.limb((x, deep, 1.3), (x, deep, 1.42), 0.04, (60, 90, 170))
        return builder.build()


@dataclass(frozen=True, slots=True)
class CoolBox:
    """The cook's box of drinks and raw skewers: no part of the grill, so that its box is not the grill's."""

    bgr: Bgr

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return 0.23, 0.23

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        builder.box((0.0, 0.0, 0.0), (0.45, 0.45, 0.5), self.bgr)
        builder.box((0.0, 0.0, 0.5), (0.47, 0.47, 0.07), (210, 214, 216), bias_m=0.05)
        return builder.build()
