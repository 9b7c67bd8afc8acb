"""Gives a source's classes our words, and takes them together where a person says that they are one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from contract.errors import UsageError
from datasets.clashes import plain
from datasets.imports.values import Imported, ImportedPicture
from datasets.labels import is_usable_label


def parse_renames(texts: Sequence[str]) -> dict[str, str]:
    """``old=new`` pairs; an empty new name drops the class and its boxes.

    >>> parse_renames(["fire=flame", "dog="])
    {'fire': 'flame', 'dog': ''}

    Raises:
        UsageError: a text is no pair, or an old name is given twice.
    """
    renames: dict[str, str] = {}
    for text in texts:
        old, equals, new = text.partition("=")
        if not equals or not old or (new and not is_usable_label(new)):
            raise UsageError(f"--rename {text!r}: expected OLD=NEW, or OLD= to drop the class")
        if old in renames:
            raise UsageError(f"--rename names {old!r} twice; keep one")
        renames[old] = new
    return renames


def renamed(source: Imported, renames: Mapping[str, str]) -> Imported:
    """The source in our words, its classes in the same order.

    Raises:
        UsageError: a class to rename isn't there, or two classes differ only in how they are spelled.
    """
    unknown = sorted(set(renames) - set(source.classes))
    if unknown:
        raise UsageError(f"--rename {unknown[0]!r}: no such class; there are: {', '.join(source.classes)}")
    classes = tuple(dict.fromkeys(new for old in source.classes if (new := renames.get(old, old))))
    _check_spelling(classes)
    bad = [label for label in classes if not is_usable_label(label)]
    if bad:
        raise UsageError(f"class {bad[0]!r} can't be a class name here; give it another with --rename")
    pictures = tuple(_renamed_picture(picture, renames) for picture in source.pictures)
    return replace(source, classes=classes, pictures=pictures)


def _check_spelling(classes: Sequence[str]) -> None:
    by_plain: dict[str, str] = {}
    for label in classes:
        other = by_plain.setdefault(plain(label), label)
        if other != label:
            raise UsageError(f"classes {other!r} and {label!r} are spelled alike; take them together with --rename")


def _renamed_picture(picture: ImportedPicture, renames: Mapping[str, str]) -> ImportedPicture:
    boxes = tuple(replace(box, label=new) for box in picture.boxes if (new := renames.get(box.label, box.label)))
    return replace(picture, boxes=boxes)
