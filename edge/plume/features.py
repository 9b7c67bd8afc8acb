"""What a plume's crops say about it: numbers that tell smoke and flame from steam, mist, lamps, glare and awnings.

Pure: a series of crops in, a vector out. Every number is about the window that stays where it is while time passes.
"""

import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Seen
from edge.plume.crops import CROP_PX, Series
from edge.rules.boxes import area

LEAST_CROPS = 3
"""Fewer say nothing of change. Three looks are six seconds in patrol, a second and a half in attention."""
NAMES = (
    "is_flame",
    "score_mean",
    "score_peak",
    "score_spread",
    "share_seen",
    "seconds",
    "area",
    "shape",
    "foot",
    "value",
    "clipped",
    "saturation",
    "redness",
    "blueness",
    "value_step",
    "saturation_step",
    "redness_step",
    "change_in",
    "change_ratio",
    "flicker",
    "smoothness",
    "texture_in",
    "texture_step",
    "change_height",
    "change_rises",
    "change_widens",
    "foot_wander",
    "top_wander",
    "side_wander",
    "growth",
    "drift_up",
)
"""The vector's entries. Lengths are shares of the window, brightness and colours shares of 255, `*_step` is inside the
detector's box less around it, `change` is the spread of a pixel over time, `wander` the spread of a box's edge."""


def features(seen: Seen, series: Series) -> NDArray[np.float32] | None:
    """The numbers named by `NAMES`, (len(NAMES),), or None while there is too little to go by."""
    shown = [crop for crop in series.crops if crop.box_norm is not None and crop.score is not None]
    if len(series.crops) < LEAST_CROPS or len(shown) < 2:
        return None
    window = series.window_norm
    boxes = np.array([_inside(crop.box_norm, window) for crop in shown if crop.box_norm is not None], np.float32)
    scores = np.array([crop.score for crop in shown], np.float32)
    seconds = (series.crops[-1].at - series.crops[0].at).total_seconds()
    middle = np.median(boxes, axis=0)
    pixels = np.stack([crop.pixels for crop in series.crops]).astype(np.float32) / np.float32(255)
    latest = shown[-1].box_norm
    assert latest is not None
    head = [
        float(seen is Seen.FLAME),
        float(scores.mean()),
        float(scores.max()),
        float(scores.std()),
        len(shown) / len(series.crops),
        min(seconds, 60.0) / 60,
        float(np.log(max(area(latest), 1e-5))),
        float(np.log((latest[3] - latest[1] + 1e-4) / (latest[2] - latest[0] + 1e-4))),
        latest[3],
    ]
    return np.array([*head, *_looks(pixels, _mask(middle)), *_moves(pixels, middle), *_edges(boxes)], np.float32)


def _inside(box: tuple[float, float, float, float], window: tuple[float, float, float, float]) -> list[float]:
    """The box in shares of the window, 0..1."""
    wide, high = window[2] - window[0], window[3] - window[1]
    lefts, tops = (box[0], box[2]), (box[1], box[3])
    (x1, x2), (y1, y2) = ([(x - window[0]) / wide for x in lefts], [(y - window[1]) / high for y in tops])
    shares = (x1, y1, x2, y2)
    return [min(1.0, max(0.0, share)) for share in shares]


def _mask(box: NDArray[np.float32]) -> NDArray[np.bool_]:
    """The crop's pixels inside a box, at least a few of them and never all."""
    x1, y1, x2, y2 = np.rint(box * CROP_PX).astype(int).tolist()
    mask = np.zeros((CROP_PX, CROP_PX), np.bool_)
    mask[min(y1, CROP_PX - 2) : max(y2, y1 + 2), min(x1, CROP_PX - 2) : max(x2, x1 + 2)] = True
    if mask.all():
        mask[:, 0] = mask[0] = False
    return mask


def _looks(pixels: NDArray[np.float32], mask: NDArray[np.bool_]) -> list[float]:
    """Colour and brightness inside against around, from `pixels` (T, 32, 32, 3) in 0..1."""
    value, least = pixels.max(axis=3), pixels.min(axis=3)
    saturation = (value - least) / np.maximum(value, 0.05)
    redness, blueness = pixels[..., 2] - pixels[..., 1], pixels[..., 0] - pixels[..., 2]
    inside, outside = value[:, mask], value[:, ~mask]
    return [
        float(inside.mean()),
        float((inside > 0.96).mean()),
        float(saturation[:, mask].mean()),
        float(redness[:, mask].mean()),
        float(blueness[:, mask].mean()),
        float(inside.mean() - outside.mean()),
        float(saturation[:, mask].mean() - saturation[:, ~mask].mean()),
        float(redness[:, mask].mean() - redness[:, ~mask].mean()),
    ]


def _moves(pixels: NDArray[np.float32], middle: NDArray[np.float32]) -> list[float]:
    """How the window changes over time, and how rough it is."""
    mask = _mask(middle)
    grey = pixels.mean(axis=3)
    change = grey.std(axis=0)
    inside, outside = float(change[mask].mean()), float(change[~mask].mean())
    brightness = grey[:, mask].mean(axis=1)
    steps = np.diff(grey, axis=0)[:, mask]
    # Noise steps by twice its variance from look to look; what drifts slowly steps by less.
    smoothness = float((steps**2).mean() / (2 * (change[mask] ** 2).mean() + 1e-6))
    mean = grey.mean(axis=0)
    rough = np.abs(np.diff(mean, axis=0))[:, :-1] + np.abs(np.diff(mean, axis=1))[:-1]
    held = mask[:-1, :-1]
    excess = np.maximum(change - outside, 0.0)
    rows, total = excess.sum(axis=1), float(excess.sum()) + 1e-6
    index = np.arange(CROP_PX, dtype=np.float32) / CROP_PX
    upper, lower = excess[: CROP_PX // 2], excess[CROP_PX // 2 :]
    return [
        float(np.log(inside + 1e-3)),
        float(np.log((inside + 1e-3) / (outside + 1e-3))),
        float(np.log(brightness.std() + 1e-3)),
        smoothness,
        float(np.log(rough[held].mean() + 1e-3)),
        float(np.log((rough[held].mean() + 1e-3) / (rough[~held].mean() + 1e-3))),
        float((rows * index).sum() / total),
        float(upper.sum() / total),
        _width(upper) - _width(lower),
    ]


def _width(excess: NDArray[np.float32]) -> float:
    """Spread over the columns, as a share of the window."""
    columns = excess.sum(axis=0) + 1e-6
    index = np.arange(columns.size, dtype=np.float32) / columns.size
    centre = float((columns * index).sum() / columns.sum())
    return float(np.sqrt((columns * (index - centre) ** 2).sum() / columns.sum()))


def _edges(boxes: NDArray[np.float32]) -> list[float]:
    """How the detector's box wanders: a plume stands on its foot and sways at its top."""
    sizes = np.log(np.maximum((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), 1e-3))
    half = max(1, len(boxes) // 2)
    return [
        float(boxes[:, 3].std()),
        float(boxes[:, 1].std()),
        float((boxes[:, 0] + boxes[:, 2]).std() / 2),
        float(sizes[half:].mean() - sizes[:half].mean()),
        float(boxes[:half, 1].mean() - boxes[half:, 1].mean()),
    ]
