"""Finds people to hide in a picture that is about to leave the node: the whole picture and its tiles, at a score so low
that the model would never report what it finds.

A missed person can't be taken back; a hidden bush costs nothing. Measured by `python -m models redaction-recall`.
"""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from edge.detect.port import Detector
from edge.evidence.redact import regions_to_hide
from edge.values import Box

OVERLAP = 0.2
"""Share of a tile that its neighbour also shows: a person on the seam is whole in one of them."""
FINE_FROM_PX = 960
"""From this width on a picture is cut 3 × 2, below it 2 × 2: 40 px of a person stay 35 at the model's input."""


class PeopleFinder:
    """One thread at a time. `detector` reports people at next to no score; see `edge.detect.faint`."""

    def __init__(self, detector: Detector, pause: Callable[[], None] = lambda: None) -> None:
        """`pause` is called before each inference."""
        self._detector = detector
        self._pause = pause

    def after(self, pause: Callable[[], None]) -> "PeopleFinder":
        """The same search for work that can wait: it gives others their turn before each inference."""
        return PeopleFinder(self._detector, pause)

    def __call__(self, image: NDArray[np.uint8]) -> tuple[Box, ...]:
        """Regions to hide in `image` (H, W, 3), shares of it."""
        height, width = image.shape[:2]
        found: list[Box] = []
        for left, top, right, bottom in ((0, 0, width, height), *tiles(width, height)):
            tile = np.ascontiguousarray(image[top:bottom, left:right])
            self._pause()
            for x1, y1, x2, y2 in regions_to_hide(self._detector.detect(tile)):
                across, down = (right - left) / width, (bottom - top) / height
                x, y = left / width, top / height
                found.append((x + x1 * across, y + y1 * down, x + x2 * across, y + y2 * down))
        return tuple(found)


def tiles(width_px: int, height_px: int) -> Iterator[tuple[int, int, int, int]]:
    """(left, top, right, bottom) of overlapping tiles that cover the picture.

    >>> list(tiles(180, 90))
    [(0, 0, 100, 50), (80, 0, 180, 50), (0, 40, 100, 90), (80, 40, 180, 90)]
    """
    columns, rows = (3, 2) if width_px >= FINE_FROM_PX else (2, 2)
    wide = round(width_px / (columns - (columns - 1) * OVERLAP))
    high = round(height_px / (rows - (rows - 1) * OVERLAP))
    for row, column in product(range(rows), range(columns)):
        left = round(column * (width_px - wide) / (columns - 1))
        top = round(row * (height_px - high) / (rows - 1))
        yield left, top, left + wide, top + high
