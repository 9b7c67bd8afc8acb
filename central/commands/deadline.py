"""`python -m central deadline`: when a stage would be due, and when somebody would be told."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from central.domain.deadlines import Due, Pause, Stage, StageClock, reckon, share_used
from central.domain.worktime import Limit, TimeUnit, WorkClock
from central.timelimits import load_time_limits, work_clock
from contract.clock import format_rfc3339, parse_rfc3339
from contract.errors import UsageError
from contract.taxonomy import Violation


def add_to(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("deadline")(deadline)


def deadline(
    kind: Annotated[Violation, typer.Option(help="What the case is about.")],
    start: Annotated[str, typer.Option(help="When the stage began, as 2026-10-01T16:30:00+08:00.")],
    profile: Annotated[str, typer.Option(help="Whose limits, from the file's profiles.")] = "example_city_2026",
    stage: Annotated[Stage, typer.Option(help="Which stage of the case.")] = Stage.HANDLE,
    pause: Annotated[
        list[str] | None, typer.Option(help="The clock stood still: FROM/TO, or FROM/ while it still does. Repeatable.")
    ] = None,
    extend: Annotated[list[str] | None, typer.Option(help='Added time, as "1 work_day". Repeatable.')] = None,
    at: Annotated[str | None, typer.Option(help="Also say how much of the limit has run by then.")] = None,
    limits: Annotated[Path | None, typer.Option(help="Another deadlines file than the packaged one.")] = None,
    timezone: Annotated[str, typer.Option(help="In which work hours are counted.")] = "Asia/Shanghai",
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """When a stage of a case is due: urgent hours, work hours or work days, holidays with exchanged work days known.

    Example: central deadline --kind exposed_garbage --start 2026-09-30T17:00:00+08:00
    """
    content = load_time_limits(limits)
    limit = content.profile(profile).limit(stage, kind)
    if limit is None:
        raise UsageError(f"profile {profile}: no limit for {stage} of {kind}; add one to the deadlines file")
    started_at = _instant(start, "--start")
    facts = _facts(started_at, limit, pause or [], extend or [])
    clock = work_clock(content.work_calendar(timezone), _day(started_at))
    due = _reckoned(facts, clock)
    used = None if at is None else share_used(facts, _instant(at, "--at"), clock)
    if as_json:
        typer.echo(json.dumps(_as_json(profile, kind, stage, facts, due, used), ensure_ascii=False))
    else:
        _print(facts, due, used, clock)


def _facts(started_at: datetime, limit: Limit, pauses: list[str], extensions: list[str]) -> StageClock:
    try:
        return StageClock(started_at, limit, tuple(map(_pause, pauses)), tuple(map(_limit, extensions)))
    except ValueError as error:
        raise UsageError(f"--extend: {error}") from error


def _reckoned(facts: StageClock, clock: WorkClock) -> Due:
    try:
        return reckon(facts, clock)
    except ValueError as error:
        raise UsageError(f"no deadline: {error}") from error


def _as_json(
    profile: str, kind: Violation, stage: Stage, facts: StageClock, due: Due, used: float | None
) -> dict[str, object]:
    content: dict[str, object] = {
        "profile": profile,
        "kind": kind.value,
        "stage": stage.value,
        "limit": {"amount": facts.limit.amount, "unit": facts.limit.unit.value},
        "start": format_rfc3339(facts.started_at),
        "due_at": _told(due.due_at),
        "warnings": [{"share": share, "at": _told(moment)} for share, moment in due.warn_at],
        "provisional": due.is_provisional,
    }
    return content if used is None else content | {"share_used": round(used, 4)}


def _print(facts: StageClock, due: Due, used: float | None, clock: WorkClock) -> None:
    zone = clock.calendar.timezone
    table = Table("", "local time", box=None)
    table.add_row("began", f"{facts.started_at.astimezone(zone):%a %Y-%m-%d %H:%M:%S}")
    for share, moment in due.warn_at:
        when = "stands still" if moment is None else f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S}"
        table.add_row("due" if share == 1 else f"{share:.0%} used", when)
    if used is not None:
        table.add_row("used so far", f"{used:.1%}")
    console = Console()
    console.print(table)
    if due.is_provisional:
        console.print(
            "provisional: a year on the way has no published holidays yet; add them to the deadlines file's calendar"
        )


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else format_rfc3339(moment)


def _instant(text: str, option: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}; write it as 2026-10-01T16:30:00+08:00") from error


def _day(instant: datetime) -> date:
    day = instant.astimezone(UTC).date()
    if not 1980 <= day.year <= 2150:
        raise UsageError(f"--start: the year {day.year} is not one that cases are filed in")
    return day


def _pause(text: str) -> Pause:
    first, slash, last = text.partition("/")
    if not slash:
        raise UsageError(f"--pause {text}: write it as FROM/TO, or FROM/ while the clock still stands")
    start, end = _instant(first, "--pause"), _instant(last, "--pause") if last else None
    if end is not None and end < start:
        raise UsageError(f"--pause {text}: it ends before it begins")
    return Pause(start, end)


def _limit(text: str) -> Limit:
    amount, _, unit = text.strip().partition(" ")
    try:
        limit = Limit(float(amount), TimeUnit(unit.strip()))
    except ValueError as error:
        units = ", ".join(TimeUnit)
        raise UsageError(f'--extend {text!r}: write it as "1 work_day"; units are {units}') from error
    if not 0 < limit.amount <= 100_000:
        raise UsageError(f"--extend {text!r}: the amount must be above 0 and at most 100000")
    return limit
