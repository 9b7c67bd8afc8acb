"""Where people eat in the street, and the cloth banners above and beside it."""

from dataclasses import dataclass
from itertools import pairwise
from math import cos, pi, sin

import numpy as np

from edge.scene.chance import generator
from edge.scene.glyphs import board_texture
from edge.scene.mesh import Bgr, Mesh, MeshBuilder

_STEEL: Bgr = (130, 130, 132)
_BOTTLES: tuple[Bgr, ...] = ((60, 120, 40), (40, 70, 120), (220, 225, 228))


@dataclass(frozen=True, slots=True)
class Table:
    """A folding table with its stools drawn up: one thing, as a person would box it."""

    seed: int
    top_bgr: Bgr
    stool_bgr: Bgr
    is_round: bool = False
    size_m: float = 0.9
    height_m: float = 0.72
    stools: int = 4
    has_meal: bool = True

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.size_m / 2 + 0.35, self.size_m / 2 + 0.35

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder, random = MeshBuilder(), generator("table", self.seed)
        half, top = self.size_m / 2, self.height_m
        if self.is_round:
            self._round_top(builder)
        else:
            builder.box((0, 0, top - 0.04), (self.size_m * 1.25, self.size_m * 0.8, 0.04), self.top_bgr)
        for x, y in ((-0.7, -0.5), (0.7, -0.5), (0.7, 0.5), (-0.7, 0.5)):
            builder.limb((x * half, y * half, 0), (x * half * 0.8, -y * half * 0.4, top - 0.04), 0.014, _STEEL)
        for k in range(self.stools):
            turn = 2 * pi * (k + float(random.uniform(-0.15, 0.15))) / max(1, self.stools) + pi / 4
            reach = half + float(random.uniform(0.12, 0.42))
            self._stool(builder, reach * cos(turn), reach * sin(turn))
        for _ in range(int(random.integers(3, 8)) if self.has_meal else 0):
            x, y = (float(v) for v in random.uniform(-0.6, 0.6, 2) * half)
            if random.random() < 0.35:
                builder.limb((x, y, top), (x, y, top + 0.22), 0.035, _BOTTLES[int(random.integers(3))], bias_m=0.1)
            else:
                builder.limb((x, y, top + 0.01), (x, y, top + 0.03), 0.1, (225, 228, 230), bias_m=0.1)
        return builder.build()

    def _round_top(self, builder: MeshBuilder) -> None:
        half, top = self.size_m / 2, self.height_m
        rim = [(half * cos(2 * pi * k / 12), half * sin(2 * pi * k / 12)) for k in range(13)]
        for (x1, y1), (x2, y2) in pairwise(rim):
            builder.quad(((0, 0, top), (x1, y1, top), (x2, y2, top), (0, 0, top)), self.top_bgr)
            builder.quad(((x1, y1, top - 0.05), (x2, y2, top - 0.05), (x2, y2, top), (x1, y1, top)), self.top_bgr)

    def _stool(self, builder: MeshBuilder, x: float, y: float) -> None:
        """A plastic stool, wider below than above."""
        low, high = 0.17, 0.13
        builder.frustum(
            (x - low, x + low, y - low, y + low), (x - high, x + high, y - high, y + high), (0.0, 0.43), self.stool_bgr
        )


@dataclass(frozen=True, slots=True)
class Banner:
    """A cloth banner hanging between `low_m` and `low_m + drop_m`, read from both sides; it sags a little."""

    seed: int
    ground_bgr: Bgr
    stroke_bgr: Bgr
    width_m: float = 5.0
    drop_m: float = 0.7
    low_m: float = 2.6
    glyphs: int = 10

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.05

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        texture = board_texture(self.seed, self.glyphs, self.ground_bgr, self.stroke_bgr, is_upright=False)
        pieces = 5
        cuts = np.linspace(0, texture.shape[1], pieces + 1).astype(int)
        edges = [self.width_m * (k / pieces - 0.5) for k in range(pieces + 1)]
        sags = [-0.06 * self.drop_m * sin(pi * k / pieces) * (1 + self.seed % 3) for k in range(pieces + 1)]
        for k in range(pieces):
            cloth = texture[:, cuts[k] : cuts[k + 1]]
            low = (self.low_m + sags[k], self.low_m + sags[k + 1])
            high = (low[0] + self.drop_m, low[1] + self.drop_m)
            x1, x2 = edges[k], edges[k + 1]
            # A decal is flat, so each piece takes the mean of its ends.
            z1, z2 = sum(low) / 2, sum(high) / 2
            builder.decal(((x2, 0, z2), (x1, 0, z2), (x1, 0, z1), (x2, 0, z1)), cloth)
            mirrored = texture[:, texture.shape[1] - cuts[k + 1] : texture.shape[1] - cuts[k]]
            builder.decal(((x1, 0, z2), (x2, 0, z2), (x2, 0, z1), (x1, 0, z1)), mirrored)
        return builder.build()


@dataclass(frozen=True, slots=True)
class Fence:
    """A railing or two poles: what a banner hangs on; it has no name of its own."""

    width_m: float
    height_m: float
    has_rails: bool
    bgr: Bgr = (150, 150, 148)

    @property
    def is_still(self) -> bool:
        return True

    @property
    def half_size_m(self) -> tuple[float, float]:
        return self.width_m / 2, 0.05

    def mesh(self, age_s: float, travelled_m: float) -> Mesh:
        del age_s, travelled_m
        builder = MeshBuilder()
        half = self.width_m / 2
        for x in (-half, half):
            builder.limb((x, 0, 0), (x, 0, self.height_m), 0.035, self.bgr)
        if self.has_rails:
            for z in (0.2, self.height_m - 0.05):
                builder.limb((-half, 0, z), (half, 0, z), 0.02, self.bgr)
            for k in range(int(self.width_m / 0.22)):
                x = -half + 0.22 * (k + 0.5)
                builder.limb((x, 0, 0.2), (x, 0, self.height_m - 0.05), 0.01, self.bgr)
        return builder.build()
