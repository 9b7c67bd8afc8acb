"""Lays out the pictures of a training plan: our labels, train and val lists, and what each source is silent about."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2

from contract.errors import UsageError
from models.pictures import picture_paths
from models.plan import REPOSITORY, Source, TrainingPlan

LONGEST_SIDE_PX = 800
"""Kept copies are no larger: training shows at most 640 px, and decoding a 4,000 px photograph costs 60 ms."""

PseudoBoxes = Callable[[Path, frozenset[str]], list[str]]
"""Lines of extra boxes for a picture, without those of the given labels. Class numbers are ours; a doubtful box's is
moved up by the number of our labels."""


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What one source gives: `known` are the classes whose absence in its pictures is real."""

    name: str
    known: tuple[str, ...]
    train: tuple[Path, ...]
    val: tuple[Path, ...]


def lay_out(
    plan: TrainingPlan, source: Source, out: Path, pseudo: PseudoBoxes | None, on_picture: Callable[[], None]
) -> LaidOut:
    """Copies one source to `out` with our class numbers; pictures that are there already are kept.

    Raises:
        UsageError: the folder is not one of labelled pictures.
    """
    folder = REPOSITORY / source.folder
    facts = _facts(folder)
    labels = [source.rename.get(label, label) for label in facts["classes"]]
    held = _held_out(folder, source)
    train: list[Path] = []
    val: list[Path] = []
    for path in _taken(picture_paths(folder / "images"), source.take):
        kept = _keep(path, out, folder, labels, plan.labels, pseudo)
        if path.stem in held:
            val.append(kept)
        else:
            train += [kept] * source.repeat
        on_picture()
    known = {source.rename.get(label, label) for label in facts["exhaustive_for"]} | set(source.absent)
    if pseudo is not None and plan.pseudo is not None:
        known |= set(plan.pseudo.complete_for)
    return LaidOut(out.name, tuple(label for label in plan.labels if label in known), tuple(train), tuple(val))


def boxes_all(source: Source) -> bool:
    """Whether the source boxes everything itself, so that no other model's boxes are needed."""
    facts = _facts(REPOSITORY / source.folder)
    return {"person", "vehicle", "cycle"} <= set(facts["exhaustive_for"])


def _facts(folder: Path) -> dict[str, list[str]]:
    try:
        facts: dict[str, list[str]] = json.loads((folder / "source.json").read_bytes())
    except OSError as error:
        raise UsageError(f"{folder}: no source.json ({error.strerror}); give a folder of labelled pictures") from error
    return facts


def _taken(paths: Sequence[Path], count: int | None) -> Sequence[Path]:
    """The first `count` in the order of their names' hashes; all of them, in their own order, when None."""
    if count is None:
        return paths
    return sorted(paths, key=lambda path: hashlib.sha256(path.stem.encode()).hexdigest())[:count]


def _held_out(folder: Path, source: Source) -> set[str]:
    """Stems of the pictures that must not be trained on."""
    stems = [path.stem for path in picture_paths(folder / "images")]
    match source.holdout:
        case "none":
            return set()
        case "all":
            return set(stems)
        case "split":
            split: dict[str, str] = json.loads((folder / "split.json").read_bytes())
            return {stem for stem in stems if split.get(stem) == "val"}
        case number:
            by_hash = sorted(stems, key=lambda stem: hashlib.sha256(stem.encode()).hexdigest())
            return set(by_hash[:number])


def _keep(
    path: Path, out: Path, folder: Path, labels: list[str], ours: tuple[str, ...], pseudo: PseudoBoxes | None
) -> Path:
    kept = out / "images" / f"{path.stem}.jpg"
    label_path = out / "labels" / f"{path.stem}.txt"
    if kept.exists() and label_path.exists():
        return kept
    for target in (kept, label_path):
        target.parent.mkdir(parents=True, exist_ok=True)
    picture = cv2.imread(str(path))
    if picture is None:
        raise UsageError(f"{path}: unreadable picture")
    scale = LONGEST_SIDE_PX / max(picture.shape[:2])
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(kept), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    source_labels = folder / "labels" / f"{path.stem}.txt"
    lines = source_labels.read_text(encoding="utf-8").splitlines() if source_labels.exists() else []
    renumbered = [_renumbered(line, labels, ours) for line in lines if line.strip()]
    own = [line for line in renumbered if line is not None]
    added = pseudo(kept, frozenset(labels)) if pseudo else []
    label_path.write_text("".join(f"{line}\n" for line in own + added), encoding="utf-8")
    return kept


def _renumbered(line: str, labels: list[str], ours: tuple[str, ...]) -> str | None:
    """The line with our class number; None where the label is none of ours."""
    number, rest = line.split(maxsplit=1)
    label = labels[int(number)]
    return f"{ours.index(label)} {rest}" if label in ours else None
