"""`python -m models folds`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.export import input_size
from models.commands.telling import Steps, errors_told


def folds(
    config: Annotated[Path, typer.Option(help="A plan whose small sources say `holdout: lock`.")],
    size: Annotated[str, typer.Option("--input", help="HEIGHTxWIDTH in pixels that the models look at.")] = "384x640",
    trust: Annotated[list[str] | None, typer.Option(help="sha256 of a .pt that you answer for.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge a recipe on sources too small to spare pictures: a model per fold, each judged on what it never saw.

    Every fold is a run of its own (runs/<name>-fold-0 …) that goes on after a kill. Intervals are 95 %, over scenes.

    Example:  python -m models folds --config configs/training/street-2-folds.yaml
    """
    from models.evaluation.figures import Metric
    from models.folds import judge_folds
    from models.plan import read_plan
    from models.trust import as_hashes

    with errors_told():
        plan = read_plan(config)
        model_input = input_size(size)
        with progress_bar() as progress:
            steps = Steps(progress)
            found = judge_folds(plan, model_input, as_hashes(trust or ()), steps.begin, steps.advance, steps.reach)
    columns = (Metric.AP50, Metric.AP30, Metric.AP50_95, Metric.RECALL, Metric.RECALL30)
    cells = {
        entry.label: {
            "pictures": entry.pictures,
            "instances": entry.instances,
            "exhaustive": entry.is_exhaustive,
            **{
                metric.value: [entry.measured[metric].value, entry.measured[metric].low, entry.measured[metric].high]
                for metric in columns
                if metric in entry.measured
            },
        }
        for entry in found.classes
    }
    if as_json:
        print(json.dumps({"folds": found.folds, "images": found.pictures, "classes": _no_nan(cells)}))
        return
    table = Table("class", "boxes", *(metric.value for metric in columns), title=f"{found.pictures} pictures")
    for label, entry in cells.items():
        numbers = (entry.get(metric.value) for metric in columns)
        told = ("–" if not isinstance(at, list) else f"{at[0]:.3f}\n{at[1]:.2f}–{at[2]:.2f}" for at in numbers)
        table.add_row(label, str(entry["instances"]), *told)
    console.print(table)


def _no_nan(value: object) -> object:
    """The same with null for what could not be measured: JSON has no NaN."""
    match value:
        case dict():
            return {key: _no_nan(inner) for key, inner in value.items()}
        case list():
            return [_no_nan(inner) for inner in value]
        case float() if value != value:
            return None
        case _:
            return value
