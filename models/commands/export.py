"""`python -m models export`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import UsageError
from contract.manifest import ModelInput
from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.telling import Steps, errors_told
from models.commands.what_to_publish import calibration_of, judges_of, run_of
from models.quantise import KeptFloat, Overflow


def export(
    out: Annotated[Path, typer.Option(help="The model folder to write, as models/zoo/street-yolo11n/2.2.0.")],
    run: Annotated[
        Path | None,
        typer.Option(
            help="A finished training run, runs/NAME: its weights, calibration, held-out pictures, provenance."
        ),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights (.pt), instead of a run's.")] = None,
    name: Annotated[str, typer.Option(help="The model's name; events carry it.")] = "",
    version: Annotated[str, typer.Option(help="Its version; never re-use one that left the house.")] = "",
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="List made by `calibration`, or a folder sampled evenly; by default the run's. None: no INT8."
        ),
    ] = None,
    validate: Annotated[
        list[Path] | None,
        typer.Option(
            help="Labelled folder, never trained on, to measure INT8's drop on beside the run's own; repeatable."
        ),
    ] = None,
    size: Annotated[str, typer.Option("--input", help="HEIGHTxWIDTH in pixels, multiples of 32.")] = "384x640",
    overflow: Annotated[
        Overflow | None, typer.Option(help="Only this way of keeping INT8 from saturating on CPUs without VNNI.")
    ] = None,
    kept_float: Annotated[KeptFloat | None, typer.Option(help="Only this part of the head kept in float.")] = None,
    try_all: Annotated[
        bool, typer.Option("--try-all", help="Measure every INT8 setting and take the one that costs least.")
    ] = False,
    golden: Annotated[Path | None, typer.Option(help="Picture for the self-test that every node runs.")] = None,
    facts: Annotated[
        Path | None,
        typer.Option(help='JSON with any of "thresholds" (`evaluate --suggest-to`), "metrics", "provenance".'),
    ] = None,
    trust: Annotated[list[str] | None, typer.Option(help="sha256 of a .pt that you answer for.")] = None,
    with_weights: Annotated[bool, typer.Option(help="Copy the .pt into the folder, for benchmarks.")] = False,
    form: Annotated[
        str | None,
        typer.Option("--format", help="Another format instead, by ultralytics' exporter: ncnn, tflite, engine, ..."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a model folder from weights: ONNX, INT8, manifest with hashes, self-test, card.

    INT8 ships only if no class with 100 or more held-out boxes can lose more than 3 points of AP50 (upper end of the
    95 % interval), on this processor and as an older one would compute; else other settings are tried, then none.

    Example:  python -m models export --run runs/street-2 --out models/zoo/street-yolo11n/2.0.0 --golden golden.jpg
    """
    from models.export import ExportPlan
    from models.export import export as run_export
    from models.publishing.attempts import attempts
    from models.publishing.foreign import to_foreign
    from models.trust import as_hashes, require_known

    with errors_told():
        finished = run_of(run)
        source = weights or (finished.weights if finished is not None else None)
        if source is None:
            raise UsageError("nothing to export: give --run runs/NAME or --weights FILE.pt")
        require_known(source, as_hashes(trust or ()))
        if form is not None:
            made = to_foreign(source, form, input_size(size), out)
            print(json.dumps({"folder": str(made)})) if as_json else console.print(f"{made}: written")
            return
        given = _facts(facts)
        plan = ExportPlan(
            weights=source,
            out=out,
            name=name or out.resolve().parent.name,
            version=version or out.resolve().name,
            input=input_size(size),
            calibration=calibration_of(calibration, finished),
            judges=judges_of(validate or [], finished),
            attempts=attempts(overflow, kept_float),
            try_all=try_all,
            golden=golden,
            with_weights=with_weights,
            thresholds={key: float(value) for key, value in given.get("thresholds", {}).items()},
            metrics={key: float(value) for key, value in given.get("metrics", {}).items()},
            provenance={
                **(finished.provenance if finished is not None else {}),
                **{key: str(value) for key, value in given.get("provenance", {}).items()},
            },
        )
        with progress_bar() as progress:
            steps = Steps(progress)
            manifest, tried = run_export(plan, on_step=steps.begin, on_picture=steps.advance)
    if as_json:
        print(manifest.model_dump_json(indent=2))
    else:
        for entry in tried:
            console.print(("[green]may ship[/green] " if entry.may_ship else "[red]refused[/red] ") + entry.told)
        engines = ", ".join(variant.engine for variant in manifest.variants)
        console.print(f"{out}: {manifest.name} {manifest.version} for {engines}")


def input_size(size: str) -> ModelInput:
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
