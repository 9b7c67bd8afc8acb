"""How a background was looked at: the horizon and the lens's height, which together say how large a thing is where.

Nobody calibrated the pictures. Most were taken by somebody standing in the street, which is a good guess; what is
known better stands in a file of views.
"""

import csv
from dataclasses import dataclass
from math import atan, degrees
from pathlib import Path

import numpy as np

from contract.errors import UsageError
from edge.scene.camera import PinholeCamera

_FIELD_OF_VIEW_DEG = 62.0
"""Phones and compact cameras; an error here only turns things a little, sizes come from horizon and height."""
_COLUMNS = ["picture", "horizon", "height_m"]


@dataclass(frozen=True, slots=True)
class View:
    """`horizon` in shares of the picture's height from its top (below 0: above the picture); `height_m` of the lens."""

    horizon: float
    height_m: float

    def camera(self, width_px: int, height_px: int) -> PinholeCamera:
        """A camera at the origin, looking north, that sees the ground as this picture shows it."""
        portrait = max(1.0, height_px / width_px)
        lens = PinholeCamera("view", 0, 0, self.height_m, 0, 0, _FIELD_OF_VIEW_DEG / portrait, width_px, height_px)
        tilt = degrees(atan((0.5 - self.horizon) * height_px / lens.focal_px))
        return PinholeCamera("view", 0, 0, self.height_m, 0, tilt, _FIELD_OF_VIEW_DEG / portrait, width_px, height_px)

    def px_per_m(self, row_px: float, height_px: int) -> float:
        """Pixels a metre of height takes on the ground seen at a picture row; 0 at and above the horizon."""
        return max(0.0, (row_px - self.horizon * height_px) / self.height_m)


def guessed_view(random: np.random.Generator) -> View:
    """Somebody standing in the street with a camera."""
    return View(float(random.uniform(0.42, 0.52)), float(random.uniform(1.45, 1.9)))


def read_views(path: Path) -> dict[str, View | None]:
    """The views in a CSV file by picture stem; None where the file lists a picture and leaves the view to be guessed.

    ``SOURCE/*`` gives the view of a source's pictures that have none of their own.

    Raises:
        UsageError: unreadable, or a line that is no view, with its number.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(line for line in file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: can't be read ({error}); it must be CSV with the columns {_COLUMNS}") from error
    if not rows or rows[0] != _COLUMNS:
        raise UsageError(f"{path}:1: must be the header {','.join(_COLUMNS)}")
    return {row[0]: _view(row, f"{path}:{number}") for number, row in enumerate(rows[1:], start=2) if row}


def _view(row: list[str], where: str) -> View | None:
    if len(row) != 3 or not row[0]:
        raise UsageError(f"{where}: needs picture,horizon,height_m (the last two may be empty), got {','.join(row)!r}")
    if not row[1] and not row[2]:
        return None
    try:
        view = View(float(row[1]), float(row[2]))
    except ValueError as error:
        raise UsageError(f"{where}: horizon and height_m must be numbers ({error})") from error
    if not (-3 <= view.horizon <= 0.9 and 0.3 <= view.height_m <= 60):
        raise UsageError(f"{where}: horizon lies in -3..0.9 of the picture's height, height_m in 0.3..60")
    return view
