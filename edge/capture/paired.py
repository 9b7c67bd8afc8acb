"""A camera with two streams: looks from the small one, and the big one kept beside for evidence.

The big stream has a thread of its own that lives as long as the small one is read. If it is away, looks go on and
evidence is as large as the small stream's pictures.
"""

import threading
from collections.abc import Callable, Iterator

from contract.clock import Clock
from contract.ids import CameraId
from edge.capture.loop import CaptureLoop
from edge.capture.main_stream import MainStream
from edge.capture.port import Camera
from edge.values import Frame

OpenMain = Callable[[Callable[[], bool]], MainStream]
"""Given what says that it should stop, the big stream."""


class PairedCamera:
    """`small`'s frames, with the big stream read meanwhile."""

    def __init__(self, small: Camera, open_main: OpenMain, clock: Clock) -> None:
        self._small = small
        self._open_main = open_main
        self._clock = clock

    @property
    def camera_id(self) -> CameraId:
        return self._small.camera_id

    @property
    def name(self) -> str:
        return self._small.name

    def frames(self) -> Iterator[Frame]:
        stop = threading.Event()
        loop = CaptureLoop(self._open_main(stop.is_set), _ignore, self._clock, stop, repeats=True)
        thread = threading.Thread(target=loop.run, name=f"main-{self.camera_id}", daemon=True)
        thread.start()
        try:
            yield from self._small.frames()
        finally:
            stop.set()  # its thread ends with its next packet; waiting for it would hold up the small stream


def _ignore(_frame: Frame) -> None:
    """The big stream gives no frames."""
