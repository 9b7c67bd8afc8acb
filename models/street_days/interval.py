"""The exact interval of a share: Clopper and Pearson's, for any count."""

from collections.abc import Callable
from math import comb

TAIL = 0.025


def share_interval(count: int, of: int) -> tuple[float, float] | None:
    """The 95 % interval of `count` in `of`; None without any.

    >>> low, high = share_interval(38, 61)
    >>> round(low, 2), round(high, 2)
    (0.49, 0.74)
    """
    if of <= 0:
        return None
    low = 0.0 if count == 0 else _crossing(lambda share: _at_least(count, of, share) - TAIL)
    high = 1.0 if count == of else _crossing(lambda share: TAIL - (1 - _at_least(count + 1, of, share)))
    return low, high


def _at_least(count: int, of: int, share: float) -> float:
    return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(count, of + 1))


def _crossing(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2
