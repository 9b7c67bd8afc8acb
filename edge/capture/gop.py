"""The newest groups of pictures of one stream, kept coded: attention, evidence and clips start from them at once.

A group begins with a key frame. Whole groups go when they are too old or too many bytes; a group that alone is over
the budget is dropped to its next key frame, since a decoder can't start in its middle.
"""

import threading
from collections import deque
from datetime import timedelta
from fractions import Fraction

from edge.capture.port import CodedPacket, CodedStream

MAX_BYTES = 4 * 1024 * 1024
"""Per camera. 1080p at 4 Mbit/s: eight seconds. More costs memory on every camera, less loses long groups."""

KEEP_S = 5.0
"""How far back whole groups are kept, as far as the bytes reach; clips' lead-up comes from here."""


class GopBuffer:
    """One camera's coded pictures. The camera's thread adds, any thread takes snapshots."""

    def __init__(self, keep_s: float = KEEP_S, max_bytes: int = MAX_BYTES) -> None:
        self._keep = timedelta(seconds=keep_s)
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._groups: deque[list[CodedPacket]] = deque()
        self._bytes = 0
        self._is_spilt = False
        self._stream = CodedStream("", b"", 0, 0, Fraction(1, 90_000), ())

    def begin(self, codec: str, extradata: bytes, width_px: int, height_px: int, time_base: Fraction) -> None:
        """A new session of the stream: what was kept belongs to another one and goes."""
        with self._lock:
            self._clear()
            self._stream = CodedStream(codec, extradata, width_px, height_px, time_base, ())

    def add(self, packet: CodedPacket) -> None:
        """Keeps one packet; packets before the first key frame are of no use and not kept."""
        with self._lock:
            if packet.is_key:
                self._is_spilt = False
                self._groups.append([])
            if self._is_spilt or not self._groups:
                return
            self._groups[-1].append(packet)
            self._bytes += len(packet.payload)
            self._shed(packet)

    def snapshot(self) -> CodedStream:
        """What is kept, beginning with a key frame; without packets if nothing usable is there."""
        with self._lock:
            packets = tuple(packet for group in self._groups for packet in group)
            stream = self._stream
        return CodedStream(stream.codec, stream.extradata, stream.width_px, stream.height_px, stream.time_base, packets)

    def newest_group(self) -> tuple[CodedPacket, ...]:
        """The group under way, from its key frame on."""
        with self._lock:
            return tuple(self._groups[-1]) if self._groups else ()

    def clear(self) -> None:
        """Forgets everything, as after a cut."""
        with self._lock:
            self._clear()

    def _shed(self, newest: CodedPacket) -> None:
        while len(self._groups) > 1 and (
            self._bytes > self._max_bytes or self._groups[1][0].arrived_at <= newest.arrived_at - self._keep
        ):
            self._bytes -= sum(len(packet.payload) for packet in self._groups.popleft())
        if self._bytes > self._max_bytes:
            self._clear()
            self._is_spilt = True

    def _clear(self) -> None:
        self._groups.clear()
        self._bytes = 0
        self._is_spilt = False
