"""`python -m models evaluate`."""

import json
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from contract.errors import UsageError
from contract.manifest import Engine, read_manifest
from models.commands.telling import AsJson, console, errors_told, progress_bar
from models.evaluate import ClassReport


def evaluate(
    model: Annotated[Path, typer.Option(help="A model folder, as models/zoo/street-yolo11n/1.1.0.")],
    folder: Annotated[
        list[Path] | None, typer.Option(help="Labelled pictures with source.json; may be given more than once.")
    ] = None,
    plan: Annotated[Path | None, typer.Option(help="Judge on what the run of this training plan held out.")] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(help="With --plan: only this source, as data-hotfire; may be given more than once."),
    ] = None,
    engine: Annotated[Engine, typer.Option(help="Which variant to judge.")] = Engine.OPENVINO_INT8,
    suggest_to: Annotated[
        Path | None, typer.Option(help="Write the thresholds these pictures suggest, for `export --facts`.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Average precision, and precision and recall where the node cuts, per class.

    A class counts only on pictures whose source boxes every object of it, so silence elsewhere costs nothing.
    """
    from models.evaluate import looks_by_label, report, suggest
    from models.judging import folder_pictures, held_out
    from models.plan import read_plan

    with errors_told():
        pictures = [picture for path in folder or [] for picture in folder_pictures(path)]
        if plan is not None:
            parts = held_out(read_plan(plan))
            pictures += [picture for name in source or parts for picture in parts.get(name, ())]
        if not pictures:
            raise UsageError("nothing to judge on: give --folder or --plan")
        with progress_bar() as progress:
            task = progress.add_task("judging", total=len(pictures))
            looks = looks_by_label(model, engine, pictures, on_picture=lambda: progress.advance(task))
        thresholds = {entry.label: entry.threshold for entry in read_manifest(model).classes}
        reports = report(looks, thresholds)
    if suggest_to is not None:
        suggest_to.write_text(json.dumps({"thresholds": suggest(looks)}, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps({label: asdict(entry) for label, entry in reports.items()}))
    else:
        console.print(_table(reports))


def _table(reports: dict[str, ClassReport]) -> Table:
    table = Table("class", "pictures", "boxes", "AP50", "AP50-95", "cut at", "precision", "recall", "false/picture")
    for label, entry in reports.items():
        numbers = (entry.score.ap50, entry.score.ap, *astuple(entry.cut))
        cells = ("–" if number != number else f"{number:.3f}" for number in numbers)
        table.add_row(label, str(entry.pictures), str(entry.score.truths), *cells)
    return table
