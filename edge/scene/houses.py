"""Rows of house fronts with shops and their name boards."""

from math import hypot

import numpy as np

from edge.scene.mesh import Bgr
from edge.scene.plan import NameBoard, Wall

_BOARDS: tuple[tuple[Bgr, Bgr], ...] = (
    ((35, 35, 190), (90, 225, 250)),
    ((150, 70, 25), (245, 245, 245)),
    ((50, 110, 40), (235, 240, 240)),
    ((235, 235, 235), (40, 40, 170)),
    ((40, 40, 42), (120, 210, 245)),
    ((60, 170, 240), (40, 30, 60)),
    ((120, 40, 90), (240, 240, 240)),
)


def house_row(
    name: str,
    random: np.random.Generator,
    left_m: tuple[float, float],
    right_m: tuple[float, float],
    *,
    shop_share: float = 0.85,
    awning_share: float = 0.3,
) -> tuple[Wall, ...]:
    """House fronts side by side from the left end to the right end as seen from the street."""
    length = hypot(right_m[0] - left_m[0], right_m[1] - left_m[1])
    walls: list[Wall] = []
    start = 0.0
    while start < length - 1.0:
        end = start + float(random.uniform(4.5, 8.5))
        end = length if length - end < 3.5 else end
        has_shop = bool(random.random() < shop_share)
        walls.append(
            Wall(
                _along(left_m, right_m, start / length),
                _along(left_m, right_m, end / length),
                height_m=float(random.uniform(7.0, 15.0)),
                seed=int(random.integers(1 << 20)),
                has_shop=has_shop,
                board=_board(f"{name}-{len(walls) + 1}", random) if has_shop else None,
                awning_bgr=_awning(random) if has_shop and random.random() < awning_share else None,
            )
        )
        start = end
    return tuple(walls)


def _board(identity: str, random: np.random.Generator) -> NameBoard:
    ground, stroke = _BOARDS[int(random.integers(len(_BOARDS)))]
    return NameBoard(identity, int(random.integers(1 << 20)), int(random.integers(4, 9)), ground, stroke)


def _awning(random: np.random.Generator) -> Bgr:
    colours: tuple[Bgr, ...] = ((50, 50, 180), (70, 120, 50), (160, 90, 40), (60, 130, 210))
    return colours[int(random.integers(len(colours)))]


def _along(left: tuple[float, float], right: tuple[float, float], share: float) -> tuple[float, float]:
    return left[0] + (right[0] - left[0]) * share, left[1] + (right[1] - left[1]) * share
