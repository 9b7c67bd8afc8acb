"""`associate`, `simulate`, `score`: joining events into cases without a running service."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from central.domain.rules import AssociationRules
from central.rulebook import at_site, load_rules
from central.services.eventfile import BadLine, read_events
from central.services.offlinelines import DecisionLine, lines_of
from central.services.replaying import LEARNING_ROUNDS, Associated, Ledger, associate
from central.simulation.files import write_events, write_site, write_truth
from central.simulation.report import judge_files
from central.simulation.seeds import SeedPlan, judge_seeds
from central.simulation.simulate import simulate
from central.simulation.world import WORLDS
from central.site import load_site
from contract.clock import SystemClock
from contract.errors import PermanentError, UsageError
from contract.plane import Origin

EventsOption = Annotated[Path, typer.Option("--events", help="Wire events, one JSON object a line.")]
SiteOption = Annotated[Path | None, typer.Option("--site", help="Origin and camera overlaps, see configs/site/.")]
RulesOption = Annotated[
    Path | None, typer.Option("--rules", help="Instead of the packaged configs/central/association.yaml.")
]
LearnOption = Annotated[
    bool, typer.Option("--learn/--no-learn", help="Learn the cameras' fixed errors from the cases themselves.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout, nothing else there.")]


NAMED = 20
"""Bad lines named one by one; a file of another kind would flood the screen."""


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("associate")(associate_command)
    cli.command("simulate")(simulate_command)
    cli.command("score")(score_command)
    cli.command("score-seeds")(score_seeds)


def associate_command(
    events: EventsOption,
    site: SiteOption = None,
    rules: RulesOption = None,
    learn: LearnOption = True,
    as_json: JsonOption = False,
) -> None:
    """Joins a file of events into cases, with the live service's own rules, and says why for every incident.

    The order of the lines does not matter. One line per incident; with --json
    {"incident_id", "camera_id", "case_id", "score", "reason", …}. Lines that hold no event are named on stderr and
    skipped; the exit code is then 1. Cameras whose calibration should be looked at are named on stderr.
    """
    ledger, origin, bad = read(events, site, rules)
    done = associated(ledger, origin, rules_of(rules, site), learn)
    for line in lines_of(done.placed, ledger.late):
        typer.echo(line.model_dump_json() if as_json else _sentence(line))
    for alarm in done.alarms:
        since = "" if alarm.since is None else f" since {alarm.since:%Y-%m-%d %H:%M}Z"
        typer.echo(f"calibration: {alarm.camera} is {alarm.kind} by {alarm.metres:.1f} m{since}", err=True)
    cases = len({entry.case_id for entry in done.placed})
    typer.echo(
        f"{ledger.taken} events ({ledger.repeated} repeated), {len(ledger.events)} incidents, {cases} cases", err=True
    )
    end(events, bad)


def simulate_command(
    events: Annotated[Path, typer.Option("--events", help="Written: events in arrival order, one a line.")],
    truth: Annotated[Path, typer.Option("--truth", help="Written: which real incident each track showed, and when.")],
    site: Annotated[Path | None, typer.Option("--site", help="Written: origin and camera overlaps.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 1,
    districts: Annotated[int, typer.Option(min=1, max=100, help="Four crossings each, about eleven cameras.")] = 1,
    hours: Annotated[float, typer.Option(min=0.1, max=168)] = 2.0,
    world: Annotated[str, typer.Option(help=f"How unkind: {', '.join(WORLDS)}.")] = "city",
    as_json: JsonOption = False,
) -> None:
    """Makes up a city's day: crossings, overlapping and badly measured cameras, neighbours, lorries, swaps, outages.

    Events are exactly what nodes publish. Join them with `associate`, then compare with the truth by `score`.
    """
    conditions = WORLDS[_world(world)]
    with progress(MofNCompleteColumn(), as_json) as bar:
        task = bar.add_task("cameras", total=None)
        done = simulate(seed, districts, hours, conditions, lambda: bar.advance(task))
        task = bar.add_task("events", total=len(done.events))
        write_events(events, done.events, lambda: bar.advance(task))
    write_truth(truth, done.truth)
    if site is not None:
        write_site(site, done.city)
    facts = {
        "seed": seed,
        "world": world,
        "cameras": len(done.city.cameras),
        "real_incidents": len({span.real_id for span in done.truth}),
        "incidents": len({span.incident_id for span in done.truth}),
        "events": len(done.events),
    }
    _tell(facts, as_json)


def score_command(
    events: EventsOption,
    truth: Annotated[Path, typer.Option("--truth", help="Written by `simulate`.")],
    decisions: Annotated[Path, typer.Option("--decisions", help="The output of `associate --json`.")],
    as_json: JsonOption = False,
) -> None:
    """Says how well decisions match the truth, beside what simple rules reach on the same events."""
    rows = judge_files(events, truth, decisions)
    if as_json:
        typer.echo(json.dumps(rows))
        return
    table = Table("rule", "precision", "recall", "F1", "cases per incident", "mixed", "split")
    for row in rows:
        figures = (row["precision"], row["recall"], row["f1"], row["cases_per_incident"], row["mixed"], row["split"])
        table.add_row(str(row["rule"]), *(f"{float(figure):.3f}" for figure in figures))
    Console().print(table)


def score_seeds(
    seeds: Annotated[str, typer.Option(help="First and last, as 101-120.")] = "101-120",
    worlds: Annotated[str, typer.Option(help=f"Some of {', '.join(WORLDS)}, with commas.")] = "city,calm",
    districts: Annotated[int, typer.Option(min=1, max=20)] = 2,
    hours: Annotated[float, typer.Option(min=0.5, max=48)] = 6.0,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Simulates, associates and scores many seeds, the simple rules in the same run. Means with 95 % intervals.

    The packaged rules were tuned on seeds below 100; report on others.
    """
    first, last = _range(seeds)
    chosen = [_world(name) for name in worlds.split(",")]
    rows = []
    with progress(MofNCompleteColumn(), is_quiet=False) as bar:
        task = bar.add_task("seeds", total=len(chosen) * (last - first + 1))
        for name in chosen:
            plan = SeedPlan(name, range(first, last + 1), districts, hours)
            rows += judge_seeds(plan, load_rules(rules), SystemClock(), lambda: bar.advance(task))
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
        return
    table = Table("world", "rule", "precision", "recall", "F1", "cases per incident", "mixed", "alarms", "events/s")
    for row in rows:
        figures = (row.precision, row.recall, row.f1, row.cases_per_incident, row.mixed)
        shown = [f"{value.mean:.3f} ({value.low:.3f}–{value.high:.3f})" for value in figures]
        table.add_row(row.world, row.rule, *shown, f"{row.alarms:.1f}", f"{row.events_per_s:,.0f}")
    Console(width=200).print(table)


