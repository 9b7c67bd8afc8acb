"""`python -m datasets composites`."""

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import AsJson, console, errors_told, progress_bar


class Part(StrEnum):
    """What the pictures are for."""

    TRAIN = "train"
    VAL = "val"


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
    split: Annotated[
        Path | None, typer.Option(help="Lock of `python -m datasets split` that says which pictures are train and val.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lay smoke, fire, grills, stalls and their look-alikes on real street pictures, boxed exactly.

    Without --split a source's split.json says which pictures are train; where it is silent, names do. What a written
    folder is exhaustive for is what its backgrounds are known to be free of.
    """
    from datasets.composites.backgrounds import read_family
    from datasets.composites.cutouts import cut_out_all, labelled_folders
    from datasets.composites.make import Order, make_composites
    from datasets.composites.views import read_views
    from datasets.split_lock import read_lock

    with errors_told():
        lock = read_lock(split) if split is not None else None
        known = read_views(views) if views is not None else {}
        found = {each: read_family(each, known, part.value, lock) for each in background}
        for each in (each for each, family in found.items() if family is None):
            console.print(f"{each}: nothing in {part}; left out", soft_wrap=True)
        families = [family for family in found.values() if family is not None]
        folders = labelled_folders(cut_outs or [], lock)
        order = Order(count, seed, longest, _origin(background, cut_outs or [], split, part, count, seed))
        with progress_bar() as progress:
            cutting = progress.add_task("cut out", total=sum(len(folder.pictures) for folder in folders))
            cuts = cut_out_all(folders, part.value, lambda: progress.advance(cutting))
            laying = progress.add_task("lay", total=count)
            made = make_composites(out, families, cuts, order, lambda: progress.advance(laying))
    if as_json:
        print(json.dumps(asdict(made)))
    else:
        boxes = ", ".join(f"{label} {number}" for label, number in made.boxes_by_label.items())
        console.print(f"{out}: {made.pictures} pictures, {made.without_boxes} without a box; {boxes}")


def _origin(background: list[str], cut_outs: list[Path], split: Path | None, part: Part, count: int, seed: int) -> str:
    """The command as it will stand in source.json."""
    told = [f"--background {each}" for each in background] + [f"--cut-outs {each}" for each in cut_outs]
    told += [f"--split {split}"] if split is not None else []
    return " ".join(["python -m datasets composites", *told, f"--part {part} --count {count} --seed {seed}"])
