"""The bench's command line: parses, calls, prints. Decides nothing."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contract.errors import PermanentError, UsageError
from contract.manifest import ModelInput
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
    """A caller's mistake is one line and exit code 2; a refusal of the world is one line and exit code 1."""
    try:
        yield
    except UsageError as error:
        _console.print(f"[red]error[/red] {error}")
        sys.exit(2)
    except PermanentError as error:
        _console.print(f"[red]error[/red] {error}")
        sys.exit(1)
