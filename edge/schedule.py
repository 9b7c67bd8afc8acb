"""Which camera is looked at next, and how often: pure, one engine for all cameras.

The camera whose look is longest overdue goes first; motion moves a camera forward and its absence never holds one
back. Over budget, whole periods are skipped and counted, never queued: a late look shows the present, not the past.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.ids import CameraId
from edge.rules.attention import Wish

ATTENTION_EVERY_S = 0.2

LONGEST_ATTENTION = timedelta(minutes=10)
"""A wish further ahead than this is a clock that was set, or a rule that forgot to stop wishing."""

MOTION_BONUS = 0.5
"""Share of its period that a camera with motion is moved forward among those that are due. At 1 a busy street would
always go before a quiet one with thin smoke; at 0 motion means nothing."""

EARLIER = 0.1
"""Most that a deadline moves towards the moment when frames come, as a share of the period: looks then find frames
fresh, and the rate stays what it is."""


@dataclass(slots=True)
class _Slot:
    every_s: float
    due_s: float
    looks: int = 0
    skipped: int = 0
    patrol_every_s: float = 0.0
    attention_every_s: float = ATTENTION_EVERY_S


class Attention:
    """Who is watched closely: wishes with their ends, and room for a few cameras at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: dict[CameraId, datetime] = {}

    def want(self, camera_id: CameraId, until: datetime) -> None:
        """Wishes for attention until then; a longer wish stands."""
        self._until[camera_id] = max(until, self._until.get(camera_id, until))

    def forget(self, camera_id: CameraId) -> None:
        """Ends its wish."""
        self._until.pop(camera_id, None)

    def granted(self, now: datetime) -> frozenset[CameraId]:
        """Cameras to watch closely now: those whose wish ends first; the others wait until a place is free."""
        self._until = {
            camera_id: min(until, now + LONGEST_ATTENTION) for camera_id, until in self._until.items() if until > now
        }
        by_end = sorted(self._until, key=lambda camera_id: (self._until[camera_id], camera_id))
        return frozenset(by_end[: self._most])


class LookSchedule:
    """Deadlines per camera, in seconds of a monotonic clock. Not thread-safe: the look loop owns it."""

    def __init__(self, every_s_by_camera: Mapping[CameraId, float], now_s: float, attention_cameras: int = 4) -> None:
        self._slots: dict[CameraId, _Slot] = {}
        self._attention = Attention(attention_cameras)
        self._attended: frozenset[CameraId] = frozenset()
        for camera_id, every_s in every_s_by_camera.items():
            self.add(camera_id, every_s, now_s)

    def add(
        self, camera_id: CameraId, every_s: float, now_s: float, attention_every_s: float = ATTENTION_EVERY_S
    ) -> None:
        """A camera joins in patrol, or gets another period; its counts go on."""
        known = self._slots.get(camera_id)
        looks, skipped = (0, 0) if known is None else (known.looks, known.skipped)
        self._attended -= {camera_id}  # granted again by the next `settle`
        self._slots[camera_id] = _Slot(every_s, now_s, looks, skipped, every_s, attention_every_s)

    def want_attention(self, camera_id: CameraId, until: datetime) -> None:
        """A rule is confirming something at this camera: watch it closely until then, if there is room.

        At most the budget's number of cameras at once, those whose wish ends first; unknown cameras are ignored.
        """
        if camera_id in self._slots:
            self._attention.want(camera_id, until)

    def end_attention(self, camera_id: CameraId) -> None:
        """What the camera was watched for is confirmed or gone: patrol from the next `settle` on."""
        self._attention.forget(camera_id)

    def heed(self, wish: Wish) -> None:
        """Does what a rule wishes."""
        if wish.is_over:
            self.end_attention(wish.camera_id)
        else:
            self.want_attention(wish.camera_id, wish.until)

    def settle(self, now: datetime, now_s: float) -> dict[CameraId, bool]:
        """Grants and ends attention; gives the cameras that changed, True for those watched closely from now on."""
        granted = self._attention.granted(now) & self._slots.keys()
        changed = {camera_id: camera_id in granted for camera_id in granted ^ self._attended}
        self._attended = granted
        for camera_id, is_attended in changed.items():
            slot = self._slots.get(camera_id)
            if slot is not None:
                slot.every_s = min(slot.attention_every_s, slot.patrol_every_s) if is_attended else slot.patrol_every_s
                slot.due_s = min(slot.due_s, now_s) if is_attended else max(slot.due_s, now_s)
        return changed

    def is_attended(self, camera_id: CameraId) -> bool:
        """Whether the camera is watched closely now."""
        return camera_id in self._attended

    def remove(self, camera_id: CameraId) -> None:
        """A camera leaves; one that is unknown has left already."""
        self._slots.pop(camera_id, None)
        self._attention.forget(camera_id)
        self._attended -= {camera_id}

    def choose(self, fresh: Collection[CameraId], now_s: float, moving: Collection[CameraId] = ()) -> CameraId | None:
        """The most overdue camera that has a fresh frame, or None if none is due.

        `moving`: cameras whose picture changed. They go before others that are due about as long, never instead.
        """
        due = [
            (slot.due_s - (slot.every_s * MOTION_BONUS if camera_id in moving else 0.0), camera_id)
            for camera_id, slot in self._slots.items()
            if camera_id in fresh and slot.due_s <= now_s
        ]
        return min(due)[1] if due else None

    def looked(self, camera_id: CameraId, now_s: float, frame_age_s: float = 0.0) -> None:
        """Books a look that began at `now_s` and sets the next deadline on the camera's own grid.

        `frame_age_s` is how long the frame had waited for it: the grid moves a little towards the frames.
        """
        slot = self._slots[camera_id]
        if not slot.looks:
            slot.due_s = now_s  # the grid begins with the first frame
        late_periods = max(0, int((now_s - slot.due_s) // slot.every_s))
        slot.skipped += late_periods
        slot.looks += 1
        earlier_s = min(max(0.0, frame_age_s), EARLIER * slot.every_s)
        slot.due_s += (late_periods + 1) * slot.every_s - earlier_s

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Seconds until the next deadline of any camera, at most `longest_s`."""
        upcoming = [slot.due_s - now_s for slot in self._slots.values() if slot.due_s > now_s]
        return min([*upcoming, longest_s])

    def counts(self, camera_id: CameraId) -> tuple[int, int]:
        """(looks, skipped looks) of one camera. Skipped also counts looks missed because no frame came."""
        slot = self._slots.get(camera_id)
        return (0, 0) if slot is None else (slot.looks, slot.skipped)
