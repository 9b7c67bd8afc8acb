"""The values that travel through a node, one per step: Frame → Detection → Track → Incident → Event.

Boxes are ``(x1, y1, x2, y2)`` in shares of the picture (0..1), origin top left. Times are capture times, aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from contract.events import IncidentState
from contract.ids import CameraId
from contract.taxonomy import Context, Seen

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture. `image` is ``(H, W, 3)`` uint8 BGR, owned by the frame: nobody writes to it."""

    camera_id: CameraId
    image: NDArray[np.uint8]
    captured_at: datetime
    index: int


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
    """

    track_id: int
    seen: Seen
    box_norm: Box
    latest_box_norm: Box
    score: float | None
    first_seen_at: datetime
    last_seen_at: datetime


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


class DecodeMode(StrEnum):
    """How much of a stream is decoded: everything, or key frames only (1.7 % of a core at 1080p25 instead of 14 %)."""

    ALL = "all"
    KEY_FRAMES = "key_frames"
