"""`python -m models evaluate`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from contract.errors import UsageError
from contract.manifest import Engine
from models.commands.telling import console, errors_told, progress_bar
from models.judging import Choice, Half, Judged, folder_pictures

if TYPE_CHECKING:
    from models.evaluate import PictureVerdict
    from models.evaluation.bootstrap import Measured

STDOUT = Path("-")


def evaluate(
    model: Annotated[Path, typer.Option(help="A model folder, as models/zoo/default.")],
    dataset: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled pictures: images/, labels/, source.json. Several are pooled, each also a slice."),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write everything as JSON; - for standard output.")
    ] = None,
    split: Annotated[Half, typer.Option(help="Which pictures of a folder with a split.json count.")] = Half.ALL,
    only: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Count only the pictures named here: a name or path a line.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="OLD=NEW", help="Read a folder's label OLD as NEW; repeatable.")
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Which variant; by default the one a node would choose here.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="Another model folder: differences on the same pictures, with verdicts.")
    ] = None,
    against_engine: Annotated[
        Engine | None, typer.Option(help="The other model's variant, for instance to compare INT8 with FP32.")
    ] = None,
    bootstrap: Annotated[int, typer.Option(min=10, max=100_000, help="Resamples for the 95 % intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of the resamples.")] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="CPU threads for inference; a node uses one.")] = 1,
    targets: Annotated[
        Path | None, typer.Option(help="YAML with what must be reached; the project's by default.")
    ] = None,
    suggest_to: Annotated[
        Path | None, typer.Option(help="Write the thresholds these pictures suggest, for `export --facts`.")
    ] = None,
) -> None:
    """Judge a model on labelled pictures, through the detector that a node runs.

    A class counts only on pictures whose folder boxes every object of it (source.json: exhaustive_for); where only
    some are boxed, recall alone is told. Intervals are 95 %, over pictures, or scenes if attributes.json names them.

    Exit 0 when judged, 2 when folder or model can't be used.

    Example:  python -m models evaluate --model models/zoo/default --dataset ../shared/data/hotfire --json hotfire.json
    """
    from models.evaluate import Looking, judge, open_eyes, require_judgeable, runtime_of
    from models.evaluation.as_json import picture_part, run_part, suggestion_part, write_json
    from models.evaluation.targets import DEFAULT_TARGETS, class_marks, read_targets
    from models.evaluation.thresholds import suggest

    looking = Looking(engine, threads, bootstrap, seed, against, against_engine)
    with errors_told():
        wanted = read_targets(targets or DEFAULT_TARGETS)
        choice = Choice(split, _stems(only), _renames(rename or []))
        pictures = _pictures(dataset or [], choice)
        eyes = open_eyes(model, looking)
        require_judgeable(pictures, eyes.this)
        with progress_bar() as progress:
            task = progress.add_task("looking", total=len(pictures))
            verdict = judge(pictures, eyes, looking, on_picture=lambda: progress.advance(task))
        marks = class_marks(verdict.classes, wanted)
        content = {
            **picture_part(verdict, marks),
            "split": split.value,
            **run_part(eyes, looking, runtime_of(eyes)),
        }
        if suggest_to is not None:
            write_json(suggestion_part(suggest(verdict.viewed, verdict.classes), verdict), suggest_to)
        if json_file is not None and json_file != STDOUT:
            write_json(content, json_file)
        eyes.close()
    if json_file == STDOUT:
        print(json.dumps(content, ensure_ascii=False, allow_nan=False))
    else:
        console.print(_table(verdict))


def _pictures(folders: Sequence[Path], choice: Choice) -> tuple[Judged, ...]:
    if not folders:
        raise UsageError("nothing to judge on: give --dataset FOLDER")
    return tuple(picture for folder in folders for picture in folder_pictures(folder, choice))


def _stems(path: Path | None) -> frozenset[str] | None:
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: no readable list of pictures ({error}); write a name or path a line") from error
    return frozenset(Path(line.strip()).stem for line in lines if line.strip())


def _renames(entries: Sequence[str]) -> Mapping[str, str]:
    pairs = [entry.partition("=") for entry in entries]
    for entry, (old, _, new) in zip(entries, pairs, strict=True):
        if not old or not new:
            raise UsageError(f"--rename {entry}: write OLD=NEW, as projecting_sign=shop_sign")
    return {old: new for old, _, new in pairs}


def _table(verdict: "PictureVerdict") -> Table:
    from models.evaluation.figures import Metric

    columns = {
        "AP50": Metric.AP50,
        "AP50-95": Metric.AP50_95,
        "AP30": Metric.AP30,
        "precision": Metric.PRECISION,
        "recall": Metric.RECALL,
        "false/picture": Metric.FALSE_PER_IMAGE,
    }
    table = Table("class", "boxes", "cut at", *columns, box=SIMPLE, caption="95 % intervals below")
    for entry in verdict.classes:
        name = f"{entry.label}\n{entry.pictures} pictures" if entry.is_exhaustive else f"{entry.label}\nnot all boxed"
        cells = (_cell(entry.measured.get(metric)) for metric in columns.values())
        table.add_row(name, str(entry.instances), f"{entry.threshold:.2f}", *cells)
    return table


def _cell(found: "Measured | None") -> str:
    if found is None or found.value != found.value:
        return "–"
    interval = "" if found.low != found.low else f"\n{found.low:.2f}–{found.high:.2f}"
    return f"{found.value:.3f}{interval}"
