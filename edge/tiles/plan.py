"""Which part of the full-resolution picture is looked at besides the whole: tiles by turns, one at a time.

The whole picture is looked at small (640×360), so that a far stall or a thin plume keeps a handful of pixels. A tile
is a cut of the picture in its own resolution. One tile comes with some looks, the next one with a later look, round
and round; what a tile shows is merged into the camera's tracks (`edge.rules.track`, which knows what it did not see).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

from edge.values import Box, Detection

OVERLAP_SHARE = 0.08
"""How much neighbouring tiles share, of a tile's side: a thing on a seam lies whole in one of them. A tile is 640
pixels wide, so what is up to 50 px across is never cut by all; larger things the whole look sees anyway."""
SEAM_SHARE = 0.01
"""A box that ends this close to a tile's inner border, as a share of the tile, is a cut thing and is dropped."""


def tiles_of(width_px: int, height_px: int, input_width_px: int, input_height_px: int) -> tuple[Box, ...]:
    """The tiles of a picture in shares of it, row by row; none where the detector sees the whole picture as it is.

    >>> len(tiles_of(1920, 1080, 640, 384)), tiles_of(640, 360, 640, 384)
    (12, ())
    """
    if width_px <= input_width_px * 1.2 and height_px <= input_height_px * 1.2:
        return ()
    columns = _starts(width_px, input_width_px)
    rows = _starts(height_px, input_height_px)
    wide, high = min(1.0, input_width_px / width_px), min(1.0, input_height_px / height_px)
    return tuple((x, y, x + wide, y + high) for y in rows for x in columns)


def _starts(side_px: int, tile_px: int) -> list[float]:
    if side_px <= tile_px:
        return [0.0]
    count = ceil((side_px - OVERLAP_SHARE * tile_px) / (tile_px * (1 - OVERLAP_SHARE)))
    last = 1.0 - tile_px / side_px
    return [last * k / (count - 1) for k in range(count)]


class TileRound:
    """One camera's tiles by turns. Not thread-safe: one writer."""

    def __init__(self, tiles: tuple[Box, ...], every_s: float) -> None:
        """`every_s`: one tile in this time, so a place is seen again after ``every_s × len(tiles)`` seconds."""
        self._tiles = tiles
        self._every_s = every_s
        self._next = 0
        self._due_at: datetime | None = None

    @property
    def round_s(self) -> float:
        """Seconds until a place is looked at again."""
        return self._every_s * len(self._tiles)

    def due(self, at: datetime) -> Box | None:
        """The tile to look at with the look of `at`, or None. A late look brings one tile, never several."""
        if not self._tiles or (self._due_at is not None and at < self._due_at):
            return None
        self._due_at = at + _seconds(self._every_s)
        tile = self._tiles[self._next]
        self._next = (self._next + 1) % len(self._tiles)
        return tile


@dataclass(frozen=True, slots=True)
class TileLook:
    """What one tile showed: boxes in shares of the whole picture, cut things left out."""

    tile: Box
    detections: tuple[Detection, ...]


def cut(image: NDArray[np.uint8], tile: Box) -> NDArray[np.uint8]:
    """The tile's pixels: a view into `image` (H, W, 3)."""
    height, width = image.shape[:2]
    x1, y1, x2, y2 = round(tile[0] * width), round(tile[1] * height), round(tile[2] * width), round(tile[3] * height)
    return image[y1:y2, x1:x2]


def placed(tile: Box, detections: Iterable[Detection]) -> TileLook:
    """Detections of a tile, in shares of the whole picture; what the tile's inner border cuts is dropped."""
    wide, high = tile[2] - tile[0], tile[3] - tile[1]
    whole = []
    for detection in detections:
        if _is_cut(detection.box_norm, tile):
            continue
        x1, y1, x2, y2 = detection.box_norm
        box = (tile[0] + x1 * wide, tile[1] + y1 * high, tile[0] + x2 * wide, tile[1] + y2 * high)
        whole.append(replace(detection, box_norm=box))
    return TileLook(tile, tuple(whole))


def _is_cut(box: Box, tile: Box) -> bool:
    """Whether the box ends at a border of the tile that is no border of the picture."""
    return (
        (box[0] < SEAM_SHARE and tile[0] > 0)
        or (box[1] < SEAM_SHARE and tile[1] > 0)
        or (box[2] > 1 - SEAM_SHARE and tile[2] < 1 - 1e-6)
        or (box[3] > 1 - SEAM_SHARE and tile[3] < 1 - 1e-6)
    )


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)
