"""When a stage of a case is due: a limit, what was added to it, and the time it stood still. Pure.

A deadline is reckoned anew from its facts whenever it is asked for, so that a holiday published later, a pause or an
extension needs no second bookkeeping.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central.domain.worktime import WALL_CLOCK, Limit, TimeUnit, WorkClock
from contract.taxonomy import Violation

WARNINGS = (0.5, 0.8, 1.0)
"""Shares of the limit at which somebody is told. Fewer: lateness comes as a surprise; more: nobody reads them."""


class Stage(StrEnum):
    """A part of a case's life that may have a limit of its own (DOMAIN §4), in order."""

    REVIEW = "review"
    REMIND = "remind"
    REPORT = "report"
    ACCEPT = "accept"
    VERIFY = "verify"
    REGISTER = "register"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Profile:
    """One city's limits. A number is one city's and carries its source; none of them is a constant of the code."""

    name: str
    source: str
    stages: Mapping[Stage, Limit]
    handle: Mapping[Violation, Limit]

    def limit(self, stage: Stage, kind: Violation | None) -> Limit | None:
        """The limit of `stage` for cases of `kind`; None where the profile has none."""
        if stage is Stage.HANDLE and kind is not None and kind in self.handle:
            return self.handle[kind]
        return self.stages.get(stage)


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the clock stood still (挂账). `end` None: it still does."""

    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class StageClock:
    """What a stage's deadline follows from. Extensions (延期) must be of the limit's kind: wall clock or work time."""

    started_at: datetime
    limit: Limit
    pauses: tuple[Pause, ...] = ()
    extensions: tuple[Limit, ...] = ()

    def __post_init__(self) -> None:
        for entry in self.extensions:
            if (entry.unit in WALL_CLOCK) is not (self.limit.unit in WALL_CLOCK):
                raise ValueError(f"a limit in {self.limit.unit}s can't be extended in {entry.unit}s")


@dataclass(frozen=True, slots=True)
class Due:
    """When it is due, and when somebody is to be told; None while the clock stands still before it gets there.

    `is_provisional`: a year on the way has no published holidays yet.
    """

    due_at: datetime | None
    warn_at: tuple[tuple[float, datetime | None], ...]
    is_provisional: bool


def reckon(stage: StageClock, clock: WorkClock) -> Due:
    """The stage's deadline.

    Raises:
        ValueError: it lies beyond the calendar.
    """
    total = _total(stage, clock)
    due_at = _reach(stage, total, clock)
    warn_at = tuple((share, _reach(stage, total * share, clock)) for share in WARNINGS)
    until = due_at or max(stage.started_at, *(pause.start for pause in stage.pauses))
    in_work_time = stage.limit.unit not in WALL_CLOCK
    return Due(due_at, warn_at, in_work_time and clock.is_provisional(stage.started_at, until))


def share_used(stage: StageClock, at: datetime, clock: WorkClock) -> float:
    """How much of the limit, extensions included, has run by `at`: 1 when it is due, more when it is late."""
    ran = timedelta(0)
    for start, end in _running(stage):
        ran += clock.counted(start, at if end is None else min(end, at), stage.limit.unit)
    return ran / _total(stage, clock)


def _total(stage: StageClock, clock: WorkClock) -> timedelta:
    lengths = (clock.calendar.length(entry) for entry in (stage.limit, *stage.extensions))
    return sum(lengths, timedelta(0))


def _reach(stage: StageClock, length: timedelta, clock: WorkClock) -> datetime | None:
    """When `length` will have run; None if the clock stands still before that."""
    unit: TimeUnit = stage.limit.unit
    for start, end in _running(stage):
        runs = None if end is None else clock.counted(start, end, unit)
        if runs is None or runs >= length:
            return clock.after(start, length, unit)
        length -= runs
    return None


def _running(stage: StageClock) -> Iterable[tuple[datetime, datetime | None]]:
    """The stretches between the pauses, in order; the last has no end unless it is paused now."""
    at = stage.started_at
    for pause in sorted(stage.pauses, key=lambda pause: pause.start):
        if pause.start > at:
            yield at, pause.start
        if pause.end is None:
            return
        at = max(at, pause.end)
    yield at, None
