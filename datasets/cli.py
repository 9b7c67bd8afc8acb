"""The data tools' command line: parses, calls, prints. Decides nothing."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from datasets.commands.audit import audit
from datasets.commands.catalogue import catalogue
from datasets.commands.composites import composites
from datasets.commands.export import export
from datasets.commands.import_ import import_
from datasets.commands.manifest import manifest
from datasets.commands.split import split

app = typer.Typer(help="Make and check picture folders.", no_args_is_help=True, pretty_exceptions_enable=False)
_console = Console(stderr=True)


class StreetChoice(StrEnum):
    """Which streets are drawn."""

    CHANCE = "chance"
    DEMO = "demo"


class ConditionsChoice(StrEnum):
    """Which hours and weathers are drawn."""

    ALL = "all"
    DAY = "day"


@app.callback()
def _several_commands() -> None:
    """Keeps typer from folding a single command into the program."""


@app.command()
def synth(
    out: Annotated[Path, typer.Option(help="Folder to write: images/, labels/, source.json, attributes.json.")],
    count: Annotated[int, typer.Option(min=1, help="Pictures; four per street.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, max=2000, help="Which streets: sets of different seeds share none.")] = 1,
    street: Annotated[
        StreetChoice, typer.Option(help="Streets of chance, or the demo's own street: judge on that one, never train.")
    ] = StreetChoice.CHANCE,
    conditions: Annotated[
        ConditionsChoice, typer.Option(help="All hours and weathers by chance, or plain daylight only.")
    ] = ConditionsChoice.ALL,
    worn: Annotated[
        float, typer.Option(min=0, max=1, help="Share of pictures with the faults of poor cameras; 0: as rendered.")
    ] = 1.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that draw.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON on standard output.")] = False,
) -> None:
    """Render labelled pictures of simulated streets, every class boxed in every picture.

    Train on one seed and judge on another. The demo's street is never among the streets of chance.
    """
    from datasets.synth import draw_demo, synthesise

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console) as progress:
        task = progress.add_task("render", total=count)

        def on_picture() -> None:
            progress.advance(task)

        if street is StreetChoice.DEMO:
            made = draw_demo(out, count, on_picture)
        else:
            made = synthesise(out, count, seed, workers, on_picture, conditions.value, worn)
    if as_json:
        print(json.dumps(asdict(made)))
    else:
        boxes = ", ".join(f"{label} {number}" for label, number in made.boxes_by_label.items())
        _console.print(f"{out}: {made.pictures} pictures; {boxes}")


app.command("import")(import_)
for command in (audit, catalogue, composites, export, manifest, split):
    app.command()(command)
