"""An evaluation for the terminal: the numbers a person looks at first, with their intervals."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from models.evaluate import Evaluation, PictureVerdict
from models.evaluation.bootstrap import Measured
from models.evaluation.events import EventVerdict
from models.evaluation.figures import Metric

TABLE_COLUMNS = 112


def tell(evaluation: Evaluation, console: Console) -> None:
    """Prints what there is: classes, clips, agreement; tables whole, even where the console is a file."""
    wide = Console(file=console.file, width=max(console.width, TABLE_COLUMNS))
    if evaluation.pictures is not None:
        wide.print(_class_table(evaluation.pictures))
        alarms = evaluation.pictures.fire_alarms
        if alarms is not None:
            console.print(f"smoke or flame per picture without fire ({alarms[0]}): {_cell(alarms[1], ' ')}")
    if evaluation.events is not None:
        if evaluation.events.kinds:
            wide.print(_event_table(evaluation.events))
        rate = evaluation.events.negatives
        console.print(f"false incidents an hour on {rate.hours:.3f} h without any: {_cell(rate.per_hour, ' ')}")
    if evaluation.agreement is not None:
        for label, entry in evaluation.agreement.by_label.items():
            console.print(f"{label}: F1 {_cell(entry.f1, ' ')} against {evaluation.agreement.reference}")


def _class_table(verdict: PictureVerdict) -> Table:
    columns = {
        "AP50": Metric.AP50,
        "AP": Metric.AP50_95,
        "AP30": Metric.AP30,
        "precision": Metric.PRECISION,
        "recall": Metric.RECALL,
        "false": Metric.FALSE_PER_IMAGE,
    }
    caption = "AP: mean over IoU .50–.95; false: boxes per picture; below: 95 % intervals"
    table = Table("class", "boxes", "cut", *columns, box=SIMPLE, caption=caption)
    for entry in verdict.classes:
        name = entry.label if entry.is_exhaustive else f"{entry.label}\n(not all boxed)"
        cells = (_cell(entry.measured.get(metric)) for metric in columns.values())
        table.add_row(name, str(entry.instances), f"{entry.threshold:.2f}", *cells)
    return table


def _event_table(verdict: EventVerdict) -> Table:
    table = Table("kind", "detected", "missed", "undecidable", "seconds to confirm", "false/hour", box=SIMPLE)
    for seen, kind in verdict.kinds.items():
        took = "–" if kind.median_seconds_to_confirm is None else f"{kind.median_seconds_to_confirm:.1f}"
        counts = (str(count) for count in (kind.detected, kind.missed, kind.undecidable))
        table.add_row(seen.value, *counts, took, _cell(kind.false.per_hour, " "))
    return table


def _cell(found: Measured | None, between: str = "\n") -> str:
    if found is None or found.value != found.value:
        return "–"
    interval = "" if found.low != found.low else f"{between}{found.low:.2f}–{found.high:.2f}"
    return f"{found.value:.3f}{interval}"
