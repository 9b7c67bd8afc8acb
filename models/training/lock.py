"""What the committed split lock holds back of a source."""

from pathlib import Path

from contract.errors import UsageError
from datasets.folder import LabelledFolder
from datasets.split_lock import SHA_DIGITS, folded, halved, read_lock
from datasets.whole_file import sha256_of
from models.plan import REPOSITORY

LOCK = REPOSITORY / "configs" / "datasets" / "split.lock.json"


def by_lock(folder: LabelledFolder, fold: int | None, lock_path: Path = LOCK) -> LabelledFolder:
    """The folder with the lock's halves, or with one fold as val; what shares a scene with val pictures is out.

    Raises:
        UsageError: no lock, a picture that it doesn't know, or another picture under the name of one that it knows.
    """
    lock = read_lock(lock_path)
    placed = halved(folder, lock) if fold is None else folded(folder, lock, fold)
    for picture in folder.pictures:
        place = lock.find(folder.name, picture.path.stem)
        if place is not None and sha256_of(picture.path)[:SHA_DIGITS] != place.sha:
            raise UsageError(
                f"{picture.path}: not the picture that {lock_path} places; lock it again under another name"
            )
    return placed
