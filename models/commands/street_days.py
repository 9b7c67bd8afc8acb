"""`python -m models street-days`."""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from contract.manifest import Engine
from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.telling import errors_told

if TYPE_CHECKING:
    from contract.taxonomy import Seen
    from models.street_days.missed import Why
    from models.street_days.report import Row


def street_days(
    seeds: Annotated[
        str, typer.Option(help="First and last street, as in 3000..3399. 1000 to 2999 tune, 3000+ report.")
    ],
    out: Annotated[Path, typer.Option(help="Recordings and the report; the command goes on where it stopped.")],
    hours: Annotated[float, typer.Option(help="Of each camera; every street has two.")] = 1.0,
    per_condition: Annotated[
        int | None, typer.Option(help="At most so many streets of one light and weather, the lowest seeds.")
    ] = None,
    timetable: Annotated[str, typer.Option(help="day: what is judged; drill: short and busy, to learn from.")] = "day",
    model: Annotated[Path | None, typer.Option(help="The model's folder; default: the node's.")] = None,
    engine: Annotated[Engine | None, typer.Option(help="Default: what a node chooses here.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Presence policies; default: the node's.")] = None,
    second_stage: Annotated[bool, typer.Option(help="Whether plumes are judged by their crops, too.")] = True,
    surveyed: Annotated[
        bool, typer.Option(help="Whether cameras are calibrated; else people teach them sizes.")
    ] = False,
    part: Annotated[
        str, typer.Option(metavar="K/N", help="Record only every N-th act, from the K-th; run N of them at once.")
    ] = "1/1",
    judge_only: Annotated[bool, typer.Option(help="Record nothing; judge what is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Judges the node's rules on days of the simulated street: what they find, miss and make up, weather by weather.

    The detector looks once and its boxes are kept, so that another policy is judged in seconds (--judge-only).
    Only seeds from 3000 on may be reported: the others are for tuning.

    Example:  python -m models street-days --seeds 3000..3199 --per-condition 3 --hours 1.75 --out runs/days
    """
    from contract.manifest import read_manifest
    from edge.plume.judge import PlumeJudge
    from edge.settings import DEFAULT_MODEL, DEFAULT_POLICIES, load_policies
    from models.street_days.missed import why_missed
    from models.street_days.report import cameras, judge_all, rows
    from models.street_days.rerun import as_a_node_sees, meanings
    from models.street_days.run import parse_seeds, part_of, record_all
    from models.street_days.script import TIMETABLES, units

    with errors_told():
        policies = load_policies(policy or DEFAULT_POLICIES)
        table = TIMETABLES[timetable]
        todo = list(units(*parse_seeds(seeds), per_condition, max(1, round(hours * 3600 / table.act_s)), table))
        if not judge_only:
            todo = part_of(todo, part)
            with progress_bar() as progress:
                task = progress.add_task("acts", total=len(todo))
                record_all(todo, out, model or DEFAULT_MODEL, engine, lambda _unit: progress.advance(task))
        manifest = read_manifest(model or DEFAULT_MODEL)
        means = meanings(manifest)
        seen = ([as_a_node_sees(one, manifest, policies) for one in entry] for entry in cameras(out))
        verdicts = judge_all(seen, means, policies, PlumeJudge() if second_stage else None, surveyed=surveyed)
        missed = sum(
            (
                why_missed(one, entry, means, policies.presence)
                for one, entry in zip(verdicts, cameras(out), strict=True)
            ),
            Counter(),
        )
    if not verdicts:
        console.print(f"{out}: nothing recorded yet")
        raise typer.Exit(1)
    found = rows(verdicts)
    facts = {
        "seeds": sorted({entry.seed for entry in verdicts}),
        "cameras": len(verdicts),
        "camera_days": round(sum(entry.hours for entry in verdicts) / 24, 3),
        "looks": sum(entry.looks for entry in verdicts),
        "second_stage": second_stage,
        "surveyed": surveyed,
        "rows": [asdict(entry) for entry in found],
        "missed": [
            {"seen": seen.value, "why": why.value, "times": times} for (seen, why), times in missed.most_common()
        ],
    }
    (out / "report.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    if as_json:
        print(json.dumps(facts))
        return
    wide = console if console.is_terminal else Console(stderr=True, width=170)
    wide.print(_table(found))
    wide.print(_missed_table(missed))
    console.print(f"{facts['cameras']} cameras, {facts['camera_days']} camera-days, {facts['looks']} looks")


def _table(found: "tuple[Row, ...]") -> Table:
    table = Table(
        "",
        "found of asked (95 %)",
        "group",
        "incidents (95 %)",
        "small",
        "false",
        "filed",
        "a camera-day",
        "later",
        "wrong",
        "again",
        "after s",
        "false are",
    )
    for entry in found:
        table.add_row(
            entry.name,
            f"{entry.found}/{entry.asked}" + _share(entry.recall_low, entry.recall_high),
            str(entry.as_group),
            f"{entry.incidents_found}/{entry.incidents}" + _share(entry.incidents_low, entry.incidents_high),
            f"{entry.small_found}/{entry.small}",
            str(entry.false),
            str(entry.false_filed),
            f"{entry.false_per_day:.0f} ({entry.false_low:.0f}–{entry.false_high:.0f})",
            f"{entry.later_per_day:.0f} ({entry.later_low:.0f}–{entry.later_high:.0f})",
            str(entry.wrong_kind),
            str(entry.again),
            f"{_seconds(entry.attended_s)} / {_seconds(entry.patrol_s)}",
            ", ".join(f"{name} {count}" for name, count in list(entry.false_by_cause.items())[:3]),
        )
    table.caption = (
        "found: each thing by its own kind; group: found as something of its kind's group; "
        "incidents: what a city files once (a seating with its tables), found by anything of it in its group; "
        "small: under 12 px or mostly hidden, not asked for; "
        "filed: false ones less repetitions at their place; a camera-day: false ones with their exact 95 % interval; "
        "later: the same without what stood there when the camera came up; "
        "after s: from first box, in attention / patrol"
    )
    return table


def _missed_table(missed: "Counter[tuple[Seen, Why]]") -> Table:
    table = Table("missed", "why", "times")
    for (seen, why), times in missed.most_common():
        table.add_row(seen.value, why.value, str(times))
    return table


def _share(low: float | None, high: float | None) -> str:
    return "" if low is None else f" ({low:.2f}–{high:.2f})"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"
