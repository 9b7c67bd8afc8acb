"""A node's boards: every camera's and preset's watch, its draft put on the shelf, its acceptance taken from there."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.ids import CameraId
from edge.baseline.boards import Acceptance
from edge.baseline.shelf import Shelf
from edge.baseline.watch import SignWatch
from edge.values import Box, Detection, Frame, Incident

REREAD = timedelta(seconds=60)
"""How often a draft's file is looked at for a person's acceptance."""

Redact = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


class BoardMemory:
    """All cameras' boards. Not thread-safe: the look thread owns it."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._watches: dict[tuple[CameraId, str | None], SignWatch] = {}
        self._read_at: dict[tuple[CameraId, str | None], datetime] = {}

    def step(
        self, frame: Frame, detections: Sequence[Detection], picture: NDArray[np.uint8], hide: Sequence[Box]
    ) -> tuple[Incident, ...]:
        """One look's differences from the accepted baseline.

        Args:
            frame: the look's; its camera, preset and time count.
            detections: everything the look showed.
            picture: (H, W, 3) BGR, what was looked at.
            hide: what must not be seen on the sheet that a person looks at (people), shares of the picture.
        """
        key = (frame.camera_id, frame.preset)
        watch = self._watch(key, frame.captured_at)
        had = watch.baseline
        incidents = watch.step(detections, picture, frame.captured_at)
        if had is None and watch.baseline is not None:
            self._shelf.write(watch.baseline, _hidden(picture, hide))
        return incidents

    def _watch(self, key: tuple[CameraId, str | None], at: datetime) -> SignWatch:
        known = self._watches.get(key)
        is_open = known is None or known.baseline is None or known.baseline.acceptance is Acceptance.DRAFT
        if known is None or (is_open and known.baseline is not None and at - self._read_at[key] >= REREAD):
            self._read_at[key] = at
            stored = self._shelf.read(*key)
            if known is None or stored != known.baseline:
                known = self._watches[key] = SignWatch(key[0], key[1], stored)
        return known


def _hidden(picture: NDArray[np.uint8], hide: Sequence[Box]) -> NDArray[np.uint8]:
    """The picture with regions blurred beyond recognition."""
    copy = picture.copy()
    height, width = copy.shape[:2]
    for x1, y1, x2, y2 in hide:
        part = copy[int(y1 * height) : round(y2 * height) + 1, int(x1 * width) : round(x2 * width) + 1]
        if part.size:
            small = cv2.resize(part, (3, 3), interpolation=cv2.INTER_AREA)
            part[...] = cv2.resize(small, (part.shape[1], part.shape[0]), interpolation=cv2.INTER_NEAREST)
    return copy
