"""Names a file by its bytes."""

import hashlib
from pathlib import Path

from contract.errors import UsageError


def sha256_of(path: Path) -> str:
    """The file's sha256 in hexadecimal.

    Raises:
        UsageError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error
