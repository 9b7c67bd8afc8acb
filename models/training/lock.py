"""What the committed split lock holds back of a source."""

from pathlib import Path

from contract.errors import UsageError
from datasets.folder import LabelledFolder
from models.plan import REPOSITORY

LOCK = REPOSITORY / "configs" / "datasets" / "split.lock.json"


def held_by_lock(folder: LabelledFolder, fold: int | None, lock: Path = LOCK) -> frozenset[str]:
    """Stems of the pictures to judge on: the lock's own, or those of one fold.

    Raises:
        UsageError: no lock, or one that doesn't know the source.
    """
    asked = "its pictures to judge on" if fold is None else f"fold {fold}"
    raise UsageError(f"{lock}: no such file, and {folder.root} needs {asked}; write it with `python -m datasets split`")
