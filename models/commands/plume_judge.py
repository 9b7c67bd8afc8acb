"""`python -m models plume-judge`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from datasets.commands.telling import AsJson, console
from models.commands.telling import errors_told

if TYPE_CHECKING:
    from models.street_days.judging import Held


def plume_judge(
    recordings: Annotated[list[Path], typer.Argument(help="Folders of `street-days` recordings of tuning streets.")],
    out: Annotated[Path, typer.Option(help="The weights' file; a node reads edge/plume/weights.json.")],
    policy: Annotated[Path | None, typer.Option(help="Presence policies; default: the node's.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model that recorded; default: the node's.")] = None,
    folds: Annotated[int, typer.Option(min=2, max=20, help="Parts of the streets for the honest figures.")] = 6,
    as_json: AsJson = False,
) -> None:
    """Learns the second stage for smoke and flame from recordings, and says whether it beats the detector's score.

    The figures are of streets that a fold did not learn from. Seeds from 3000 on are refused: they report.

    Example:  python -m models plume-judge runs/street-days/tuning runs/street-days/drill --out runs/weights.json
    """
    from contract.manifest import read_manifest
    from edge.settings import DEFAULT_MODEL, DEFAULT_POLICIES, load_policies
    from models.street_days.judging import held_out, tuning_samples
    from models.street_days.learn import fit
    from models.street_days.rerun import meanings

    with errors_told():
        means = meanings(read_manifest(model or DEFAULT_MODEL))
        entries = tuning_samples(recordings, means, load_policies(policy or DEFAULT_POLICIES))
        figures = held_out(entries, folds)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(fit(entries), indent=1) + "\n", encoding="utf-8")
    if as_json:
        print(json.dumps([entry.facts() for entry in figures]))
        return
    console.print(_table(figures))


def _table(figures: "tuple[Held, ...]") -> Table:
    table = Table("kind", "plumes, real", "area: score → learned", "false kept at 95 %", "at 90 % of true")
    for entry in figures:
        table.add_row(
            entry.kind,
            f"{entry.tracks}, {entry.real}",
            f"{entry.score.area:.3f} → {entry.learned.area:.3f}",
            f"{entry.score.false_at_95:.2f} → {entry.learned.false_at_95:.2f}",
            f"{entry.score.false_at_90:.2f} → {entry.learned.false_at_90:.2f}",
        )
    table.caption = "area under the curve over streets that were not learned from; every plume weighs one"
    return table
