"""The node's one look loop: takes the newest frame of whoever is most overdue and sends it down the pipeline."""

import threading

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from edge.capture.slot import FrameSlots
from edge.pipeline import Pipeline
from edge.schedule import LookSchedule

IDLE_S = 0.5
FAILURE_PAUSE_S = 1.0

_log = structlog.get_logger(__name__)


class LookLoop:
    """`run` is a thread's target; `step` does one look or waits for one."""

    def __init__(
        self, slots: FrameSlots, schedule: LookSchedule, pipeline: Pipeline, clock: Clock, stop: threading.Event
    ) -> None:
        self._slots = slots
        self._schedule = schedule
        self._pipeline = pipeline
        self._clock = clock
        self._stop = stop
        self.failures = 0

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self.step()
            except PermanentError as error:
                # A full disk or an oversized event: this look is lost, counted and said; the next one is tried.
                self.failures += 1
                _log.error("a look could not be written", reason=str(error), failures=self.failures)
                self._stop.wait(FAILURE_PAUSE_S)
            except Exception:  # noqa: BLE001  # the thread's outermost loop: one bad frame must not blind all cameras
                self.failures += 1
                _log.exception("a look failed unexpectedly", failures=self.failures)
                self._stop.wait(FAILURE_PAUSE_S)

    def step(self) -> bool:
        """One look; False if nothing was due and it waited instead."""
        now_s = self._clock.monotonic()
        camera_id = self._schedule.choose(self._slots.waiting(), now_s)
        frame = None if camera_id is None else self._slots.take(camera_id)
        if camera_id is None or frame is None:
            self._slots.wait(self._schedule.wait_s(now_s, IDLE_S))
            return False
        self._schedule.looked(camera_id, now_s)
        for event in self._pipeline.look(frame):
            _log.info(
                "incident",
                state=event.data.state.value,
                camera_id=camera_id,
                seen=event.data.seen.value,
                incident_id=event.data.incident_id,
                score=event.data.confidence.mean,
            )
        return True
