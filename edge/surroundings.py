"""What changes around a node while it runs: its clock and its cameras' health, as events and status tell them."""

from datetime import datetime, timedelta
from typing import Literal, assert_never

from contract.clock import Clock
from contract.events import CameraCondition, ClockState
from contract.ids import CameraId
from contract.status import CameraState, CameraStatus
from edge.clock.reading import ClockReading, ClockWatch, FirstThatKnows, FixedSource, TimeSource
from edge.clock.steady import SteadyClock
from edge.clock.system import ChronySource, KernelSource
from edge.health.watch import HealthWatch

STALE_AFTER = timedelta(seconds=9)
"""Without a fresh frame for so long a camera counts as lost, whatever its thread believes."""
STALE_LOOKS = 3
"""Or for so many of its own look periods, where those are longer."""


class Surroundings:
    """See `edge.events.Circumstances`. Any thread may ask; `refresh` belongs to one."""

    def __init__(self, clock: Clock, source: TimeSource, health: HealthWatch) -> None:
        self.steady = SteadyClock(clock)
        self.health = health
        self._watch = ClockWatch(source, clock)

    def clock_reading(self) -> ClockReading:
        return self._watch.reading

    def to_wall(self, captured_at: datetime) -> datetime:
        return self.steady.to_wall(captured_at)

    def condition(self, camera_id: CameraId) -> CameraCondition | None:
        return self.health.condition(camera_id)

    def refresh(self) -> None:
        """Asks for the clock's state if the last answer is old."""
        self._watch.refresh()

    def told(self, status: CameraStatus, look_every_s: float) -> CameraStatus:
        """A camera's status in wall time, with what its pictures say; one without fresh frames is stale, not live."""
        verdict = self.health.verdict(CameraId(status.camera_id))
        seen_at = status.last_frame_at
        state = status.state
        longest = max(STALE_AFTER, timedelta(seconds=STALE_LOOKS * look_every_s))
        if state is CameraState.LIVE and seen_at is not None and self.steady.now() - seen_at > longest:
            state = CameraState.STALE
        return status.model_copy(
            update={
                "state": state,
                "last_frame_at": None if seen_at is None else self.to_wall(seen_at),
                "condition": None if verdict is None else verdict.condition,
                "condition_since": None if verdict is None else self.to_wall(verdict.since),
            }
        )


def time_source(setting: Literal["system", "assume-synchronised", "unknown"]) -> TimeSource:
    """Where the setting says that the clock's state is known from."""
    match setting:
        case "system":
            return FirstThatKnows(ChronySource(), KernelSource())
        case "assume-synchronised":
            return FixedSource(ClockState.SYNCHRONISED)
        case "unknown":
            return FixedSource(ClockState.UNKNOWN)
        case _:
            assert_never(setting)
