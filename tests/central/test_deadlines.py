"""Deadlines: limits, pauses and extensions in wall time and work time, against a walk over every minute."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from central.cli import cli
from central.domain.deadlines import Pause, StageClock, reckon, share_used
from central.domain.worktime import Limit, TimeUnit, WorkCalendar, WorkClock, parse_spans
from central.timelimits import load_time_limits, work_clock
from contract.clock import parse_rfc3339
from contract.errors import UsageError

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
FIRST, LAST = date(2026, 9, 1), date(2026, 12, 31)
CALENDAR = WorkCalendar(
    timezone=SHANGHAI,
    off=frozenset(date(2026, 10, day) for day in range(1, 8)),
    on=frozenset({date(2026, 9, 20), date(2026, 10, 10)}),
    known=frozenset({2026}),
)
CLOCK = WorkClock(CALENDAR, FIRST, LAST)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def counts(minute: datetime) -> bool:
    """Whether the minute that begins at `minute` is work time; by the words of the rule, without spans or searches."""
    here = minute.astimezone(SHANGHAI)
    is_work_day = here.date() in CALENDAR.on or (here.weekday() < 5 and here.date() not in CALENDAR.off)
    return is_work_day and (time(8) <= here.time() < time(12) or time(14) <= here.time() < time(18))


BEGIN = local("2026-09-14T00:00")
WORKED = [counts(BEGIN + index * MINUTE) for index in range(108 * 24 * 60)]


def walk(stage: StageClock, minutes: int) -> datetime | None:
    """The end of the `minutes`-th minute that counts."""
    is_work_time = stage.limit.unit in {TimeUnit.WORK_HOUR, TimeUnit.WORK_DAY}
    pauses = [(pause.start, pause.end or LAST_INSTANT) for pause in stage.pauses]
    index = (stage.started_at - BEGIN) // MINUTE
    while index < len(WORKED):
        at = BEGIN + index * MINUTE
        if (not is_work_time or WORKED[index]) and not any(start <= at < end for start, end in pauses):
            minutes -= 1
            if minutes == 0:
                return at + MINUTE
        index += 1
    return None


LAST_INSTANT = local("2027-01-01T00:00")
instants = st.integers(0, 40 * 24 * 60).map(lambda minute: BEGIN + minute * MINUTE)
limits = st.one_of(
    st.integers(1, 3000).map(lambda amount: Limit(amount, TimeUnit.MINUTE)),
    st.integers(1, 60).map(lambda amount: Limit(amount, TimeUnit.URGENT_HOUR)),
    st.integers(1, 30).map(lambda amount: Limit(amount, TimeUnit.WORK_HOUR)),
    st.integers(1, 6).map(lambda amount: Limit(amount, TimeUnit.WORK_DAY)),
)
lengths = st.one_of(st.none(), st.integers(0, 4000))


@st.composite
def stages(draw: st.DrawFn) -> StageClock:
    pauses = tuple(
        Pause(start, None if minutes is None else start + minutes * MINUTE)
        for start, minutes in draw(st.lists(st.tuples(instants, lengths), max_size=3))
    )
    limit = draw(limits)
    more = (Limit(draw(st.integers(1, 5)), limit.unit),) if draw(st.booleans()) else ()
    return StageClock(draw(instants), limit, pauses, more)


@settings(max_examples=40)
@given(stages())
def test_a_deadline_is_where_a_walk_over_every_minute_ends(stage: StageClock) -> None:
    length = sum((CALENDAR.length(entry) for entry in (stage.limit, *stage.extensions)), timedelta(0))
    assert reckon(stage, CLOCK).due_at == walk(stage, int(length / MINUTE))


@given(stages())
def test_a_deadline_is_when_the_whole_limit_has_run(stage: StageClock) -> None:
    due = reckon(stage, CLOCK)
    if due.due_at is not None:
        assert share_used(stage, due.due_at, CLOCK) == pytest.approx(1)
        assert share_used(stage, due.due_at - MINUTE, CLOCK) < 1
        assert [moment for _, moment in due.warn_at] == sorted(moment for _, moment in due.warn_at if moment)


@given(instants, instants, st.sampled_from(TimeUnit))
def test_counted_time_adds_up(a: datetime, b: datetime, unit: TimeUnit) -> None:
    a, b = sorted((a, b))
    middle = a + (b - a) / 2
    assert CLOCK.counted(a, b, unit) == CLOCK.counted(a, middle, unit) + CLOCK.counted(middle, b, unit)


@pytest.mark.parametrize(
    ("limit", "start", "due"),
    [
        (Limit(2, TimeUnit.URGENT_HOUR), "2026-10-01T23:30", "2026-10-02T01:30"),
        (Limit(4, TimeUnit.WORK_HOUR), "2026-11-20T17:00", "2026-11-23T11:00"),  # Friday evening to Monday
        (Limit(1, TimeUnit.WORK_DAY), "2026-11-23T08:00", "2026-11-23T18:00"),
        (Limit(1, TimeUnit.WORK_DAY), "2026-11-22T12:00", "2026-11-23T18:00"),  # begun on a Sunday
        (Limit(1, TimeUnit.WORK_HOUR), "2026-11-23T11:30", "2026-11-23T14:30"),  # over the noon break
        (Limit(1, TimeUnit.WORK_HOUR), "2026-11-23T13:00", "2026-11-23T15:00"),
        (Limit(1, TimeUnit.WORK_DAY), "2026-09-30T16:00", "2026-10-08T16:00"),  # over the October holiday
        (Limit(1, TimeUnit.WORK_DAY), "2026-10-09T16:00", "2026-10-10T16:00"),  # a Saturday worked in exchange
    ],
)
def test_limits_run_as_people_count_them(limit: Limit, start: str, due: str) -> None:
    assert reckon(StageClock(local(start), limit), CLOCK).due_at == local(due)


def test_while_the_clock_stands_nothing_is_due() -> None:
    stage = StageClock(local("2026-11-23T08:00"), Limit(4, TimeUnit.WORK_HOUR), (Pause(local("2026-11-23T11:00")),))
    due = reckon(stage, CLOCK)
    assert due.due_at is None
    assert due.warn_at == ((0.5, local("2026-11-23T10:00")), (0.8, None), (1.0, None))
    assert share_used(stage, local("2026-12-01T00:00"), CLOCK) == pytest.approx(0.75)


def test_a_holiday_announced_later_moves_the_deadline() -> None:
    stage = StageClock(local("2026-11-23T17:00"), Limit(2, TimeUnit.WORK_HOUR))
    later = WorkCalendar(SHANGHAI, CALENDAR.off | {date(2026, 11, 24)}, CALENDAR.on, CALENDAR.known)
    assert reckon(stage, CLOCK).due_at == local("2026-11-24T09:00")
    assert reckon(stage, WorkClock(later, FIRST, LAST)).due_at == local("2026-11-25T09:00")


def test_a_limit_beyond_the_calendar_is_an_error_not_a_guess() -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        reckon(StageClock(local("2026-12-30T08:00"), Limit(10, TimeUnit.WORK_DAY)), CLOCK)
    with pytest.raises(ValueError, match="outside the calendar"):
        reckon(StageClock(local("2025-01-01T08:00"), Limit(1, TimeUnit.WORK_DAY)), CLOCK)


def test_work_time_is_not_extended_by_wall_time() -> None:
    with pytest.raises(ValueError, match="can't be extended"):
        StageClock(FIRST_INSTANT, Limit(1, TimeUnit.WORK_DAY), extensions=(Limit(1, TimeUnit.URGENT_HOUR),))


FIRST_INSTANT = local("2026-11-23T08:00")


@pytest.mark.parametrize("lines", [["8-12"], ["12:00-08:00"], ["08:00-12:00", "11:00-13:00"], []])
def test_work_spans_that_cannot_be_are_refused(lines: list[str]) -> None:
    with pytest.raises(ValueError, match="span"):
        parse_spans(lines)


def test_the_packaged_calendar_knows_exchanged_work_days() -> None:
    """The State Council's table for 2026: 1 to 7 October off, Saturday 10 October worked."""
    calendar = load_time_limits().work_calendar("Asia/Shanghai")
    assert not any(calendar.is_work_day(date(2026, 10, day)) for day in range(1, 8))
    assert calendar.is_work_day(date(2026, 10, 10))
    assert 2026 in calendar.known


