"""`python -m models export`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import UsageError
from contract.manifest import ModelInput
from models.commands.telling import AsJson, console, errors_told, progress_bar
from models.quantise import Overflow


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

    with errors_told():
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
        with progress_bar() as progress:
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
        console.print(f"{out}: {manifest.name} {manifest.version} for {engines}")


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
