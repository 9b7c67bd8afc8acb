"""Name boards of a street of chance: over the door, upright on the wall, jutting out, and how they shine at night."""

from dataclasses import replace
from typing import Literal

import numpy as np

from edge.scene.fronts import wall_width
from edge.scene.mesh import Bgr
from edge.scene.plan import NameBoard, Wall

_COLOURS: tuple[tuple[Bgr, Bgr], ...] = (
    ((35, 35, 190), (90, 225, 250)),
    ((35, 35, 200), (245, 245, 245)),
    ((240, 240, 240), (40, 40, 180)),
    ((240, 240, 240), (45, 45, 48)),
    ((235, 238, 240), (150, 80, 30)),
    ((150, 75, 25), (245, 245, 245)),
    ((60, 120, 45), (240, 245, 245)),
    ((45, 200, 240), (30, 30, 190)),
    ((40, 40, 42), (110, 205, 245)),
    ((45, 75, 110), (120, 215, 245)),
    ((30, 30, 32), (245, 245, 245)),
    ((50, 140, 245), (245, 245, 245)),
    ((120, 50, 110), (245, 240, 245)),
)
_SHOP_LIGHTS: tuple[Bgr, ...] = ((0.85, 0.95, 1.0), (0.95, 1.0, 0.95), (0.55, 0.85, 1.0), (1.0, 0.95, 0.9))
_RED_AWNINGS: tuple[Bgr, ...] = ((40, 40, 190), (30, 60, 215), (50, 90, 225))
_MODERN_SHARE = 0.75


def furnish(
    random: np.random.Generator, walls: tuple[Wall, ...], *, is_dark: bool, least_height_m: float
) -> tuple[Wall, ...]:
    """The walls with boards as Chinese streets have them, some red awnings, and lights when it is dark.

    Args:
        random: draws everything.
        walls: plain house fronts.
        is_dark: whether lamps are lit.
        least_height_m: higher than any camera, since houses have no roofs.
    """
    red_share = 0.5 if random.random() < 0.15 else 0.04
    open_share, window_share = float(random.uniform(0.3, 0.95)), float(random.uniform(0.05, 0.5))
    furnished = []
    for wall in walls:
        is_open = bool(is_dark and wall.has_shop and random.random() < open_share)
        board = wall.board
        if board is not None:
            board = _rewritten(random, board) if random.random() < _MODERN_SHARE else board
            board = replace(board, shine=_shine(random, is_open=is_open))
        awning = _RED_AWNINGS[int(random.integers(3))] if wall.has_shop and random.random() < red_share else None
        furnished.append(
            replace(
                wall,
                height_m=max(wall.height_m, least_height_m + (wall.height_m % 3.0)),
                board=board,
                more_boards=_more(random, wall, is_open=is_open),
                awning_bgr=awning or wall.awning_bgr,
                glow_bgr=_shop_light(random) if is_open else None,
                lit_windows=window_share if is_dark else 0.0,
            )
        )
    return tuple(furnished)


def _rewritten(random: np.random.Generator, board: NameBoard) -> NameBoard:
    ground, stroke = _COLOURS[int(random.integers(len(_COLOURS)))]
    low = float(random.uniform(2.75, 3.2))
    half = float(random.uniform(0.5, 0.97))
    return replace(
        board,
        glyphs=int(random.integers(2, 10)),
        ground_bgr=ground,
        stroke_bgr=stroke,
        half=half,
        centre=float(random.uniform(-1, 1)) * (0.97 - half),
        z_m=(low, low + float(random.uniform(0.6, 1.25))),
        is_modern=True,
    )


def _more(random: np.random.Generator, wall: Wall, *, is_open: bool) -> tuple[NameBoard, ...]:
    if wall.board is None or random.random() < 0.55:
        return ()
    boards = []
    for k in range(int(random.integers(1, 3))):
        ground, stroke = _COLOURS[int(random.integers(len(_COLOURS)))]
        glyphs = int(random.integers(2, 6))
        low = float(random.uniform(4.1, 4.8)) if random.random() < 0.6 else float(random.uniform(2.5, 3.0))
        tall = min(glyphs * float(random.uniform(0.5, 0.85)), wall.height_m - low - 0.3)
        if tall < 0.9:
            continue
        juts = float(random.uniform(0.5, 0.9)) if random.random() < 0.6 else 0.0
        centre = float(random.uniform(-1, 1)) * (1 - 0.5 / max(wall_width(wall) / 2, 1.0))
        boards.append(
            NameBoard(
                f"{wall.board.identity}-more-{k + 1}",
                int(random.integers(1 << 20)),
                glyphs,
                ground,
                stroke,
                centre=centre,
                half=float(random.uniform(0.28, 0.42)),
                z_m=(low, low + tall),
                is_upright=True,
                juts_m=juts,
                shine=_shine(random, is_open=is_open),
                is_modern=True,
            )
        )
    return tuple(boards)


def _shine(random: np.random.Generator, *, is_open: bool) -> Literal["off", "box", "neon"]:
    draw = random.random()
    if not is_open:
        return "box" if draw < 0.1 else "off"
    return "box" if draw < 0.5 else ("neon" if draw < 0.85 else "off")


def _shop_light(random: np.random.Generator) -> Bgr:
    light, level = _SHOP_LIGHTS[int(random.integers(len(_SHOP_LIGHTS)))], float(random.uniform(0.45, 1.1))
    return light[0] * level, light[1] * level, light[2] * level
