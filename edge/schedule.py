"""Which camera is looked at next: pure, one engine for all cameras.

The camera whose look is longest overdue goes first. Over budget, whole periods are skipped and counted, never queued:
a late look shows the present, not the past.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from contract.ids import CameraId


@dataclass(slots=True)
class _Slot:
    every_s: float
    due_s: float
    looks: int = 0
    skipped: int = 0


class LookSchedule:
    """Deadlines per camera, in seconds of a monotonic clock. Not thread-safe: the look loop owns it."""

    def __init__(self, every_s_by_camera: Mapping[CameraId, float], now_s: float) -> None:
        self._slots = {camera_id: _Slot(every_s, now_s) for camera_id, every_s in every_s_by_camera.items()}

    def choose(self, fresh: Collection[CameraId], now_s: float) -> CameraId | None:
        """The most overdue camera that has a fresh frame, or None if none is due."""
        due = [
            (slot.due_s, camera_id)
            for camera_id, slot in self._slots.items()
            if camera_id in fresh and slot.due_s <= now_s
        ]
        return min(due)[1] if due else None

    def looked(self, camera_id: CameraId, now_s: float) -> None:
        """Books a look that began at `now_s` and sets the next deadline on the camera's own grid."""
        slot = self._slots[camera_id]
        late_periods = max(0, int((now_s - slot.due_s) // slot.every_s))
        if slot.looks:
            slot.skipped += late_periods
        slot.looks += 1
        slot.due_s += (late_periods + 1) * slot.every_s

    def wait_s(self, now_s: float, longest_s: float) -> float:
        """Seconds until the next deadline of any camera, at most `longest_s`."""
        upcoming = [slot.due_s - now_s for slot in self._slots.values() if slot.due_s > now_s]
        return min([*upcoming, longest_s])

    def counts(self, camera_id: CameraId) -> tuple[int, int]:
        """(looks, skipped looks) of one camera. Skipped also counts looks missed because no frame came."""
        slot = self._slots[camera_id]
        return slot.looks, slot.skipped
