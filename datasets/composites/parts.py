"""Which pictures composites may learn from, and which are kept to judge by: no background, no cut-out is in both."""

import zlib

from datasets.folder import LabelledPicture, Split

_ONE_IN = 8


def part_of(picture: LabelledPicture) -> Split:
    """What split.json says; where it is silent, one picture in eight, chosen by its name, is kept to judge by."""
    return picture.split or part_of_name(picture.path.stem)


def part_of_name(stem: str) -> Split:
    """The part of something that no split.json names.

    >>> part_of_name("neg_street_vtest")
    'train'
    """
    return "val" if zlib.crc32(stem.encode()) % _ONE_IN == 0 else "train"
