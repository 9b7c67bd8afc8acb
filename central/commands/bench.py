"""`python -m central bench`: how much this machine takes in, how fast, and whether anything is lost."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from central.bench.assessing import CASES_A_YEAR, measure_assessment
from central.bench.auditing import STEPS, measure_audit
from central.bench.consoling import BROWSERS, CONSOLES, measure_consoles
from central.bench.deciding import SEEDED, measure_decisions
from central.bench.delivering import measure_delivery
from central.bench.measuring import BenchPlan, measure_backlog, measure_cases, measure_intake, measure_paced
from central.bench.registering import ROWS, measure_registers
from central.bench.rejudging import INCIDENTS, measure_judgement
from central.bench.reporting import BenchReport
from contract.clock import SystemClock
from contract.errors import UsageError


class BenchMode(StrEnum):
    """What is measured."""

    INTAKE = "intake"
    PACED = "paced"
    CASES = "cases"
    DECISION = "decision"
    BACKLOG = "backlog"
    JUDGEMENT = "judgement"
    ASSESSMENT = "assessment"
    DELIVERY = "delivery"
    REGISTERS = "registers"
    CONSOLES = "consoles"
    AUDIT = "audit"


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("bench")(bench)


def bench(
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database-url", help="An empty database to measure on; a new SQLite file that is deleted afterwards."
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=1, max=7200, help="How long events are sent.")] = 60.0,
    mode: Annotated[BenchMode, typer.Option(help="What to measure, see above.")] = BenchMode.INTAKE,
    backlog: Annotated[
        int, typer.Option(min=1_000, max=10_000_000, help="Queued events, for --mode backlog.")
    ] = 1_000_000,
    incidents: Annotated[int, typer.Option(min=1_000, max=3_000_000, help="For --mode judgement.")] = INCIDENTS,
    open_cases: Annotated[int, typer.Option(min=0, max=1_000_000, help="For --mode decision.")] = SEEDED,
    cases: Annotated[int, typer.Option(min=1000, max=5_000_000, help="For --mode assessment.")] = CASES_A_YEAR,
    rows: Annotated[int, typer.Option(min=1000, max=500_000, help="For --mode registers.")] = ROWS,
    steps: Annotated[int, typer.Option(min=1000, max=10_000_000, help="For --mode audit.")] = STEPS,
    consoles: Annotated[int, typer.Option(min=5, max=900, help="For --mode consoles.")] = CONSOLES,
    browsers: Annotated[
        int, typer.Option(min=1, max=10, help="Real ones beside them, for --mode consoles.")
    ] = BROWSERS,
    mqtt_protocol: Annotated[str, typer.Option(help="5 or 3.1.1.")] = "5",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the report here as well.")] = None,
) -> None:
    """Measures central on this machine: broker, database, service and publishers share its cores.

    \b
    intake    as fast as nodes' windows allow for --seconds, then 500 a second for a third of it (the latencies)
    paced     500 events a second, for the latency alone
    cases     100 a second through to cases (CPU share), then a rush (events a second through to cases)
    decision  one event at a time into association while 50,000 cases are open
    backlog   --backlog queued events of sixteen nodes that come back, while live events go on
    judgement a month of --incidents: judged in memory, then all of it again from the database after registers changed
    assessment  all figures of a district's year of --cases cases; a database filled by it before is used again
    delivery  five cases a second confirmed for --seconds: until a live platform has them, over HTTP and MQTT
    registers a file of --rows permits, some wrong, is checked, imported and looked up
    consoles  --consoles light clients and --browsers watch 10,000 open cases; 500 events a second come in
    audit     the whole chain over --steps steps of cases, walked by all cores

    The broker is mosquitto if it is installed, else the embedded one; both keep nothing. Lost and doubled events are
    counted in the database. The database must be empty or hold events of measurements only: nothing is deleted from it.

    Example: central bench --database-url postgresql+psycopg://bench@localhost/bench --seconds 60 --json bench.json
    """
    if mqtt_protocol not in {"5", "3.1.1"}:
        raise UsageError(f"--mqtt-protocol {mqtt_protocol}: write 5 or 3.1.1")
    if json_file is not None and not json_file.parent.is_dir():
        raise UsageError(f"--json {json_file}: there is no folder {json_file.parent}")
    with tempfile.TemporaryDirectory(prefix="xunjie-bench-db-") as folder, _bar() as tick:
        url = database_url or f"sqlite:///{folder}/bench.db"
        plan = BenchPlan(url, seconds, mqtt_protocol, SystemClock(), tick)
        sizes = _Sizes(backlog, open_cases, cases, incidents, rows, consoles, browsers, steps)
        report = _measure(plan, mode, sizes)
    _print(report)
    text = report.model_dump_json(indent=2)
    if json_file is None:
        typer.echo(text)
    else:
        json_file.write_text(text + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Sizes:
    """How much of what; each is for one mode."""

    backlog: int
    open_cases: int
    cases: int
    incidents: int
    rows: int
    consoles: int
    browsers: int
    steps: int


def _measure(plan: BenchPlan, mode: BenchMode, sizes: _Sizes) -> BenchReport:
    match mode:
        case BenchMode.INTAKE:
            return measure_intake(plan)
        case BenchMode.PACED:
            return measure_paced(plan)
        case BenchMode.CASES:
            return measure_cases(plan)
        case BenchMode.DECISION:
            return measure_decisions(plan, sizes.open_cases)
        case BenchMode.BACKLOG:
            return measure_backlog(plan, sizes.backlog)
        case BenchMode.DELIVERY:
            return measure_delivery(plan)
        case BenchMode.ASSESSMENT:
            return measure_assessment(plan, sizes.cases)
        case BenchMode.CONSOLES:
            return measure_consoles(plan, consoles=sizes.consoles, browsers=sizes.browsers)
        case BenchMode.REGISTERS:
            return measure_registers(plan, sizes.rows)
        case BenchMode.AUDIT:
            return measure_audit(plan, sizes.steps)
        case BenchMode.JUDGEMENT:
            return measure_judgement(plan, sizes.incidents)


class _Tick:
    """Moves the bar; the description says which step it is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("starting", total=1.0)

    def __call__(self, step: str, share: float) -> None:
        self._progress.update(self._task, description=step, completed=min(1.0, share))


@contextmanager
def _bar() -> Iterator[_Tick]:
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=2) as progress:
        yield _Tick(progress)


def _print(report: BenchReport) -> None:
    """The targets beside what was measured, on stderr."""
    table = Table("target", "wanted", "measured", "", title=f"{report.mode} on {report.versions['database']}")
    for target in report.targets:
        verdict = "reached" if target.is_reached else "missed"
        table.add_row(target.name, target.wanted, f"{target.measured:,.1f}", verdict)
    Console(stderr=True).print(table)
