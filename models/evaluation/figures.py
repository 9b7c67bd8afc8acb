"""The numbers of one class on some pictures, for one resample or a thousand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from models.ap import IOUS, Look, Marks, Weights, average_precisions, mark
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


@dataclass(frozen=True, slots=True)
class Sample:
    """One class on some pictures, matched once; arrays (pictures,).

    `strict` are marks from overlap 0.5 on, `loose` at 0.3, both down to next to no score. `hits` and `false` are right
    and wrong boxes at the shipped threshold and overlap 0.5, `hits30` right ones at 0.3.
    """

    truths: NDArray[np.intp]
    loose: Marks
    strict: tuple[Marks, ...]
    hits30: NDArray[np.float64]
    hits: NDArray[np.float64]
    false: NDArray[np.float64]

    @property
    def pictures(self) -> int:
        return self.truths.size

    @property
    def instances(self) -> int:
        return int(self.truths.sum())

    @property
    def half_marks(self) -> Marks:
        """At overlap 0.5: what curves and thresholds are made of."""
        return self.strict[0]

    def part(self, numbers: Sequence[int]) -> "Sample":
        """The same class on the pictures of these numbers alone; at overlaps 0.3 and 0.5 only."""
        place = np.full(self.pictures, -1, np.intp)
        place[list(numbers)] = np.arange(len(numbers))
        return Sample(
            truths=self.truths[list(numbers)],
            loose=_kept(self.loose, place),
            strict=(_kept(self.half_marks, place),),
            hits30=self.hits30[list(numbers)],
            hits=self.hits[list(numbers)],
            false=self.false[list(numbers)],
        )

    def figures(self, weights: Weights, metrics: Sequence[Metric] = tuple(Metric)) -> Figures:
        """Those metrics of every resample; `weights` (resamples, pictures)."""
        strict = self.strict if Metric.AP50_95 in metrics else self.strict[:1]
        loose, *precisions = average_precisions((self.loose, *strict), self.truths, weights)
        truths = weights @ self.truths
        hits, false = weights @ self.hits, weights @ self.false
        everything = {
            Metric.AP50: precisions[0],
            Metric.AP50_95: np.mean(precisions, axis=0),
            Metric.AP30: loose,
            Metric.PRECISION: _share(hits, hits + false),
            Metric.RECALL: _share(hits, truths),
            Metric.F1: np.where(truths > 0, _share(2 * hits, hits + false + truths), np.nan),
            Metric.RECALL30: _share(weights @ self.hits30, truths),
            Metric.FALSE_PER_IMAGE: _share(false, weights.sum(axis=1)),
        }
        return {metric: everything[metric] for metric in metrics}

    def points(self, metrics: Sequence[Metric] = tuple(Metric)) -> dict[Metric, float]:
        """Those metrics on the pictures as they are."""
        as_they_are = np.ones((1, self.pictures))
        return {metric: float(row[0]) for metric, row in self.figures(as_they_are, metrics).items()}

    def measured(self, weights: Weights, metrics: Sequence[Metric] = tuple(Metric)) -> dict[Metric, Measured]:
        """Those metrics with their intervals."""
        resampled = self.figures(weights, metrics)
        found = {metric: measured(value, resampled[metric]) for metric, value in self.points(metrics).items()}
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


def match(curve: Sequence[Look], shipped: Sequence[Look], overlaps: Sequence[float] = IOUS) -> Sample:
    """One class matched: `curve` are boxes down to next to no score, `shipped` what a node reports of the same.

    `overlaps` must begin with 0.5; AP50-95 needs all of them.
    """
    loose, *strict = mark(curve, (LOOSE_IOU, *overlaps))
    shipped_loose, shipped_half = mark(shipped, (LOOSE_IOU, IOUS[0]))
    hits30, _ = _per_picture(shipped_loose, len(shipped))
    hits, false = _per_picture(shipped_half, len(shipped))
    truths = np.array([len(look.truths) for look in curve], np.intp)
    return Sample(truths, loose, tuple(strict), hits30, hits, false)


def _kept(marks: Marks, place: NDArray[np.intp]) -> Marks:
    """The marks of pictures that have a `place`, numbered by it."""
    kept = place[marks.picture] >= 0
    return Marks(marks.score[kept], marks.right[kept], place[marks.picture[kept]])


def _per_picture(marks: Marks, pictures: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right and wrong boxes of each picture, (pictures,) each."""
    right = np.bincount(marks.picture[marks.right], minlength=pictures)
    wrong = np.bincount(marks.picture[~marks.right], minlength=pictures)
    return np.asarray(right, np.float64), np.asarray(wrong, np.float64)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1e-12), np.nan)
