"""Average precision, the way COCO counts it (101 recall points), on boxes of one class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of one class: what is there and what was found, boxes xyxy in 0..1."""

    truths: tuple[Box, ...]
    founds: tuple[tuple[float, Box], ...]


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fares. `ap50` and `ap` (mean over IoU .50–.95) are nan without a single true box."""

    truths: int
    founds: int
    ap50: float
    ap: float


def class_score(looks: list[Look]) -> ClassScore:
    """The score over all pictures of one class."""
    per_iou = [_average_precision(looks, iou) for iou in IOUS]
    return ClassScore(
        truths=sum(len(look.truths) for look in looks),
        founds=sum(len(look.founds) for look in looks),
        ap50=per_iou[0],
        ap=float(np.mean(per_iou)),
    )


def marks(looks: list[Look], min_iou: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Every found box by falling score: its score, and whether it took a true box that no better one had taken."""
    scores: list[float] = []
    right: list[bool] = []
    for look in looks:
        founds = sorted(look.founds, key=lambda found: -found[0])
        scores += [score for score, _ in founds]
        right += _take(look.truths, [box for _, box in founds], min_iou)
    order = np.argsort(-np.array(scores), kind="stable")
    return np.array(scores)[order], np.array(right, bool)[order]


def _average_precision(looks: list[Look], min_iou: float) -> float:
    truths = sum(len(look.truths) for look in looks)
    if truths == 0:
        return float("nan")
    _, right = marks(looks, min_iou)
    if not right.size:
        return 0.0
    hits = np.cumsum(right)
    recall = hits / truths
    precision = hits / np.arange(1, right.size + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    at = np.searchsorted(recall, np.linspace(0, 1, 101), side="left")
    return float(np.mean(np.where(at < right.size, envelope[np.minimum(at, right.size - 1)], 0.0)))


def _take(truths: tuple[Box, ...], founds: list[Box], min_iou: float) -> list[bool]:
    if not truths or not founds:
        return [False] * len(founds)
    overlaps = iou_matrix(np.array(founds), np.array(truths))
    right = []
    for row in overlaps:
        best = int(row.argmax())
        taken = bool(row[best] >= min_iou)
        right.append(taken)
        if taken:
            overlaps[:, best] = -1.0
    return right


def iou_matrix(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap of every box of `a` (N, 4) with every box of `b` (M, 4), xyxy: (N, M), 0..1."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)[:, None]
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)[None, :]
    shares: NDArray[np.float64] = overlap / np.maximum(area_a + area_b - overlap, 1e-12)
    return shares
