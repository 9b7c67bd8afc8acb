"""`python -m datasets manifest`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import UsageError
from datasets.commands.telling import AsJson, console, errors_told, progress_bar


def manifest(
    folders: Annotated[list[Path], typer.Argument(help="Sources: images/, labels/, source.json.")],
    out: Annotated[Path | None, typer.Option(help="Manifest to write.")] = None,
    verify: Annotated[Path | None, typer.Option(help="Manifest to compare with instead.")] = None,
    lock: Annotated[
        Path | None, typer.Option(help="Halves and scenes from this lock; withheld pictures are left out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write one manifest of several sources (hash, licence, scene, time, boxes per picture), or verify them by one.

    The dataset hash changes with any picture, box, half or what a source is exhaustive for.
    """
    from datasets.clashes import check_no_clash
    from datasets.folder import read_folder
    from datasets.manifest import make_manifest, read_manifest, verify_unchanged, write_manifest
    from datasets.split_lock import halved, read_lock

    with errors_told():
        if (out is None) == (verify is None):
            raise UsageError("give either --out, to write a manifest, or --verify, to compare with one")
        sources = [read_folder(folder) for folder in folders]
        check_no_clash(sources)
        held = read_lock(lock) if lock is not None else None
        if held is not None:
            sources = [halved(source, held) for source in sources]
        if verify is not None:
            made = read_manifest(verify)
            verify_unchanged(made, sources)
        else:
            with progress_bar() as progress:
                task = progress.add_task("read", total=sum(len(source.pictures) for source in sources))
                made = make_manifest(sources, lambda: progress.advance(task), held)
        if out is not None:
            write_manifest(out, made)
    header = made.header
    if as_json:
        print(json.dumps(header.model_dump()))
    else:
        told = "unchanged" if verify is not None else str(out)
        console.print(f"{told}: {header.pictures} pictures of {len(header.sources)} sources, {header.dataset_hash}")
