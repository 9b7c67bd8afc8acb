"""The newest frame of each camera: a slow consumer sees the present, never a queue of the past."""

import threading

from contract.ids import CameraId
from edge.values import Frame


class FrameSlots:
    """One slot a camera, one condition for all: capture threads put, the look loop takes. Thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._frames: dict[CameraId, Frame] = {}
        self._drops: dict[CameraId, int] = {}
        self._is_closed = False
        self.puts = 0
        """Grows with every frame; see `wait`."""

    def put(self, frame: Frame) -> None:
        """Replaces the camera's frame; an untaken one is dropped and counted."""
        with self._condition:
            if frame.camera_id in self._frames:
                self._drops[frame.camera_id] = self._drops.get(frame.camera_id, 0) + 1
            self._frames[frame.camera_id] = frame
            self.puts += 1
            self._condition.notify_all()

    def take(self, camera_id: CameraId) -> Frame | None:
        """The camera's newest frame, once."""
        with self._condition:
            return self._frames.pop(camera_id, None)

    def forget(self, camera_id: CameraId) -> None:
        """Drops what a camera that left has put."""
        with self._condition:
            self._frames.pop(camera_id, None)
            self._drops.pop(camera_id, None)

    def waiting(self) -> frozenset[CameraId]:
        """Cameras with a frame nobody has taken."""
        with self._condition:
            return frozenset(self._frames)

    def wait(self, timeout_s: float, puts: int | None = None) -> None:
        """Returns when a frame arrives, the slots close, or after `timeout_s`.

        With `puts`, as read before looking for a frame: at once if one has come since.
        """
        with self._condition:
            if not self._is_closed and puts in (None, self.puts):
                self._condition.wait(timeout_s)

    def close(self) -> None:
        """Wakes whoever waits."""
        with self._condition:
            self._is_closed = True
            self._condition.notify_all()

    def drops(self, camera_id: CameraId) -> int:
        """Frames replaced before anyone looked."""
        with self._condition:
            return self._drops.get(camera_id, 0)
