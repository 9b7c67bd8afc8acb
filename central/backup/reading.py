"""Reading a backup: nothing is taken from one that is not whole."""

import hashlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

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
from contract.errors import UsageError

_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, ValueError)
"""What zipfile raises over a file that was cut or edited."""


class BackupFile:
    """An open backup; `manifest` tells what it should hold, `check` whether it does."""

    def __init__(self, path: Path, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._file = file

    def check(self, progress: Progress) -> None:
        """Reads all of it.

        Raises:
            UsageError: something is missing, changed or too much; the message names it.
        """
        tables = {table_file(table.name): table for table in self.manifest.tables}
        pictures = {picture_file(one.sha256): one for one in self.pictures()} if self.manifest.with_pictures else {}
        expected = sorted([*tables, *pictures, PICTURES, MANIFEST])
        names = sorted(self._file.namelist())
        if names != expected:
            odd = next((name for name in {*names} ^ {*expected}), "a name twice")
            raise self._wrong(f"{odd} is missing or does not belong there")
        done = 0
        for name in (*tables, PICTURES):
            self._check_lines(name, tables.get(name, self.manifest.pictures))
            progress("checked", done := done + 1, len(names) - 1)
        for name, picture in pictures.items():
            if hashlib.sha256(self._read(name)).hexdigest() != picture.sha256:
                raise self._wrong(f"{name} has been changed")
            progress("checked", done := done + 1, len(names) - 1)

    def rows(self, table: TableMember) -> Iterator[bytes]:
        """The table's lines."""
        with self._broken_is_wrong(table.name), self._file.open(table_file(table.name)) as member:
            yield from member

    def pictures(self) -> list[KnownPicture]:
        """What the evidence folder held."""
        with self._broken_is_wrong(PICTURES), self._file.open(PICTURES) as member:
            return [KnownPicture.model_validate_json(line) for line in member]

    def picture(self, sha256: str) -> bytes:
        return self._read(picture_file(sha256))

    def _check_lines(self, name: str, wanted: Member) -> None:
        digest = hashlib.sha256()
        count = 0
        with self._broken_is_wrong(name), self._file.open(name) as member:
            while chunk := member.read(CHUNK_BYTES):
                digest.update(chunk)
                count += chunk.count(b"\n")
        if (digest.hexdigest(), count) != (wanted.sha256, wanted.rows):
            raise self._wrong(f"{name} has been changed: {count} rows instead of {wanted.rows}, or others")

    def _read(self, name: str) -> bytes:
        with self._broken_is_wrong(name):
            return self._file.read(name)

    @contextmanager
    def _broken_is_wrong(self, name: str) -> Iterator[None]:
        try:
            yield
        except (*_BROKEN, KeyError) as error:
            raise self._wrong(f"{name} can't be read ({error})") from error

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"backup {self.path}: {what}; nothing was restored, take another backup")


@contextmanager
def open_backup(path: Path) -> Iterator[BackupFile]:
    """Opens it and reads its manifest; `check` is the caller's.

    Raises:
        UsageError: it is missing, no backup, unfinished, or of a later format.
    """
    try:
        file = zipfile.ZipFile(path)
    except FileNotFoundError as error:
        raise UsageError(f"backup {path}: no such file") from error
    except _BROKEN as error:
        raise UsageError(f"backup {path}: is cut off or no backup ({error}); take another one") from error
    with file:
        try:
            manifest = Manifest.model_validate_json(file.read(MANIFEST))
        except (KeyError, ValidationError, *_BROKEN) as error:
            line = str(error).splitlines()[0]
            raise UsageError(f"backup {path}: {MANIFEST} is missing or can't be read ({line}); take another") from error
        yield BackupFile(path, file, manifest)
