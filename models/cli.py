"""The bench's command line: one module under `models/commands` per command."""

import typer

from models.commands.blend import blend
from models.commands.calibration import calibration
from models.commands.costs import costs
from models.commands.drop import drop
from models.commands.evaluate import evaluate
from models.commands.export import export
from models.commands.folds import folds
from models.commands.health_rates import health_rates
from models.commands.plume_judge import plume_judge
from models.commands.redaction import redaction_recall
from models.commands.street_days import street_days
from models.commands.train import train

app = typer.Typer(
    help="Train, judge and publish detectors. Needs the bench's packages (make setup-bench).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (
    train,
    blend,
    evaluate,
    calibration,
    export,
    drop,
    costs,
    folds,
    health_rates,
    street_days,
    redaction_recall,
    plume_judge,
):
    app.command()(command)
