"""`python -m central rejudge`: what a changed register or law makes of known cases; first seen, then carried out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from central.catalogue import load_catalogue, make_law
from central.commands.database import ConfigOption, DatabaseOption, JsonOption, opened
from central.domain.judgement.stretch import Stretch
from central.services.lawbook import LawBook
from central.services.registers import RegisterBook
from central.services.rejudge_report import Effect, RejudgeReport
from central.services.rejudging import Rejudger
from central.settings import load_settings
from central.site import load_site
from contract.clock import SystemClock
from contract.errors import UsageError

DAYS = 31
"""A month, unless `--since` says otherwise: older cases have been assessed."""
_MEANING = {
    Effect.RAISED: "go to a person now",
    Effect.CLEARED: "no longer wait for one; nobody had looked yet",
    Effect.CHANGED: "are judged otherwise and wait, or don't, as before",
    Effect.MARKED: "a person has spoken: they stay, with a note",
    Effect.SAME: "stay as they are",
}


def add_to(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("rejudge")(rejudge)


def rejudge(
    apply: Annotated[
        bool, typer.Option("--apply/--preview", help="Carry it out; without it nothing is written.")
    ] = False,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    site: Annotated[Path | None, typer.Option("--site", help="The site's file, as `serve` has it.")] = None,
    violations: Annotated[Path | None, typer.Option("--violations", help="Instead of the packaged file.")] = None,
    since: Annotated[
        str | None, typer.Option(help=f"First local day of the cases' last sightings; {DAYS} days ago without.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Last local day, included.")] = None,
    actor: Annotated[str, typer.Option(help="Who asks for it; stands in every history.")] = "operator",
    as_json: JsonOption = False,
) -> None:
    """Judges known cases again after a register or the law has changed. Look first: without --apply nothing is written.

    What is finished stays as it is. Where a person has spoken, or the city's platform has the case, only a note is
    added. Everything else follows the new judgement: new entries in its history, nothing is overwritten. The service
    may go on meanwhile; doing it twice changes nothing more.

    Example: central rejudge --database-url sqlite:///central.db --site site.yaml --since 2026-07-01
    """
    settings = load_settings(config, {"database_url": database_url, "site": site, "violations": violations})
    loaded = load_site(settings.site)
    law = make_law(load_catalogue(settings.violations), loaded)
    stretch = _stretch(since, until, ZoneInfo(loaded.timezone))
    with opened(settings.database_url) as database, _bar() as on_done:
        database.must_exist()
        rejudger = Rejudger(database, LawBook(law, RegisterBook(loaded.to_origin(), law.registers)), SystemClock())
        report = rejudger.apply(stretch, actor, on_done) if apply else rejudger.preview(stretch, on_done)
    if as_json:
        typer.echo(report.model_dump_json())
    else:
        _print(report)


def _stretch(since: str | None, until: str | None, zone: ZoneInfo) -> Stretch:
    today = SystemClock().now().astimezone(zone).date()
    first = today - timedelta(days=DAYS) if since is None else _day(since, "--since")
    last = None if until is None else _day(until, "--until")
    if last is not None and last < first:
        raise UsageError(f"--until {last}: lies before --since {first}; give the later day to --until")
    end = None if last is None else datetime.combine(last + timedelta(days=1), time(0), zone)
    return Stretch(datetime.combine(first, time(0), zone), end)


def _day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{option} {text}: write the day as 2026-07-01") from error


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("cases"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("cases", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _print(report: RejudgeReport) -> None:
    console = Console()
    said = "Done" if report.is_applied else "Preview, nothing written"
    table = Table("cases", "", title=f"{said}: {report.judged} cases under law {report.law_version}")
    for effect, meaning in _MEANING.items():
        table.add_row(str(report.effects[effect]), meaning)
    table.add_row(str(report.finished), "are finished and were not looked at")
    console.print(table)
    if report.kinds:
        changes = Table("cases", "before → after")
        for change, number in report.kinds.items():
            changes.add_row(str(number), change)
        console.print(changes)
    for case in report.cases[:20]:
        console.print(f"{case.case_id}  {case.effect}: {case.after.sentence.zh} {case.after.sentence.en}", markup=False)
