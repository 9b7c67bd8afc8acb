"""Real things cut out of labelled pictures: flames by their own light, solids by GrabCut; poor cuts are dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from datasets.composites.layers import Colour, Cover
from datasets.composites.parts import part_of
from datasets.folder import LabelledBox, LabelledFolder, LabelledPicture, Split, read_folder
from datasets.picture import safe_read_picture

CUTTABLE = frozenset({"flame", "parasol", "vendor_cart", "waste_container", "garbage_pile"})
"""No stalls: they stand among people and other stalls, and what GrabCut made of them (looked at) was half a stall."""
_LONGEST_PX = 1000
_GRAB_PX = 200
"""GrabCut works at this size: at 1000 px a source takes two minutes instead of ten seconds, and cuts no better."""
_LEAST_SIDE_PX = 48
"""Smaller boxes hold too few pixels to cut well and would be enlarged when laid near."""
_FILLED = {
    "parasol": (0.40, 0.92),
    "vendor_cart": (0.45, 0.95),
    "waste_container": (0.62, 0.98),
    "garbage_pile": (0.35, 0.92),
}
"""Share of its box a thing fills. Less: GrabCut has eaten it; all of it: it has found no background."""
_LEAST_EDGE = 9.0
"""Mean step in grey levels across the cut's outline. Where there is none, the outline was invented."""
_DARKEST_MEAN = 70.0
"""A flame is cut out only of dark surroundings: by day what shines through its tips belongs to the old background."""
_MOST_AT_RIM = 0.12
"""Share of the crop's rim (6 % wide) that may be flame: more, and the flame went on outside the crop."""


@dataclass(frozen=True, slots=True)
class CutOut:
    """A thing on its own: `bgr` (h, w, 3) 0..255, `alpha` (h, w) 0..1, and `name/stem` of the picture it is from."""

    label: str
    bgr: Colour
    alpha: Cover
    origin: str


def labelled_folders(roots: Sequence[Path]) -> list[LabelledFolder]:
    """The folders to cut out of, read before anything is cut.

    Raises:
        UsageError: a folder that can't be read, or that labels nothing which can be cut out.
    """
    folders = [read_folder(root) for root in roots]
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
            if part_of(picture) == part:
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
    blue, green, red = part[..., 0], part[..., 1], part[..., 2]
    warm = np.clip((red - 0.75 * blue - 60) / 110, 0, 1) * np.clip((red - 90) / 90, 0, 1)
    core = np.clip((np.minimum(red, green) - 200) / 40, 0, 1)
    alpha = np.maximum(warm, core)
    alpha = cv2.GaussianBlur(alpha.astype(np.float32), (0, 0), 1.0) * _faded_rim(alpha.shape)
    around = part[alpha < 0.15]
    share = float((alpha > 0.5).mean())
    if len(around) < 100 or float(around.mean()) > _DARKEST_MEAN or not 0.12 < share < 0.8:
        return None
    if float((alpha > 0.5)[_faded_rim(alpha.shape) < 1].mean()) > _MOST_AT_RIM or not 0.55 < _slenderness(alpha) < 3:
        return None
    return CutOut("flame", *_trimmed(part, _largest(alpha, 0.3)), origin)


def _slenderness(alpha: Cover) -> float:
    return float(alpha.shape[0] / alpha.shape[1])


def _trimmed(bgr: NDArray[np.floating], alpha: Cover) -> tuple[Colour, Cover]:
    """Without the empty margin, so that its lower edge is its foot."""
    rows, columns = np.flatnonzero(alpha.max(axis=1) > 0.1), np.flatnonzero(alpha.max(axis=0) > 0.1)
    inside = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
    return bgr[inside].astype(np.float32), alpha[inside]


def _faded_rim(shape: tuple[int, ...]) -> Cover:
    """1 inside, 0 at the crop's border, so that no straight edge is left."""
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    inside = np.minimum(np.minimum(x, shape[1] - 1 - x) / shape[1], np.minimum(y, shape[0] - 1 - y) / shape[0])
    rim: Cover = np.clip(inside / 0.06, 0, 1).astype(np.float32)
    return rim


def _solid(picture: NDArray[np.uint8], box: LabelledBox, origin: str) -> CutOut | None:
    x1, y1, x2, y2 = _pixels(picture, box, 0.25)
    part = np.ascontiguousarray(picture[y1:y2, x1:x2])
    bx1, by1, bx2, by2 = _pixels(picture, box, 0.02)
    if min(bx2 - bx1, by2 - by1) < _LEAST_SIDE_PX:
        return None
    rectangle = (max(1, bx1 - x1), max(1, by1 - y1), bx2 - bx1, by2 - by1)
    solid = _grab(part, rectangle)
    low, high = _FILLED[box.label]
    share = float(solid.sum()) / (rectangle[2] * rectangle[3])
    if not low < share < high or _edge(part, solid) < _LEAST_EDGE:
        return None
    alpha = cv2.GaussianBlur(cv2.erode(solid, np.ones((3, 3))), (0, 0), 0.9).astype(np.float32)
    return CutOut(box.label, *_trimmed(part.astype(np.float32), alpha), origin)


def _grab(part: NDArray[np.uint8], rectangle: tuple[int, int, int, int]) -> Cover:
    """GrabCut's foreground inside a rectangle (x, y, width, height), 0 or 1, holes closed."""
    share = min(1.0, _GRAB_PX / max(part.shape[:2]))
    small = cv2.resize(part, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.uint8)
    x, y, wide, high = (round(value * share) for value in rectangle)
    mask = np.zeros(small.shape[:2], np.uint8)
    cv2.setRNGSeed(7)
    cv2.grabCut(
        small, mask, (max(1, x), max(1, y), wide, high), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_RECT
    )
    hard = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    closed = cv2.morphologyEx(hard, cv2.MORPH_CLOSE, np.ones((5, 5))).astype(np.float32)
    large = cv2.resize(closed, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_LINEAR)
    return _largest((large > 0.5).astype(np.float32), 0.5)


def _largest(alpha: Cover, threshold: float) -> Cover:
    """The cover of the largest piece and whatever is at least a tenth of it."""
    count, marks, stats, _ = cv2.connectedComponentsWithStats((alpha > threshold).astype(np.uint8))
    if count < 2:
        return alpha
    areas = stats[1:, cv2.CC_STAT_AREA]
    kept = np.isin(marks, 1 + np.flatnonzero(areas >= areas.max() / 10)).astype(np.uint8)
    near = cv2.dilate(kept, np.ones((7, 7), np.uint8))
    return (alpha * near).astype(np.float32)


def _edge(part: NDArray[np.uint8], solid: Cover) -> float:
    """Mean step in grey levels between just inside and just outside the outline."""
    grey = cv2.GaussianBlur(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), (0, 0), 1.0).astype(np.float32)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.25))
    outline = cv2.morphologyEx((solid > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    return float(slope[outline].mean()) if outline.any() else 0.0
