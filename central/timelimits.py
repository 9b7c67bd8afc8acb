"""The deadlines file → limits by stage and kind, and the calendar they are counted on."""

from datetime import date, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import chinese_calendar
from pydantic import Field, field_validator

from central.domain.deadlines import Profile, Stage
from central.domain.worktime import Limit, TimeUnit, WorkCalendar, WorkClock, parse_spans
from contract.configfile import Settings, load_yaml
from contract.errors import UsageError
from contract.taxonomy import Violation

PACKAGED = Path(__file__).parents[1] / "configs" / "central" / "deadlines.yaml"
LAID_OUT = timedelta(days=4 * 366)
"""How far around a moment the calendar is laid out: the longest limit seen is weeks, extensions and pauses add."""


class LimitBlock(Settings):
    """An amount of time in one of the units."""

    amount: Annotated[float, Field(gt=0, le=100_000)]
    unit: TimeUnit

    def to_limit(self) -> Limit:
        return Limit(self.amount, self.unit)


class ProfileBlock(Settings):
    """One city's limits and where they are from."""

    source: Annotated[str, Field(min_length=1, max_length=300)]
    stages: dict[Stage, LimitBlock] = Field(default_factory=dict)
    handle: dict[Violation, LimitBlock] = Field(default_factory=dict)


class CalendarBlock(Settings):
    """Which days are worked and when."""

    country: Literal["CN"] | None = "CN"
    work_spans: tuple[str, ...] = ("08:00-12:00", "14:00-18:00")
    hours_a_work_day: Annotated[float, Field(gt=0, le=24)] = 8
    days_off: tuple[date, ...] = ()
    days_worked: tuple[date, ...] = ()
    known_years: tuple[Annotated[int, Field(ge=2000, le=2200)], ...] = ()

    @field_validator("work_spans")
    @classmethod
    def _are_readable(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        parse_spans(value)
        return value

    def to_spans(self) -> tuple[tuple[time, time], ...]:
        return parse_spans(self.work_spans)


class TimeLimits(Settings):
    """The whole file."""

    calendar: CalendarBlock = CalendarBlock()
    profiles: dict[str, ProfileBlock]

    def profile(self, name: str) -> Profile:
        """The profile called `name`.

        Raises:
            UsageError: there is none; the message names those there are.
        """
        block = self.profiles.get(name)
        if block is None:
            raise UsageError(f"no profile {name!r}; there are: {', '.join(sorted(self.profiles))}")
        return Profile(
            name=name,
            source=block.source,
            stages={stage: entry.to_limit() for stage, entry in block.stages.items()},
            handle={kind: entry.to_limit() for kind, entry in block.handle.items()},
        )

    def work_calendar(self, timezone: str) -> WorkCalendar:
        """The calendar in `timezone`: the country's published holidays, then the file's own days on top.

        Raises:
            UsageError: no such time zone.
        """
        published = _published() if self.calendar.country == "CN" else ({}, frozenset[int]())
        days = (
            published[0] | dict.fromkeys(self.calendar.days_off, False) | dict.fromkeys(self.calendar.days_worked, True)
        )
        return WorkCalendar(
            timezone=_zone(timezone),
            off=frozenset(day for day, is_worked in days.items() if not is_worked),
            on=frozenset(day for day, is_worked in days.items() if is_worked),
            known=published[1] | frozenset(self.calendar.known_years),
            spans=self.calendar.to_spans(),
            work_day=timedelta(hours=self.calendar.hours_a_work_day),
        )


def load_time_limits(path: Path | None = None) -> TimeLimits:
    """The limits in the file at `path`; without one, the packaged ones.

    Raises:
        UsageError: the file is wrong.
    """
    return load_yaml(path or PACKAGED, TimeLimits)


def work_clock(calendar: WorkCalendar, around: date) -> WorkClock:
    """The calendar laid out for some years around a day."""
    return WorkClock(calendar, around - LAID_OUT, around + LAID_OUT)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise UsageError(f"no time zone {name!r}; write it as Asia/Shanghai") from error


def _published() -> tuple[dict[date, bool], frozenset[int]]:
    """Days that differ from the week's rule, and the years whose table is published."""
    holidays, workdays = chinese_calendar.holidays, chinese_calendar.workdays
    days = dict.fromkeys(holidays, False) | dict.fromkeys(workdays, True)
    return days, frozenset(range(min(holidays).year, max(holidays).year + 1))
