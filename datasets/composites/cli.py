"""The `composites` command: parses, calls, prints. Decides nothing."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Part(StrEnum):
    """What the pictures are for."""

    TRAIN = "train"
    VAL = "val"


_console = Console(stderr=True)


def composites(
    background: Annotated[
        list[str],
        typer.Option(
            help="Folder of pictures (images/, labels/, source.json) or a clip; again for more. FOLDER:smoke,flame "
            "adds what a person saw to be absent from every picture of it."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Empty or new folder; gets one folder for each background folder.")],
    cut_outs: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled folder to cut real flames, parasols, carts, bins and rubbish out of."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Pictures.")] = 900,
    seed: Annotated[int, typer.Option(min=0, max=100_000, help="The same arguments give the same bytes.")] = 1,
    views: Annotated[
        Path | None,
        typer.Option(help="CSV picture,horizon,height_m: folders with a picture listed are limited to those listed."),
    ] = None,
    longest: Annotated[int, typer.Option(min=160, max=4096, help="Longest side of a picture, pixels.")] = 960,
    part: Annotated[
        Part,
        typer.Option(help="train: to learn from; val: to judge by, with no background and no cut-out of train."),
    ] = Part.TRAIN,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON on standard output.")] = False,
) -> None:
    """Lay smoke, fire, grills, stalls and their look-alikes on real street pictures, boxed exactly.

    A source's split.json says which pictures are train; where it is silent, names do. What a written folder is
    exhaustive for is what its backgrounds are known to be free of.
    """
    from datasets.composites.backgrounds import read_family
    from datasets.composites.cutouts import cut_out_all, labelled_folders
    from datasets.composites.make import Order, make_composites
    from datasets.composites.views import read_views

    known = read_views(views) if views is not None else {}
    families = [family for each in background if (family := read_family(each, known, part.value)) is not None]
    folders = labelled_folders(cut_outs or [])
    order = Order(count, seed, longest, f"python -m datasets composites --part {part} --count {count} --seed {seed}")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=_console) as progress:
        cutting = progress.add_task("cut out", total=sum(len(folder.pictures) for folder in folders))
        cuts = cut_out_all(folders, part.value, lambda: progress.advance(cutting))
        laying = progress.add_task("lay", total=count)
        made = make_composites(out, families, cuts, order, lambda: progress.advance(laying))
    if as_json:
        print(json.dumps(asdict(made)))
    else:
        boxes = ", ".join(f"{label} {number}" for label, number in made.boxes_by_label.items())
        _console.print(f"{out}: {made.pictures} pictures, {made.without_boxes} without a box; {boxes}")
