"""`python -m models train`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import AsJson, console, progress_bar
from models.commands.telling import Steps, errors_told
from models.training.interrupt import Interrupted


def train(
    config: Annotated[Path, typer.Option(help="A plan, as configs/training/street-1.1.0.yaml.")],
    trust: Annotated[
        list[str] | None,
        typer.Option(help="sha256 of a .pt that you answer for, where no SHA256SUMS or manifest names it."),
    ] = None,
    finish: Annotated[
        bool, typer.Option("--finish", help="Train no further: make weights.pt of what the run has learned so far.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train by a plan; started again after a kill or Ctrl-C it goes on where its last checkpoint was kept.

    Everything lands under runs/<name>: pictures as laid out, provenance.json, losses.csv and curves.html,
    ultralytics/results.csv, weights.pt. A run goes on only with the pictures, labels, plan and weights that it was
    begun with; for others give the plan another name.
    """
    from models.plan import read_plan
    from models.train import finish as run_finish
    from models.train import train as run_train
    from models.trust import as_hashes

    with errors_told():
        plan = read_plan(config)
        try:
            with progress_bar() as progress:
                steps = Steps(progress)
                finished = (
                    run_finish(plan)
                    if finish
                    else run_train(
                        plan,
                        as_hashes(trust or ()),
                        on_step=steps.begin,
                        on_picture=steps.advance,
                        on_batch=steps.reach,
                    )
                )
        except (Interrupted, KeyboardInterrupt) as stopped:
            how = f"{stopped}; " if isinstance(stopped, Interrupted) else "stopped; "
            console.print(f"{how}go on with: python -m models train --config {config}", soft_wrap=True)
            sys.exit(130)
    if as_json:
        print(json.dumps({"weights": str(finished), "provenance": str(plan.run_dir / "provenance.json")}))
    else:
        console.print(f"{finished}: finished; next: python -m models evaluate, then export")
