"""Pictures made of chance: noise, walls, shop fronts, name boards with brush-stroke glyphs, posters.

No font file is used: a glyph is a handful of strokes in a square, which is what a name board looks like to a camera
at twenty metres.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.chance import generator
from edge.scene.mesh import Bgr

WALL_PX_PER_M = 40


@lru_cache(maxsize=32)
def fractal_noise(seed: int, size_px: int = 256, octaves: int = 5) -> NDArray[np.float32]:
    """Smooth noise (size, size), about -1..1, which repeats without a seam; callers must not write to it."""
    random = generator("noise", seed)
    total = np.zeros((size_px, size_px), np.float32)
    for octave in range(octaves):
        cells = min(size_px, 4 << octave)
        grid = random.standard_normal((cells, cells)).astype(np.float32)
        wrapped = np.pad(grid, 2, mode="wrap")
        scale = size_px // cells
        large = cv2.resize(wrapped, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        total += large[2 * scale : 2 * scale + size_px, 2 * scale : 2 * scale + size_px] * np.float32(0.55**octave)
    total -= total.mean()
    total /= np.float32(2.2) * total.std()
    total.setflags(write=False)
    return total


@lru_cache(maxsize=256)
def sign_texture(seed: int, glyphs: int, ground_bgr: Bgr, stroke_bgr: Bgr) -> NDArray[np.uint8]:
    """A name board of `glyphs` square characters, 48 px high with a rim; callers must not write to it."""
    random = generator("sign", seed)
    board = np.full((48, 14 + 40 * glyphs, 3), ground_bgr, np.uint8)
    for k in range(glyphs):
        _glyph(board, (9 + 40 * k, 7), 34, stroke_bgr, random)
    cv2.rectangle(board, (1, 1), (board.shape[1] - 2, 46), stroke_bgr if seed % 3 == 0 else _dim(ground_bgr), 2)
    board.setflags(write=False)
    return board


@lru_cache(maxsize=64)
def poster_texture(seed: int) -> NDArray[np.uint8]:
    """An advertisement: a colour wash, a shape or two, a line of glyphs; callers must not write to it."""
    random = generator("poster", seed)
    height, width = 140, 240
    first, second = random.uniform(40, 235, (2, 3))
    ramp = np.linspace(0, 1, width)[None, :, None] * 0.7 + np.linspace(0, 0.3, height)[:, None, None]
    poster = np.ascontiguousarray((first * (1 - ramp) + second * ramp).astype(np.uint8))
    for _ in range(int(random.integers(2, 5))):
        centre = (int(random.integers(20, width - 20)), int(random.integers(15, height - 15)))
        colour = tuple(float(v) for v in random.uniform(20, 255, 3))
        cv2.circle(poster, centre, int(random.integers(12, 45)), colour, -1, cv2.LINE_AA)
    ink = (250.0, 250.0, 250.0) if first.mean() < 150 else (30.0, 20.0, 60.0)
    for k in range(int(random.integers(3, 6))):
        _glyph(poster, (14 + 44 * k, int(height * 0.62)), 36, ink, random)
    cv2.rectangle(poster, (0, 0), (width - 1, height - 1), (235, 235, 235), 4)
    poster.setflags(write=False)
    return poster


@dataclass(frozen=True, slots=True)
class Pane:
    """A window or a shop's glass front in a wall's texture, in its pixels."""

    left: int
    top: int
    right: int
    bottom: int
    is_shop: bool


def shop_front(seed: int, width_m: float, height_m: float, *, has_shop: bool) -> NDArray[np.uint8]:
    """A wall with windows above and, with `has_shop`, a glass front with a door below; `WALL_PX_PER_M` a metre."""
    return panelled_front(seed, width_m, height_m, has_shop=has_shop)[0]


@lru_cache(maxsize=96)
def panelled_front(
    seed: int, width_m: float, height_m: float, *, has_shop: bool
) -> tuple[NDArray[np.uint8], tuple[Pane, ...]]:
    """The same wall, and where its glass is; kept for a street's other cameras, callers must not write to it."""
    panes: list[Pane] = []
    random = generator("wall", seed)
    width, height = max(8, round(width_m * WALL_PX_PER_M)), max(8, round(height_m * WALL_PX_PER_M))
    base = _wall_colour(random)
    wall = np.ascontiguousarray(np.broadcast_to(base, (height, width, 3)).astype(np.float32))
    if random.random() < 0.5:  # tiles or bricks
        step = int(random.choice([8, 12, 20]))
        wall[::step] *= 0.9
        wall[:, :: step * 2] *= 0.93
    picture = np.clip(wall, 0, 255).astype(np.uint8)
    ground = round(3.2 * WALL_PX_PER_M)
    storey = round(3.0 * WALL_PX_PER_M)
    for bottom in range(height - ground - round(0.9 * WALL_PX_PER_M), storey // 2, -storey):
        _windows(picture, bottom, width, random, panes)
    if has_shop:
        _glass_front(picture, height - ground, random, panes)
    else:
        _windows(picture, height - round(0.9 * WALL_PX_PER_M), width, random, panes)
    picture[height - round(0.25 * WALL_PX_PER_M) :] = (picture[height - round(0.25 * WALL_PX_PER_M) :] * 0.7).astype(
        np.uint8
    )
    noise = cv2.resize(fractal_noise(seed % 5, 256), (width, height), interpolation=cv2.INTER_CUBIC)
    grain = random.normal(0, 0.025, (height, width)).astype(np.float32)
    streaks = cv2.resize(random.normal(0, 0.03, (1, max(2, width // 6))).astype(np.float32), (width, height))
    worn = np.clip(picture * (1 + 0.07 * noise + grain + streaks)[..., None], 0, 255).astype(np.uint8)
    worn.setflags(write=False)
    return worn, tuple(panes)


def _wall_colour(random: np.random.Generator) -> NDArray[np.float32]:
    palette = (
        (170, 185, 195),
        (150, 170, 190),
        (185, 190, 190),
        (130, 150, 175),
        (120, 125, 160),
        (160, 165, 160),
        (200, 205, 205),
        (115, 130, 140),
    )
    colour = np.array(palette[int(random.integers(len(palette)))], np.float32)
    return (colour * random.uniform(0.8, 1.05)).astype(np.float32)


def _windows(
    picture: NDArray[np.uint8], bottom: int, width: int, random: np.random.Generator, panes: list[Pane]
) -> None:
    count = max(1, round(width / (2.2 * WALL_PX_PER_M)))
    wide, tall = int(width / count * 0.55), round(1.5 * WALL_PX_PER_M)
    for k in range(count):
        x = int((k + 0.5) * width / count - wide / 2)
        top = bottom - tall
        if top < 6:
            return
        panes.append(Pane(x, top, x + wide, bottom, is_shop=False))
        shade = float(random.uniform(0.7, 1.3))
        cv2.rectangle(picture, (x - 3, top - 3), (x + wide + 3, bottom + 3), (205, 210, 210), -1)
        for row in range(top, bottom):
            tone = (row - top) / tall
            picture[row, x : x + wide] = (np.array([105, 92, 80]) * shade * (1.2 - 0.5 * tone)).clip(0, 255)
        if random.random() < 0.5:
            curtain = tuple(float(v) for v in random.uniform(110, 210, 3))
            cv2.rectangle(picture, (x, top), (x + wide // 3, bottom), curtain, -1)
        cv2.line(picture, (x + wide // 2, top), (x + wide // 2, bottom), (205, 210, 210), 3)
        if random.random() < 0.35:
            cv2.rectangle(picture, (x + wide + 6, bottom - 26), (x + wide + 36, bottom - 2), (215, 215, 210), -1)
            cv2.circle(picture, (x + wide + 18, bottom - 14), 9, (130, 130, 128), -1, cv2.LINE_AA)


def _glass_front(picture: NDArray[np.uint8], top: int, random: np.random.Generator, panes: list[Pane]) -> None:
    height, width = picture.shape[:2]
    lintel = top + round(0.75 * WALL_PX_PER_M)
    panes.append(Pane(14, lintel + 6, width - 14, height - 8, is_shop=True))
    frame = tuple(float(v) for v in random.choice([40, 90, 170]) * random.uniform(0.8, 1.1, 3))
    cv2.rectangle(picture, (8, lintel), (width - 9, height), frame, -1)
    glow = float(random.uniform(0.5, 1.5))
    shelf = np.array([75, 95, 110]) * glow
    rows = np.linspace(1.2, 0.55, max(1, height - lintel - 14))[:, None, None]
    picture[lintel + 6 : height - 8, 14 : width - 14] = (shelf * rows).clip(0, 255)
    for level in range(lintel + 24, height - 20, 26):
        for x in range(20, width - 30, int(random.integers(9, 16))):
            colour = tuple(float(v) for v in (random.uniform(60, 190, 3) * 0.6 + random.uniform(30, 80)) * glow * 0.62)
            cv2.rectangle(picture, (x, level), (x + 6, level + int(random.integers(6, 18))), colour, -1)
    door = int(random.integers(20, max(21, width - 60)))
    cv2.rectangle(picture, (door, lintel + 4), (door + 40, height), (60, 55, 50), -1)
    cv2.rectangle(picture, (door + 4, lintel + 8), (door + 36, height - 4), (120, 112, 98), 2)
    for x in range(14, width - 14, max(30, width // 5)):
        cv2.line(picture, (x, lintel), (x, height), frame, 4)


def _glyph(board: NDArray[np.uint8], corner: tuple[int, int], size: int, bgr: Bgr, random: np.random.Generator) -> None:
    """A few horizontal, vertical and slanting strokes in a square."""
    x0, y0 = corner
    for _ in range(int(random.integers(5, 9))):
        kind = random.random()
        a, b, c = (random.uniform(0.05, 0.95, 3) * size).astype(int)
        if kind < 0.42:
            start, end = (x0 + min(a, b), y0 + c), (x0 + max(a, b) + 6, y0 + c)
        elif kind < 0.75:
            start, end = (x0 + c, y0 + min(a, b)), (x0 + c, y0 + max(a, b) + 6)
        else:
            start, end = (x0 + a, y0 + b), (x0 + a + int(random.integers(-12, 13)), y0 + min(size, b + 12))
        cv2.line(board, start, end, bgr, 3, cv2.LINE_AA)


def _dim(bgr: Bgr) -> Bgr:
    return bgr[0] * 0.6, bgr[1] * 0.6, bgr[2] * 0.6
