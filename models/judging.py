"""The pictures a model is judged on, which classes each can judge, and what is known of the circumstances."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from contract.errors import UsageError
from datasets.folder import LabelledFolder, LabelledPicture, read_folder
from datasets.picture import picture_size
from models.ap import Box
from models.evaluation.attributes import SCENE, Attributes, read_attributes


class Half(StrEnum):
    """Which pictures of a folder with a split.json count."""

    ALL = "all"
    VAL = "val"
    TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture.

    `known` are the classes whose every object is boxed; `truths` are (label, box xyxy in 0..1), of other classes too.
    `scene`: pictures of one scene are alike, so a resample draws them together. `half`: what of its folder counts.
    """

    path: Path
    known: frozenset[str]
    truths: tuple[tuple[str, Box], ...]
    source: str = ""
    scene: str = ""
    attributes: Attributes = field(default_factory=dict)
    half: Half = Half.ALL

    def boxes(self, label: str) -> tuple[Box, ...]:
        return tuple(box for named, box in self.truths if named == label)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which pictures count, and under which names.

    `stems`: only these, None for all. `label_by_label` renames labels; classes that become one are exhaustive
    together or not at all.
    """

    half: Half = Half.ALL
    stems: frozenset[str] | None = None
    label_by_label: Mapping[str, str] = field(default_factory=dict)


def folder_pictures(root: Path, choice: Choice | None = None) -> tuple[Judged, ...]:
    """The pictures of the folder at `root` that count; a folder without a split.json counts whole.

    Raises:
        UsageError: the folder is faulty (`datasets.folder`), a picture is none, or nothing of it is left.
    """
    folder = read_folder(root)
    choice = _for_folder(folder, choice or Choice())
    stems = {picture.path.stem for picture in folder.pictures}
    attributes = read_attributes(root / "attributes.json", stems)
    kept = [picture for picture in folder.pictures if _counts(picture, choice)]
    if not kept:
        count = len(folder.pictures)
        raise UsageError(
            f"{root}: none of {count} pictures is left (--split {choice.half}); check split.json and --only"
        )
    for picture in kept:
        picture_size(picture.path)  # what is no picture is told now, not after an hour of looking
    known = _renamed_known(folder, choice.label_by_label)
    return tuple(_judged(picture, folder, known, attributes.get(picture.path.stem, {}), choice) for picture in kept)


def pictures_hash(pictures: Sequence[Judged]) -> str:
    """A sha256 over names, pixels and boxes: two evaluations with the same one saw the same."""
    digest = hashlib.sha256()
    for picture in sorted(pictures, key=lambda entry: (entry.source, entry.path.name)):
        content = hashlib.sha256(picture.path.read_bytes()).hexdigest()
        digest.update(f"{picture.source}/{picture.path.name} {content} {sorted(picture.known)}\n".encode())
        digest.update(f"{picture.truths}\n".encode())
    return digest.hexdigest()


def _counts(picture: LabelledPicture, choice: Choice) -> bool:
    in_half = choice.half is Half.ALL or picture.split == choice.half.value
    return in_half and (choice.stems is None or picture.path.stem in choice.stems)


def _for_folder(folder: LabelledFolder, choice: Choice) -> Choice:
    is_split = any(picture.split is not None for picture in folder.pictures)
    return choice if is_split else replace(choice, half=Half.ALL)


def _renamed_known(folder: LabelledFolder, label_by_label: Mapping[str, str]) -> frozenset[str]:
    labels = set(folder.classes) | folder.exhaustive_for
    parts: dict[str, set[str]] = {}
    for label in labels:
        parts.setdefault(label_by_label.get(label, label), set()).add(label)
    return frozenset(name for name, merged in parts.items() if merged <= folder.exhaustive_for)


def _judged(
    picture: LabelledPicture, folder: LabelledFolder, known: frozenset[str], attributes: Attributes, choice: Choice
) -> Judged:
    scene = "/".join(attributes.get(SCENE, ())) or picture.path.name
    return Judged(
        path=picture.path,
        known=known,
        truths=tuple(
            (choice.label_by_label.get(box.label, box.label), (box.x1, box.y1, box.x2, box.y2)) for box in picture.boxes
        ),
        source=folder.name,
        scene=f"{folder.name}/{scene}",
        attributes={key: values for key, values in attributes.items() if key != SCENE},
        half=choice.half,
    )
