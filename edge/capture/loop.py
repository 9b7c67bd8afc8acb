"""The life of one camera's thread: read until it breaks, back off, read again. One camera's failure stays its own."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from contract.clock import Clock
from contract.errors import PermanentError, TransientError
from contract.status import CameraState
from edge.backoff import Backoff
from edge.capture.port import Camera
from edge.values import Frame

LONGEST_WAIT_S = 15.0
"""Between two tries of a camera that is away: one that comes back is seen within 20 s."""

LONG_GONE_S = 86_400.0
LONG_GONE_WAIT_S = 60.0
"""After a day away it is a building site, not a hiccup."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CaptureHealth:
    """The camera's condition as its own thread knows it."""

    state: CameraState = CameraState.STARTING
    last_frame_at: datetime | None = None
    reason: str = ""


class CaptureLoop:
    """Runs `camera` into `put` until `stop`. `run` is a thread's target; `run_once` reads one session."""

    def __init__(
        self, camera: Camera, put: Callable[[Frame], None], clock: Clock, stop: threading.Event, repeats: bool
    ) -> None:
        """`repeats`: a source that ends by itself (a clip) starts again."""
        self._camera = camera
        self._put = put
        self._clock = clock
        self._stop = stop
        self._repeats = repeats
        self._backoff = Backoff(longest_s=LONGEST_WAIT_S)
        self._well_s = clock.monotonic()
        self.tries = 0
        self.frames = 0
        """Both only grow: a watchdog compares them."""
        self.health = CaptureHealth()

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self.run_once()
            except (TransientError, PermanentError) as error:
                # Even a file that can't be read may be replaced by one that can: the thread never gives up.
                self._fail(str(error))
                self._wait()
                continue
            except Exception:  # noqa: BLE001  # the thread's outermost loop: logged, counted, tried again
                self._fail("unexpected error, see the log")
                _log.exception("capture stopped unexpectedly; it starts again", camera_id=self._camera.camera_id)
                self._wait()
                continue
            if not self._repeats:
                self.health = replace(self.health, state=CameraState.ENDED)
                return

    def run_once(self) -> None:
        """Opens the camera and reads until it ends, breaks or the node stops."""
        self.tries += 1
        frames = self._camera.frames()
        try:
            for frame in frames:
                if self.health.state is not CameraState.LIVE:
                    _log.info("camera is live", camera_id=self._camera.camera_id, source=self._camera.name)
                self._backoff.reset()
                self._well_s = self._clock.monotonic()
                self.frames += 1
                self.health = CaptureHealth(CameraState.LIVE, frame.captured_at)
                self._put(frame)
                if self._stop.is_set():
                    return
        finally:
            close = getattr(frames, "close", None)
            if close is not None:
                close()

    def _wait(self) -> None:
        is_long_gone = self._clock.monotonic() - self._well_s > LONG_GONE_S
        self._backoff.longest_s = LONG_GONE_WAIT_S if is_long_gone else LONGEST_WAIT_S
        self._stop.wait(self._backoff.next_s())

    def _fail(self, reason: str) -> None:
        if self.health.reason != reason:
            _log.warning("camera failed; trying again", camera_id=self._camera.camera_id, reason=reason)
        self.health = replace(self.health, state=CameraState.FAILED, reason=reason[:300])
