"""What one camera's looks come to: detections → things → tracks → incidents, with what is remembered in between.

All of it is pure but for the crops of plumes, which are cut from the look's picture. `edge.pipeline` calls it once per
look, and once more when a tile was looked at; the bench replays recordings through the same steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contract.ids import CameraId
from edge.plume.crops import CropWindows, Cut, Place, Series
from edge.plume.judge import Judge
from edge.rules.attendance import Attendance
from edge.rules.attention import Wish, Wishes
from edge.rules.contest import uncontested
from edge.rules.gather import gather
from edge.rules.perspective import WIDE, LearnedPerspective, Perspective, PosedPerspective, plausible
from edge.rules.places import CameraPose
from edge.rules.policy import Policies
from edge.rules.presence import Presence
from edge.rules.regions import Mask, unmasked
from edge.rules.rivals import Rivals
from edge.rules.track import TrackedLook, Tracker
from edge.values import Box, Detection, Incident


@dataclass(frozen=True, slots=True)
class Watched:
    """One look's outcome. `beliefs` are the second stage's, by track id."""

    tracked: TrackedLook
    incidents: tuple[Incident, ...]
    beliefs: dict[int, float]
    wish: Wish | None


@dataclass(frozen=True, slots=True)
class TileOf:
    """The look was of `box` only, which is looked at again after `round_s` seconds."""

    box: Box
    round_s: float


class CameraWatch:
    """One camera's memory. Not thread-safe: one writer."""

    def __init__(
        self,
        camera_id: CameraId,
        policies: Policies,
        look_every_s: float,
        masks: Sequence[Mask] = (),
        pose: CameraPose | None = None,
        judge: Judge | None = None,
    ) -> None:
        """`judge` is the second stage for plumes; without one, policies that ask for a belief open nothing."""
        self._policies = policies
        self._masks = tuple(masks)
        self._judge = judge
        self._people = LearnedPerspective()
        self._perspective: Perspective = self._people if pose is None else PosedPerspective(pose)
        self._tracker = Tracker(policies.presence)
        self._windows = CropWindows()
        self._wishes = Wishes(camera_id, policies.presence)
        self._rivals = Rivals(policies.presence, look_every_s)
        self.presence = Presence(policies.presence, look_every_s)
        self.attendance = Attendance(policies.attendance, policies.presence, look_every_s, self._perspective)

    def step(
        self,
        detections: Sequence[Detection],
        cut: Cut,
        at: datetime,
        tile: TileOf | None = None,
        place: Place | None = None,
        aspect: float = WIDE,
    ) -> Watched:
        """Takes one look.

        Args:
            detections: what the detector says of it, in shares of the whole picture.
            cut: gives pixels of the whole picture, see `edge.plume.crops`.
            at: capture time; must not go back.
            tile: the part that was looked at; None: the whole.
            place: where windows for plumes are set; None: around their first box.
            aspect: width of the whole picture for its height.
        """
        if tile is None:
            self._people.note(detections)
        things = unmasked(gather(uncontested(detections), self._policies), self._masks)
        things = plausible(things, self._perspective, self._policies.presence, aspect)
        tracked = self._tracker.step(
            things, at, None if tile is None else tile.box, 0.0 if tile is None else tile.round_s
        )
        self.attendance.step(tracked, detections, at, None if tile is None else tile.box)
        self._windows.step(tracked.live, cut, at, place)
        beliefs = {} if self._judge is None else dict(self._judge.beliefs(tracked.live, self._windows, self.presence))
        outdone = self._rivals.step(tracked, detections, at, self.presence.open_ids())
        incidents = self.presence.step(tracked, at, beliefs, outdone)
        return Watched(tracked, incidents, beliefs, self._wishes.step(tracked, self.presence, at))

    def series(self, track_id: int) -> Series | None:
        """A plume's crops."""
        return self._windows.series(track_id)