def _range(seeds: str) -> tuple[int, int]:
    first, _, last = seeds.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first)):
        raise UsageError(f"--seeds {seeds}: write first and last, as 101-120")
    return int(first), int(last or first)


def _world(name: str) -> str:
    if name not in WORLDS:
        raise UsageError(f"--world {name}: no such world; choose one of {', '.join(WORLDS)}")
    return name


def read(events: Path, site: Path | None, rules: Path | None) -> tuple[Ledger, Origin, int]:
    """The file's events, the frame they are reckoned in, and how many lines held none."""
    late_after = load_rules(rules).late
    ledger, bad = Ledger(), 0
    with progress(DownloadColumn(), is_quiet=False) as bar:
        task = bar.add_task(events.name, total=events.stat().st_size if events.is_file() else None)
        for entry in read_events(events, lambda size: bar.advance(task, size)):
            if isinstance(entry, BadLine):
                bad += 1
                if bad <= NAMED:
                    bar.console.print(f"{events}: line {entry.number}: {entry.reason}", markup=False, soft_wrap=True)
            else:
                ledger.take(entry, late_after)
    origin = ledger.origin() if site is None else load_site(site).to_origin()
    return ledger, origin, bad


def associated(ledger: Ledger, origin: Origin, rules: AssociationRules, learn: bool) -> Associated:
    """The file's events in their cases; `learn` what they say of the cameras first."""
    return associate(ledger.revisions(origin), rules, LEARNING_ROUNDS if learn else 0)


def rules_of(rules: Path | None, site: Path | None) -> AssociationRules:
    """The rules of the file, or the packaged ones, at the site."""
    return at_site(load_rules(rules), load_site(site))


def _sentence(line: DecisionLine) -> str:
    marks = "".join(
        f" ({mark})" for mark, is_set in (("late", line.is_late), ("unconfirmed", not line.is_confirmed)) if is_set
    )
    where = f"{line.incident_id}  {line.camera_id}  {line.seen}"
    return f"{where}  case {line.case_id}  {line.score:.2f}  {line.reason}{marks}"


def end(events: Path, bad: int) -> None:
    """The exit code of a file some of whose lines held no event.

    Raises:
        PermanentError: there were such lines.
    """
    if bad:
        named = "named above" if bad <= NAMED else f"the first {NAMED} named above"
        raise PermanentError(
            f"{events}: {bad} lines hold no event ({named}); the others were taken. "
            "A line is one event as a node sends it, a JSON object"
        )


def _tell(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        for key, value in facts.items():
            typer.echo(f"{key}: {value}")


@contextmanager
def progress(amount: DownloadColumn | MofNCompleteColumn, is_quiet: bool) -> Iterator[Progress]:
    """A bar on stderr that is gone when the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=is_quiet) as bar:
        yield bar
