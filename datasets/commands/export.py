"""`python -m datasets export`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import AsJson, console, errors_told, progress_bar
from datasets.exporting import ExportFormat


def export(
    folder: Annotated[Path, typer.Argument(help="Source: images/, labels/, source.json.")],
    format_: Annotated[ExportFormat, typer.Option("--format", help="What to write.")],
    out: Annotated[Path, typer.Option(help="New folder; pictures are copied into it.")],
    lock: Annotated[
        Path | None, typer.Option(help="Halves from this lock; withheld pictures stay behind. Else split.json's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Export a source to YOLO, COCO, CVAT or Label Studio, for other tools or another round of labelling.

    `python -m datasets import` reads every export back as it was.
    """
    from datasets.exporting import export_folder
    from datasets.folder import read_folder
    from datasets.split_lock import halved, read_lock

    with errors_told():
        source = read_folder(folder)
        if lock is not None:
            source = halved(source, read_lock(lock))
        with progress_bar() as progress:
            task = progress.add_task("export", total=len(source.pictures))
            export_folder(source, format_, out, lambda: progress.advance(task))
    if as_json:
        boxes = sum(len(picture.boxes) for picture in source.pictures)
        print(json.dumps({"folder": str(out), "format": format_, "pictures": len(source.pictures), "boxes": boxes}))
    else:
        console.print(f"{out}: {len(source.pictures)} pictures as {format_}")
