"""`python -m models evaluate`."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from contract.errors import UsageError
from contract.manifest import Engine
from datasets.commands.telling import console, progress_bar
from models.commands.telling import errors_told
from models.judging import Choice, Half, folder_pictures

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
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A page to look at; beside the JSON file when not given.")
    ] = None,
    worst: Annotated[int, typer.Option(min=0, max=500, help="How many of the worst pictures the page shows.")] = 16,
    run: Annotated[
        Path | None, typer.Option(help="Judge on what this training run, runs/NAME, held out, as it renamed it.")
    ] = None,
    split: Annotated[
        Half, typer.Option(help="Which pictures of a folder with a split.json count; others count whole.")
    ] = Half.ALL,
    only: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Count only the pictures named here: a name or path a line.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="OLD=NEW", help="Read a folder's label OLD as NEW; repeatable.")
    ] = None,
    engine: Annotated[
        Engine | None, typer.Option(help="Which variant; by default the one a node would choose here.")
    ] = None,
    clips: Annotated[
        Path | None, typer.Option(help="Folder of clips to replay: pos_fire_smoke_….mp4, neg_….avi, or clips.json.")
    ] = None,
    replay_config: Annotated[
        Path | None, typer.Option(help="How clips are looked at; configs/edge/replay.yaml by default.")
    ] = None,
    agree_with: Annotated[
        Path | None,
        typer.Option(help="COCO weights (.pt) or a model folder: agreement on person, vehicle, cycle."),
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
    from models.evaluate import DEFAULT_REPLAY, Looking, Wanted, open_eyes
    from models.evaluate import evaluate as run_evaluation
    from models.evaluation.as_json import as_json, suggestion_part, write_json, write_text
    from models.evaluation.clips import read_clips
    from models.evaluation.page import page
    from models.evaluation.references import open_reference
    from models.evaluation.tables import tell
    from models.evaluation.targets import DEFAULT_TARGETS, judgement, read_targets
    from models.evaluation.thresholds import suggest
    from models.publishing.finished_run import read_run

    with errors_told():
        _require_fit(dataset or [], [json_file, html, suggest_to])
        wanted_targets = read_targets(targets or DEFAULT_TARGETS)
        choice = Choice(split, named_stems(only), _renames(rename or []))
        looking = Looking(engine, threads, bootstrap, seed, against, against_engine)
        pictures = [picture for folder in dataset or [] for picture in folder_pictures(folder, choice)]
        wanted = Wanted(
            pictures=(*pictures, *(read_run(run).judged() if run is not None else ())),
            clips=() if clips is None else read_clips(clips),
            reference=None if agree_with is None else open_reference(agree_with, threads),
            replay_config=replay_config or DEFAULT_REPLAY,
            looking=looking,
        )
        eyes = open_eyes(model, wanted)
        with progress_bar() as bars:
            evaluation = run_evaluation(wanted, eyes, _Bars(bars))
        marks = judgement(evaluation, wanted_targets)
        content = as_json(evaluation, eyes, looking, marks)
        if suggest_to is not None and evaluation.pictures is not None:
            verdict = evaluation.pictures
            write_json(suggestion_part(suggest(verdict.viewed, verdict.classes), verdict), suggest_to)
        if json_file is not None and json_file != STDOUT:
            write_json(content, json_file)
            html = html or json_file.with_suffix(".html")
        if html is not None:
            write_text(page(evaluation, eyes, looking, marks, worst), html)
        eyes.close()
    if json_file == STDOUT:
        print(json.dumps(content, ensure_ascii=False, allow_nan=False))
    else:
        tell(evaluation, console)


class _Bars:
    """The evaluation's steps as progress bars."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(self, step: str, total: float) -> Callable[[float], None]:
        task = self._progress.add_task(step, total=round(total))
        return lambda done: self._progress.advance(task, done)


def _require_fit(folders: Sequence[Path], outputs: Sequence[Path | None]) -> None:
    """What would only be found out after an hour of looking."""
    resolved = [folder.resolve() for folder in folders]
    twice = next((folder for folder in folders if resolved.count(folder.resolve()) > 1), None)
    if twice is not None:
        raise UsageError(f"--dataset {twice}: given twice; its pictures would count double")
    for path in outputs:
        if path is not None and path.is_dir():
            raise UsageError(f"{path}: is a folder; name a file in it")


def named_stems(path: Path | None) -> frozenset[str] | None:
    """The pictures that a list names, by stem; None for no list.

    Raises:
        UsageError: the list can't be read.
    """
    if path is None:
        return None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: no readable list of pictures ({error}); write a name or path a line") from error
    names = [Path(line.strip()) for line in lines if line.strip()]
    # a name may be given without its extension and hold dots itself
    return frozenset(stem for name in names for stem in (name.name, name.stem))


def _renames(entries: Sequence[str]) -> Mapping[str, str]:
    pairs = [entry.partition("=") for entry in entries]
    for entry, (old, _, new) in zip(entries, pairs, strict=True):
        if not old or not new:
            raise UsageError(f"--rename {entry}: write OLD=NEW, as projecting_sign=shop_sign")
    return {old: new for old, _, new in pairs}
