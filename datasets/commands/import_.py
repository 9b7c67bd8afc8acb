"""`python -m datasets import`."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from datasets.commands.telling import AsJson, console, errors_told, progress_bar
from datasets.imports.choose import Format


def import_(
    source: Annotated[Path, typer.Argument(help="Folder or file as the labelling tool exported it.")],
    out: Annotated[Path, typer.Option(help="New folder: images/, labels/, source.json, manifest.jsonl.")],
    format_: Annotated[Format | None, typer.Option("--format", help="Told from the files where left out.")] = None,
    images: Annotated[Path | None, typer.Option(help="Where the pictures are, if not beside the labels.")] = None,
    exhaustive_for: Annotated[
        str | None,
        typer.Option(
            help="CLASS,CLASS: those of which every visible instance is boxed. Only for these does silence teach "
            "absence: name none that you have not checked."
        ),
    ] = None,
    licence: Annotated[str | None, typer.Option(help="As its owner states it.")] = None,
    rename: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW; again for more; OLD= drops the class and its boxes.")
    ] = None,
    scene: Annotated[
        list[str] | None,
        typer.Option(help=r"Pattern with one (group) that names camera or scene in a picture's path, as '^(cam\d+)'."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import pictures labelled elsewhere: YOLO, COCO, Pascal VOC, CVAT for images 1.1, Label Studio JSON, or this form.

    Every picture is read to its end and every box checked; a mistake names its file and place, and nothing is left
    behind. A class that a source beside --out spells differently is a mistake too.
    """
    from datasets.importing import ImportOrder, import_source
    from datasets.imports.choose import format_of
    from datasets.imports.rename import parse_renames
    from datasets.split_plan import checked_pattern

    with errors_told():
        order = ImportOrder(
            path=source,
            format_=format_ or format_of(source),
            out=out,
            images=images,
            exhaustive_for=None if exhaustive_for is None else _listed(exhaustive_for),
            licence=licence,
            renames=parse_renames(rename or []),
            scene_patterns=tuple(checked_pattern(pattern) for pattern in scene or []),
        )
        with progress_bar() as progress:
            task = progress.add_task("import", total=None)
            report = import_source(
                order,
                on_count=lambda count: progress.update(task, total=count),
                on_picture=lambda: progress.advance(task),
            )
    boxes = Counter(box.label for picture in report.folder.pictures for box in picture.boxes)
    if as_json:
        facts = {
            "folder": str(out),
            "pictures": len(report.folder.pictures),
            "boxes": {label: boxes[label] for label in report.folder.classes},
            "exhaustive_for": sorted(report.folder.exhaustive_for),
            "dataset_hash": report.dataset_hash,
            "notes": list(report.notes),
        }
        print(json.dumps(facts))
        return
    for note in report.notes:
        console.print(f"[yellow]note[/yellow] {note}")
    if not report.folder.exhaustive_for:
        console.print("[yellow]note[/yellow] exhaustive for nothing: this source will teach no absence")
    counts = ", ".join(f"{label} {boxes[label]}" for label in report.folder.classes)
    console.print(f"{out}: {len(report.folder.pictures)} pictures; {counts}; next: python -m datasets audit {out}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(",") if label.strip())
