"""Putting a backup into an empty database of either kind: all of it, or nothing."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from central.backup.format import Progress
from central.backup.reading import BackupFile
from central.store import migrating, rows
from central.store.database import Database
from central.store.engines import file_of
from central.store.refusals import translated
from contract.errors import UsageError


class PictureFolder(Protocol):
    """The evidence folder, to put into."""

    def has(self, sha256: str) -> bool: ...
    def put(self, content: bytes) -> None: ...
    def remove(self, sha256: str) -> int: ...


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. `pictures_missing`: named by the backup, but neither in it nor in the folder."""

    revision: str
    rows: int
    pictures: int
    pictures_missing: int


def restore(backup: BackupFile, database: Database, pictures: PictureFolder, progress: Progress) -> Restored:
    """Checks the whole backup, makes its tables, fills them, brings them to this program's revision; one transaction.

    Raises:
        UsageError: the backup is not whole or of a newer program; the database is not empty.
        PermanentError: a row does not fit the database; nothing stays.
        TransientError: the database went away; nothing stays.
    """
    backup.check(progress)
    path = file_of(database.url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    put: list[str] = []
    try:
        with translated(database.url, "the restore"), migrating.alone(database.engine) as connection:
            _must_be_empty(connection, database)
            migrating.bring(connection, database.url, backup.manifest.revision)
            _fill(connection, backup, progress)
            migrating.bring(connection, database.url, "head")
            _put_pictures(backup, pictures, put, progress)
    except BaseException:
        for sha256 in put:
            pictures.remove(sha256)
        raise
    missing = sum(not pictures.has(one.sha256) for one in backup.pictures())
    return Restored(migrating.head(), backup.manifest.rows, len(put), missing)


def _must_be_empty(connection: Connection, database: Database) -> None:
    found = [table.name for table in rows.tables_in(connection)]
    if found:
        raise UsageError(
            f"database {database}: is not empty ({', '.join(found[:3])} …); restore goes into an empty one only, "
            "name another"
        )


def _fill(connection: Connection, backup: BackupFile, progress: Progress) -> None:
    there = {table.name: table for table in rows.tables_in(connection)}
    named = {table.name: table for table in backup.manifest.tables}
    if there.keys() != named.keys():
        odd = sorted(there.keys() ^ named.keys())
        raise UsageError(f"backup {backup.path}: {', '.join(odd)} is not as in revision {backup.manifest.revision}")
    done = 0
    for name, table in there.items():
        for count in rows.load(connection, table, named[name].columns, backup.rows(named[name])):
            done += count
            progress("rows", done, backup.manifest.rows)
    rows.go_on_numbering(connection, there.values())


def _put_pictures(backup: BackupFile, pictures: PictureFolder, put: list[str], progress: Progress) -> None:
    """Those that the folder lacks, noting their names in `put`. A picture is named by its content: none is replaced."""
    if not backup.manifest.with_pictures:
        return
    wanted = [one.sha256 for one in backup.pictures() if not pictures.has(one.sha256)]
    for sha256 in wanted:
        put.append(sha256)
        pictures.put(backup.picture(sha256))
        progress("pictures", len(put), len(wanted))
