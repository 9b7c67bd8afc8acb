"""Files of evidence: whole or not at all, and the disk's refusals as errors that name the file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import PermanentError


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """What the disk refuses, said with its name.

    Raises:
        PermanentError: full, read-only, or no folder.
    """
    try:
        yield
    except OSError as error:
        raise PermanentError(f"{place}: can't be written ({error.strerror})") from error


def replace_whole(path: Path, content: bytes) -> None:
    """On disk under its name, all of it, when this returns; a failed attempt leaves nothing behind.

    Raises:
        OSError: the disk refuses.
    """
    partial = path.with_name(path.name + ".part")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
