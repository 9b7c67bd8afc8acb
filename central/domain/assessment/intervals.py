"""How sure a rate is: exact 95 % intervals for shares (Clopper-Pearson) and for counts per exposure (Poisson, Garwood).

Small numbers lie: 2 of 3 confirmed is anything between 9 and 99 %. The tails are summed by the usual series of the
incomplete beta and gamma functions and turned round by false position. A bell curve only says where to begin.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

LEVEL = 0.95
_STEPS = 200
"""Looks of the search at most; it needs some eight, and a split asks for hundreds of searches."""
_NEAR = 1e-9
"""How far the tail may be from what was asked: far finer than the four places that are told."""


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float


def of_share(hits: int, trials: int, level: float = LEVEL) -> Interval:
    """The exact interval of a share; 0..1 where nothing was tried.

    >>> of_share(2, 3)
    Interval(low=0.0943, high=0.9916)
    """
    if trials == 0:
        return Interval(0.0, 1.0)
    tail, share, whole = (1 - level) / 2, hits / trials, (0.0, 1.0)
    guess = _around(share, math.sqrt(share * (1 - share) / trials) + 1 / trials, 1.0)
    low = 0.0 if hits == 0 else _root(lambda p: beta_below(p, hits, trials - hits + 1) - tail, guess, whole)
    high = 1.0
    if hits < trials:
        high = _root(lambda p: beta_below(p, hits + 1, trials - hits) - (1 - tail), guess, whole)
    return Interval(round(low, 4), round(high, 4))


def of_rate(hits: int, exposure: float, level: float = LEVEL) -> Interval:
    """The exact interval of a Poisson rate per unit of `exposure`, which is above 0.

    >>> of_rate(4, 10.0)
    Interval(low=0.109, high=1.0242)
    """
    tail = (1 - level) / 2
    top = hits + 10 * math.sqrt(hits + 1) + 20
    guess = _around(hits, math.sqrt(hits) + 1, top)
    low = 0.0 if hits == 0 else _root(lambda m: gamma_below(hits, m) - tail, guess, (0.0, top))
    high = _root(lambda m: gamma_below(hits + 1, m) - (1 - tail), guess, (0.0, top))
    return Interval(round(low / exposure, 4), round(high / exposure, 4))


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - beta_below(1 - x, b, a)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    tiny, c = 1e-300, 1.0
    d = 1.0 / _apart(1.0 - (a + b) * x / (a + 1), tiny)
    found = d
    for m in range(1, 100_000):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _apart(1.0 + term * d, tiny)
            c = _apart(1.0 + term / c, tiny)
            found *= d * c
        if abs(d * c - 1.0) < 1e-14:
            break
    return front * found / a


def gamma_below(a: float, x: float) -> float:
    """The regularised lower incomplete gamma function, by its series; exact enough far beyond counts of cases."""
    if x <= 0:
        return 0.0
    log_term = a * math.log(x) - x - math.lgamma(a + 1)
    total, ratio, n = 1.0, 1.0, a
    while ratio > total * 1e-16:
        n += 1
        ratio *= x / n
        total += ratio
    return min(1.0, math.exp(log_term + math.log(total)))


def _apart(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def _root(rises: Callable[[float], float], guess: tuple[float, float], whole: tuple[float, float]) -> float:
    """Where it turns positive within `whole`: false position from the `guess`, which is widened where it misses.

    The end that stays is given half its weight (Illinois), so that both close in: some eight looks instead of forty.
    """
    low, high = guess
    at_low, at_high = rises(low), rises(high)
    if at_low > 0:
        low, at_low = whole[0], rises(whole[0])
    if at_high < 0:
        high, at_high = whole[1], rises(whole[1])
    stayed = 0
    middle = (low + high) / 2
    for _ in range(_STEPS):
        if at_high <= at_low:
            return middle
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = rises(middle)
        if abs(value) < _NEAR:
            return middle
        if value < 0:
            low, at_low = middle, value
            at_high, stayed = (at_high / 2 if stayed < 0 else at_high), -1
        else:
            high, at_high = middle, value
            at_low, stayed = (at_low / 2 if stayed > 0 else at_low), 1
    return middle


def _around(middle: float, sigma: float, most: float) -> tuple[float, float]:
    return max(0.0, middle - 4 * sigma), min(most, middle + 4 * sigma)
