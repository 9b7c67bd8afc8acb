"""Reads and questions a plan's sources before anything is written: labels, renames, splits, silence."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from datasets.folder import LabelledFolder, LabelledPicture, read_folder
from models.plan import REPOSITORY, Source, TrainingPlan
from models.training.lock import by_lock


@dataclass(frozen=True, slots=True)
class CheckedSource:
    """A source that can be trained on.

    `our_label` maps its classes to ours, None where dropped; `known` are our labels whose absence in it is real.
    """

    source: Source
    name: str
    folder: LabelledFolder
    our_label: dict[str, str | None]
    known: frozenset[str]
    train: tuple[LabelledPicture, ...]
    val: tuple[LabelledPicture, ...]

    @property
    def boxes_all(self) -> bool:
        """Whether it boxes everything itself, so that no other model's boxes are needed."""
        return {"person", "vehicle", "cycle"} <= self.folder.exhaustive_for


def check_sources(plan: TrainingPlan) -> tuple[CheckedSource, ...]:
    """The plan's sources, by its order.

    Raises:
        UsageError: a fault in a label file, a rename or split that can't be meant, or nothing to train or judge on.
    """
    checked = tuple(check_source(plan, source) for source in plan.sources)
    if not any(entry.train for entry in checked):
        raise UsageError("the plan holds every picture back: give a source without `holdout: all` to train on")
    if not any(entry.val for entry in checked):
        raise UsageError("the plan holds no picture back: give a source a `holdout`, else nothing can be judged")
    return checked


def check_source(plan: TrainingPlan, source: Source) -> CheckedSource:
    """One of the plan's sources; errors as `check_sources`."""
    folder = read_folder(REPOSITORY / source.folder)
    if source.holdout == "lock":
        folder = by_lock(folder, plan.fold)
    our_label = _our_labels(plan, source, folder)
    pictures = _taken(folder.pictures, source.take)
    held = _held_out(source, folder, pictures)
    train = tuple(picture for picture in pictures if picture.path.stem not in held)
    val = tuple(picture for picture in pictures if picture.path.stem in held)
    if source.holdout not in ("none", "all") and not (train and val):
        empty = "train on" if val else "judge on"
        raise UsageError(f"{folder.root}: holdout: {source.holdout} leaves no picture to {empty}; split it again")
    return CheckedSource(source, source.name, folder, our_label, _known(source, folder, our_label), train, val)


def _our_labels(plan: TrainingPlan, source: Source, folder: LabelledFolder) -> dict[str, str | None]:
    unknown = sorted(source.rename.keys() - set(folder.classes))
    if unknown:
        raise UsageError(
            f"{folder.root}: rename names {unknown[0]}, not one of its classes {', '.join(folder.classes)}"
        )
    named = {label: source.rename.get(label, label) for label in folder.classes}
    ours = {_plain(label): label for label in plan.labels}
    for label, meant in named.items():
        if meant not in plan.labels and _plain(meant) in ours:
            raise UsageError(
                f"{folder.root}: its class {label!r} clashes with our {ours[_plain(meant)]!r}, which others use; "
                f"add `rename: {{{label}: {ours[_plain(meant)]}}}` to the source, or call it otherwise in source.json"
            )
    return {label: meant if meant in plan.labels else None for label, meant in named.items()}


def _plain(label: str) -> str:
    return "".join(letter for letter in label.casefold() if letter.isalnum())


def _known(source: Source, folder: LabelledFolder, our_label: dict[str, str | None]) -> frozenset[str]:
    """Ours whose absence is real: all of the classes that become it are exhaustive, or the plan's author looked."""
    partly = {ours for label, ours in our_label.items() if label not in folder.exhaustive_for}
    whole = {our_label.get(label, label) for label in folder.exhaustive_for} - partly
    return frozenset(label for label in whole if label is not None) | set(source.absent)


def _taken(pictures: Sequence[LabelledPicture], count: int | None) -> Sequence[LabelledPicture]:
    """The first `count` in the order of their names' hashes; all of them, in their own order, when None."""
    return pictures if count is None else sorted(pictures, key=_by_hash)[:count]


def _by_hash(picture: LabelledPicture) -> str:
    return hashlib.sha256(picture.path.stem.encode()).hexdigest()


def _held_out(source: Source, folder: LabelledFolder, pictures: Sequence[LabelledPicture]) -> frozenset[str]:
    """Stems of the pictures that must not be trained on."""
    match source.holdout:
        case "none":
            return frozenset()
        case "all":
            return _stems(pictures)
        case "split" | "lock":
            if source.holdout == "split":
                _require_split(folder.root)
            return _stems([picture for picture in pictures if picture.split == "val"])
        case number:
            return _stems(sorted(pictures, key=_by_hash)[:number])


def _stems(pictures: Sequence[LabelledPicture]) -> frozenset[str]:
    return frozenset(picture.path.stem for picture in pictures)


def _require_split(root: Path) -> None:
    if not (root / "split.json").exists():
        raise UsageError(f"{root / 'split.json'}: no such file, but the plan says `holdout: split`; write or change it")
