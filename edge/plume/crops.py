"""The stabilised crops of one camera's plumes: the same window of the picture, look after look.

A window is fixed when smoke or flame is first boxed there, so that what changes inside it is the plume and not the box.
It is set anew only when the plume has outgrown it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Seen
from edge.rules.boxes import area, grown, intersection
from edge.values import Box, Track

CROP_PX = 32
"""Side of a crop. A plume 12 px wide at 640×360 still has edges at this size; twice as many cost four times as much."""
MARGIN_SHARE = 0.6
"""How far a window reaches beyond the first box on every side: room for a plume to grow in and air to compare with."""
LEAST_SIDE_NORM = 0.05
"""Windows are at least this wide and high, as a share of the picture: below it a crop is all noise."""
OUTGROWN_SHARE = 0.75
"""A plume whose box lies less than this inside its window has outgrown it."""
MAX_CROPS = 48
"""Crops kept per plume; older ones fall out. At a look every two seconds that is a minute and a half (150 kB)."""
LEAST_GAP = timedelta(seconds=0.4)
"""Looks closer than this add no crop: the second stage learned from looks half a second and two seconds apart."""
PLUMES = frozenset({Seen.SMOKE, Seen.FLAME})

Cut = Callable[[Box], NDArray[np.uint8] | None]
"""Gives the pixels of a window, or None where they are not known (a recording that kept no crop there)."""
Place = Callable[[Box], Box]
"""Gives the window for a plume first boxed somewhere."""


@dataclass(frozen=True, slots=True)
class Crop:
    """One look at a window. `pixels` is (32, 32, 3) uint8 BGR; `box_norm` and `score` are the detector's, or None."""

    at: datetime
    pixels: NDArray[np.uint8]
    box_norm: Box | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """A window and its crops, oldest first."""

    window_norm: Box
    crops: tuple[Crop, ...]


class CropWindows:
    """One camera's windows, keyed by track. Not thread-safe: one writer."""

    def __init__(self) -> None:
        self._windows: dict[int, Box] = {}
        self._crops: dict[int, list[Crop]] = {}

    def step(self, tracks: Iterable[Track], cut: Cut, at: datetime, place: Place | None = None) -> None:
        """Adds this look's crop to every plume among `tracks` and forgets plumes that are none of them.

        Args:
            tracks: all live tracks of the camera; only smoke and flame get windows.
            cut: gives the pixels of a region of this look's picture, see `cutter`.
            at: capture time of the look.
            place: where new windows are set; `window_around` unless told otherwise.
        """
        plumes = [track for track in tracks if track.seen in PLUMES]
        for track_id in self._windows.keys() - {track.track_id for track in plumes}:
            del self._windows[track_id], self._crops[track_id]
        for track in plumes:
            window = self._window_of(track, place or window_around)
            crops = self._crops[track.track_id]
            if crops and at - crops[-1].at < LEAST_GAP:
                continue
            pixels = cut(window)
            if pixels is None:
                continue
            box = None if track.score is None else track.latest_box_norm
            crops.append(Crop(at, pixels, box, track.score))
            del crops[:-MAX_CROPS]

    def series(self, track_id: int) -> Series | None:
        """What is known of one plume, or None if it has no window."""
        window = self._windows.get(track_id)
        return None if window is None else Series(window, tuple(self._crops[track_id]))

    def _window_of(self, track: Track, place: Place) -> Box:
        window = self._windows.get(track.track_id)
        if window is None or (track.score is not None and _is_outgrown(window, track.latest_box_norm)):
            window = self._windows[track.track_id] = place(track.latest_box_norm)
            self._crops[track.track_id] = []
        return window


def window_around(box: Box) -> Box:
    """The window for a plume first boxed at `box`, inside the picture."""
    x1, y1, x2, y2 = grown(box, MARGIN_SHARE)
    wide, high = max(0.0, LEAST_SIDE_NORM - (x2 - x1)) / 2, max(0.0, LEAST_SIDE_NORM - (y2 - y1)) / 2
    return (max(0.0, x1 - wide), max(0.0, y1 - high), min(1.0, x2 + wide), min(1.0, y2 + high))


def cutter(image: NDArray[np.uint8]) -> Cut:
    """Cuts windows out of `image` (H, W, 3) as (32, 32, 3) crops."""
    height, width = image.shape[:2]

    def cut(window: Box) -> NDArray[np.uint8]:
        x1, y1 = int(window[0] * width), int(window[1] * height)
        x2, y2 = max(x1 + 2, round(window[2] * width)), max(y1 + 2, round(window[3] * height))
        part = image[min(y1, height - 2) : y2, min(x1, width - 2) : x2]
        return cv2.resize(part, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

    return cut


def _is_outgrown(window: Box, box: Box) -> bool:
    whole = area(box)
    return whole > 0 and intersection(window, box) < OUTGROWN_SHARE * whole
