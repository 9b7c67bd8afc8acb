"""`python -m central deadlines`: what a changed calendar or limit moves, and moving it."""

import json
from getpass import getuser
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from central.catalogue import load_catalogue, make_law
from central.commands.database import ConfigOption, DatabaseOption, JsonOption, opened
from central.flowrules import load_workflow, make_keeper
from central.services.lawbook import LawBook
from central.services.recalculating import Moved, Recalculation
from central.services.registers import RegisterBook
from central.settings import load_settings
from central.site import load_site
from central.timelimits import load_time_limits
from contract.clock import SystemClock, format_rfc3339
from contract.errors import UsageError

SHOWN = 50


def add_to(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("deadlines")(deadlines)


def deadlines(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    apply: Annotated[bool, typer.Option("--apply", help="Move them; without it nothing is changed.")] = False,
    why: Annotated[str, typer.Option(help="What was changed; it stands in every case's history.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Reckons the deadlines of all open stages anew, after a holiday was published or the calendar was changed.

    Shows what would move; with --apply moves it, and writes it to each case's history. A limit that began to run stays
    as it was: only the calendar, pauses and extensions count anew.

    Example: central deadlines --apply --why "the holidays of 2027"
    """
    if apply and not why.strip():
        raise UsageError("--why: say what was changed; it stands in every case's history")
    settings = load_settings(config, {"database_url": database_url})
    site = load_site(settings.site)
    base = make_law(load_catalogue(settings.violations), site)
    with opened(settings.database_url) as database, Console(stderr=True).status("deadlines"):
        database.must_exist()
        database.create()
        with database.read() as connection:
            law = LawBook(base, RegisterBook(site.to_origin(), base.registers)).current(connection)
        keeper = make_keeper(load_workflow(settings.workflow), load_time_limits(settings.deadlines), law)
        job = Recalculation(database, keeper, SystemClock())
        moved = list(job.apply(getuser(), why) if apply else job.preview())
    if as_json:
        typer.echo(json.dumps({"applied": apply, "moved": [_as_json(one) for one in moved]}))
        return
    _print(moved, apply)


def _as_json(moved: Moved) -> dict[str, object]:
    return {
        "case_id": moved.case_id,
        "number": moved.number,
        "stage": moved.stage,
        "before": None if moved.before is None else format_rfc3339(moved.before),
        "after": None if moved.after is None else format_rfc3339(moved.after),
    }


def _print(moved: list[Moved], is_applied: bool) -> None:
    table = Table("case", "stage", "was due", "is due", box=None)
    for one in moved[:SHOWN]:
        shown = _as_json(one)
        table.add_row(one.case_id, one.stage, str(shown["before"] or "–"), str(shown["after"] or "–"))
    console = Console()
    console.print(table)
    verb = "moved" if is_applied else "would move; --apply moves them"
    console.print(f"{len(moved)} {verb}")
