"""Writing a backup: everything as it stood at one moment, while the service goes on."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from central.backup.format import (
    CHUNK_BYTES,
    MANIFEST,
    PICTURES,
    KnownPicture,
    Manifest,
    Member,
    Progress,
    TableMember,
    picture_file,
    table_file,
)
from central.store import migrating, rows
from central.store.database import Database
from contract.errors import PermanentError, UsageError


class Pictures(Protocol):
    """The evidence folder: the pictures that lie in it, by sha256."""

    def every(self) -> Iterable[tuple[str, Path]]: ...


def write_backup(
    database: Database, pictures: Pictures, out: Path, at: datetime, with_pictures: bool, progress: Progress
) -> Manifest:
    """Writes `out`; it is there whole or not at all. One read transaction: writers are not held up.

    Raises:
        UsageError: `out` exists or can't be written; the database is missing, foreign or newer than this program.
        TransientError: the database went away meanwhile.
        PermanentError: the disk is full.
    """
    database.must_exist()
    if out.exists():
        raise UsageError(f"{out}: exists; choose another name for --out")
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        with zipfile.ZipFile(part, "x", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
            manifest = _Writing(file, progress).write(database, pictures, at, with_pictures)
        _sync(part)
        part.rename(out)
    except OSError as error:
        raise PermanentError(f"{out}: can't be written ({error.strerror}); free space, or another --out") from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


class _Writing:
    """One backup under way."""

    def __init__(self, file: zipfile.ZipFile, progress: Progress) -> None:
        self._file = file
        self._progress = progress

    def write(self, database: Database, pictures: Pictures, at: datetime, with_pictures: bool) -> Manifest:
        with database.read() as connection:
            revision = migrating.revision_of(connection, database.url)
            if revision is None:
                raise UsageError(f"database {database}: is empty; there is nothing to back up")
            tables = self._tables(connection)
        kept, damaged = self._pictures(list(pictures.every()), with_pictures)
        listed = self._lines(PICTURES, (one.model_dump_json().encode() + b"\n" for one in kept), lambda _: None)
        manifest = Manifest(
            made_at=at,
            revision=revision,
            source=database.url.get_backend_name(),
            tables=tables,
            pictures=listed,
            with_pictures=with_pictures,
            damaged_pictures=damaged,
        )
        self._file.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        return manifest

    def _tables(self, connection: Connection) -> tuple[TableMember, ...]:
        tables = rows.tables_in(connection)
        total = sum(rows.count(connection, table) for table in tables)
        done = 0
        members = []
        for table in tables:
            before = done

            def tell(written: int, before: int = before) -> None:
                self._progress("rows", before + written, total)

            member = self._lines(table_file(table.name), rows.lines_of(connection, table), tell)
            done += member.rows
            columns = tuple(column.name for column in table.columns)
            members.append(TableMember(name=table.name, columns=columns, rows=member.rows, sha256=member.sha256))
        return tuple(members)

    def _lines(self, name: str, lines: Iterator[bytes], tell: Callable[[int], None]) -> Member:
        digest = hashlib.sha256()
        count = 0
        with self._file.open(name, "w", force_zip64=True) as member:
            for line in lines:
                member.write(line)
                digest.update(line)
                count += 1
                if count % rows.AT_A_TIME == 0:
                    tell(count)
        tell(count)
        return Member(rows=count, sha256=digest.hexdigest())

    def _pictures(
        self, found: Sequence[tuple[str, Path]], with_pictures: bool
    ) -> tuple[list[KnownPicture], tuple[str, ...]]:
        """Those that are whole, and the names of those that are not what their name says; one may go meanwhile."""
        kept, damaged = [], []
        for done, (sha256, path) in enumerate(found):
            content = _read(path)
            if content is None:
                continue
            if hashlib.sha256(content).hexdigest() != sha256:
                damaged.append(sha256)
                continue
            kept.append(KnownPicture(sha256=sha256, size_bytes=len(content)))
            if with_pictures:
                self._file.writestr(picture_file(sha256), content, zipfile.ZIP_STORED)
            self._progress("pictures", done + 1, len(found))
        return kept, tuple(damaged)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sha256_of(path: Path) -> str:
    """Of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
