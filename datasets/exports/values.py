"""What every writer of a foreign format gets: a picture's name there, its size and its boxes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from datasets.folder import LabelledBox, LabelledFolder, Split
from datasets.picture import PictureSize


@dataclass(frozen=True, slots=True)
class ExportedPicture:
    """A picture to be written; `name` is its file name."""

    path: Path
    name: str
    size: PictureSize
    boxes: tuple[LabelledBox, ...]
    split: Split | None


Writer = Callable[[LabelledFolder, tuple[ExportedPicture, ...], Path], None]
"""Writes labels for the pictures into a folder where nothing is yet."""


def corners_px(box: LabelledBox, size: PictureSize) -> tuple[float, float, float, float]:
    """Left, top, right, bottom in pixels, to a thousandth."""
    width, height = size.width_px, size.height_px
    return (
        round(box.x1 * width, 3),
        round(box.y1 * height, 3),
        round(box.x2 * width, 3),
        round(box.y2 * height, 3),
    )
