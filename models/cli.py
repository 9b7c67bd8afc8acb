"""The bench's command line: parses, calls, prints. Decides nothing."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from contract.errors import PermanentError, UsageError
from contract.manifest import Engine, ModelInput, read_manifest
from models.evaluate import ClassReport
from models.quantise import Overflow

app = typer.Typer(
    help="Train, judge and publish detectors. Needs the bench's packages (make setup-bench).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_console = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]


@app.callback()
def _several_commands() -> None:
    """Keeps typer from folding a single command into the program."""


@app.command()
def export(
    weights: Annotated[Path, typer.Option(help="Weights (.pt) as `train` writes them.")],
    out: Annotated[Path, typer.Option(help="The model folder to write, as models/zoo/street-yolo11n/1.1.0.")],
    name: Annotated[str, typer.Option(help="The model's name; events carry it.")],
    version: Annotated[str, typer.Option(help="Its version; never re-use one that left the house.")],
    calibration: Annotated[
        Path | None, typer.Option(help="Folder of pictures for INT8, sampled evenly per sub-folder; none: no INT8.")
    ] = None,
    size: Annotated[str, typer.Option("--input", help="HEIGHTxWIDTH in pixels, multiples of 32.")] = "384x640",
    overflow: Annotated[Overflow, typer.Option(help="How INT8 is kept from saturating on CPUs without VNNI.")] = (
        Overflow.FIRST_LAYER
    ),
    golden: Annotated[Path | None, typer.Option(help="Picture for the self-test that every node runs.")] = None,
    facts: Annotated[
        Path | None, typer.Option(help='JSON with any of "thresholds", "metrics", "provenance" for the manifest.')
    ] = None,
    with_weights: Annotated[bool, typer.Option(help="Copy the .pt into the folder, for benchmarks.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a model folder from weights: ONNX, INT8, manifest with hashes, self-test, card."""
    from models.export import ExportPlan
    from models.export import export as run_export

    with _errors_told():
        given = _facts(facts)
        plan = ExportPlan(
            weights=weights,
            out=out,
            name=name,
            version=version,
            input=_input(size),
            calibration=calibration,
            overflow=overflow,
            golden=golden,
            with_weights=with_weights,
            thresholds={key: float(value) for key, value in given.get("thresholds", {}).items()},
            metrics={key: float(value) for key, value in given.get("metrics", {}).items()},
            provenance={key: str(value) for key, value in given.get("provenance", {}).items()},
        )
        with _progress() as progress:
            task = progress.add_task("export", total=None)
            manifest = run_export(
                plan,
                on_step=lambda step: progress.update(task, description=step, completed=0),
                on_picture=lambda: progress.advance(task),
            )
    if as_json:
        print(manifest.model_dump_json(indent=2))
    else:
        engines = ", ".join(variant.engine for variant in manifest.variants)
        _console.print(f"{out}: {manifest.name} {manifest.version} for {engines}")


@app.command()
def train(
    config: Annotated[Path, typer.Option(help="A plan, as configs/training/street-1.1.0.yaml.")],
    as_json: AsJson = False,
) -> None:
    """Train by a plan; started again after a kill it goes on from the last whole epoch.

    Everything lands under runs/<name>: pictures as laid out, curves (results.csv), provenance.json, weights.pt.
    """
    from models.plan import read_plan
    from models.train import train as run_train

    with _errors_told():
        plan = read_plan(config)
        with _progress() as progress:
            task = progress.add_task("train", total=None)
            finished = run_train(
                plan,
                on_step=lambda step: progress.update(task, description=step, completed=0),
                on_picture=lambda: progress.advance(task),
                on_batch=lambda done, of: progress.update(task, completed=done, total=of),
            )
    if as_json:
        print(json.dumps({"weights": str(finished), "provenance": str(plan.run_dir / "provenance.json")}))
    else:
        _console.print(f"{finished}: finished; next: python -m models evaluate, then export")


@app.command()
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

    with _errors_told():
        pictures = [picture for path in folder or [] for picture in folder_pictures(path)]
        if plan is not None:
            parts = held_out(read_plan(plan))
            pictures += [picture for name in source or parts for picture in parts.get(name, ())]
        if not pictures:
            raise UsageError("nothing to judge on: give --folder or --plan")
        with _progress() as progress:
            task = progress.add_task("judging", total=len(pictures))
            looks = looks_by_label(model, engine, pictures, on_picture=lambda: progress.advance(task))
        thresholds = {entry.label: entry.threshold for entry in read_manifest(model).classes}
        reports = report(looks, thresholds)
    if suggest_to is not None:
        suggest_to.write_text(json.dumps({"thresholds": suggest(looks)}, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps({label: asdict(entry) for label, entry in reports.items()}))
    else:
        _console.print(_table(reports))


def _table(reports: dict[str, ClassReport]) -> Table:
    table = Table("class", "pictures", "boxes", "AP50", "AP50-95", "cut at", "precision", "recall", "false/picture")
    for label, entry in reports.items():
        numbers = (entry.score.ap50, entry.score.ap, *astuple(entry.cut))
        cells = ("–" if number != number else f"{number:.3f}" for number in numbers)
        table.add_row(label, str(entry.pictures), str(entry.score.truths), *cells)
    return table


def _input(size: str) -> ModelInput:
    try:
        height, width = (int(part) for part in size.split("x"))
        return ModelInput(height_px=height, width_px=width)
    except ValueError as error:
        raise UsageError(f"--input {size}: write HEIGHTxWIDTH in multiples of 32, as 384x640") from error


def _facts(path: Path | None) -> dict[str, dict[str, str]]:
    if path is None:
        return {}
    try:
        found: dict[str, dict[str, str]] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no readable JSON ({error})") from error
    return found


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=_console)


@contextmanager
def _errors_told() -> Iterator[None]:
    """A caller's mistake is one line and exit code 2; a refusal of the world is one line and exit code 1.

    What libraries print goes to standard error: standard output belongs to the result.
    """
    try:
        with redirect_stdout(sys.stderr):
            yield
    except UsageError as error:
        _console.print(f"[red]error[/red] {error}")
        sys.exit(2)
    except PermanentError as error:
        _console.print(f"[red]error[/red] {error}")
        sys.exit(1)
