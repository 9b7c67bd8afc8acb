"""Arithmetic on boxes ``(x1, y1, x2, y2)``; any unit, as long as both boxes share it."""

from collections.abc import Sequence
from math import hypot, sqrt

import numpy as np
from numpy.typing import NDArray

from edge.values import Box


def area(box: Box) -> float:
    """
    >>> area((0.0, 0.0, 0.5, 0.2))
    0.1
    """
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def intersection(a: Box, b: Box) -> float:
    """The area both boxes cover."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return width * height if width > 0 and height > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Intersection over union, 0..1.

    >>> iou((0, 0, 2, 1), (1, 0, 3, 1))
    0.3333333333333333
    """
    shared = intersection(a, b)
    total = area(a) + area(b) - shared
    return shared / total if total > 0 else 0.0


def share_of_smaller(a: Box, b: Box) -> float:
    """The intersection as a share of the smaller box: 1 when one lies inside the other."""
    smaller = min(area(a), area(b))
    return intersection(a, b) / smaller if smaller > 0 else 0.0


def union(a: Box, b: Box) -> Box:
    """The smallest box that holds both."""
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def grown(box: Box, share: float) -> Box:
    """The box widened on every side by `share` of its width and height."""
    dx = (box[2] - box[0]) * share
    dy = (box[3] - box[1]) * share
    return (box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy)


def nearness(a: Box, b: Box) -> float:
    """1 for the same centre, 0 when the centres are a mean box size apart or more.

    >>> nearness((0, 0, 1, 1), (0.5, 0, 1.5, 1))
    0.5
    """
    size = sqrt(sqrt(area(a) * area(b)))
    if size <= 0:
        return 0.0
    distance = hypot((a[0] + a[2] - b[0] - b[2]) / 2, (a[1] + a[3] - b[1] - b[3]) / 2)
    return max(0.0, 1.0 - distance / size)


def blend(old: Box, new: Box, weight: float) -> Box:
    """`old` moved towards `new` by `weight` (0..1)."""
    x1, y1, x2, y2 = (before + (after - before) * weight for before, after in zip(old, new, strict=True))
    return (x1, y1, x2, y2)


def base_point(box: Box) -> tuple[float, float]:
    """The middle of the lower edge: where a thing that stands on the ground touches it."""
    return ((box[0] + box[2]) / 2, box[3])


def affinities(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """`iou` plus `nearness` of every box of `a` with every one of `b`, (len(a), len(b)): all at once.

    >>> affinities([(0, 0, 1, 1)], [(0, 0, 1, 1), (0.5, 0, 1.5, 1)]).round(2)
    array([[2.  , 0.83]])
    """
    first, second = _columns(a)[:, :, None], _columns(b)[:, None, :]
    shared, areas_a, areas_b = _shared(first, second)
    overlap = shared / np.maximum(areas_a + areas_b - shared, 1e-12)
    size = np.maximum((areas_a * areas_b) ** 0.25, 1e-12)
    apart = np.hypot(first[0] + first[2] - second[0] - second[2], first[1] + first[3] - second[1] - second[3]) / 2
    return np.asarray(overlap + np.maximum(0.0, 1.0 - apart / size), np.float64)


def ious(a: Sequence[Box], b: Sequence[Box]) -> NDArray[np.float64]:
    """`iou` of every box of `a` with every one of `b`, (len(a), len(b)).

    >>> ious([(0, 0, 1, 1)], [(0, 0, 1, 1), (0, 0, 1, 0.5)])
    array([[1. , 0.5]])
    """
    shared, areas_a, areas_b = _shared(_columns(a)[:, :, None], _columns(b)[:, None, :])
    return np.asarray(shared / np.maximum(areas_a + areas_b - shared, 1e-12), np.float64)


def shares_of_smaller(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """`share_of_smaller` of every box with every other, (N, N)."""
    columns = _columns(boxes)
    shared, areas_a, areas_b = _shared(columns[:, :, None], columns[:, None, :])
    return np.asarray(shared / np.maximum(np.minimum(areas_a, areas_b), 1e-12), np.float64)


def _columns(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array(boxes, np.float64).reshape(-1, 4).T


def _shared(
    a: NDArray[np.float64], b: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """What two sets of boxes share, and their areas, for columns that broadcast."""
    wide = np.maximum(0.0, np.minimum(a[2], b[2]) - np.maximum(a[0], b[0]))
    high = np.maximum(0.0, np.minimum(a[3], b[3]) - np.maximum(a[1], b[1]))
    return wide * high, (a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])
