"""Which camera is looked at next, and how often: pure, one engine for all cameras.

The camera whose look is longest overdue goes first, counted in its own periods: a tenth of a second is nothing to a
camera in patrol and half a look to one that is watched closely. Motion moves a camera forward and its absence never
holds one back. Over budget, whole periods are skipped and counted, never queued: a late look shows the present.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contract.ids import CameraId
from edge.rules.attention import Wish

ATTENTION_EVERY_S = 0.2

LONGEST_ATTENTION = timedelta(minutes=10)
"""A wish further ahead than this is a clock that was set, or a rule that forgot to stop wishing."""

PATROL_COUNTS = 4.0
"""A period's lateness in patrol counts for so many of a camera that is watched closely. Over budget attention then
thins out first (4 looks a second instead of 5) and patrol, whose skipped look leaves a street unseen for four seconds,
last. At 1 both skip the same share; at 10 attention starves as soon as patrol is a moment late."""

MOTION_BONUS = 0.5
"""Share of its period that a camera with motion is moved forward among those that are due. At 1 a busy street would
always go before a quiet one with thin smoke; at 0 motion means nothing."""

EARLIER = 0.1
"""Most that a deadline moves towards the moment when frames come, as a share of the period: looks then find frames
fresh, and the rate stays what it is."""


class Wisher(StrEnum):
    """Who wants a camera watched closely, first come first: a person's wish goes before any rule's."""

    PERSON = "person"
    RULE = "rule"


@dataclass(slots=True)
class _Slot:
    every_s: float
    due_s: float
    looks: int = 0
    skipped: int = 0
    patrol_every_s: float = 0.0
    attention_every_s: float = ATTENTION_EVERY_S
    looked_s: float = float("-inf")
    """When the last look began."""


class Attention:
    """Who is watched closely: wishes with their ends, and room for a few cameras at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: dict[Wisher, dict[CameraId, datetime]] = {wisher: {} for wisher in Wisher}

    def want(self, camera_id: CameraId, until: datetime, wisher: Wisher = Wisher.RULE) -> None:
        """Wishes for attention until then; a longer wish of the same wisher stands."""
        wishes = self._until[wisher]
        wishes[camera_id] = max(until, wishes.get(camera_id, until))

    def end(self, camera_id: CameraId, wisher: Wisher) -> None:
        """Ends its wish of that wisher; the other's stands.

        >>> attention, noon = Attention(1), datetime(2026, 7, 1, 12)
        >>> attention.want(CameraId("cam-1"), noon, Wisher.PERSON)
        >>> attention.end(CameraId("cam-1"), Wisher.RULE)
        >>> attention.granted(noon - timedelta(seconds=5))
        frozenset({'cam-1'})
        """
        self._until[wisher].pop(camera_id, None)

    def forget(self, camera_id: CameraId) -> None:
        """Ends all its wishes: it has left."""
        for wishes in self._until.values():
            wishes.pop(camera_id, None)

    def granted(self, now: datetime) -> frozenset[CameraId]:
        """Cameras to watch closely now: a person's, then those whose wish ends first; the others wait for a place."""
        longest = now + LONGEST_ATTENTION
        self._until = {
            wisher: {camera_id: min(until, longest) for camera_id, until in wishes.items() if until > now}
            for wisher, wishes in self._until.items()
        }
        in_order = dict.fromkeys(
            camera_id
            for wishes in self._until.values()
            for camera_id in sorted(wishes, key=lambda name: (wishes[name], name))
        )
        return frozenset([*in_order][: self._most])


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
        """A person wants this camera watched closely until then; no rule ends that. Unknown cameras are ignored."""
        if camera_id in self._slots:
            self._attention.want(camera_id, until, Wisher.PERSON)

    def heed(self, wish: Wish) -> None:
        """Does what a rule wishes while it confirms something at a camera, if there is room for one more.

        A wish that is over (confirmed, or gone) leads back to patrol from the next `settle` on.
        """
        if wish.is_over:
            self._attention.end(wish.camera_id, Wisher.RULE)
        elif wish.camera_id in self._slots:
            self._attention.want(wish.camera_id, wish.until, Wisher.RULE)

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
        """The camera that is most overdue in its own periods and has a fresh frame, or None if none is due.

        `moving`: cameras whose picture changed. They go before others that are due about as long, never instead.
        Among those that are equally late the one whose last look is oldest goes first.

        >>> schedule = LookSchedule({CameraId("slow"): 2.0, CameraId("fast"): 0.5}, now_s=0.0)
        >>> schedule.choose({"slow", "fast"}, now_s=0.4)
        'fast'
        """
        due = [
            (-self._lateness(camera_id, slot, now_s, camera_id in moving), slot.looked_s, camera_id)
            for camera_id, slot in self._slots.items()
            if camera_id in fresh and slot.due_s <= now_s
        ]
        return min(due)[2] if due else None

    def _lateness(self, camera_id: CameraId, slot: _Slot, now_s: float, is_moving: bool) -> float:
        """Periods by which a look is late, weighed."""
        periods = (now_s - slot.due_s) / slot.every_s + (MOTION_BONUS if is_moving else 0.0)
        return periods if camera_id in self._attended else PATROL_COUNTS * periods

    def looked(self, camera_id: CameraId, now_s: float, frame_age_s: float = 0.0) -> None:
        """Books a look that began at `now_s` and sets the next deadline on the camera's own grid.

        `frame_age_s` is how long the frame had waited for it. What of that was waiting for the deadline moves the grid
        a little towards the frames; waiting for a turn does not, else a busy node's grid walks off and counts skips
        where every frame was looked at.
        """
        slot = self._slots[camera_id]
        if not slot.looks:
            slot.due_s = now_s  # the grid begins with the first frame
        late_periods = max(0, int((now_s - slot.due_s) // slot.every_s))
        slot.skipped += late_periods
        slot.looks += 1
        slot.looked_s = now_s
        waited_s = frame_age_s - (now_s - slot.due_s)
        earlier_s = min(max(0.0, waited_s), EARLIER * slot.every_s)
        slot.due_s += (late_periods + 1) * slot.every_s - earlier_s

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Seconds until the next deadline of any camera, at most `longest_s`."""
        upcoming = [slot.due_s - now_s for slot in self._slots.values() if slot.due_s > now_s]
        return min([*upcoming, longest_s])

    def counts(self, camera_id: CameraId) -> tuple[int, int]:
        """(looks, skipped looks) of one camera. Skipped also counts looks missed because no frame came."""
        slot = self._slots.get(camera_id)
        return (0, 0) if slot is None else (slot.looks, slot.skipped)
