"""`backup` and `restore`: everything central knows in one file, and back into an empty database of either kind."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from central.backup import format as backup_format
from central.backup.reading import open_backup
from central.backup.restoring import restore
from central.backup.writing import sha256_of, write_backup
from central.commands.database import ConfigOption, DatabaseOption, JsonOption, opened
from central.evidence.folder import FolderStore
from central.settings import load_settings
from contract.clock import SystemClock
from contract.errors import UsageError

EvidenceOption = Annotated[Path | None, typer.Option("--evidence-dir", help="Folder of the pictures.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the commands."""
    cli.command("backup")(backup)
    cli.command("restore")(restore_command)


def backup(
    out: Annotated[Path | None, typer.Option("--out", help="The file to write, e.g. central-2026-11-22.zip.")] = None,
    verify: Annotated[
        Path | None, typer.Option("--verify", help="Instead: read a backup and say if it is whole.")
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="With the pictures themselves, not just their hashes.")
    ] = False,
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    evidence_dir: EvidenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Writes the whole database, as it stands at one moment, into one file. The service may go on meanwhile.

    The file is independent of the kind of database and is there whole or not at all. It also lists every picture with
    its sha256; --pictures puts them in too. It holds everything, so keep it as safe as the database. Check it with
    --verify, and try a restore now and then.
    """
    if (out is None) == (verify is None):
        raise UsageError("backup: give --out FILE to write one, or --verify FILE to check one")
    if verify is not None:
        _verify(verify, as_json)
        return
    assert out is not None
    settings = load_settings(config, {"database_url": database_url, "evidence_dir": evidence_dir})
    with opened(settings.database_url) as database, _bars() as tell:
        folder = FolderStore(settings.evidence_dir)
        manifest = write_backup(database, folder, out, SystemClock().now(), pictures, tell)
    _tell(_facts(out, manifest), as_json)


def restore_command(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.")],
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    evidence_dir: EvidenceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Puts a backup into an empty database, SQLite or PostgreSQL, whichever it came from.

    Everything is checked first; a file that was cut or edited, or a database that holds anything, is refused, and a
    restore that fails half way leaves nothing. An older backup is brought to this program's revision.
    """
    settings = load_settings(config, {"database_url": database_url, "evidence_dir": evidence_dir})
    folder = FolderStore(settings.evidence_dir)
    folder.create()
    with open_backup(file) as found, opened(settings.database_url) as database, _bars() as tell:
        done = restore(found, database, folder, tell)
        shown = str(database)
    _tell({"database": shown, **asdict(done)}, as_json)


def _verify(path: Path, as_json: bool) -> None:
    with open_backup(path) as found, _bars() as tell:
        found.check(tell)
    _tell(_facts(path, found.manifest) | {"whole": True}, as_json)


def _facts(path: Path, manifest: backup_format.Manifest) -> dict[str, object]:
    return {
        "file": str(path),
        "sha256": sha256_of(path),
        "made_at": manifest.made_at.isoformat(),
        "revision": manifest.revision,
        "source": manifest.source,
        "rows": manifest.rows,
        "pictures": manifest.pictures.rows,
        "with_pictures": manifest.with_pictures,
        "damaged_pictures": list(manifest.damaged_pictures),
    }


@contextmanager
def _bars() -> Iterator[backup_format.Progress]:
    """Bars on stderr, one for each kind of thing; none where nobody looks."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield tell


def _tell(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for key, value in facts.items():
        typer.echo(f"{key}: {value}")
