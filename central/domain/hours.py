"""Weekly opening hours in local wall time, as people write them: ``mon-fri 17:00-22:30``, ``daily 16:00-02:00``.

A span includes its first minute and ends before its end: at 22:29:59 the zone above is open, at 22:30 it is closed.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK_S = 7 * 24 * 3600
_SPAN = re.compile(r"^(?P<days>[a-z,-]+) (?P<start>\d{2}:\d{2})-(?P<end>\d{2}:\d{2})$")


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """Open spans as seconds of the week, Monday 00:00 local time first; an end may lie past the week's end."""

    spans: tuple[tuple[int, int], ...]
    text: str = ""

    def is_open(self, local: datetime) -> bool:
        """Whether the wall-clock instant `local` falls into a span."""
        if self is ALWAYS:
            return True
        second = _second_of_week(local)
        for start, end in self.spans:  # noqa: SIM110 - asked a million times a month; a generator doubles its cost
            if start <= second < end or start <= second + _WEEK_S < end:
                return True
        return False

    def closed_for(self, local: datetime) -> timedelta | None:
        """How long ago it closed last, as of `local`, when it is closed; None when it never opens."""
        if not self.spans:
            return None
        second = _second_of_week(local)
        return timedelta(seconds=min((second - end) % _WEEK_S for _, end in self.spans))


ALWAYS = WeeklyHours(((0, _WEEK_S),), "always")


def parse_hours(lines: Iterable[str]) -> WeeklyHours:
    """The hours that `lines` name; no line means never open, ``always`` means always.

    Raises:
        ValueError: a line that can't be read, with an example of one that can.

    >>> parse_hours(["daily 16:00-02:00"]).is_open(datetime(2026, 7, 1, 1, 59))
    True
    """
    lines = tuple(lines)
    if lines == ("always",):
        return ALWAYS
    spans: list[tuple[int, int]] = []
    for line in lines:
        match = _SPAN.match(line.strip().lower())
        if match is None:
            raise ValueError(f"{line!r} is not a span of hours; write it as 'mon-fri 17:00-22:30' or 'always'")
        start_s, end_s = _seconds(match["start"], line), _seconds(match["end"], line)
        if end_s <= start_s:
            end_s += 24 * 3600  # the span runs past midnight
        spans.extend((day * 86400 + start_s, day * 86400 + end_s) for day in _days(match["days"], line))
    return WeeklyHours(tuple(sorted(spans)), ", ".join(lines))


def _second_of_week(local: datetime) -> int:
    return local.weekday() * 86400 + local.hour * 3600 + local.minute * 60 + local.second


def _seconds(clock: str, line: str) -> int:
    hour, minute = (int(part) for part in clock.split(":"))
    if minute > 59 or hour * 60 + minute > 24 * 60:
        raise ValueError(f"{line!r}: {clock} is not a time of day")
    return hour * 3600 + minute * 60


def _days(text: str, line: str) -> list[int]:
    if text == "daily":
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS):
            raise ValueError(f"{line!r}: days are {', '.join(DAYS)} or daily")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        days.extend((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return days
