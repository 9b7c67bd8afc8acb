"""How sure a number is: percentile intervals over resampled pictures (Efron's bootstrap, 95 %)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.ap import Weights

COVERAGE = 0.95
LEAST_SHARE = 0.5
"""Share of resamples that must give a number. Below, the class is so rare that an interval would be invented."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its interval; nan where there is none."""

    value: float
    low: float = float("nan")
    high: float = float("nan")


def resample(scenes: Sequence[str], resamples: int, seed: int) -> Weights:
    """How often each resample draws each picture, (resamples, pictures); pictures of one scene are drawn together.

    >>> resample(["a", "a", "b"], 2, seed=1).sum(axis=1) > 0
    array([ True,  True])
    """
    _, scene_of_picture = np.unique(np.array(scenes), return_inverse=True)
    count = int(scene_of_picture.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    return np.asarray(drawn[:, scene_of_picture], np.float64)


def measured(value: float, resampled: NDArray[np.float64]) -> Measured:
    """`value` with the middle 95 % of its resamples (resamples,), those that are no number left out."""
    numbers = resampled[np.isfinite(resampled)]
    if numbers.size < 2 or numbers.size < LEAST_SHARE * resampled.size:
        return Measured(value)
    low, high = np.percentile(numbers, [50 * (1 - COVERAGE), 50 * (1 + COVERAGE)])
    return Measured(value, float(low), float(high))
