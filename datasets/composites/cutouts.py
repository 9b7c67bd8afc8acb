"""Real things cut out of labelled pictures: flames by their own light, solids by GrabCut; poor cuts are dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from datasets.composites.layers import Colour, Cover
from datasets.composites.matting import flame_matte, solid_matte, trimmed
from datasets.composites.parts import read_divided
from datasets.folder import LabelledBox, LabelledFolder, LabelledPicture, Split
from datasets.picture import safe_read_picture
from datasets.split_lock import SplitLock

CUTTABLE = frozenset({"flame", "parasol", "vendor_cart", "waste_container", "garbage_pile"})
"""No stalls: they stand among people and other stalls, and what GrabCut made of them (looked at) was half a stall."""
_LONGEST_PX = 1000
_LEAST_SIDE_PX = 48
"""Smaller boxes hold too few pixels to cut well and would be enlarged when laid near."""
_FILLED = {
    "parasol": (0.40, 0.92),
    "vendor_cart": (0.45, 0.95),
    "waste_container": (0.62, 0.98),
    "garbage_pile": (0.35, 0.92),
}
"""Share of its box a thing fills. Less: GrabCut has eaten it; all of it: it has found no background."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A thing on its own: `bgr` (h, w, 3) 0..255, `alpha` (h, w) 0..1, and `name/stem` of the picture it is from."""

    label: str
    bgr: Colour
    alpha: Cover
    origin: str


def labelled_folders(roots: Sequence[Path], lock: SplitLock | None) -> list[LabelledFolder]:
    """The folders to cut out of, read before anything is cut.

    Raises:
        UsageError: a folder that can't be read or isn't locked, or that labels nothing which can be cut out.
    """
    folders = [read_divided(root, lock) for root in roots]
    for folder in folders:
        if not CUTTABLE & set(folder.classes):
            raise UsageError(
                f"{folder.root}: labels none of {', '.join(sorted(CUTTABLE))}; nothing can be cut out of it"
            )
    return folders


def cut_out_all(folders: Sequence[LabelledFolder], part: Split, on_picture: Callable[[], None]) -> list[CutOut]:
    """Every good cut-out of the pictures of one part, in their order.

    Raises:
        UsageError: a picture that can't be read.
    """
    found: list[CutOut] = []
    for folder in folders:
        for picture in folder.pictures:
            on_picture()
            if picture.split == part:
                found += _of_picture(picture, f"{folder.name}/{picture.path.stem}")
    return found


def _of_picture(picture: LabelledPicture, origin: str) -> list[CutOut]:
    wanted = [box for box in picture.boxes if box.label in CUTTABLE]
    if not wanted:
        return []
    pixels = safe_read_picture(picture.path)
    share = min(1.0, _LONGEST_PX / max(pixels.shape[:2]))
    small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.uint8)
    cuts: list[CutOut] = []
    for box in wanted:
        others = [other for other in picture.boxes if other is not box]
        if box.label == "flame":
            cut = _flame(small, box, origin)
        elif _stands_alone(box, others):
            cut = _solid(small, box, origin)
        else:
            cut = None
        if cut is not None:
            cuts.append(cut)
    return cuts


def _pixels(picture: NDArray[np.uint8], box: LabelledBox, margin: float) -> tuple[int, int, int, int]:
    height, width = picture.shape[:2]
    wide, high = (box.x2 - box.x1) * margin, (box.y2 - box.y1) * margin
    x1, x2 = max(0.0, box.x1 - wide), min(1.0, box.x2 + wide)
    y1, y2 = max(0.0, box.y1 - high), min(1.0, box.y2 + high)
    return round(x1 * width), round(y1 * height), round(x2 * width), round(y2 * height)


def _stands_alone(box: LabelledBox, others: Sequence[LabelledBox]) -> bool:
    """Whether it lies inside the picture and no other box covers much of it: half a thing is no cut-out."""
    if box.x1 < 0.008 or box.x2 > 0.992 or box.y1 < 0.004 or box.y2 > 0.992:
        return False
    area = (box.x2 - box.x1) * (box.y2 - box.y1)
    for other in others:
        wide = min(box.x2, other.x2) - max(box.x1, other.x1)
        high = min(box.y2, other.y2) - max(box.y1, other.y1)
        if wide > 0 and high > 0 and wide * high > 0.3 * area:
            return False
    return True


def _flame(picture: NDArray[np.uint8], box: LabelledBox, origin: str) -> CutOut | None:
    x1, y1, x2, y2 = _pixels(picture, box, 0.08)
    part = picture[y1:y2, x1:x2].astype(np.float32)
    if min(part.shape[:2]) < _LEAST_SIDE_PX:
        return None
    alpha = flame_matte(part)
    return None if alpha is None else CutOut("flame", *trimmed(part, alpha), origin)


def _solid(picture: NDArray[np.uint8], box: LabelledBox, origin: str) -> CutOut | None:
    x1, y1, x2, y2 = _pixels(picture, box, 0.25)
    part = np.ascontiguousarray(picture[y1:y2, x1:x2])
    bx1, by1, bx2, by2 = _pixels(picture, box, 0.02)
    if min(bx2 - bx1, by2 - by1) < _LEAST_SIDE_PX:
        return None
    rectangle = (max(1, bx1 - x1), max(1, by1 - y1), bx2 - bx1, by2 - by1)
    alpha = solid_matte(part, rectangle, _FILLED[box.label])
    return None if alpha is None else CutOut(box.label, *trimmed(part.astype(np.float32), alpha), origin)
