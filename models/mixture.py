"""Lays out the pictures of a training plan: our labels, train and val lists, and what each source is silent about."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from datasets.folder import LabelledPicture
from datasets.label_text import line_of_box
from datasets.picture import safe_read_picture
from datasets.whole_file import write_whole, write_whole_text
from models.plan import TrainingPlan
from models.training.sources import CheckedSource

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
    plan: TrainingPlan, checked: CheckedSource, out: Path, pseudo: PseudoBoxes | None, on_picture: Callable[[], None]
) -> LaidOut:
    """Copies one source to `out` with our class numbers; pictures that are there already are kept.

    Raises:
        UsageError: a picture can't be read.
    """

    def keep(picture: LabelledPicture) -> Path:
        kept = _keep(picture, out, checked, plan.labels, pseudo)
        on_picture()
        return kept

    train = [kept for picture in checked.train for kept in [keep(picture)] * checked.source.repeat]
    val = [keep(picture) for picture in checked.val]
    return LaidOut(out.name, known_labels(plan, checked), tuple(train), tuple(val))


def known_labels(plan: TrainingPlan, checked: CheckedSource) -> tuple[str, ...]:
    """Ours whose absence in the laid-out pictures is real, once another model's boxes were added."""
    known = set(checked.known)
    if plan.pseudo is not None and not checked.boxes_all:
        known |= set(plan.pseudo.complete_for)
    return tuple(label for label in plan.labels if label in known)


def _keep(
    picture: LabelledPicture, out: Path, checked: CheckedSource, ours: tuple[str, ...], pseudo: PseudoBoxes | None
) -> Path:
    kept = out / "images" / f"{picture.path.stem}.jpg"
    label_path = out / "labels" / f"{picture.path.stem}.txt"
    if kept.exists() and label_path.exists():
        return kept
    write_whole(kept, lambda part: _write_small(picture.path, part))
    own = [
        line_of_box(box, lambda label: ours.index(checked.our_label[label] or ""))
        for box in picture.boxes
        if checked.our_label[box.label] is not None
    ]
    labelled = frozenset(label for label in checked.our_label.values() if label is not None)
    added = pseudo(kept, labelled) if pseudo else []
    write_whole_text(label_path, "".join(f"{line}\n" for line in own + added))
    return kept


def _write_small(path: Path, out: Path) -> None:
    picture = safe_read_picture(path)
    scale = LONGEST_SIDE_PX / max(picture.shape[:2])
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    out.write_bytes(encoded.tobytes())
