"""How much of the picture changed since the one before: decides who is looked at first, never whether (0.03 ms)."""

import numpy as np
from numpy.typing import NDArray

from edge.capture.picture import DecodedPicture

WIDTH_PX, HEIGHT_PX = 96, 54

STEP = 24
"""Levels of brightness that a point must change by: above the noise of a camera at night, below a coat on asphalt."""


class Motion:
    """One session's memory of the picture before."""

    def __init__(self) -> None:
        self._before: NDArray[np.int16] | None = None

    def note(self, picture: DecodedPicture) -> float:
        """The share of points that changed, 0..1; 0 for the first picture."""
        grey = picture.grey(WIDTH_PX, HEIGHT_PX).astype(np.int16)
        before, self._before = self._before, grey
        return 0.0 if before is None else float((np.abs(grey - before) > STEP).mean())
