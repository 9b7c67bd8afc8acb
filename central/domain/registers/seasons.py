"""Opening hours that change with the season: ``05-01..10-15 daily 17:00-23:30`` beside ``daily 17:00-21:00``.

A line without a season holds on the days that no season names. A span belongs to the day on which it begins: what opens
on a season's last evening closes after midnight as that season says.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from central.domain.hours import WeeklyHours, parse_hours

_DAY_S = 86400
_LINE = re.compile(r"^(?P<first>\d{2}-\d{2})\.\.(?P<last>\d{2}-\d{2})\s*:?\s+(?P<hours>.+)$")
_LEAP_YEAR = 2024


@dataclass(frozen=True, slots=True)
class Season:
    """Month and day of its first and last day, both included; it may run over the new year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        at = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= at <= self.last
        return at >= self.first or at <= self.last

    def __str__(self) -> str:
        return "..".join(f"{month:02d}-{day:02d}" for month, day in (self.first, self.last))


@dataclass(frozen=True, slots=True)
class SeasonalHours:
    """Weekly hours by season; `otherwise` holds on every other day. Instants are local wall time."""

    seasons: tuple[tuple[Season, WeeklyHours], ...]
    otherwise: WeeklyHours
    text: str = ""

    def on(self, day: date) -> WeeklyHours:
        """The hours of the season that `day` belongs to; the first that names it counts."""
        return next((hours for season, hours in self.seasons if season.holds(day)), self.otherwise)

    def is_open(self, local: datetime) -> bool:
        """Whether a span that began today, or yesterday and runs past midnight, holds `local`."""
        today = local.date()
        second = local.hour * 3600 + local.minute * 60 + local.second
        return any(
            start <= at < end
            for day, at in ((today, second), (today - timedelta(days=1), second + _DAY_S))
            for start, end in begun_on(self, day)
        )

    def closed_for(self, local: datetime) -> timedelta | None:
        """How long ago it closed last, as of `local`, when it is closed; None when it has not been open for a year."""
        naive = local.replace(tzinfo=None)
        day = naive.date()
        oldest = day - timedelta(days=370)
        while day > oldest:
            midnight = datetime.combine(day, time(0))
            ends = [midnight + timedelta(seconds=end) for _, end in begun_on(self, day)]
            past = [end for end in ends if end <= naive]
            if past:
                return naive - max(past)
            day = self._day_before(day)
        return None

    def _day_before(self, day: date) -> date:
        """The next day to look at, walking back: a season in which it never opens is stepped over whole."""
        before = day - timedelta(days=1)
        season = next((season for season, hours in self.seasons if season.holds(before)), None)
        if season is None or self.on(before).spans:
            return before
        first = _day_of(before.year, season.first)
        return min(before, first if first <= before else _day_of(before.year - 1, season.first))


Hours = WeeklyHours | SeasonalHours
"""Both answer the same questions."""


def parse_seasonal_hours(lines: Iterable[str]) -> Hours:
    """The hours that `lines` name; plain weekly hours where no line names a season.

    Raises:
        ValueError: a line that can't be read, with an example of one that can.

    >>> hours = parse_seasonal_hours(["05-01..10-15 daily 17:00-23:30", "daily 17:00-21:00"])
    >>> hours.is_open(datetime(2026, 7, 1, 22, 0)), hours.is_open(datetime(2026, 12, 1, 22, 0))
    (True, False)
    """
    lines = tuple(line.strip() for line in lines)
    by_season: dict[Season, list[str]] = {}
    plain: list[str] = []
    for line in lines:
        match = _LINE.match(line)
        if match is None:
            plain.append(line)
        else:
            season = Season(_month_day(match["first"], line), _month_day(match["last"], line))
            by_season.setdefault(season, []).append(match["hours"])
    if not by_season:
        return parse_hours(plain)
    seasons = tuple((season, parse_hours(found)) for season, found in by_season.items())
    return SeasonalHours(seasons, parse_hours(plain), ", ".join(lines))


def begun_on(hours: Hours, day: date) -> list[tuple[int, int]]:
    """The spans that begin on `day`, as seconds from its midnight; one that is always open begins anew each day."""
    offset = day.weekday() * _DAY_S
    spans = hours.on(day).spans if isinstance(hours, SeasonalHours) else hours.spans
    return [(start - offset, end - offset) for start, end in _by_day(spans) if offset <= start < offset + _DAY_S]


def _by_day(spans: tuple[tuple[int, int], ...]) -> Iterable[tuple[int, int]]:
    """`spans` cut where they are longer than a day, as the span that is always open."""
    for start, end in spans:
        while end - start > _DAY_S:
            yield start, start + _DAY_S
            start += _DAY_S
        yield start, end


def _month_day(text: str, line: str) -> tuple[int, int]:
    month, day = (int(part) for part in text.split("-"))
    try:
        date(_LEAP_YEAR, month, day)
    except ValueError as error:
        raise ValueError(f"{line!r}: {text} is no day of a year; write month-day, as 05-01..10-15") from error
    return month, day


def _day_of(year: int, month_day: tuple[int, int]) -> date:
    month, day = month_day
    if (month, day) == (2, 29):
        return date(year, 3, 1)
    return date(year, month, day)
