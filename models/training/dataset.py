"""The hash that stands for a training set: every picture, every label file, and what the source says about itself."""

import hashlib
from collections.abc import Sequence

from datasets.folder import LabelledFolder
from datasets.whole_file import sha256_of


def source_sha256(folder: LabelledFolder) -> str:
    """Changes with any byte of a picture, label, ``source.json`` or ``split.json``, and with nothing else."""
    files = [folder.root / "source.json", folder.root / "split.json"]
    for picture in folder.pictures:
        files += [picture.path, folder.root / "labels" / f"{picture.path.stem}.txt"]
    return together(
        [f"{path.relative_to(folder.root).as_posix()} {sha256_of(path)}" for path in files if path.exists()]
    )


def together(parts: Sequence[str]) -> str:
    """One hash of several texts, in their order."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
