"""How sure a rate is: exact 95 % intervals for shares (Clopper-Pearson) and for counts per exposure (Poisson, Garwood).

Small numbers lie: 2 of 3 confirmed is anything between 9 and 99 %. The tails are summed by the usual series of the
incomplete beta and gamma functions and turned round by bisection; nothing here approximates by a bell curve.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

LEVEL = 0.95
_STEPS = 40
"""Halvings of the search: far finer than the four places that are told, and a split asks for hundreds."""


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
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _root(lambda p: beta_below(p, hits, trials - hits + 1) - tail, 0.0, 1.0)
    high = 1.0 if hits == trials else _root(lambda p: beta_below(p, hits + 1, trials - hits) - (1 - tail), 0.0, 1.0)
    return Interval(round(low, 4), round(high, 4))


def of_rate(hits: int, exposure: float, level: float = LEVEL) -> Interval:
    """The exact interval of a Poisson rate per unit of `exposure`, which is above 0.

    >>> of_rate(4, 10.0)
    Interval(low=0.109, high=1.0242)
    """
    tail = (1 - level) / 2
    top = hits + 10 * math.sqrt(hits + 1) + 20
    low = 0.0 if hits == 0 else _root(lambda m: gamma_below(hits, m) - tail, 0.0, top)
    high = _root(lambda m: gamma_below(hits + 1, m) - (1 - tail), 0.0, top)
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


def _root(rises: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if rises(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
