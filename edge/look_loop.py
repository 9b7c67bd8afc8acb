"""The node's looks: whoever is most overdue gives its newest frame, and it goes down the pipeline.

Any number of threads may `run` the same loop. All but decoding and inference happens by turns (`edge.turn`), so slots,
schedule and pipeline have one writer at a time, and one camera's looks stay in order: a camera in flight isn't chosen.
"""

import queue
import threading
from collections.abc import Callable

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.ids import CameraId
from contract.status import LookMode
from edge.capture.slot import FrameSlots
from edge.courtesy import Courtesy
from edge.motion import MotionWatch
from edge.pipeline import Pipeline
from edge.schedule import LookSchedule
from edge.scribe import say
from edge.turn import Turn
from edge.values import Frame

IDLE_S = 0.5
CHANGE_POLL_S = 0.02
"""How often a change that is to be made looks whether the looks in flight have ended; they take 30 ms."""

FAILURE_PAUSE_S = 1.0

SetMode = Callable[[CameraId, LookMode], None]
NoteLook = Callable[[Frame, float], None]
"""The frame of a look that is done, and its age then in seconds."""

_log = structlog.get_logger(__name__)


def unnoted(_frame: Frame, _age_s: float) -> None:
    """Nobody wants to know."""


class LookLoop:
    """`run` is a thread's target; `step` does one look or waits for one."""

    def __init__(
        self,
        slots: FrameSlots,
        schedule: LookSchedule,
        pipeline: Pipeline,
        clock: Clock,
        stop: threading.Event,
        turn: Turn | None = None,
        set_mode: SetMode = lambda _camera_id, _mode: None,
        note_look: NoteLook = unnoted,
        courtesy: Courtesy | None = None,
    ) -> None:
        """`turn` is the one that the detector gives up while it infers; `set_mode` tells a camera's stream its mode;
        `courtesy` is told when a thread has nothing to look at."""
        self._slots = slots
        self._schedule = schedule
        self._pipeline = pipeline
        self._clock = clock
        self._stop = stop
        self._turn = turn or Turn()
        self._set_mode = set_mode
        self._note_look = note_look
        self._courtesy = courtesy or Courtesy()
        self._motion = MotionWatch()
        self._in_flight: set[CameraId] = set()
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.failures = 0
        self.looks = 0
        """Looks begun and rounds waited: grows as long as the loop lives, for a watchdog."""

    def between_looks(self, change: Callable[[], None]) -> None:
        """Has `change` made by a look thread while no look is in flight: cameras, policies, the model."""
        self._changes.put(change)

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
        self.looks += 1
        puts = self._slots.puts
        with self._turn:
            is_free = self._make_changes()
            wait_s, frame = self._next() if is_free else (CHANGE_POLL_S, None)
            if frame is not None:
                try:
                    self._look(frame)
                finally:
                    frame.rest()
                return True
        with self._courtesy.idling():
            self._slots.wait(wait_s, puts)
        return False

    def _next(self) -> tuple[float, Frame | None]:
        """The frame to look at now, booked; or how long to wait for one."""
        now, now_s = self._clock.now(), self._clock.monotonic()
        for changed_id, is_attended in self._schedule.settle(now, now_s).items():
            self._set_mode(changed_id, LookMode.ATTENTION if is_attended else LookMode.PATROL)
        fresh = self._slots.waiting() - self._in_flight
        camera_id = self._schedule.choose(fresh, now_s, self._motion.moving())
        frame = None if camera_id is None else self._slots.take(camera_id)
        if camera_id is None or frame is None:
            return self._schedule.wait_s(now_s, IDLE_S), None
        self._schedule.looked(camera_id, now_s, (now - frame.captured_at).total_seconds())
        return 0.0, frame

    def _look(self, frame: Frame) -> None:
        """A camera that turns is not looked at meanwhile: what it shows has no place; nor is a damaged picture."""
        if frame.is_moving:
            return
        self._in_flight.add(frame.camera_id)
        try:
            with self._turn.lent():  # the others need not wait while it is decoded
                is_whole = frame.is_whole()
            if not is_whole:
                return
            self._motion.note(frame)
            events = self._pipeline.look(frame)
        finally:
            self._in_flight.discard(frame.camera_id)
        self._note_look(frame, (self._clock.now() - frame.captured_at).total_seconds())
        for event in events:
            say(event)

    def _make_changes(self) -> bool:
        """Makes what is waiting to be changed; False while looks in flight forbid it."""
        if self._changes.empty():
            return True
        if self._in_flight:
            return False
        while not self._changes.empty():
            self._changes.get()()
        return True
