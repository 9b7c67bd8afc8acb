"""`python -m central demo`: an invented district with a month of history: every screen has something to show."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from central.demo.filling import Filled, fill, is_empty
from central.demo.hasty import HastyDatabase
from central.demo.lattice import DISTRICT
from central.demo.parts import Around, Plan
from central.dispatching import Dispatching, Means
from central.evidence.folder import FolderStore
from central.ingest.address import parse_address
from central.settings import CentralSettings, load_settings
from central.site import load_site
from central.targets import TargetsSettings
from contract.clock import SystemClock, parse_rfc3339
from contract.errors import UsageError


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("demo")(demo)


def demo(
    seed: Annotated[int, typer.Option(help="The same seed and end tell the same story.")] = 1,
    until: Annotated[
        str | None,
        typer.Option("--until", help="Where the story ends, as 2026-07-01T12:00:00+08:00; now unless given."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=400, help="How many days of history.")] = 30,
    a_day: Annotated[int, typer.Option("--a-day", min=1, max=2000, help="Findings of cameras a day.")] = 24,
    demo_accounts: Annotated[
        bool, typer.Option("--demo-accounts", help="Make accounts for every role and print their passwords.")
    ] = False,
    journal: Annotated[
        Path | None,
        typer.Option("--journal", help="Folder of the journal that is told; beside the pictures unless given."),
    ] = None,
    add: Annotated[bool, typer.Option("--add", help="Though the database holds something already.")] = False,
    site: Annotated[Path | None, typer.Option("--site", help="Where it lies: origin and time zone.")] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Fills an empty database with an invented district: registers, people, and a month of cases on every path.

    Every name is invented and says so; the pictures are rendered. The product's own services do everything, with a
    simulated clock: cameras tell, rules judge, people take their steps, deadlines run, a journal is told. A month
    takes a minute or two. Then look at it with `central serve` and `central assess`.

    \b
    central demo --demo-accounts
    central assess --area 370303 --period 2026-07 --by street
    """
    settings = load_settings(config, {"database_url": database_url, "site": site})
    folder = journal or settings.evidence_dir.parent / "demo-journal"
    end = SystemClock().now() if until is None else _instant(until)
    plan = Plan(
        seed,
        end - timedelta(microseconds=end.microsecond),
        days,
        a_day,
        settings.site,
        lambda around: _telling(settings, folder, around),
        demo_accounts,
        _pictures(settings),
    )
    with _errors_only(), closing(HastyDatabase(settings.database_url)) as database, _bar() as tick:
        database.create()
        if not add and not is_empty(database):
            raise UsageError(f"database {database}: holds something already; take a new one, or add to it with --add")
        filled = fill(database, plan, tick)
        database.settle()
    _tell(filled, plan, folder, as_json)


@contextmanager
def _errors_only() -> Iterator[None]:
    """A month's log is no news."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    try:
        yield
    finally:
        structlog.configure(**before)


def _pictures(settings: CentralSettings) -> FolderStore:
    store = FolderStore(settings.evidence_dir)
    store.create()
    return store


def _telling(settings: CentralSettings, folder: Path, around: Around) -> Dispatching:
    """One target, a journal; the broker's address is never called."""
    target = {"name": "demo-journal", "kind": "journal", "folder": folder, "district": DISTRICT, "pictures": False}
    origin, broker = load_site(settings.site).to_origin(), parse_address(settings.mqtt_url)
    means = Means(around.database, around.clock, around.law, origin, broker, around.stepper, "demo", environment={})
    return Dispatching(TargetsSettings.model_validate({"targets": [target]}), means)


def _tell(filled: Filled, plan: Plan, folder: Path, as_json: bool) -> None:
    facts = {
        "seed": plan.seed,
        "until": plan.until.isoformat(),
        "cases": filled.cases,
        "registers": filled.register_rows,
        "people": filled.people,
        "journal": str(folder),
        "accounts": filled.passwords,
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    typer.echo(f"cases: {sum(filled.cases.values())}")
    for state, number in sorted(filled.cases.items(), key=lambda entry: -entry[1]):
        typer.echo(f"  {number:>6} {state}")
    typer.echo(f"register rows: {sum(filled.register_rows.values())}; people: {filled.people}; told: {folder}")
    for name, password in filled.passwords.items():
        typer.echo(f"  {name}: {password}")


def _instant(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise UsageError(f"--until: {error}; write it as 2026-07-01T12:00:00+08:00") from error


@contextmanager
def _bar() -> Iterator[Callable[[str, float], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("beginning", total=1.0)
        yield lambda step, share: progress.update(task, description=step, completed=min(1.0, share))
