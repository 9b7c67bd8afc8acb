"""Periods of assessment: whole local days. A day, week, month, quarter, year, or from one day to another."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class PeriodKind(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"
    """From any day to any other."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from `first` to `last`, both included."""

    kind: PeriodKind
    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        """As people write it, see `parse_period`.

        >>> [str(period_around(kind, date(2027, 1, 1))) for kind in (PeriodKind.QUARTER, PeriodKind.WEEK)]
        ['2027-Q1', '2026-W53']
        """
        match self.kind:
            case PeriodKind.DAY:
                return self.first.isoformat()
            case PeriodKind.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02d}"
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.QUARTER:
                return f"{self.first.year}-Q{(self.first.month + 2) // 3}"
            case PeriodKind.YEAR:
                return f"{self.first.year}"
            case PeriodKind.SPAN:
                return f"{self.first}..{self.last}"


def span(first: date, last: date) -> Period:
    """From `first` to `last`; a whole month, say, is called a month.

    Raises:
        ValueError: it ends before it begins.

    >>> span(date(2026, 1, 1), date(2026, 12, 31)).kind
    <PeriodKind.YEAR: 'year'>
    """
    if last < first:
        raise ValueError(f"the period ends ({last}) before it begins ({first})")
    for kind in (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR):
        named = period_around(kind, first)
        if (named.first, named.last) == (first, last):
            return named
    return Period(PeriodKind.SPAN, first, last)


def period_around(kind: PeriodKind, day: date) -> Period:
    """The period of that kind that holds `day`. Weeks begin on Mondays.

    Raises:
        ValueError: a span has no natural bounds.
    """
    match kind:
        case PeriodKind.DAY:
            return Period(kind, day, day)
        case PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            return Period(kind, monday, monday + timedelta(days=6))
        case PeriodKind.MONTH:
            return Period(kind, day.replace(day=1), _next_month(day.year, day.month) - timedelta(days=1))
        case PeriodKind.QUARTER:
            first = (day.month - 1) // 3 * 3 + 1
            return Period(kind, date(day.year, first, 1), _next_month(day.year, first + 2) - timedelta(days=1))
        case PeriodKind.YEAR:
            return Period(kind, date(day.year, 1, 1), date(day.year, 12, 31))
        case PeriodKind.SPAN:
            raise ValueError("a span is given by its first and last day")


_WRITTEN = re.compile(r"(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})(?:-(\d{2}))?))?")


def parse_period(text: str) -> Period:
    """What `Period.__str__` writes.

    Raises:
        ValueError: it is no period; the message shows one of each kind.

    >>> parse_period("2026-02").last, parse_period("2026-W01").first, parse_period("2026-07-01..2026-07-09").days
    (datetime.date(2026, 2, 28), datetime.date(2025, 12, 29), 9)
    """
    wrong = f"{text!r} is no period; write 2026-07-01, 2026-W27, 2026-07, 2026-Q3, 2026 or 2026-07-01..2026-07-09"
    first, dots, last = text.partition("..")
    try:
        if dots:
            return span(date.fromisoformat(first), date.fromisoformat(last))
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(wrong)
        year, quarter, week, month, day = (None if part is None else int(part) for part in found.groups())
        assert year is not None
        if quarter is not None:
            return period_around(PeriodKind.QUARTER, date(year, quarter * 3, 1))
        if week is not None:
            return period_around(PeriodKind.WEEK, date.fromisocalendar(year, week, 1))
        if month is None:
            return period_around(PeriodKind.YEAR, date(year, 1, 1))
        kind = PeriodKind.MONTH if day is None else PeriodKind.DAY
        return period_around(kind, date(year, month, 1 if day is None else day))
    except ValueError as error:
        raise ValueError(wrong) from error


def _next_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1)
