"""The pictures on which a model does most harm, with every missed, false and found box, for a person to look at."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2

from contract.errors import PermanentError
from datasets.picture import safe_read_picture
from models.ap import IOUS, NOTHING, Box, Look, taken_truths
from models.evaluation.eyes import Viewed

THUMBNAIL_PX = 560
JPEG_QUALITY = 72
"""Sixteen such pictures make a page of about one megabyte."""

Kind = Literal["missed", "false", "found"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """One box; `score` is None for a missed one."""

    kind: Kind
    label: str
    score: float | None
    box: Box


@dataclass(frozen=True, slots=True)
class WorstPicture:
    """One picture. `jpeg` is base64 text."""

    name: str
    source: str
    jpeg: str
    width_px: int
    height_px: int
    boxes: tuple[Drawn, ...]

    def count(self, kind: Kind) -> int:
        return sum(entry.kind == kind for entry in self.boxes)


def worst_pictures(viewed: Sequence[Viewed], labels: Sequence[str], count: int) -> tuple[WorstPicture, ...]:
    """The worst of each class in turn, so that no class hides the others; a picture comes once.

    A miss weighs one, a false box its score: the surer the model was, the worse.
    """
    by_label = {label: _by_harm(viewed, label) for label in labels}
    chosen: dict[int, None] = {}
    while len(chosen) < count and any(by_label.values()):
        for label in labels:
            fresh = next((number for number in by_label[label] if number not in chosen), None)
            by_label[label] = [] if fresh is None else by_label[label][by_label[label].index(fresh) + 1 :]
            if fresh is not None and len(chosen) < count:
                chosen[fresh] = None
    return tuple(_drawn(viewed[number], labels) for number in chosen)


def boxes_of(entry: Viewed, label: str) -> tuple[Drawn, ...]:
    """Every box of one class at shipped thresholds, overlap 0.5; none where the picture can't judge the class."""
    if label not in entry.picture.known:
        return ()
    founds = [found for found in entry.sights[0].shipped if found.label == label]
    truths = entry.picture.boxes(label)
    taken = taken_truths(Look(truths, tuple((found.score, found.box_norm) for found in founds)), IOUS[0])
    drawn = [
        Drawn("false" if truth == NOTHING else "found", label, found.score, found.box_norm)
        for found, truth in zip(founds, taken, strict=True)
    ]
    missed = [Drawn("missed", label, None, box) for number, box in enumerate(truths) if number not in taken]
    return (*missed, *drawn)


def _by_harm(viewed: Sequence[Viewed], label: str) -> list[int]:
    harms = {number: _harm(boxes_of(entry, label)) for number, entry in enumerate(viewed)}
    return sorted((number for number, harm in harms.items() if harm > 0), key=lambda number: -harms[number])


def _harm(boxes: Sequence[Drawn]) -> float:
    missed = sum(entry.kind == "missed" for entry in boxes)
    return missed + sum(entry.score or 0.0 for entry in boxes if entry.kind == "false")


def _drawn(entry: Viewed, labels: Sequence[str]) -> WorstPicture:
    frame = safe_read_picture(entry.picture.path)
    scale = min(1.0, THUMBNAIL_PX / max(frame.shape[:2]))
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    is_encoded, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not is_encoded:
        raise PermanentError(f"{entry.picture.path}: can't be encoded as a thumbnail")
    return WorstPicture(
        name=entry.picture.path.name,
        source=entry.picture.source,
        jpeg=base64.b64encode(data.tobytes()).decode("ascii"),
        width_px=small.shape[1],
        height_px=small.shape[0],
        boxes=tuple(box for label in labels for box in boxes_of(entry, label)),
    )
