"""The numbers of one class on some pictures, for one resample or a thousand."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from models.ap import IOUS, Look, Marks, Weights, average_precision, mark
from models.evaluation.bootstrap import Measured, measured
from models.evaluation.counts import rate, share

LOOSE_IOU = 0.3
"""Smoke has no edge and a stall's is a matter of taste: two people's boxes overlap by little more than this."""


class Metric(StrEnum):
    """What is measured; the words of the JSON. Precision and what follows: at the shipped threshold, overlap 0.5."""

    AP50 = "ap50"
    AP50_95 = "ap50_95"
    AP30 = "ap30"
    PRECISION = "precision"
    RECALL = "recall"
    F1 = "f1"
    RECALL30 = "recall30"
    FALSE_PER_IMAGE = "false_positives_per_image"


Figures = Mapping[Metric, NDArray[np.float64]]
"""(resamples,) by metric; nan where a resample says nothing."""


class Sample:
    """One class on some pictures, matched once."""

    def __init__(self, curve: Sequence[Look], shipped: Sequence[Look]) -> None:
        """`curve`: boxes down to next to no score. `shipped`: the same pictures as a node would report them."""
        self.pictures = len(curve)
        self.truths = np.array([len(look.truths) for look in curve], np.intp)
        loose, *strict = mark(curve, (LOOSE_IOU, *IOUS))
        self._loose = loose
        self._strict = tuple(strict)
        shipped_loose, shipped_half = mark(shipped, (LOOSE_IOU, IOUS[0]))
        self._hits30, _ = _per_picture(shipped_loose, self.pictures)
        self.hits, self.false = _per_picture(shipped_half, self.pictures)

    @property
    def instances(self) -> int:
        return int(self.truths.sum())

    @property
    def half_marks(self) -> Marks:
        """At overlap 0.5, down to next to no score: what curves and thresholds are made of."""
        return self._strict[0]

    @property
    def loose_marks(self) -> Marks:
        return self._loose

    def figures(self, weights: Weights) -> Figures:
        """Every metric of every resample; `weights` (resamples, pictures)."""
        strict = [average_precision(marks, self.truths, weights) for marks in self._strict]
        truths = weights @ self.truths
        hits, false = weights @ self.hits, weights @ self.false
        return {
            Metric.AP50: strict[0],
            Metric.AP50_95: np.mean(strict, axis=0),
            Metric.AP30: average_precision(self._loose, self.truths, weights),
            Metric.PRECISION: _share(hits, hits + false),
            Metric.RECALL: _share(hits, truths),
            Metric.F1: np.where(truths > 0, _share(2 * hits, hits + false + truths), np.nan),
            Metric.RECALL30: _share(weights @ self._hits30, truths),
            Metric.FALSE_PER_IMAGE: _share(false, weights.sum(axis=1)),
        }

    def points(self) -> dict[Metric, float]:
        """Every metric on the pictures as they are."""
        return {metric: float(row[0]) for metric, row in self.figures(np.ones((1, self.pictures))).items()}

    def measured(self, weights: Weights) -> dict[Metric, Measured]:
        """Every metric with its interval."""
        resampled = self.figures(weights)
        found = {metric: measured(value, resampled[metric]) for metric, value in self.points().items()}
        certain = {metric for metric, entry in found.items() if entry.low == entry.high}
        return found | {metric: self._exact(metric, found[metric].value) for metric in certain}

    def _exact(self, metric: Metric, value: float) -> Measured:
        """Where every resample agrees they show nothing: what counting alone allows, else no interval."""
        match metric:
            case Metric.RECALL | Metric.RECALL30:
                return share(round(value * self.instances), self.instances)
            case Metric.PRECISION:
                return share(round(self.hits.sum()), round(self.hits.sum() + self.false.sum()))
            case Metric.FALSE_PER_IMAGE if value == 0:
                return rate(0, self.pictures)
            case _:
                return Measured(value)


def _per_picture(marks: Marks, pictures: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right and wrong boxes of each picture, (pictures,) each."""
    right = np.bincount(marks.picture[marks.right], minlength=pictures)
    wrong = np.bincount(marks.picture[~marks.right], minlength=pictures)
    return np.asarray(right, np.float64), np.asarray(wrong, np.float64)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1e-12), np.nan)
