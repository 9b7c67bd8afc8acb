"""What a plume's crops say about it: numbers that tell smoke and flame from steam, mist, lamps, glare and awnings.

Pure: a series of crops in, a vector out. Every number is about the window that stays where it is while time passes.
"""

import numpy as np
from numpy.typing import NDArray

from edge.plume.crops import CROP_PX, Series
from edge.values import Box

LEAST_CROPS = 3
"""Fewer say nothing of change. Three looks are six seconds in patrol, a second and a half in attention."""
STILL = 1 / 255
"""A change of a grey level is none: it bounds what logarithms and quotients make of it."""
NAMES = (
    "score_mean",
    "score_spread",
    "share_seen",
    "change_in",
    "change_ratio",
    "smoothness",
    "change_height",
    "change_rises",
    "drift_up",
)
"""The vector's entries: the detector's scores (mean, spread, share of looks with a box); how much the pixels inside the
box change over time (log), and against those around it (log); how smoothly they change (noise and flicker 1, drift
less); where in the window the change sits (0 top) and how much of it in the upper half; how far the box's top moved up.

Tried and left out, because with them held-out streets were judged no better: brightness, clipping, saturation and
colours, texture and its loss, how the box's edges wander, the window's age, growth."""


def features(series: Series) -> NDArray[np.float32] | None:
    """The numbers named by `NAMES`, (len(NAMES),), or None while there is too little to go by."""
    shown = [crop for crop in series.crops if crop.box_norm is not None and crop.score is not None]
    if len(series.crops) < LEAST_CROPS or len(shown) < 2:
        return None
    boxes = np.array([_inside(crop.box_norm, series.window_norm) for crop in shown if crop.box_norm is not None])
    scores = np.array([crop.score for crop in shown], np.float32)
    grey = np.stack([crop.pixels for crop in series.crops]).astype(np.float32).mean(axis=3) / np.float32(255)
    half = max(1, len(boxes) // 2)
    numbers = [
        float(scores.mean()),
        float(scores.std()),
        len(shown) / len(series.crops),
        *_changes(grey, _mask(np.median(boxes, axis=0))),
        float(boxes[:half, 1].mean() - boxes[half:, 1].mean()),
    ]
    return np.array(numbers, np.float32)


def _inside(box: Box, window: Box) -> Box:
    """The box in shares of the window, 0..1."""
    wide, high = window[2] - window[0], window[3] - window[1]
    x1, x2 = (min(1.0, max(0.0, (x - window[0]) / wide)) for x in (box[0], box[2]))
    y1, y2 = (min(1.0, max(0.0, (y - window[1]) / high)) for y in (box[1], box[3]))
    return (x1, y1, x2, y2)


def _mask(box: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The crop's pixels inside a box, at least a few of them and never all."""
    x1, y1, x2, y2 = np.rint(box * CROP_PX).astype(int).tolist()
    mask = np.zeros((CROP_PX, CROP_PX), np.bool_)
    mask[min(y1, CROP_PX - 2) : max(y2, y1 + 2), min(x1, CROP_PX - 2) : max(x2, x1 + 2)] = True
    if mask.all():
        mask[:, 0] = mask[0] = False
    return mask


def _changes(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> list[float]:
    """How the window (T, 32, 32) in 0..1 changes over time, inside the box and around it."""
    change = grey.std(axis=0)
    inside, outside = float(change[mask].mean()), float(change[~mask].mean())
    steps = np.diff(grey, axis=0)[:, mask]
    # Noise steps by twice its variance from look to look; what drifts slowly steps by less. A picture that does not
    # change at all (a codec copies what stands still) counts as noise, never as drift.
    smoothness = float(((steps**2).mean() / 2 + STILL**2) / ((change[mask] ** 2).mean() + STILL**2))
    excess = np.maximum(change - outside, 0.0)
    total = float(excess.sum()) + 1e-6
    rows = np.arange(CROP_PX, dtype=np.float32) / CROP_PX
    return [
        float(np.log(inside + STILL)),
        float(np.log((inside + STILL) / (outside + STILL))),
        smoothness,
        float((excess.sum(axis=1) * rows).sum() / total),
        float(excess[: CROP_PX // 2].sum() / total),
    ]
