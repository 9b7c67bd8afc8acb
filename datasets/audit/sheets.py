"""Thumbnails with boxes for the audit's page: the pictures shrunk and embedded, the boxes drawn over them."""

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contract.errors import UsageError
from datasets.audit.values import Shown
from datasets.folder import LabelledFolder, LabelledPicture
from datasets.picture import open_picture, upright

THUMBNAIL_PX = 240
THUMBNAIL_QUALITY = 70
"""About 9 kB each: a page of a thousand stays below 15 MB."""

PER_CLASS = 12
"""Pictures on a class's sheet: a person sees at a glance how a source boxes it."""


@dataclass(frozen=True, slots=True)
class DrawnBox:
    """A box over a thumbnail: edges in percent, a colour number, whether it is the one meant."""

    label: str
    x: float
    y: float
    width: float
    height: float
    colour: int
    is_marked: bool


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture on the page; `source_url` is a data URL, empty where the picture can't be read."""

    name: str
    source_url: str
    width_px: int
    height_px: int
    boxes: tuple[DrawnBox, ...]


class Palette:
    """A colour number for each label, the same all over the page."""

    COLOURS = 10

    def __init__(self, labels: Sequence[str]) -> None:
        self._number_by_label = {label: number % self.COLOURS for number, label in enumerate(labels)}

    def of(self, label: str) -> int:
        return self._number_by_label[label]


def thumbnail(shown: Shown, palette: Palette) -> Thumbnail:
    """The picture, small, with all its boxes; those that are meant are marked."""
    url, width, height = _shrunk(shown.picture)
    boxes = tuple(
        DrawnBox(
            box.label,
            round(100 * box.x1, 2),
            round(100 * box.y1, 2),
            round(100 * (box.x2 - box.x1), 2),
            round(100 * (box.y2 - box.y1), 2),
            palette.of(box.label),
            box in shown.marked,
        )
        for box in shown.picture.boxes
    )
    return Thumbnail(f"{shown.source}/{shown.picture.path.name}", url, width, height, boxes)


def _shrunk(picture: LabelledPicture) -> tuple[str, int, int]:
    try:
        with open_picture(picture.path) as opened:
            opened.draft("RGB", (2 * THUMBNAIL_PX, 2 * THUMBNAIL_PX))
            small = upright(opened)
            small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
            held = io.BytesIO()
            small.save(held, "JPEG", quality=THUMBNAIL_QUALITY)
    except UsageError:
        # listed as unreadable already; its boxes are still worth seeing
        return "", THUMBNAIL_PX, THUMBNAIL_PX
    return "data:image/jpeg;base64," + base64.b64encode(held.getvalue()).decode(), small.width, small.height


@dataclass(frozen=True, slots=True)
class ClassSheet:
    """Pictures of one source with a class, evenly over its names; `title` is the class, or that there are no boxes."""

    title: str
    count: int
    thumbnails: tuple[Thumbnail, ...]


def class_sheets(folder: LabelledFolder, palette: Palette, on_sheet: Callable[[], None]) -> list[ClassSheet]:
    """A sheet per class, and one of pictures without boxes."""
    sheets = []
    for label in (*folder.classes, None):
        chosen = [
            picture
            for picture in folder.pictures
            if (any(box.label == label for box in picture.boxes) if label else not picture.boxes)
        ]
        drawn = tuple(
            thumbnail(Shown(folder.name, picture, tuple(box for box in picture.boxes if box.label == label)), palette)
            for picture in _evenly(chosen, PER_CLASS)
        )
        if drawn:
            sheets.append(ClassSheet(label or "no boxes", len(chosen), drawn))
        on_sheet()
    return sheets


def _evenly(pictures: list[LabelledPicture], count: int) -> list[LabelledPicture]:
    if len(pictures) <= count:
        return pictures
    return [pictures[place * len(pictures) // count] for place in range(count)]
