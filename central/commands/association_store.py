"""`what-if`, `check-cases`, `score-orders`: what other rules would change, and whether the store is as it should be."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.progress import MofNCompleteColumn

from central.catalogue import load_catalogue, make_law
from central.commands import association as files
from central.commands.database import opened
from central.domain.law import Law
from central.domain.rules import AssociationRules
from central.rulebook import at_site, load_rules
from central.services.association import Association
from central.services.checking import joinable_pairs
from central.services.offlinelines import differences, lines_of
from central.services.reviewing import deliver, reviews_of, settle_as_it_comes
from central.services.shuffling import Arrivals, Settled, order_figure, settle_in_order
from central.services.whatif import WhatIf, day_span, what_if_stored
from central.services.workingset import Bench
from central.settings import load_settings
from central.simulation.simulate import Simulation, simulate
from central.simulation.world import ORIGIN, WORLDS
from central.site import SiteSettings, load_site
from central.store.database import Database
from contract.clock import Clock, VirtualClock
from contract.errors import PermanentError, UsageError

DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
Make = Callable[[Database], tuple[Association, Clock]]
EXAMPLES = 20
"""Changed cases that are printed; --json gives all."""


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("what-if")(what_if)
    cli.command("check-cases")(check_cases)
    cli.command("score-orders")(score_orders)


def what_if(
    rules: Annotated[Path, typer.Option("--rules", help="The rules to try, see configs/central/association.yaml.")],
    events: Annotated[Path | None, typer.Option("--events", help="A file of wire events, one JSON a line.")] = None,
    day: Annotated[str | None, typer.Option("--day", help="A stored day, e.g. 2026-07-01, in the site's time.")] = None,
    database_url: DatabaseOption = None,
    config: ConfigOption = None,
    against: Annotated[
        Path | None, typer.Option("--against", help="With --events: the rules of today; the packaged ones.")
    ] = None,
    site: files.SiteOption = None,
    learn: files.LearnOption = True,
    as_json: files.JsonOption = False,
) -> None:
    """Runs a day again with other rules and shows which cases would differ. Saves nothing.

    Either a stored day (--day, from the configured database, against the cases as they stand) or a file (--events,
    against other rules). What people merged, split or reviewed, and what the platform has received, stays in force.
    """
    if (events is None) == (day is None):
        raise UsageError("what-if: give either --day, for a stored day, or --events, for a file")
    if events is not None:
        _what_if_file(events, rules, against, site, learn, as_json)
    else:
        settings = load_settings(config, {"database_url": database_url, "site": site})
        _what_if_day(settings.database_url, str(day), rules, load_site(settings.site), as_json)


def check_cases(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    site: files.SiteOption = None,
    rules: files.RulesOption = None,
    as_json: files.JsonOption = False,
) -> None:
    """Looks for two open cases that the rules would make one. There must be none while nothing waits; exit 1 if so."""
    settings = load_settings(config, {"database_url": database_url, "site": site, "association": rules})
    chosen = at_site(load_rules(settings.association), load_site(settings.site))
    with opened(settings.database_url) as database:
        database.must_exist()
        pairs = joinable_pairs(database, chosen)
    if as_json:
        typer.echo(json.dumps([{"case_id": p.case_id, "other_id": p.other_id, "basis": p.link.basis} for p in pairs]))
    else:
        for pair in pairs:
            typer.echo(
                f"{pair.case_id} and {pair.other_id} would be one: {pair.link.basis}, score {pair.link.score:.2f}"
            )
        typer.echo(f"{len(pairs)} pairs of cases that the rules would join")
    if pairs:
        raise PermanentError(f"{len(pairs)} pairs of open cases would be one")


def score_orders(
    orders: Annotated[int, typer.Option(min=2, max=1000, help="Orders of arrival to try, the first as sent.")] = 6,
    seed: Annotated[int, typer.Option(min=0)] = 101,
    hours: Annotated[float, typer.Option(min=0.1, max=48)] = 1.0,
    world: Annotated[str, typer.Option(help=f"One of {', '.join(WORLDS)}.")] = "city",
    freeze_every: Annotated[
        int, typer.Option(min=0, help="Freeze every n-th case while more arrives; 0 freezes none.")
    ] = 5,
    as_json: files.JsonOption = False,
) -> None:
    """Feeds one simulated day to the live service in many orders and says how far its cases are the same.

    First untouched, where every order must give exactly the same. Then some frozen: every n-th case the moment it is
    made, out of a full shuffle, harsher than any street. Last reviewed: events come mostly in order, some late, some
    after an outage, and every n-th case is frozen 5 to 30 minutes after its first report, the same ones in every order.
    """
    if world not in WORLDS:
        raise UsageError(f"--world {world}: no such world; choose one of {', '.join(WORLDS)}")
    day = simulate(seed, 1, hours, WORLDS[world])
    with files.progress(MofNCompleteColumn(), is_quiet=as_json) as bar:
        task = bar.add_task("orders", total=3 * orders)

        def settled(settle: Callable[[Database, Make, int], Settled]) -> list[Settled]:
            return [_settled(day, settle, number, lambda: bar.advance(task)) for number in range(orders)]

        untouched = settled(lambda own, make, n: settle_in_order(own, make, Arrivals(day.events, n)))
        frozen = settled(lambda own, make, n: settle_in_order(own, make, Arrivals(day.events, n, freeze_every)))
        reviews = reviews_of(untouched[0], day.events, freeze_every) if freeze_every else {}
        reviewed = settled(lambda own, make, n: settle_as_it_comes(own, make, deliver(day.events, n, reviews)))
    named = {"untouched": untouched, "some frozen": frozen, "reviewed": reviewed}
    rows = [{"cases": name, "orders": orders, **asdict(order_figure(found))} for name, found in named.items()]
    if as_json:
        typer.echo(json.dumps(rows))
        return
    for row in rows:
        typer.echo(
            f"{row['cases']}: {row['frozen']:.1%} of cases frozen, {row['worst']:.3%} of pairs the same at worst, "
            f"{row['mean']:.3%} on average, {row['joinable']} pairs left that the rules would join"
        )


def _settled(
    day: Simulation, settle: Callable[[Database, Make, int], Settled], number: int, on_done: Callable[[], None]
) -> Settled:
    rules = load_rules().model_copy(update={"overlaps": frozenset(frozenset(pair) for pair in day.city.overlaps)})
    law = make_law(load_catalogue(), SiteSettings())
    with tempfile.TemporaryDirectory() as folder, opened(f"sqlite:///{folder}/orders.db") as database:
        database.create()
        done = settle(database, lambda own: _service(own, rules, law, day), number)
    on_done()
    return done


def _service(database: Database, rules: AssociationRules, law: Law, day: Simulation) -> tuple[Association, Clock]:
    clock = VirtualClock(max(event.time for event in day.events) + timedelta(minutes=1))
    return Association(database, Bench(rules, law, ORIGIN), clock, lambda: None), clock


def _what_if_day(url: str, day: str, rules: Path, site: SiteSettings, as_json: bool) -> None:
    try:
        start = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=ZoneInfo(site.timezone))
    except ValueError as error:
        raise UsageError(f"--day {day}: write it as 2026-07-01") from error
    with opened(url) as database:
        database.must_exist()
        found = what_if_stored(database, at_site(load_rules(rules), site), *day_span(start))
    if as_json:
        counts = {what: found.count(what) for what in ("split", "merged", "altered")}
        typer.echo(json.dumps({"day": day, **asdict(found), "counts": counts}))
    else:
        _tell_day(found, day, rules)


def _tell_day(found: WhatIf, day: str, rules: Path) -> None:
    for change in found.changes[:EXAMPLES]:
        words = {"split": "falls into", "merged": "becomes part of", "altered": "loses or gains sightings:"}[
            change.what
        ]
        typer.echo(f"{change.case_id} ({change.sightings} sightings) {words} {', '.join(change.becomes)}")
    if len(found.changes) > EXAMPLES:
        typer.echo(f"… and {len(found.changes) - EXAMPLES} more; --json shows all")
    typer.echo(
        f"{day}: {found.cases_today} cases today, {found.cases_then} with {rules}: {found.count('merged')} merged, "
        f"{found.count('split')} split, {found.count('altered')} altered, {len(found.new)} new; "
        f"{found.frozen} are frozen and keep their sightings"
    )


def _what_if_file(
    events: Path, rules: Path, against: Path | None, site: Path | None, learn: bool, as_json: bool
) -> None:
    ledger, origin, bad = files.read(events, site, rules)
    today = lines_of(files.associated(ledger, origin, files.rules_of(against, site), learn).placed)
    then = lines_of(files.associated(ledger, origin, files.rules_of(rules, site), learn).placed)
    changed = differences(today, then)
    counts = len({line.case_id for line in today}), len({line.case_id for line in then})
    if as_json:
        cases = [{"case_id": case_id, "becomes": list(becomes)} for case_id, becomes in changed]
        typer.echo(json.dumps({"cases_today": counts[0], "cases_then": counts[1], "changed": cases}))
    else:
        for case_id, becomes in changed:
            what = "loses or gains incidents" if len(becomes) == 1 else f"falls into {len(becomes)}"
            typer.echo(f"{case_id}  {what}: {', '.join(becomes)}")
        typer.echo(f"{counts[0]} cases today, {counts[1]} with {rules}; {len(changed)} differ")
    files.end(events, bad)
