"""How long one must wait after wrong passwords: nothing at first, then twice as long each time. Pure.

A try counts before its password is looked at, so that a hundred tries at one moment are a hundred tries. A delay and
no lasting lock: else anybody could shut anybody out by typing their name.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong tries are free, the first wait after them, and the longest."""

    free: int
    first: timedelta
    longest: timedelta


BY_NAME = Patience(free=5, first=timedelta(seconds=5), longest=timedelta(minutes=15))
"""Per account, whether it exists or not. At the longest wait 96 guesses a day: the commonest thousand take ten days."""
BY_ADDRESS = Patience(free=30, first=timedelta(seconds=5), longest=timedelta(minutes=15))
"""Per address, over all names. More are free: a control room's people may sit behind one address."""
FORGOTTEN_AFTER = timedelta(hours=24)
"""Without a try; then the first ones are free again."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries in a row: how many, and when the last was."""

    count: int
    last_at: datetime


def ready_at(tries: Tries | None, patience: Patience) -> datetime | None:
    """When the next try is looked at; None: at once.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    >>> [str(ready_at(Tries(count, noon), BY_NAME) - noon) for count in (5, 6, 7, 30)]
    ['0:00:05', '0:00:10', '0:00:20', '0:15:00']
    >>> ready_at(Tries(4, noon), BY_NAME) is None
    True
    """
    if tries is None or tries.count < patience.free:
        return None
    doublings = min(tries.count - patience.free, 30)
    return tries.last_at + min(patience.first * (1 << doublings), patience.longest)


def one_more(tries: Tries | None, now: datetime) -> Tries:
    """The tries after another one."""
    if tries is None or now - tries.last_at > FORGOTTEN_AFTER:
        return Tries(1, now)
    return Tries(tries.count + 1, now)
