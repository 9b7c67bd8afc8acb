"""Time: one protocol, a real and a virtual clock, and the wire's spelling of an instant.

Instants are aware UTC datetimes. Only `SystemClock` asks the machine what time it is.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a program may know about time; always passed in, never looked up."""

    def now(self) -> datetime:
        """Aware UTC wall-clock instant."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards; the origin means nothing."""
        ...

    def sleep(self, seconds: float) -> None:
        """Blocks the calling thread."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock that stands still until told otherwise: tests, replays and simulations."""

    def __init__(self, start: datetime) -> None:
        self._start = _aware(start)
        self._now = self._start

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def sleep(self, seconds: float) -> None:
        self._now += timedelta(seconds=max(0.0, seconds))

    def move_to(self, instant: datetime) -> None:
        """Sets the clock; going back is a caller's mistake.

        Raises:
            ValueError: `instant` lies before the present.
        """
        if instant < self._now:
            raise ValueError(f"virtual clock stands at {self._now}, refused to go back to {instant}")
        self._now = _aware(instant)


def format_rfc3339(instant: datetime) -> str:
    """UTC with milliseconds and ``Z``.

    >>> format_rfc3339(datetime(2026, 7, 1, 8, 0, tzinfo=UTC))
    '2026-07-01T08:00:00.000Z'
    """
    return _aware(instant).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> datetime:
    """The aware UTC instant that `text` names.

    Raises:
        ValueError: no date and time, or no offset (``Z`` or ``+08:00``).

    >>> parse_rfc3339("2026-07-01T16:00:00+08:00").isoformat()
    '2026-07-01T08:00:00+00:00'
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write it as …Z or …+08:00")
    return instant.astimezone(UTC)


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("instants are aware: give the datetime a tzinfo")
    return instant
