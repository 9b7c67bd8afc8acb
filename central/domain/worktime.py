"""Working time: how much of it lies between two instants, and when so much of it will have passed.

Wall clock, work hours and work days are one question: which spans of time count. An urgent hour counts always; a work
hour counts inside the work spans of work days; a work day is so many work hours (DOMAIN §2). A span begins with its
first instant and ends before its end. Pure; the calendar is a value.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import pairwise

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DEFAULT_SPANS = ((time(8), time(12)), (time(14), time(18)))


class TimeUnit(StrEnum):
    """What a limit is counted in. ``minute`` and ``urgent_hour`` run through nights and holidays."""

    MINUTE = "minute"
    URGENT_HOUR = "urgent_hour"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"


WALL_CLOCK = frozenset({TimeUnit.MINUTE, TimeUnit.URGENT_HOUR})


@dataclass(frozen=True, slots=True)
class Limit:
    """An amount of time, such as 2 urgent hours or 5 work days."""

    amount: float
    unit: TimeUnit


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are worked, and between which local times.

    `off` and `on` are days that differ from the week's own rule (Monday to Friday): holidays, and the weekend days
    worked in exchange (调休). `known` are the years whose holidays have been published; outside them the week's rule
    alone is used and answers are provisional.
    """

    timezone: tzinfo
    off: frozenset[date]
    on: frozenset[date]
    known: frozenset[int]
    spans: tuple[tuple[time, time], ...] = DEFAULT_SPANS
    work_day: timedelta = timedelta(hours=8)

    def is_work_day(self, day: date) -> bool:
        """Whether `day` is worked.

        >>> WorkCalendar(UTC, frozenset(), frozenset(), frozenset()).is_work_day(date(2026, 11, 22))
        False
        """
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def length(self, limit: Limit) -> timedelta:
        """`limit` as counted time: wall time for the wall-clock units, else work time."""
        match limit.unit:
            case TimeUnit.MINUTE:
                return timedelta(minutes=limit.amount)
            case TimeUnit.URGENT_HOUR | TimeUnit.WORK_HOUR:
                return timedelta(hours=limit.amount)
            case TimeUnit.WORK_DAY:
                return self.work_day * limit.amount


class WorkClock:
    """A calendar's spans laid out between two days, so that every question is two binary searches.

    Instants outside the laid-out days raise ValueError: an answer from nowhere would be a wrong deadline.
    """

    def __init__(self, calendar: WorkCalendar, first: date, last: date) -> None:
        """Lays out `first` to `last`, both included."""
        self.calendar = calendar
        self._first = _midnight(first, calendar.timezone)
        self._last = _midnight(last + timedelta(days=1), calendar.timezone)
        self._starts: list[float] = []
        self._ends: list[float] = []
        self._before: list[float] = []
        done_s = 0.0
        for start_s, end_s in _spans(calendar, first, last):
            self._starts.append(start_s)
            self._ends.append(end_s)
            self._before.append(done_s)
            done_s += end_s - start_s
        self._total_s = done_s

    def counted(self, start: datetime, end: datetime, unit: TimeUnit) -> timedelta:
        """How much time of `unit`'s kind lies between the two instants; nothing where `end` is not after `start`."""
        if end <= start:
            return timedelta(0)
        if unit in WALL_CLOCK:
            return end - start
        return timedelta(seconds=self._worked_s(end) - self._worked_s(start))

    def after(self, start: datetime, length: timedelta, unit: TimeUnit) -> datetime:
        """The earliest instant, not before `start`, at which `length` of `unit`'s time has passed since `start`."""
        if length <= timedelta(0):
            return start
        if unit in WALL_CLOCK:
            return start + length
        goal_s = self._worked_s(start) + length.total_seconds()
        if goal_s > self._total_s + 1e-6:
            raise ValueError(f"{length} of work after {start} lies beyond the calendar, which ends {self._last}")
        index = max(0, bisect_left(self._before, goal_s - 1e-6) - 1)
        return EPOCH + timedelta(seconds=round(self._starts[index] + goal_s - self._before[index], 6))

    def is_provisional(self, start: datetime, end: datetime) -> bool:
        """Whether some year between the two has no published holidays yet."""
        years = range(start.astimezone(self.calendar.timezone).year, end.astimezone(self.calendar.timezone).year + 1)
        return not self.calendar.known.issuperset(years)

    def _worked_s(self, instant: datetime) -> float:
        """Seconds of work between the first laid-out day and `instant`."""
        if not self._first <= instant <= self._last:
            raise ValueError(f"{instant} lies outside the calendar, {self._first} to {self._last}")
        at = (instant - EPOCH).total_seconds()
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            return 0.0
        return self._before[index] + min(at, self._ends[index]) - self._starts[index]


def parse_spans(lines: Iterable[str]) -> tuple[tuple[time, time], ...]:
    """Work spans of a day as people write them.

    Raises:
        ValueError: a line is no span, or two overlap.

    >>> parse_spans(["08:00-12:00", "14:00-18:00"]) == DEFAULT_SPANS
    True
    """
    spans = sorted(_span(line) for line in lines)
    for (_, end), (start, _) in pairwise(spans):
        if start < end:
            raise ValueError(f"work spans overlap at {start:%H:%M}")
    if not spans:
        raise ValueError("a work day needs at least one span, such as 08:00-12:00")
    return tuple(spans)


def _span(line: str) -> tuple[time, time]:
    first, _, last = line.partition("-")
    try:
        start, end = time.fromisoformat(first.strip()), time.fromisoformat(last.strip())
    except ValueError as error:
        raise ValueError(f"{line!r} is no span of a day; write it as 08:00-12:00") from error
    if end <= start:
        raise ValueError(f"{line!r} is no span of a day: it ends before it begins")
    return start, end


def _spans(calendar: WorkCalendar, first: date, last: date) -> Iterable[tuple[float, float]]:
    day = first
    while day <= last:
        if calendar.is_work_day(day):
            for start, end in _of_day(calendar.spans, day, calendar.timezone):
                yield (start - EPOCH).total_seconds(), (end - EPOCH).total_seconds()
        day += timedelta(days=1)


def _of_day(spans: Sequence[tuple[time, time]], day: date, zone: tzinfo) -> Iterable[tuple[datetime, datetime]]:
    for start, end in spans:
        yield datetime.combine(day, start, zone).astimezone(UTC), datetime.combine(day, end, zone).astimezone(UTC)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)
