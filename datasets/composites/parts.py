"""Which pictures composites may learn from, and which are kept to judge by: no background, no cut-out is in both."""

import hashlib
from dataclasses import replace
from pathlib import Path

from datasets.folder import LabelledFolder, Split, read_folder
from datasets.split_lock import SplitLock, halved

_VAL_SHARE = 0.15
"""Taken by the hash of the name that training plans also hold pictures out by (`holdout: 40` and the like), so that the
pictures they judge on are among these."""


def read_divided(root: Path, lock: SplitLock | None) -> LabelledFolder:
    """The folder, every picture of which is in one part or the other.

    The lock says in which, and what it withholds is left out. Without a lock split.json says; where that is silent,
    some pictures are kept to judge by, chosen by their name's hash.

    Raises:
        UsageError: a folder that can't be read, or a picture that the lock doesn't know.
    """
    folder = read_folder(root)
    if lock is not None:
        return halved(folder, lock)
    divided = (replace(each, split=each.split or part_of_name(each.path.stem)) for each in folder.pictures)
    return replace(folder, pictures=tuple(divided))


def part_of_name(stem: str) -> Split:
    """The part of something that neither a lock nor a split.json names.

    >>> part_of_name("neg_street_vtest")
    'train'
    """
    share = int(hashlib.sha256(stem.encode()).hexdigest()[:8], 16) / 2**32
    return "val" if share < _VAL_SHARE else "train"
