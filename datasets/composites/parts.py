"""Which pictures composites may learn from, and which are kept to judge by: no background, no cut-out is in both."""

import hashlib

from datasets.folder import LabelledPicture, Split

_VAL_SHARE = 0.15
"""Taken by the hash of the name that training plans also hold pictures out by (`holdout: 40` and the like), so that the
pictures they judge on are among these."""


def part_of(picture: LabelledPicture) -> Split:
    """What split.json says; where it is silent, some are kept to judge by, chosen by their name's hash."""
    return picture.split or part_of_name(picture.path.stem)


def part_of_name(stem: str) -> Split:
    """The part of something that no split.json names.

    >>> part_of_name("neg_street_vtest")
    'train'
    """
    share = int(hashlib.sha256(stem.encode()).hexdigest()[:8], 16) / 2**32
    return "val" if share < _VAL_SHARE else "train"
