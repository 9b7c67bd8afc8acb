"""`python -m central judge`: what a file of events means under a site's zones, permits and hours."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from central.catalogue import load_catalogue, make_law
from central.commands import association as files
from central.services.judgelines import JudgementLine, judged
from central.site import load_site

NARROWEST = 160
"""Characters; narrower, and the sentences fall apart into a column of words."""
_COLOURS = {
    "violation": "red",
    "reclassified": "magenta",
    "needs_person": "yellow",
    "observing": "cyan",
    "lawful": "green",
}


def add_to(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("judge")(judge_command)


def judge_command(
    events: files.EventsOption,
    site: Annotated[
        Path | None, typer.Option("--site", help="Zones, registers, hours and origin, see configs/site/.")
    ] = None,
    violations: Annotated[
        Path | None,
        typer.Option("--violations", help="Instead of the packaged configs/central/violations.yaml."),
    ] = None,
    rules: files.RulesOption = None,
    learn: files.LearnOption = True,
    as_json: files.JsonOption = False,
) -> None:
    """Joins a file of events into cases and says what each one means there and then, and why.

    \b
    lawful        which rule, zone or permit allows it
    violation     its kind, its code in each standard, the legal basis
    reclassified  a violation, but another one than at first sight: smoke in a barbecue site is oil fume
    observing     too short yet, or nothing by itself
    needs_person  the rules or the registers can't tell: `suggested` is what it may be, `needs` what is not registered

    One line per case, judged at the cameras' time of its last sighting, with the live service's own rules. The order of
    the lines does not matter. Lines that hold no event are named on stderr and skipped; the exit code is then 1.

    Example: central judge --site configs/site/demo.yaml --events day.jsonl --json
    """
    settings = load_site(site)
    law = make_law(load_catalogue(violations), settings)
    ledger, origin, bad = files.read(events, site, rules)
    done = files.associated(ledger, origin, files.rules_of(rules, site), learn)
    lines = judged(done.placed, law, origin)
    if as_json:
        for line in lines:
            typer.echo(line.model_dump_json())
    else:
        _print(lines)
    files.end(events, bad)


def _print(lines: Iterable[JudgementLine]) -> None:
    table = Table("last seen", "seen", "judgement", "kind", "codes", "why", "evidence")
    for line in lines:
        kind = line.kind or line.suggested
        codes = "\n".join(f"{code.standard} {code.code}" for code in line.codes)
        table.add_row(
            f"{line.last_seen_at:%m-%d %H:%M}Z",
            ", ".join(line.seen),
            f"[{_COLOURS[line.judgement]}]{line.judgement}[/]",
            "" if kind is None else f"{kind}{'' if line.kind else '?'}",
            codes,
            f"{line.sentence.zh}\n{line.sentence.en}",
            line.evidence_grade,
        )
    console = Console()
    console = Console(width=max(console.width, NARROWEST))
    console.print(table)
