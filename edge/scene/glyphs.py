"""Name boards as Chinese streets have them: dense square characters, upright boards, neon, photographs of food.

A character is one to three parts side by side or above each other; each part is a little grid of level and upright
strokes with a hook or a slant. No font is used.
"""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.chance import generator
from edge.scene.mesh import Bgr

_CELL = 44
_Box = tuple[float, float, float, float]


@lru_cache(maxsize=512)
def board_texture(seed: int, glyphs: int, ground_bgr: Bgr, stroke_bgr: Bgr, *, is_upright: bool) -> NDArray[np.uint8]:
    """A board of dense characters in a row or a column; callers must not write to it."""
    random = generator("board", seed)
    long, high = 18 + _CELL * glyphs, _CELL + 16
    board = np.full((long, high, 3) if is_upright else (high, long, 3), ground_bgr, np.uint8)
    thickness = int(random.choice([2, 3, 3, 4]))
    has_small_line = not is_upright and random.random() < 0.45
    side = _CELL - 18 if has_small_line else _CELL - 8
    for k in range(glyphs):
        along = 11 + _CELL * k
        corner = (12, along) if is_upright else (along, 6 if has_small_line else 11)
        character(board, corner, side, stroke_bgr, random, thickness)
    if has_small_line:
        _small_line(board, stroke_bgr, random)
    if random.random() < 0.3 and not is_upright:
        _picture_panel(board, random)
    rim = stroke_bgr if random.random() < 0.3 else tuple(c * 0.6 for c in ground_bgr)
    cv2.rectangle(board, (1, 1), (board.shape[1] - 2, board.shape[0] - 2), rim, 2)
    board.setflags(write=False)
    return board


def character(
    board: NDArray[np.uint8],
    corner: tuple[int, int],
    size: int,
    bgr: Bgr,
    random: np.random.Generator,
    thickness: int = 2,
) -> None:
    """One character drawn in place into a square whose upper left corner is `corner` (x, y)."""
    x, y = corner
    for left, top, right, bottom in _layout(random):
        box = (x + left * size, y + top * size, x + right * size, y + bottom * size)
        _part(board, box, bgr, random, thickness)


def _layout(random: np.random.Generator) -> tuple[_Box, ...]:
    choice = random.random()
    if choice < 0.45:
        split = float(random.uniform(0.32, 0.45))
        return (0.0, 0.0, split, 1.0), (split + 0.08, 0.0, 1.0, 1.0)
    if choice < 0.8:
        split = float(random.uniform(0.3, 0.5))
        return (0.05, 0.0, 0.95, split), (0.0, split + 0.08, 1.0, 1.0)
    return ((0.0, 0.0, 1.0, 1.0),)


def _part(board: NDArray[np.uint8], box: _Box, bgr: Bgr, random: np.random.Generator, thickness: int) -> None:
    x1, y1, x2, y2 = box
    wide, tall = x2 - x1, y2 - y1
    levels = int(random.integers(2, 5)) if tall > 14 else 2
    for k in range(levels):
        y = y1 + tall * (k + 0.5) / levels
        inset = wide * float(random.choice([0.0, 0.0, 0.18]))
        _line(board, (x1 + inset, y), (x2 - inset, y - 1), bgr, thickness)
    form = random.random()
    if form < 0.3:
        _line(board, (x1 + 2, y1 + 2), (x1 + 2, y2), bgr, thickness)
        _line(board, (x2 - 2, y1 + 2), (x2 - 2, y2), bgr, thickness)
    elif form < 0.75:
        middle = x1 + wide * float(random.choice([0.35, 0.5, 0.65]))
        _line(board, (middle, y1), (middle, y2), bgr, thickness)
    if random.random() < 0.6:
        crown = ((x1 + x2) / 2, y1 + tall * 0.45)
        _line(board, crown, (x1, y2), bgr, thickness)
        _line(board, crown, (x2, y2), bgr, thickness)


def _line(
    board: NDArray[np.uint8], start: tuple[float, float], end: tuple[float, float], bgr: Bgr, thickness: int
) -> None:
    one, other = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
    cv2.line(board, one, other, bgr, thickness, cv2.LINE_AA)


def _small_line(board: NDArray[np.uint8], bgr: Bgr, random: np.random.Generator) -> None:
    """A telephone number or a second line in small print under the name."""
    bottom = board.shape[0] - 7
    for x in range(16, board.shape[1] - 16, 7):
        if random.random() < 0.85:
            cv2.rectangle(board, (x, bottom - int(random.integers(5, 9))), (x + 3, bottom), bgr, 1)


def _picture_panel(board: NDArray[np.uint8], random: np.random.Generator) -> None:
    """A round picture of a dish at one end."""
    x = 24 if random.random() < 0.5 else board.shape[1] - 24
    middle = board.shape[0] // 2
    cv2.circle(board, (x, middle), 19, (235, 235, 235), -1, cv2.LINE_AA)
    for _ in range(7):
        at = (x + int(random.integers(-10, 11)), middle + int(random.integers(-10, 11)))
        colour = tuple(float(v) for v in random.uniform((20, 60, 90), (80, 170, 240)))
        cv2.circle(board, at, 6, colour, -1, cv2.LINE_AA)


def neon(texture: NDArray[np.uint8], ground_bgr: Bgr) -> NDArray[np.float32]:
    """What a board gives off when only its strokes are lit: bright strokes with a halo, (h, w, 3) floats."""
    difference = np.abs(texture.astype(np.float32) - np.asarray(ground_bgr, np.float32)).max(axis=2, keepdims=True)
    strokes: NDArray[np.float32] = (texture * np.clip(difference / 90, 0, 1)).astype(np.float32)
    peak = np.maximum(strokes.max(axis=2, keepdims=True), 1)
    vivid = strokes * np.clip(255 / peak, 1, 3)
    halo = cv2.GaussianBlur(vivid, (0, 0), 5)
    shine: NDArray[np.float32] = np.minimum(vivid + halo * 1.3, 255).astype(np.float32)
    return shine
