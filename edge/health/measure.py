"""A few cheap numbers of one picture: enough to tell a sick camera from a quiet street. Under a millisecond.

Everything is taken from a grey thumbnail of 160×90: shapes, not details, tell whether the camera sees its street.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 160, 90
BLOCKS_X, BLOCKS_Y = 8, 6
"""Blocks the thumbnail is compared in: a bus fills a third of them, a moved camera changes them all."""
SOFTNESS = 24.0
"""Gradient (grey levels over two pixels, smoothed) that counts as half an edge. Lower and night noise looks like edges;
higher and a hazy street has none."""
_SATURATED = 250
_SAME_LEVELS = 1
"""Grey levels a thumbnail pixel may differ between two pictures that are the same picture."""


@dataclass(frozen=True, slots=True)
class Measures:
    """One picture's numbers.

    Attributes:
        grey: (90, 160) uint8, to compare the next picture with.
        edges: (2, 90, 160) float32, gradient direction weighted 0..1 by how clearly there is an edge: light and shade
            change its size little.
        brightness: mean grey level, 0..255.
        spread: grey levels between the darkest and the brightest twentieth.
        sharpness: the clearest edges' gradient as a share of the spread; a blur lowers it, fog hardly.
        saturated: share of pixels that are clipped white.
        changed: share of thumbnail pixels that differ from the picture before; 1 for the first.
    """

    grey: NDArray[np.uint8]
    edges: NDArray[np.float32]
    brightness: float
    spread: float
    sharpness: float
    saturated: float
    changed: float


def measure(image: NDArray[np.uint8], previous: NDArray[np.uint8] | None) -> Measures:
    """The numbers of `image`, (H, W, 3) BGR of any size; `previous` is the `grey` of the camera's picture before."""
    grey = _thumbnail(image)
    smooth = np.asarray(cv2.GaussianBlur(grey, (3, 3), 0.9), np.uint8)
    x = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3, scale=0.25)
    y = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3, scale=0.25)
    size = cv2.magnitude(x, y)
    weight = 1.0 / (size + SOFTNESS)
    spread = _spread(smooth)
    clearest = float(np.partition(size[::2, ::2], -36, axis=None)[-36:].mean())  # the clearest hundredth
    return Measures(
        grey=grey,
        edges=np.stack((x * weight, y * weight)).astype(np.float32),
        brightness=float(grey.mean()),
        spread=spread,
        sharpness=clearest / max(spread, 8.0),
        saturated=float(np.count_nonzero(grey >= _SATURATED)) / grey.size,
        changed=1.0 if previous is None else _changed(grey, previous),
    )


def blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means over the 8×6 blocks of a (90, 160) map, (6, 8)."""
    return np.asarray(cv2.resize(values, (BLOCKS_X, BLOCKS_Y), interpolation=cv2.INTER_AREA), np.float32)


def _thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    step = max(1, image.shape[1] // (4 * WIDTH))  # picking points first: averaging two million pixels takes 2 ms
    picked = np.ascontiguousarray(image[::step, ::step])
    grey = cv2.cvtColor(picked, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.uint8)


def _spread(grey: NDArray[np.uint8]) -> float:
    """Grey levels between the darkest and the brightest twentieth."""
    below = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    dark, light = np.searchsorted(below, (0.05 * grey.size, 0.95 * grey.size))
    return float(light - dark)


def _changed(grey: NDArray[np.uint8], previous: NDArray[np.uint8]) -> float:
    return float(np.count_nonzero(cv2.absdiff(grey, previous) >= _SAME_LEVELS)) / grey.size
