"""`python -m models train`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from models.commands.telling import AsJson, console, errors_told, progress_bar


def train(
    config: Annotated[Path, typer.Option(help="A plan, as configs/training/street-1.1.0.yaml.")],
    as_json: AsJson = False,
) -> None:
    """Train by a plan; started again after a kill it goes on from the last whole epoch.

    Everything lands under runs/<name>: pictures as laid out, curves (results.csv), provenance.json, weights.pt.
    """
    from models.plan import read_plan
    from models.train import train as run_train

    with errors_told():
        plan = read_plan(config)
        with progress_bar() as progress:
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
        console.print(f"{finished}: finished; next: python -m models evaluate, then export")
