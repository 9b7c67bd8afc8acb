"""A clip played at its own speed, stamped with the present: how `run` uses a file as a camera."""

from collections.abc import Iterator
from dataclasses import replace

from contract.clock import Clock
from contract.ids import CameraId
from edge.capture.port import Camera
from edge.values import Frame


class PacedCamera:
    """The frames of `camera`, each given when the clip's own time has passed, with the clock's time as capture time."""

    def __init__(self, camera: Camera, clock: Clock) -> None:
        self._camera = camera
        self._clock = clock

    @property
    def camera_id(self) -> CameraId:
        return self._camera.camera_id

    @property
    def name(self) -> str:
        return self._camera.name

    def frames(self) -> Iterator[Frame]:
        started_s = self._clock.monotonic()
        first_at = None
        for frame in self._camera.frames():
            first_at = first_at or frame.captured_at
            position_s = (frame.captured_at - first_at).total_seconds()
            self._clock.sleep(position_s - (self._clock.monotonic() - started_s))
            yield replace(frame, captured_at=self._clock.now())
