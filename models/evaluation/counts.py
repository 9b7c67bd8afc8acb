"""How sure a count is by itself, 95 %: a rate's exact Poisson interval (Garwood, 1936), a share of all or none."""

from collections.abc import Callable
from math import exp

from models.evaluation.bootstrap import COVERAGE, Measured

TAIL = (1 - COVERAGE) / 2


def rate(count: int, exposure: float) -> Measured:
    """`count` per unit of `exposure` (hours, pictures); nan without exposure.

    None seen is no proof of none: the upper end is then 3.7 / exposure.

    >>> found = rate(0, 10.0)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 0.369)
    """
    if exposure <= 0:
        return Measured(float("nan"))
    low = 0.0 if count == 0 else _root(lambda mean: 1 - _at_most(count - 1, mean) - TAIL, count)
    high = _root(lambda mean: TAIL - _at_most(count, mean), count)
    return Measured(count / exposure, low / exposure, high / exposure)


def share(count: int, of: int) -> Measured:
    """`count` of `of`, with Clopper and Pearson's interval where it is all or none; else without one.

    >>> found = share(0, 17)
    >>> found.value, found.low, round(found.high, 3)
    (0.0, 0.0, 0.195)
    """
    if of <= 0:
        return Measured(float("nan"))
    beyond = TAIL ** (1 / of)
    match count:
        case 0:
            return Measured(0.0, 0.0, 1 - beyond)
        case _ if count == of:
            return Measured(1.0, beyond, 1.0)
        case _:
            return Measured(count / of)


def _at_most(count: int, mean: float) -> float:
    """The chance of `count` or fewer where `mean` are expected."""
    term = total = 1.0
    for number in range(1, count + 1):
        term *= mean / number
        total += term
    return total * exp(-mean)


def _root(rising: Callable[[float], float], count: int) -> float:
    """Where `rising` crosses zero, by halving; the interval's ends lie well within these bounds."""
    low, high = 0.0, 10.0 + 3.0 * count
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
