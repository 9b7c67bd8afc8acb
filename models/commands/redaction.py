"""`python -m models redaction-recall`."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import UsageError
from contract.manifest import Engine
from datasets.commands.telling import console, progress_bar
from models.commands.telling import errors_told

DEFAULT_MODEL = Path(__file__).parents[1] / "zoo" / "default"


def redaction_recall(
    model: Annotated[Path, typer.Option(help="A model folder.")] = DEFAULT_MODEL,
    dataset: Annotated[
        list[Path] | None, typer.Option(help="Labelled pictures with people boxed (label person); repeatable.")
    ] = None,
    streets: Annotated[int, typer.Option(min=0, max=1000, help="How many simulated streets, of all weathers.")] = 0,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first street.")] = 20_000,
    width_px: Annotated[int, typer.Option(min=320, max=3840, help="Width of the streets' pictures.")] = 1280,
    clip: Annotated[
        list[Path] | None, typer.Option(help="A clip; needs --agree-with, whose confident people count as true.")
    ] = None,
    every_s: Annotated[float, typer.Option(min=0.04, max=60, help="Seconds between a clip's frames.")] = 1.0,
    agree_with: Annotated[Path | None, typer.Option(help="COCO weights (.pt) or a model folder, for --clip.")] = None,
    engine: Annotated[Engine | None, typer.Option(help="Which variant; by default the node's own choice here.")] = None,
    json_file: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON.")] = None,
) -> None:
    """Measure how many people of 40 px and more are hidden in pictures that leave a node, and what is so for nothing.

    `look`: what a single look hides; `kept`: what is hidden in a picture that is kept as evidence, which is searched
    in tiles at a much lower score. Intervals are 95 %, resampled by street, scene or clip.

    Example:  python -m models redaction-recall --streets 24 --json redaction.json
    """
    from edge.detect.choose import open_detector
    from edge.detect.faint import FAINT_SCORES, open_faint
    from models import redaction
    from models.evaluation.as_json import write_json
    from models.evaluation.references import open_reference
    from models.judging import folder_pictures

    with errors_told():
        if clip and agree_with is None:
            raise UsageError("--clip needs --agree-with: a clip has no boxes of its own")
        reference = None if agree_with is None else open_reference(agree_with, 1)
        sources: list[Iterator[redaction.Peopled]] = []
        if streets:
            sources.append(redaction.streets(range(first_seed, first_seed + streets), width_px))
        sources += [redaction.labelled(folder_pictures(folder)) for folder in dataset or []]
        if reference is not None:
            sources += [redaction.clip(path, every_s, reference) for path in clip or []]
        if not sources:
            raise UsageError("nothing to judge: give --streets, --dataset or --clip")
        shipped = open_detector(model, engine, 1)
        ways = redaction.ways_to_hide(shipped, open_faint(model, shipped.manifest, shipped.engine, 1))
        counts: dict[str, list[redaction.Count]] = {name: [] for name in ways}
        with progress_bar() as bars:
            task = bars.add_task("pictures", total=None)
            for picture in chain(*sources):
                for name, hide in ways.items():
                    counts[name].append(redaction.count(picture, hide(picture.image)))
                bars.advance(task)
        verdicts = [redaction.verdict(name, entries) for name, entries in counts.items()]
        content = {
            "model": f"{shipped.manifest.name} {shipped.manifest.version}",
            "engine": shipped.engine.value,
            "faint_scores": {means.value: score for means, score in FAINT_SCORES.items()},
            "hidden_share": redaction.HIDDEN_SHARE,
            "streets": {"count": streets, "first_seed": first_seed, "width_px": width_px} if streets else None,
            "ways": [asdict(entry) for entry in verdicts],
        }
        if json_file is not None:
            write_json(content, json_file)
    for entry in verdicts:
        _tell(entry)
    if json_file is not None:
        console.print(json.dumps({"written": str(json_file)}))


def _tell(entry: object) -> None:
    from models.redaction import Recall, Verdict

    assert isinstance(entry, Verdict)

    def said(recall: Recall) -> str:
        if recall.recall is None:
            return "nobody"
        return f"{recall.recall:.3f} ({recall.low:.3f}-{recall.high:.3f}) of {recall.people}"

    console.print(
        f"{entry.name}: hidden {said(entry.overall)}; {100 * entry.pixelated_share:.1f} % of the picture pixelated, "
        f"{100 * entry.needless_share:.1f} % for nothing; {entry.pictures} pictures"
    )
    for band, recall in entry.by_band:
        console.print(f"  {band} px: {said(recall)}")
