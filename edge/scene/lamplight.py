"""How much light of which colour reaches a point when the sky no longer gives enough."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.scene.mesh import Bgr, Point


@dataclass(frozen=True, slots=True)
class Lamp:
    """A source of light that stays where it is.

    Attributes:
        at_m: its place (east, north, up).
        bgr: its light on a white surface right below, as a share of daylight by channel.
        reach_m: where its light has fallen to a quarter.
        is_hooded: it shines downwards only and shows a cone, as a street lamp does.
    """

    at_m: Point
    bgr: Bgr
    reach_m: float
    is_hooded: bool = False


def lamplight(lamps: tuple[Lamp, ...], base_bgr: Bgr, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Light at points (N, 3) as shares of daylight by channel, (N, 3)."""
    light = np.tile(np.asarray(base_bgr, np.float64), (len(points_m), 1))
    for lamp in lamps:
        offset = points_m - np.asarray(lamp.at_m)
        away = np.hypot(offset[:, 0], offset[:, 1])
        if not lamp.is_hooded:
            away = np.hypot(away, offset[:, 2])
        share = 1.0 / (1.0 + (away / lamp.reach_m) ** 2) ** 2
        if lamp.is_hooded:
            share *= np.clip(0.6 - offset[:, 2] / 1.2, 0.0, 1.0)
        light += share[:, None] * np.asarray(lamp.bgr)
    return light
