"""What the rest of the node asks of a running stream, and what it tells it: mode, kept packets, counters.

One `StreamState` a camera. The camera's thread writes the counters; the look loop alone sets the mode.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from contract.ids import CameraId
from contract.status import LookMode
from edge.capture.gop import GopBuffer


@dataclass(slots=True)
class StreamState:
    """One camera's stream. Each field has one writer; numbers only grow, so that a watchdog can compare them."""

    mode: LookMode = LookMode.PATROL
    gop: GopBuffer = field(default_factory=GopBuffer)
    """Of the stream that is looked at."""
    main: GopBuffer | None = None
    """Of the big stream, where looks are taken from a small one."""
    is_dear: bool = False
    """Its groups of pictures are so long that every picture has to be decoded, in patrol too."""
    sessions: int = 0
    packets: int = 0
    pictures: int = 0
    damaged: int = 0
    last_packet_at: datetime | None = None

    @property
    def evidence(self) -> GopBuffer:
        """Where clips and large pictures come from."""
        return self.main or self.gop


class Streams:
    """All running streams of a node, by camera. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[CameraId, StreamState] = {}

    def begin(self, camera_id: CameraId, has_main: bool = False) -> StreamState:
        """A state of its own for a camera that is opened; an older one of that name is let go."""
        state = StreamState(main=GopBuffer() if has_main else None)
        with self._lock:
            self._states[camera_id] = state
        return state

    def forget(self, camera_id: CameraId) -> None:
        """A camera has left."""
        with self._lock:
            self._states.pop(camera_id, None)

    def of(self, camera_id: CameraId) -> StreamState | None:
        """The camera's state; None for sources that are no streams (the simulated street)."""
        with self._lock:
            return self._states.get(camera_id)

    def set_mode(self, camera_id: CameraId, mode: LookMode) -> None:
        """Called by the look loop; the camera's thread follows with its next packet."""
        state = self.of(camera_id)
        if state is not None:
            state.mode = mode
