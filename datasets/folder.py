"""The one reader of the folder form: `images/`, `labels/` (YOLO text), `source.json`, perhaps `split.json`.

Pictures are not decoded: reading 2,000 labels takes a second, so everything that needs labels starts by reading them
all. What a box may look like is `datasets.label_text`'s; what source.json must say, `datasets.source_facts`'s.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contract.errors import UsageError
from datasets.faults import Fault, FaultSink
from datasets.label_text import LabelledBox, read_label_file
from datasets.source_facts import SourceFacts, read_facts, read_split

__all__ = ["LabelledBox", "LabelledFolder", "LabelledPicture", "Split", "picture_files", "read_folder"]

Split = Literal["train", "val"]

PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_LEFT_BEHIND_BY_TOOLS = frozenset({".npy", ".cache", ".db", ".ini"})


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """A picture and what is boxed in it. `split` is what split.json says, None where it says nothing."""

    path: Path
    boxes: tuple[LabelledBox, ...]
    split: Split | None


@dataclass(frozen=True, slots=True)
class LabelledFolder:
    """A source: `classes` in the labels' order; silence means absence only for the labels in `exhaustive_for`.

    A label may stand in `exhaustive_for` without being a class: then the source holds none of it at all.
    """

    root: Path
    name: str
    classes: tuple[str, ...]
    exhaustive_for: frozenset[str]
    licence: str
    pictures: tuple[LabelledPicture, ...]


def read_folder(root: Path, faults: list[Fault] | None = None) -> LabelledFolder:
    """The folder's labels, pictures ordered by name.

    Args:
        root: holds ``images/``, ``labels/``, ``source.json`` and perhaps ``split.json``.
        faults: for the audit only: gets the faults of labels and splits, and reading goes on without them.

    Raises:
        UsageError: the first fault, with file, line and remedy. With `faults`: only what leaves nothing to read
            (no folder, no source.json, no pictures).
    """
    sink = FaultSink(faults)
    facts = read_facts(root)
    paths = picture_files(root, sink)
    split_by_stem = read_split(root / "split.json", {path.stem for path in paths}, sink)
    labels = root / "labels"
    _check_labels_folder(labels, facts, {path.stem for path in paths}, sink)
    pictures = tuple(
        LabelledPicture(
            path,
            read_label_file(labels / f"{path.stem}.txt", facts.classes, sink),
            split_by_stem.get(path.stem),
        )
        for path in paths
    )
    name = facts.name or root.resolve().name
    return LabelledFolder(root, name, facts.classes, frozenset(facts.exhaustive_for), facts.licence, pictures)


def picture_files(root: Path, sink: FaultSink) -> tuple[Path, ...]:
    """The picture files of ``images/``, one per stem, by name.

    Raises:
        UsageError: no ``images/``, or nothing in it.
    """
    images = root / "images"
    if not images.is_dir():
        raise UsageError(f"{images}: no such folder; a source keeps its pictures in images/")
    by_stem: dict[str, Path] = {}
    for path in _candidates(images, sink):
        if path.stem in by_stem:
            sink.add(path, None, f"shares its label file with {by_stem[path.stem].name}; rename or remove one of them")
        else:
            by_stem[path.stem] = path
    if not by_stem:
        raise UsageError(f"{images}: holds no pictures; put .jpg, .png, .bmp or .webp files there")
    return tuple(by_stem.values())


def _candidates(images: Path, sink: FaultSink) -> Iterator[Path]:
    for path in sorted(images.iterdir()):
        suffix = path.suffix.lower()
        if path.name.startswith(".") or suffix in _LEFT_BEHIND_BY_TOOLS:
            continue
        if path.is_dir():
            sink.add(path, None, "pictures lie directly in images/; `python -m datasets import` flattens sub-folders")
        elif suffix not in PICTURE_SUFFIXES:
            sink.add(path, None, f"{suffix or 'no suffix'}: not one of {', '.join(sorted(PICTURE_SUFFIXES))}; convert")
        else:
            yield path


def _check_labels_folder(labels: Path, facts: SourceFacts, stems: set[str], sink: FaultSink) -> None:
    """A folder of labels must be there where there are classes, and each of its files must have its picture."""
    if not labels.is_dir():
        if facts.classes:
            sink.add(labels, None, "no such folder; make an empty one if the pictures really hold nothing")
        return
    for path in sorted(labels.glob("*.txt")):
        if path.stem not in stems and path.name != "classes.txt":
            sink.add(path, None, f"labels a picture that isn't there (images/{path.stem}.jpg?); add it or remove this")
