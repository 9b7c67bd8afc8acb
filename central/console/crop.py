"""Which part of an evidence picture a small card shows: the thing and what stands around it."""

from dataclasses import dataclass

from contract.events import BoxNorm

SURROUNDINGS = 2.4
"""The crop's sides as multiples of the box's: less and a reviewer can't tell where it is, more and not what it is."""
LEAST_SHARE = 0.28
"""Of the picture's width, so that a far flame is not blown up into a blur."""
ASPECT = 4 / 3


@dataclass(frozen=True, slots=True)
class Crop:
    """A rectangle inside the picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int


def crop_around(box: BoxNorm, width_px: int, height_px: int) -> Crop:
    """A 4:3 crop with the box in its middle, moved inside the picture; all of the picture at most.

    >>> crop_around(BoxNorm(x1=0.45, y1=0.4, x2=0.55, y2=0.6), 640, 360)
    Crop(x=205, y=94, width=230, height=172)
    """
    wanted = max(
        (box.x2 - box.x1) * width_px * SURROUNDINGS,
        (box.y2 - box.y1) * height_px * SURROUNDINGS * ASPECT,
        width_px * LEAST_SHARE,
    )
    width = round(min(wanted, width_px, height_px * ASPECT))
    height = min(height_px, round(width / ASPECT))
    x = round((box.x1 + box.x2) / 2 * width_px - width / 2)
    y = round((box.y1 + box.y2) / 2 * height_px - height / 2)
    return Crop(min(max(0, x), width_px - width), min(max(0, y), height_px - height), width, height)
