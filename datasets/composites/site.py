"""One background made ready: the canvas, the ground on it, the light, and places to stand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from datasets.composites.cutouts import CutOut
from datasets.composites.layers import Canvas
from datasets.composites.plumes import Pool
from datasets.composites.solids import Foot
from datasets.composites.views import View
from edge.scene.camera import PinholeCamera

_NEAREST_SHARE = 0.30
"""Of the picture's height that a metre may take: a person fills half of it. Nearer things are not seen whole."""
_FARTHEST_SHARE = 0.034
"""A stall of 2 m is then 37 px high on 540 rows; farther ones are specks."""
_APART_M = 2.2


@dataclass(slots=True)
class Site:
    """What the recipes need of a picture. `picture_seed` keys this picture's things."""

    canvas: Canvas
    camera: PinholeCamera
    view: View
    random: np.random.Generator
    pool: Pool
    picture_seed: int
    cuts: dict[str, list[CutOut]]
    daylight: float
    taken: list[Foot] = field(default_factory=list)
    _numbers: int = 0

    def place(self, *, nearest: float = _NEAREST_SHARE, farthest: float = _FARTHEST_SHARE) -> Foot | None:
        """A free spot of ground, farther ones as often as near ones; None where the picture shows no ground."""
        height, width = self.camera.height_px, self.camera.width_px
        highest = max(0.12, self.view.horizon + 0.03) * height
        low = max(self.view.px_per_m(highest, height), farthest * height)
        high = min(self.view.px_per_m(0.985 * height, height), nearest * height)
        if high <= low:
            return None
        for _ in range(12):
            px_per_m = float(np.exp(self.random.uniform(np.log(low), np.log(high))))
            row = self.view.horizon * height + px_per_m * self.view.height_m
            foot = self.foot(float(self.random.uniform(0.06, 0.94)) * width, row)
            if foot is not None and all(_apart(foot, other) for other in self.taken):
                self.taken.append(foot)
                return foot
        return None

    def foot(self, x_px: float, y_px: float) -> Foot | None:
        """The ground seen at a pixel; None at and above the horizon."""
        ground = self.camera.ground_point((x_px, y_px))
        px_per_m = self.view.px_per_m(y_px, self.camera.height_px)
        if ground is None or px_per_m <= 0:
            return None
        return Foot(x_px, y_px, px_per_m, ground[0], ground[1])

    def number(self) -> int:
        """A fresh seed for a thing of this picture."""
        self._numbers += 1
        return int(np.random.default_rng([self.picture_seed, self._numbers]).integers(1 << 30))

    def chosen(self, label: str) -> CutOut | None:
        """A real thing of this label, if there is any."""
        stock: Sequence[CutOut] = self.cuts.get(label, ())
        return stock[int(self.random.integers(len(stock)))] if stock else None


def _apart(one: Foot, other: Foot) -> bool:
    return float(np.hypot(one.east_m - other.east_m, one.north_m - other.north_m)) > _APART_M
