"""Writes files and folders whole or not at all: a killed program leaves the old one, or none."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import UsageError

PART = ".part"


def write_whole(path: Path, write: Callable[[Path], None], durable: bool = False) -> None:
    """Lets `write` make a file of a temporary name beside `path`, which then takes its place.

    Args:
        path: the file; its folder is made.
        write: gets the temporary path.
        durable: wait until it is on the disk, for what must survive a power cut too (a few milliseconds each).
    """
    part = path.with_name(f".{path.name}{PART}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        write(part)
        if durable:
            with part.open("rb") as file:
                os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def write_whole_text(path: Path, text: str) -> None:
    """UTF-8 text, whole or not at all."""
    write_whole(path, lambda part: _write_text(part, text))


def write_whole_json(path: Path, content: object) -> None:
    """Indented JSON, whole or not at all."""
    write_whole_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """A temporary folder that becomes `out` when the block ends well, and is removed when it doesn't.

    What a killed earlier run left under the temporary name is removed first.

    Raises:
        UsageError: `out` holds something already.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: is there already; give a new or empty folder with --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}{PART}")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        if out.exists():
            out.rmdir()
        partial.replace(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def sha256_of(path: Path) -> str:
    """The file's hash in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
