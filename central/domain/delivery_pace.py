"""How patiently a target is tried: back-off with jitter, and a circuit breaker that all senders share. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Pace:
    """One target's patience.

    first, longest: the wait after the first failure of a row; it doubles up to the longest. Shorter floods a platform
    that struggles, longer lets cases lie after it is back (though a target that answers again hurries everything).
    settle: how long after a time-out the target is asked whether it has the case. Shorter than the target's own slowest
    way from taking a request to showing the result, a case may be there twice.
    reply_within: how long a target that answers by itself is given before it is told again.
    opens_after: failures in a row that open the breaker; then one probe, after a wait that doubles the same way.
    give_up: after it, a person must look; an outage of a day or a long holiday must not reach it.
    """

    first: timedelta = timedelta(seconds=2)
    longest: timedelta = timedelta(minutes=5)
    settle: timedelta = timedelta(seconds=30)
    reply_within: timedelta = timedelta(minutes=2)
    opens_after: int = 5
    give_up: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Failures in a row; open until `retry_at`, then one request may try."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None

    @property
    def is_tripped(self) -> bool:
        return self.opened_at is not None

    def lets_through(self, now: datetime) -> bool:
        """Whether a request may be sent now; of a tripped breaker that request is the probe."""
        return self.retry_at is None or now >= self.retry_at


CLOSED = Breaker()


def wait_after(failures: int, pace: Pace, draw: float) -> timedelta:
    """The wait after so many failures in a row, between half and all of the doubled step.

    Args:
        draw: uniform in 0..1; it keeps thousands of rows from coming back in one moment.

    >>> [wait_after(n, Pace(), 1.0).total_seconds() for n in (1, 2, 3, 20)]
    [2.0, 4.0, 8.0, 300.0]
    """
    step = min(pace.longest, pace.first * (1 << min(failures - 1, 30)))
    return step * (0.5 + draw / 2)


def failed(breaker: Breaker, now: datetime, pace: Pace, draw: float) -> Breaker:
    """The breaker after one more failure."""
    failures = breaker.failures + 1
    if failures < pace.opens_after:
        return replace(breaker, failures=failures)
    wait = wait_after(failures - pace.opens_after + 2, pace, draw)
    return Breaker(failures, breaker.opened_at or now, now + wait)


def probing(breaker: Breaker, until: datetime) -> Breaker:
    """The breaker while a probe is under way: nobody else tries before `until`."""
    return replace(breaker, retry_at=until) if breaker.is_tripped else breaker
