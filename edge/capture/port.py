"""What the node asks of a camera, whatever it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Protocol

from contract.ids import CameraId
from edge.values import Frame


@dataclass(frozen=True, slots=True)
class CodedPacket:
    """One coded picture as the camera sent it. `pts` and `dts` count the stream's time base; cameras' clocks lie."""

    payload: bytes
    pts: int | None
    dts: int | None
    is_key: bool
    arrived_at: datetime


@dataclass(frozen=True, slots=True)
class CodedStream:
    """What a decoder or a muxer needs, and packets that begin with a key frame (or none at all).

    `codec` is libav's name (``h264``, ``hevc``); `extradata` its parameter sets, which may also stand in the packets.
    """

    codec: str
    extradata: bytes
    width_px: int
    height_px: int
    time_base: Fraction
    packets: tuple[CodedPacket, ...]


class CodedSource(Protocol):
    """Where evidence gets coded pictures from, whatever camera they come from."""

    def snapshot(self) -> CodedStream:
        """The newest whole groups of pictures, oldest first; any thread may ask."""
        ...


class Camera(Protocol):
    """A source of frames in capture-time order."""

    @property
    def camera_id(self) -> CameraId: ...

    @property
    def name(self) -> str:
        """What messages call the source; never holds a password."""
        ...

    def frames(self) -> Iterator[Frame]:
        """Opens the source and yields frames until it ends; closing the iterator closes the source.

        Raises:
            TransientError: the source is away or was cut; opening it again may help.
            PermanentError: it can't be read at all, or ended before its own end.
        """
        ...