def test_a_deadline_over_an_unpublished_year_is_provisional() -> None:
    calendar = load_time_limits().work_calendar("Asia/Shanghai")
    clock = work_clock(calendar, date(2090, 3, 1))
    assert reckon(StageClock(local("2090-03-01T08:00"), Limit(1, TimeUnit.WORK_DAY)), clock).is_provisional
    assert not reckon(StageClock(local("2090-03-01T08:00"), Limit(1, TimeUnit.URGENT_HOUR)), clock).is_provisional


def test_every_figure_of_the_profile_has_a_source() -> None:
    limits = load_time_limits()
    assert all(block.source for block in limits.profiles.values())
    with pytest.raises(UsageError, match="example_city_2026"):
        limits.profile("nowhere")


def test_the_command_says_when_it_is_due() -> None:
    command = ["deadline", "--profile", "example_city_2026", "--kind", "exposed_garbage", "--json"]
    result = CliRunner().invoke(cli, [*command, "--start", "2026-09-30T17:00:00+08:00"])
    said = json.loads(result.stdout)
    assert result.exit_code == 0
    assert said["due_at"] == "2026-10-08T03:00:00.000Z"
    assert [entry["share"] for entry in said["warnings"]] == [0.5, 0.8, 1.0]
    assert parse_rfc3339(said["warnings"][-1]["at"]) == parse_rfc3339(said["due_at"])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        (["--start", "yesterday"], "--start"),
        (["--start", "2026-10-01T08:00:00"], "offset"),
        (["--start", "2026-10-01T08:00:00Z", "--pause", "now"], "--pause"),
        (["--start", "2026-10-01T08:00:00Z", "--extend", "2 fortnights"], "--extend"),
        (["--start", "2026-10-01T08:00:00Z", "--extend", "2 urgent_hour"], "can't be extended"),
        (["--start", "2026-10-01T08:00:00Z", "--profile", "nowhere"], "nowhere"),
        (["--start", "9999-10-01T08:00:00Z"], "9999"),
        (["--start", "2026-10-01T08:00:00Z", "--timezone", "Asia/Nowhere"], "Asia/Nowhere"),
    ],
)
def test_a_wrong_question_is_one_line(options: list[str], match: str) -> None:
    result = CliRunner().invoke(cli, ["deadline", "--kind", "exposed_garbage", *options])
    assert isinstance(result.exception, UsageError)
    assert match in str(result.exception)


def test_a_kind_without_a_figure_says_so() -> None:
    result = CliRunner().invoke(cli, ["deadline", "--kind", "oil_fume", "--start", "2026-10-01T08:00:00Z"])
    assert "no limit for handle of oil_fume" in str(result.exception)
