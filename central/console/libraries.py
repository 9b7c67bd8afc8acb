"""Whether the libraries that pages need are there. `make setup` brings them; git does not keep them."""

from pathlib import Path

from contract.errors import UsageError

FOLDER = Path(__file__).parent / "static" / "vendor"


def require_libraries(folder: Path = FOLDER) -> None:
    """Raises:
    UsageError: they are not; says how to get them.
    """
    if not (folder / ".ready").is_file():
        raise UsageError(
            f"{folder}: the console's libraries are not there; run `make setup` (it asks npm for them once)"
        )
