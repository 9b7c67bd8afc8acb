"""`python -m models calibration`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import console
from models.commands.telling import errors_told


def calibration(
    run: Annotated[Path, typer.Option(help="A finished training run, runs/NAME.")],
    to: Annotated[Path | None, typer.Option(help="The list to write; by default calibration.json in the run.")] = None,
    count: Annotated[int, typer.Option(min=1, max=5000, help="Pictures; evenly from each source.")] = 300,
) -> None:
    """List the training pictures on which `export` measures INT8's ranges: by rule, each with its hash."""
    from models.commands.what_to_publish import CALIBRATION_FILE, write_calibration
    from models.publishing.finished_run import read_run

    with errors_told():
        finished = read_run(run)
        path = to or run / CALIBRATION_FILE
        write_calibration(finished, count, path)
    console.print(f"{path}: next: python -m models export --run {run} --calibration {path}", soft_wrap=True)
