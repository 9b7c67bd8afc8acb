"""What every reader of a foreign format gives, before anything is written."""

from dataclasses import dataclass
from pathlib import Path

from datasets.folder import LabelledBox, Split


@dataclass(frozen=True, slots=True)
class ImportedPicture:
    """A picture where it lies now. `name` is its path below the source's pictures, with forward slashes."""

    path: Path
    name: str
    boxes: tuple[LabelledBox, ...]
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A source as its format tells it. `notes` are what the format held and boxes can't say."""

    classes: tuple[str, ...]
    pictures: tuple[ImportedPicture, ...]
    notes: tuple[str, ...] = ()


def half_of(word: str | None) -> Split | None:
    """What a format's name of a part means here: what is held out is val, however it is called.

    >>> half_of("instances_train2017"), half_of("valid"), half_of("test"), half_of("default")
    ('train', 'val', 'val', None)
    """
    text = (word or "").lower()
    if "train" in text:
        return "train"
    return "val" if "val" in text or "test" in text else None
