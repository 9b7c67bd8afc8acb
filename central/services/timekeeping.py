"""Keeps the clocks of cases' stages: begins them, stops and lengthens them, and reckons anew when each is due."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from central.domain.deadlines import Stage
from central.domain.stageclock import ClockRecord, FlowRules, News, Timetable, Told, news_by, next_news, timetable
from central.domain.workflow import Action
from central.domain.worktime import Limit, WorkCalendar, WorkClock
from central.store.stages import StageRow
from contract.errors import UsageError

LAID_OUT = timedelta(days=4 * 366)


class Timekeeper:
    """Any thread. `rules` and `calendar` are asked anew each time: days off are published late, limits are changed."""

    def __init__(self, rules: Callable[[], FlowRules], calendar: Callable[[], WorkCalendar]) -> None:
        self._rules, self._calendar = rules, calendar

    @property
    def rules(self) -> FlowRules:
        return self._rules()

    @property
    def calendar(self) -> WorkCalendar:
        return self._calendar()

    @property
    def timezone(self) -> tzinfo:
        return self._calendar().timezone

    def begin(self, row: StageRow) -> StageRow:
        """The stage with its limit written beside it: a later change of profile doesn't move what began before."""
        limit = self.rules.limit(row.stage, row.kind)
        record = ClockRecord(limit=None if limit is None else (limit.amount, limit.unit))
        return self.reckoned(replace(row, clock=record.model_dump_json()))

    def pause(self, row: StageRow, at: datetime) -> StageRow:
        return self._with(row, record_of(row).paused(at))

    def resume(self, row: StageRow, at: datetime) -> StageRow:
        record = record_of(row).resumed(at)
        return self._with(replace(row, paused_s=record.paused_s(at)), record)

    def extend(self, row: StageRow, limit: Limit, at: datetime) -> StageRow:
        """Lengthens the stage at `at`; who was told that it ends is told again when it nears its new end.

        Raises:
            UsageError: the stage has no limit, or is counted in another kind of time.
        """
        record = record_of(row).extended(limit)
        if record.limit is None:
            raise UsageError(f"extend: the stage {row.stage} has no limit")
        try:
            record.to_clock(row.entered_at)
        except ValueError as error:
            raise UsageError(f"extend: {error}") from error
        longer = self._with(row, record)
        passed = [share for share, moment in self._timetable(longer).warn_at if moment is not None and moment <= at]
        return self.reckoned(replace(longer, told=min(row.told, max(passed, default=0.0))))

    def leave(self, row: StageRow, at: datetime, outcome: Action | None, person: str, post: str) -> StageRow:
        """The stage as it ended."""
        record = record_of(row).resumed(at)
        ended = replace(row, left_at=at, outcome=outcome, person=person, post=post, next_at=None)
        return replace(ended, clock=record.model_dump_json(), paused_s=record.paused_s(at))

    def reckoned(self, row: StageRow) -> StageRow:
        """The stage with the times that follow from its clock and today's calendar."""
        table = self._timetable(row)
        return replace(row, due_at=table.due_at, next_at=self._next_look(row, table))

    def news(self, row: StageRow, now: datetime) -> tuple[list[News], StageRow]:
        """What is to be told by `now`, and the stage that knows that it was."""
        table = self._timetable(row)
        found = news_by(table, _told(row), now)
        share = max([row.told, *(one.share for one in found if one.share is not None)])
        level = max([row.level, *(one.level for one in found if one.level is not None)])
        after = replace(row, told=share, level=level, due_at=table.due_at)
        return found, replace(after, next_at=self._next_look(after, table))

    def _next_look(self, row: StageRow, table: Timetable) -> datetime | None:
        found = [next_news(table, _told(row))]
        if row.stage is Stage.REMIND and not record_of(row).proposed:
            found.append(table.due_at)
        recheck = self.rules.recheck.get(row.kind) if row.kind is not None else None
        if row.stage is Stage.CHECK and recheck is not None:
            found.append((record_of(row).looked_at or row.entered_at) + recheck.every)
        return min((at for at in found if at is not None), default=None)

    def _timetable(self, row: StageRow) -> Timetable:
        clock = _laid_out(self._calendar(), row.entered_at.astimezone(UTC).year)
        try:
            return timetable(record_of(row), row.stage, row.entered_at, self.rules, clock)
        except ValueError:  # weeks of pauses led beyond the calendar: nobody can say when it is due
            return Timetable(None, (), ())

    def _with(self, row: StageRow, record: ClockRecord) -> StageRow:
        return self.reckoned(replace(row, clock=record.model_dump_json()))


def record_of(row: StageRow) -> ClockRecord:
    """What is kept beside the stage."""
    return ClockRecord.model_validate_json(row.clock)


def _told(row: StageRow) -> Told:
    return Told(row.told, row.level, row.claimed_at is not None)


@lru_cache(maxsize=8)
def _laid_out(calendar: WorkCalendar, year: int) -> WorkClock:
    return WorkClock(calendar, date(year, 1, 1) - LAID_OUT, date(year, 12, 31) + LAID_OUT)
