"""Which cameras' pictures change from look to look: decides who is looked at first, never whether (0.1 ms a look).

Measured at the looks and not between them: a key frame that nobody looks at is never decoded.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.ids import CameraId
from edge.values import Frame

WIDTH_PX, HEIGHT_PX = 96, 54

STEP = 24
"""Levels of brightness that a point must change by: above the noise of a camera at night, below a coat on asphalt."""

MOTION_SHARE = 0.002
"""Share of the picture that must have changed to count as motion: a person at 60 m. Lower is noise and rain; higher
only costs a place in the order, never a look."""


class MotionWatch:
    """All cameras' last looks, by points. One writer."""

    def __init__(self) -> None:
        self._before: dict[CameraId, NDArray[np.int16]] = {}
        self._moving: frozenset[CameraId] = frozenset()

    def note(self, frame: Frame) -> None:
        """A camera was looked at."""
        small = cv2.resize(frame.fitted(WIDTH_PX, HEIGHT_PX), (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_NEAREST)
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.int16)
        before = self._before.get(frame.camera_id)
        self._before[frame.camera_id] = grey
        changed = 0.0 if before is None else float((np.abs(grey - before) > STEP).mean())
        one = {frame.camera_id}
        self._moving = self._moving | one if changed > MOTION_SHARE else self._moving - one

    def moving(self) -> frozenset[CameraId]:
        """Cameras whose last look differed from the one before."""
        return self._moving
