"""The values that travel through a node, one per step: Frame → Detection → Track → Incident → Event.

Boxes are ``(x1, y1, x2, y2)`` in shares of the picture (0..1), origin top left. Times are capture times, aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contract.events import IncidentState
from contract.ids import CameraId
from contract.taxonomy import Context, Seen

Box = tuple[float, float, float, float]


class Pixels(Protocol):
    """A picture that becomes BGR only where somebody asks: most looks need it at the model's size alone."""

    def is_whole(self) -> bool:
        """Whether it can be looked at: decodes it where that was left for later. The others raise where it can't."""
        ...

    def bgr(self) -> NDArray[np.uint8]:
        """(H, W, 3) BGR in full size; made once, nobody writes to it."""
        ...

    def fitted(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """(h, w, 3) BGR of the same shape, the largest that fits into the given size; never enlarged."""
        ...

    def rest(self) -> None:
        """Gives back what can be made again: whoever delivered the picture may hold it until its next one comes."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture. `pixels` is ``(H, W, 3)`` uint8 BGR or a picture that gives it; nobody writes to it.

    `preset` is where a camera that turns is aimed at. While `is_moving`, it turns or is aimed at no known preset: what
    it shows has no place, and nothing may be concluded from it.
    """

    camera_id: CameraId
    pixels: NDArray[np.uint8] | Pixels
    captured_at: datetime
    index: int
    preset: str | None = None
    is_moving: bool = False

    def is_whole(self) -> bool:
        """Whether the picture can be looked at; decodes it if that has not been done, up to 20 ms at 1080p."""
        return isinstance(self.pixels, np.ndarray) or self.pixels.is_whole()

    @property
    def image(self) -> NDArray[np.uint8]:
        """(H, W, 3) BGR in full size; owned by the frame. Dear at first asking: 2.5 ms and 6 MB at 1080p."""
        return self.pixels if isinstance(self.pixels, np.ndarray) else self.pixels.bgr()

    def fitted(self, width_px: int, height_px: int) -> NDArray[np.uint8]:
        """The picture for an input of that size, in its own shape; full size where that is all there is."""
        return self.pixels if isinstance(self.pixels, np.ndarray) else self.pixels.fitted(width_px, height_px)

    def rest(self) -> None:
        """The look is over: gives its memory back. Who asks again afterwards gets the same, made anew."""
        if not isinstance(self.pixels, np.ndarray):
            self.pixels.rest()


@dataclass(frozen=True, slots=True)
class Detection:
    """One box of one look. `score` is 0..1."""

    label: str
    means: Seen | Context
    score: float
    box_norm: Box


@dataclass(frozen=True, slots=True)
class Thing:
    """What one look shows of one thing: one detection, or several that belong together (a plume's pieces)."""

    seen: Seen
    score: float
    box_norm: Box


@dataclass(frozen=True, slots=True)
class Track:
    """One thing followed through time at one camera. `score` is None when this look did not show it.

    `box_norm` is steady: it tells things apart and places them on the ground. `latest_box_norm` is the last look's own.
    `seen_every_s` is how seldom its place is looked at closely enough to show it; 0: with every look. `place_id` names
    the place of what stays where it is, a board on a wall.
    """

    track_id: int
    seen: Seen
    box_norm: Box
    latest_box_norm: Box
    score: float | None
    first_seen_at: datetime
    last_seen_at: datetime
    seen_every_s: float = 0.0
    place_id: str | None = None


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """The detector's scores over a track's life."""

    latest: float
    mean: float
    peak: float
    looks: int
    positive_looks: int


@dataclass(frozen=True, slots=True)
class Incident:
    """One revision of a confirmed presence: what `edge.rules` decided, before it has ids, evidence and a place."""

    track: Track
    state: IncidentState
    revision: int
    summary: ScoreSummary


class Backend(StrEnum):
    """Which runtime looks at pictures."""

    AUTO = "auto"
    """The cheapest that the model has and this machine runs."""
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"
    ULTRALYTICS = "ultralytics"


class DecodeMode(StrEnum):
    """How much of a stream is decoded: everything, or key frames only (1.7 % of a core at 1080p25 instead of 14 %)."""

    ALL = "all"
    KEY_FRAMES = "key_frames"
