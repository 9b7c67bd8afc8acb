"""Parts a thing from what lies behind it: a flame by its own light, a solid by GrabCut; a doubtful cut is none."""

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.composites.layers import Colour, Cover

_GRAB_PX = 200
"""GrabCut works at this size: at 1000 px a source takes two minutes instead of ten seconds, and cuts no better."""
_LEAST_EDGE = 9.0
"""Mean step in grey levels across the cut's outline. Where there is none, the outline was invented."""
_DARKEST_MEAN = 70.0
"""A flame is cut out only of dark surroundings: by day what shines through its tips belongs to the old background."""
_MOST_AT_RIM = 0.12
"""Share of the crop's rim (6 % wide) that may be flame: more, and the flame went on outside the crop."""
_FLAME_SHARES = (0.12, 0.8)
"""Share of the crop that is flame; outside of it the box held sparks, or no dark to judge by."""
_FLAME_SLENDERNESS = (0.55, 3.0)
"""Height by width; flatter ones are burning roofs and fields, which stand on no pavement."""


def flame_matte(part: Colour) -> Cover | None:
    """How much of each pixel is flame, 0..1 (h, w), in a crop (h, w, 3) a little larger than a flame's box."""
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    warm = np.clip((red - 0.75 * blue - 60) / 110, 0, 1) * np.clip((red - 90) / 90, 0, 1)
    core = np.clip((np.minimum(red, green) - 200) / 40, 0, 1)
    rim = _faded_rim(part.shape)
    alpha = (cv2.GaussianBlur(np.maximum(warm, core).astype(np.float32), (0, 0), 1.0) * rim).astype(np.float32)
    around, is_flame = part[alpha < 0.15], alpha > 0.5
    if len(around) < 100 or float(around.mean()) > _DARKEST_MEAN or float(is_flame[rim < 1].mean()) > _MOST_AT_RIM:
        return None
    if not _within(float(is_flame.mean()), _FLAME_SHARES):
        return None
    if not _within(part.shape[0] / part.shape[1], _FLAME_SLENDERNESS):
        return None
    return _largest(alpha, 0.3)


def solid_matte(
    part: NDArray[np.uint8], rectangle: tuple[int, int, int, int], filled: tuple[float, float]
) -> Cover | None:
    """How much of each pixel is the thing in a rectangle (x, y, width, height) of a crop, 0..1 (h, w).

    `filled` is the share of the rectangle that such a thing fills, at least and at most.
    """
    solid = _grab(part, rectangle)
    share = float(solid.sum()) / (rectangle[2] * rectangle[3])
    if not _within(share, filled) or _edge(part, solid) < _LEAST_EDGE:
        return None
    return cv2.GaussianBlur(cv2.erode(solid, np.ones((3, 3))), (0, 0), 0.9).astype(np.float32)


def trimmed(bgr: Colour, alpha: Cover) -> tuple[Colour, Cover]:
    """Without the empty margin, so that its lower edge is its foot."""
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.1), np.flatnonzero(alpha.max(axis=0) > 0.1)
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return bgr[inside], alpha[inside]


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] < value < bounds[1]


def _faded_rim(shape: tuple[int, ...]) -> Cover:
    """1 inside, 0 at the crop's border, so that no straight edge is left."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    inside = np.minimum(np.minimum(x, shape[1] - 1 - x) / shape[1], np.minimum(y, shape[0] - 1 - y) / shape[0])
    rim: Cover = np.clip(inside / 0.06, 0, 1).astype(np.float32)
    return rim


def _grab(part: NDArray[np.uint8], rectangle: tuple[int, int, int, int]) -> Cover:
    """GrabCut's foreground inside a rectangle (x, y, width, height), 0 or 1, holes closed."""
    share = min(1.0, _GRAB_PX / max(part.shape[:2]))
    small = cv2.resize(part, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.uint8)
    x, y, wide, high = (round(value * share) for value in rectangle)
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.setRNGSeed(7)
    cv2.grabCut(
        small, mask, (max(1, x), max(1, y), wide, high), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT
    )
    hard = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    closed = cv2.morphologyEx(hard, cv2.MORPH_CLOSE, np.ones((5, 5))).astype(np.float32)
    large = cv2.resize(closed, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return _largest((large > 0.5).astype(np.float32), 0.5)


def _largest(alpha: Cover, threshold: float) -> Cover:
    """The cover of the largest piece and whatever is at least a tenth of it."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats((alpha > threshold).astype(np.uint8))
    if count < 2:
        return alpha
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(marks, 1 + np.flatnonzero(areas >= areas.max() / 10)).astype(np.uint8)
    near = cv2.dilate(kept, np.ones((7, 7), np.uint8))
    return (alpha * near).astype(np.float32)


def _edge(part: NDArray[np.uint8], solid: Cover) -> float:
    """Mean step in grey levels between just inside and just outside the outline."""
    grey = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (0, 0), 1.0).astype(np.float32)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.25))
    outline = cv2.morphologyEx((solid > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(slope[outline].mean()) if outline.any() else 0.0
