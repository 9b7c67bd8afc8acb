"""Precision against recall, thinned to what a small drawing shows."""

from dataclasses import dataclass

import numpy as np

from models.ap import Marks

MOST_POINTS = 160
"""A curve is drawn some 200 px wide."""


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold's recall and precision, 0..1."""

    recall: float
    precision: float


def curve(marks: Marks, truths: int) -> tuple[Point, ...]:
    """From the surest box on; empty without a true or a found box."""
    if not truths or not marks.score.size:
        return ()
    hits = np.cumsum(marks.right)
    recall, precision = hits / truths, hits / np.arange(1, marks.score.size + 1)
    ends = np.append(np.flatnonzero(np.diff(marks.score)), marks.score.size - 1)  # boxes of one score pass together
    shown = ends[np.unique(np.linspace(0, ends.size - 1, min(MOST_POINTS, ends.size)).round().astype(int))]
    return tuple(Point(float(recall[place]), float(precision[place])) for place in shown)
