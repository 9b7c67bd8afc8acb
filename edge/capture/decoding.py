"""Packets → pictures: key frames alone in patrol, everything in attention, and the way from one to the other.

In patrol a key frame is decoded by itself and the decoder emptied at once: its picture is there without waiting for
the next one, and no other packet ever reaches the decoder. Attention begins with the group that is under way.
"""

from collections.abc import Sequence

import av
import av.error
import structlog
from av.codec.context import Flags
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.video.stream import VideoStream

from contract.errors import PermanentError, TransientError
from edge.capture.picture import MAX_PIXELS
from edge.capture.port import CodedPacket

MAX_DAMAGED_IN_A_ROW = 250
"""Ten seconds at 25 a second: a decoder that gets nothing but damage is better off with a new connection."""

_log = structlog.get_logger(__name__)


class Decoding:
    """One session's decoder. Used by the camera's thread alone."""

    def __init__(self, stream: VideoStream, name: str, hwaccel: str | None = None) -> None:
        """`name` is what messages call the camera.

        Raises:
            PermanentError: the codec is not known here, or the pictures are too large.
        """
        self._name = name
        self._context = _open_context(stream, name, hwaccel)
        self._is_running = False
        self._damaged_in_a_row = 0
        self.damaged = 0

    def key_alone(self, packet: CodedPacket) -> av.VideoFrame | None:
        """The key frame's own picture; None if it is damaged."""
        self._restart()
        pictures = [*self._decode(packet), *self._drain()]
        self._restart()
        self._is_running = False
        return pictures[-1] if pictures else None

    def running(self, packet: CodedPacket, group: Sequence[CodedPacket]) -> av.VideoFrame | None:
        """The newest picture of a stream that is decoded in full; `group` is the one under way, `packet` included."""
        if self._is_running:
            pictures = self._decode(packet)
        else:
            self._restart()
            pictures = []
            for entry in group or (packet,):
                pictures = self._decode(entry) or pictures[-1:]  # never a whole group of pictures: 3 MB each
            self._is_running = True
        return pictures[-1] if pictures else None

    def _restart(self) -> None:
        self._context.flush_buffers()

    def _decode(self, packet: CodedPacket) -> list[av.VideoFrame]:
        coded = av.Packet(packet.payload)
        coded.pts, coded.dts = packet.pts, packet.dts
        try:
            pictures = self._context.decode(coded)
        except av.error.InvalidDataError:
            self._note_damage()
            return []
        if pictures:
            self._damaged_in_a_row = 0
            self._check_size(pictures[-1])
        return pictures

    def _drain(self) -> list[av.VideoFrame]:
        try:
            return self._context.decode(None)
        except (av.error.InvalidDataError, av.error.EOFError):
            return []

    def _note_damage(self) -> None:
        """One damaged packet costs its own picture only; libav also says so of pictures beyond `max_pixels`."""
        self.damaged += 1
        self._damaged_in_a_row += 1
        if self._context.width * self._context.height > MAX_PIXELS:
            raise PermanentError(too_large(self._name, self._context.width, self._context.height))
        if self._damaged_in_a_row >= MAX_DAMAGED_IN_A_ROW:
            raise TransientError(f"{self._name}: nothing but damaged pictures; connecting anew")

    def _check_size(self, picture: av.VideoFrame) -> None:
        if picture.width * picture.height > MAX_PIXELS:
            raise PermanentError(too_large(self._name, picture.width, picture.height))


def too_large(name: str, width_px: int, height_px: int) -> str:
    """Why a picture is refused, and what to do."""
    return (
        f"{name}: pictures of {width_px}×{height_px} are larger than a node takes (4096×2304); "
        "lower the camera's resolution or name its small stream"
    )


def _open_context(stream: VideoStream, name: str, hwaccel: str | None) -> av.VideoCodecContext:
    codec = stream.codec_context
    if codec is None:
        raise PermanentError(f"{name}: its video codec is not supported here; set the camera to H.264 or H.265")
    if codec.width * codec.height > MAX_PIXELS:
        raise PermanentError(too_large(name, codec.width, codec.height))
    # Asked for by name: on boxes where the device is missing, software goes on and the log says so once a session.
    context = av.CodecContext.create(codec.codec.name, "r", hwaccel=_accelerator(hwaccel, name))
    if not isinstance(context, av.VideoCodecContext):
        raise PermanentError(f"{name}: {codec.codec.name} is no video codec; check the address")
    if codec.extradata is not None:
        context.extradata = codec.extradata
    context.thread_count = 1
    context.flags |= Flags.low_delay
    context.options = {"max_pixels": str(MAX_PIXELS)}
    if codec.width and codec.height:
        context.width, context.height = codec.width, codec.height
    return context


def _accelerator(kind: str | None, name: str) -> HWAccel | None:
    if kind is None:
        return None
    if kind not in hwdevices_available():
        _log.warning("no such hardware decoder here; software decodes", camera=name, hwaccel=kind)
        return None
    try:
        return HWAccel(kind, allow_software_fallback=True)
    except (av.error.FFmpegError, RuntimeError, OSError) as error:
        _log.warning("hardware decoder can't be used; software decodes", camera=name, hwaccel=kind, reason=str(error))
        return None
