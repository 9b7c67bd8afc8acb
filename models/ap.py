"""Which found boxes are right, and average precision the way COCO counts it (101 recall points), for one class.

Everything takes picture weights, so that a bootstrap's thousand resamples are one call: a picture drawn twice has
weight 2, one not drawn 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOUS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))
RECALL_POINTS = np.linspace(0.0, 1.0, 101)

LARGEST_BLOCK = 300_000
"""Weights handled at once (resamples times boxes): 2.4 MB, what a cache holds; larger blocks wait for memory."""

NOTHING = -1
UNCOUNTED = -2
"""What a found box takes if not a true box: none, or a thing that doesn't count."""

Box = tuple[float, float, float, float]
Weights = NDArray[np.float64]
"""(resamples, pictures): how often each resample draws each picture."""


@dataclass(frozen=True, slots=True)
class Look:
    """One picture of one class: what is there and what was found, boxes xyxy in 0..1.

    `ignored` are things that need not be found and whose finding is no fault: of another size, or doubtful.
    `forgiven` says of each found box whether it may be wrong without being counted; empty: none may.
    """

    truths: tuple[Box, ...]
    founds: tuple[tuple[float, Box], ...]
    ignored: tuple[Box, ...] = ()
    forgiven: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Marks:
    """Every found box that counts at one overlap, best first: its score, whether it is right, whose picture it is."""

    score: NDArray[np.float64]
    right: NDArray[np.bool_]
    picture: NDArray[np.intp]


def mark(looks: Sequence[Look], ious: Sequence[float]) -> tuple[Marks, ...]:
    """The marks at each of `ious`. A found box takes the true box it overlaps most that no better one has taken."""
    scores, pictures, right, counted = [], [], [], []
    for number, look in enumerate(looks):
        by_score = np.argsort([-score for score, _ in look.founds], kind="stable")
        founds = [look.founds[place] for place in by_score]
        scores += [score for score, _ in founds]
        pictures += [number] * len(founds)
        taken = _taken(look, [box for _, box in founds], ious)
        if look.forgiven:
            taken[(taken == NOTHING) & np.array(look.forgiven, np.bool_)[by_score]] = UNCOUNTED
        right.append(taken >= 0)
        counted.append(taken != UNCOUNTED)
    order = np.argsort(-np.array(scores, np.float64), kind="stable")
    score = np.array(scores, np.float64)[order]
    picture = np.array(pictures, np.intp)[order]
    empty = np.zeros((len(ious), 0), np.bool_)
    is_right = np.concatenate([empty, *right], axis=1)[:, order]
    is_counted = np.concatenate([empty, *counted], axis=1)[:, order]
    return tuple(Marks(score[keep], hits[keep], picture[keep]) for hits, keep in zip(is_right, is_counted, strict=True))


def taken_truths(look: Look, min_iou: float) -> tuple[int, ...]:
    """For each of `look.founds`, the number of the true box it takes, or `NOTHING` or `UNCOUNTED`."""
    by_score = np.argsort([-score for score, _ in look.founds], kind="stable")
    (taken,) = _taken(look, [look.founds[place][1] for place in by_score], (min_iou,))
    in_order = dict(zip(by_score.tolist(), taken.tolist(), strict=True))
    return tuple(in_order[place] for place in range(len(look.founds)))


def average_precisions(
    marks: Sequence[Marks], truths: NDArray[np.intp], weights: Weights
) -> tuple[NDArray[np.float64], ...]:
    """AP of each resample, (resamples,), for each of `marks`; nan where a resample drew no true box.

    Only ranks of right boxes matter: recall grows nowhere else, and no precision after a wrong box is a maximum.

    Args:
        marks: of several overlaps.
        truths: (pictures,) number of true boxes.
        weights: see `Weights`.
    """
    total = weights @ truths
    block = max(1, LARGEST_BLOCK // max(1, *(entry.picture.size for entry in marks)))
    parts = [
        _of_block(marks, total[start : start + block], weights[start : start + block])
        for start in range(0, len(weights), block)
    ]
    return tuple(np.concatenate(columns) for columns in zip(*parts, strict=True))


def iou_matrix(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Overlap of every box of `a` (N, 4) with every box of `b` (M, 4), xyxy: (N, M), 0..1."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    overlap = np.clip(high - low, 0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)[:, None]
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)[None, :]
    shares: NDArray[np.float64] = overlap / np.maximum(area_a + area_b - overlap, 1e-12)
    return shares


def _of_block(marks: Sequence[Marks], total: NDArray[np.float64], weights: Weights) -> tuple[NDArray[np.float64], ...]:
    found_by_array: dict[int, NDArray[np.float64]] = {}
    parts = []
    for entry in marks:
        key = id(entry.picture)
        if key not in found_by_array:
            found_by_array[key] = np.cumsum(weights[:, entry.picture], axis=1)
        parts.append(_average_precision(entry, found_by_array[key], total, weights))
    return tuple(parts)


def _average_precision(
    marks: Marks, found: NDArray[np.float64], total: NDArray[np.float64], weights: Weights
) -> NDArray[np.float64]:
    ranks = np.flatnonzero(marks.right)
    hits = np.cumsum(weights[:, marks.picture[ranks]], axis=1)
    precision = hits / np.maximum(found[:, ranks], 1e-12)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.maximum(total, 1e-12)[:, None]
    reached = np.searchsorted(RECALL_POINTS, recall, side="right")
    points = np.diff(reached, axis=1, prepend=0)
    return np.where(total > 0, (points * envelope).sum(axis=1) / RECALL_POINTS.size, np.nan)


def _taken(look: Look, founds: list[Box], ious: Sequence[float]) -> NDArray[np.intp]:
    """(overlaps, founds): the number of the true box taken, or `NOTHING` or `UNCOUNTED`; `founds` best first."""
    taken = np.full((len(ious), len(founds)), NOTHING, np.intp)
    if not founds or not (look.truths or look.ignored):
        return taken
    shares = iou_matrix(np.array(founds), np.array([*look.truths, *look.ignored]))
    for row, iou in enumerate(ious):
        _take(shares.copy(), len(look.truths), iou, taken[row])
    return taken


def _take(shares: NDArray[np.float64], truths: int, min_iou: float, taken: NDArray[np.intp]) -> None:
    """Fills `taken` (founds,) and uses `shares` up; true boxes are taken before those that don't count."""
    for number in np.flatnonzero(shares.max(axis=1) >= min_iou):
        for start, stop in ((0, truths), (truths, shares.shape[1])):
            row = shares[number, start:stop]
            if row.size and row.max() >= min_iou:
                best = start + int(row.argmax())
                taken[number] = best if best < truths else UNCOUNTED
                shares[:, best] = -1.0
                break
