"""`python -m models drop`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contract.errors import UsageError
from contract.manifest import Int8Drop
from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.telling import errors_told


def drop(
    model: Annotated[Path, typer.Option(help="A model folder with INT8, as models/zoo/default.")],
    dataset: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled folder; of one with split.json its val half. Repeatable."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(help="What a training run, runs/NAME, held out; beside the folders, if any.")
    ] = None,
    gate: Annotated[bool, typer.Option(help="Exit with 1 if INT8 may not ship.")] = True,
    as_json: AsJson = False,
) -> None:
    """What INT8 costs each class on this very processor, against FP32 on the same pictures.

    Worth repeating on a node whose processor has other instructions than the manifest's measurements name.
    """
    from models.commands.what_to_publish import judges_of, run_of
    from models.publishing.drop import judge, measure_here

    with errors_told():
        judges = judges_of(dataset or [], run_of(run))
        if judges is None:
            raise UsageError("nothing to judge on: give --dataset FOLDER or --run runs/NAME")
        with progress_bar() as progress:
            task = progress.add_task("looking at pictures", total=len(judges.pictures))
            drops = measure_here(model, judges.pictures, lambda: progress.advance(task))
        verdict = judge(drops)
    if as_json:
        told = [entry.model_dump(mode="json") for entry in drops]
        print(json.dumps({"may_ship": verdict.may_ship, "told": verdict.told, "drops": told}))
    else:
        console.print(drop_table(drops))
        console.print(verdict.told)
    if gate and not verdict.may_ship:
        sys.exit(1)


def drop_table(drops: tuple[Int8Drop, ...]) -> Table:
    """In points of AP50."""
    table = Table("class", "boxes", "FP32", "INT8", "drop", "95 %", "instruction sets")
    for entry in drops:
        interval = (
            "–" if entry.low is None or entry.high is None else f"{100 * entry.low:+.1f} … {100 * entry.high:+.1f}"
        )
        numbers = (f"{100 * entry.fp32_ap50:.1f}", f"{100 * entry.int8_ap50:.1f}", f"{100 * entry.drop:+.1f}")
        table.add_row(entry.label, str(entry.instances), *numbers, interval, " ".join(entry.instruction_sets))
    return table
