"""The clock of one stage: what its deadline follows from, as it is kept, and who is to be told next. Pure.

A deadline is never moved by hand: it is reckoned anew from limit, pauses and extensions whenever one of them, or the
calendar, has changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from central.domain.deadlines import Pause, Profile, Stage, StageClock, reckon
from central.domain.law import Names, Recheck
from central.domain.workflow_words import Audience
from central.domain.worktime import Limit, TimeUnit, WorkClock
from contract.taxonomy import Violation


class ClockRecord(BaseModel):
    """What is kept beside a stage. `limit` None: it has none. `clear` counts looks that found nothing in a row."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: tuple[float, TimeUnit] | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    extensions: tuple[tuple[float, TimeUnit], ...] = ()
    clear: int = 0
    looked_at: datetime | None = None
    proposed: tuple[str, ...] = ()

    def paused(self, at: datetime) -> "ClockRecord":
        """With a pause that begins at `at`, unless it stands still already."""
        if self.pauses and self.pauses[-1][1] is None:
            return self
        return self.model_copy(update={"pauses": (*self.pauses, (at, None))})

    def resumed(self, at: datetime) -> "ClockRecord":
        """With its open pause ended at `at`."""
        if not self.pauses or self.pauses[-1][1] is not None:
            return self
        return self.model_copy(update={"pauses": (*self.pauses[:-1], (self.pauses[-1][0], at))})

    def extended(self, limit: Limit) -> "ClockRecord":
        return self.model_copy(update={"extensions": (*self.extensions, (limit.amount, limit.unit))})

    def paused_s(self, at: datetime) -> float:
        """Wall seconds it has stood still by `at`."""
        return sum(((end or at) - start).total_seconds() for start, end in self.pauses)

    def to_clock(self, started_at: datetime) -> StageClock | None:
        """None without a limit.

        Raises:
            ValueError: an extension is counted in another kind of time than the limit.
        """
        if self.limit is None:
            return None
        pauses = tuple(Pause(start, end) for start, end in self.pauses)
        return StageClock(started_at, Limit(*self.limit), pauses, tuple(Limit(*more) for more in self.extensions))


@dataclass(frozen=True, slots=True)
class Level:
    """If nobody has claimed a stage `after` it began, `to` are told."""

    after: timedelta
    to: tuple[Audience, ...]


@dataclass(frozen=True, slots=True)
class FlowRules:
    """What one city says about its cases' time, as data. `warnings`: share of the limit → who is told."""

    profile: Profile
    warnings: Mapping[float, tuple[Audience, ...]] = field(default_factory=dict)
    unclaimed: Mapping[Stage, tuple[Level, ...]] = field(default_factory=dict)
    recheck: Mapping[Violation, Recheck] = field(default_factory=dict)
    auto_close: frozenset[Violation] = frozenset()
    grace: Mapping[Violation, timedelta] = field(default_factory=dict)
    """How long after a reminder a kind is left alone; kinds that are never reminded are missing."""
    names: Mapping[Violation, Names] = field(default_factory=dict)

    def limit(self, stage: Stage, kind: Violation | None) -> Limit | None:
        """The limit of a stage; a reminder's is its grace time."""
        if stage is Stage.REMIND:
            grace = None if kind is None else self.grace.get(kind)
            return None if grace is None else Limit(grace.total_seconds() / 60, TimeUnit.MINUTE)
        return self.profile.limit(stage, kind)


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a stage is due, and when somebody is to be told: shares of the limit, and levels while it is unclaimed.

    None in `warn_at`: it stands still before that.
    """

    due_at: datetime | None
    warn_at: tuple[tuple[float, datetime | None], ...]
    escalate_at: tuple[tuple[int, datetime], ...]


def timetable(record: ClockRecord, stage: Stage, entered_at: datetime, rules: FlowRules, clock: WorkClock) -> Timetable:
    """The stage's timetable.

    Raises:
        ValueError: it lies beyond the calendar.
    """
    levels = rules.unclaimed.get(stage, ())
    escalate_at = tuple((number, entered_at + level.after) for number, level in enumerate(levels, start=1))
    facts = record.to_clock(entered_at)
    if facts is None:
        return Timetable(None, (), escalate_at)
    due = reckon(facts, clock)
    if stage is Stage.REMIND:  # the party's time, not an official's: nobody is warned that it runs out
        return Timetable(due.due_at, (), escalate_at)
    return Timetable(due.due_at, due.warn_at, escalate_at)


@dataclass(frozen=True, slots=True)
class Told:
    """What has been told already: the largest share, the highest level; and whether somebody claimed it."""

    share: float = 0.0
    level: int = 0
    is_claimed: bool = False


@dataclass(frozen=True, slots=True)
class News:
    """Somebody is to be told: `share` of the limit has run, or nobody has claimed the stage (`level`)."""

    at: datetime
    share: float | None = None
    level: int | None = None


def news_by(table: Timetable, told: Told, now: datetime) -> list[News]:
    """What should have been told by `now` and was not, in the order in which it came true."""
    found = [
        News(at, share=share) for share, at in table.warn_at if at is not None and at <= now and share > told.share
    ]
    if not told.is_claimed:
        found += [News(at, level=level) for level, at in table.escalate_at if at <= now and level > told.level]
    return sorted(found, key=lambda one: one.at)


def next_news(table: Timetable, told: Told) -> datetime | None:
    """When there is next something to tell; None when nothing is left."""
    moments = [at for share, at in table.warn_at if at is not None and share > told.share]
    if not told.is_claimed:
        moments += [at for level, at in table.escalate_at if level > told.level]
    return min(moments, default=None)
