"""Packets → pictures: key frames alone in patrol, everything in attention, and the way from one to the other.

In patrol a key frame waits coded until somebody looks, and is then decoded by itself in a decoder of its own: a camera
holds no decoder and no picture between looks (10 MB less at 1080p), and a look that is skipped costs no decoding.
Attention begins with the group that is under way.
"""

from collections.abc import Sequence

import av
import av.error
import structlog
from av.codec.context import Flags
from av.codec.hwaccel import HWAccel, hwdevices_available
from av.stream import Stream
from av.video.stream import VideoStream

from contract.errors import PermanentError, TransientError
from edge.capture.picture import MAX_PIXELS, DecodedPicture
from edge.capture.port import CodedPacket

QUICK_FROM_PX = 1280
"""From this width on a look shrinks the picture to half or less, and smoothing the coder's blocks is left out: 46 dB
between the two at 1080p, 3 ms of 22 saved. Smaller pictures are looked at as they are and would show their blocks."""

MAX_DAMAGED_IN_A_ROW = 250
"""Ten seconds at 25 a second: a decoder that gets nothing but damage is better off with a new connection."""

MAX_DAMAGED_KEYS = 5
"""The same where key frames alone are decoded: ten seconds at one every two."""

_log = structlog.get_logger(__name__)


class Decoders:
    """Opens decoders for one session's packets; any thread."""

    def __init__(self, stream: VideoStream, name: str, hwaccel: str | None = None) -> None:
        """`name` is what messages call the camera.

        Raises:
            PermanentError: the codec is not known here, or the pictures are too large.
        """
        codec = stream.codec_context
        if codec is None:
            raise PermanentError(f"{name}: its video codec is not supported here; set the camera to H.264 or H.265")
        if codec.width * codec.height > MAX_PIXELS:
            raise PermanentError(too_large(name, codec.width, codec.height))
        self.name = name
        self._codec = codec.codec.name
        self._extradata = codec.extradata
        self._size_px = codec.width, codec.height
        # Asked for by name: on boxes where the device is missing, software goes on and the log says so once a session.
        self._accelerator = _accelerator(hwaccel, name)

    @property
    def is_dear(self) -> bool:
        """A hardware device takes long to open: one decoder is then kept for the session."""
        return self._accelerator is not None

    @property
    def width_px(self) -> int:
        """Of the pictures, as the session announced them; 0 if it did not."""
        return self._size_px[0]

    def open(self, is_quick: bool = False) -> av.VideoCodecContext:
        """A decoder that has seen nothing; a quick one leaves blocks unsmoothed and is good for key frames alone.

        Raises:
            PermanentError: what is streamed is no video.
        """
        context = av.CodecContext.create(self._codec, "r", hwaccel=self._accelerator)
        if not isinstance(context, av.VideoCodecContext):
            raise PermanentError(f"{self.name}: {self._codec} is no video codec; check the address")
        if self._extradata is not None:
            context.extradata = self._extradata
        context.thread_count = 1
        context.flags |= Flags.low_delay
        context.options = {"max_pixels": str(MAX_PIXELS)} | ({"skip_loop_filter": "all"} if is_quick else {})
        if all(self._size_px):
            context.width, context.height = self._size_px
        return context


class KeyFrames:
    """One session's key frames, decoded one by one. `decode` on whichever thread looks, one at a time a camera."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self._kept = decoders.open() if decoders.is_dear else None
        self._damaged_in_a_row = 0
        self.damaged = 0
        self.fault: PermanentError | TransientError | None = None
        """Why the camera must be let go; its own thread raises it."""

    @property
    def can_be_quick(self) -> bool:
        """Whether a quick picture is good enough to look at."""
        return self._kept is None and self._decoders.width_px >= QUICK_FROM_PX

    def decode(self, packet: CodedPacket, is_quick: bool = False) -> DecodedPicture | None:
        """The key frame's own picture; None if it is damaged or too large."""
        context = self._kept or self._decoders.open(is_quick)
        try:
            pictures = [*context.decode(_coded(packet)), *context.decode(None)]
        except (av.error.InvalidDataError, av.error.EOFError):
            pictures = []
        size_px = (pictures[-1].width, pictures[-1].height) if pictures else (context.width, context.height)
        if self._kept is not None:
            context.flush_buffers()
        if size_px[0] * size_px[1] > MAX_PIXELS:
            self.fault = PermanentError(too_large(self._decoders.name, *size_px))
            return None
        if not pictures:
            self._note_damage()
            return None
        self._damaged_in_a_row = 0
        return DecodedPicture(pictures[-1])

    def _note_damage(self) -> None:
        self.damaged += 1
        self._damaged_in_a_row += 1
        if self._damaged_in_a_row >= MAX_DAMAGED_KEYS:
            self.fault = TransientError(f"{self._decoders.name}: nothing but damaged pictures; connecting anew")


class RunningDecoder:
    """Every picture of a stream, one after the other. Used by the camera's thread alone."""

    def __init__(self, decoders: Decoders) -> None:
        self._decoders = decoders
        self._context: av.VideoCodecContext | None = None
        self._damaged_in_a_row = 0
        self.damaged = 0

    def decode(self, packet: CodedPacket, group: Sequence[CodedPacket]) -> av.VideoFrame | None:
        """The newest picture; `group` is the one under way, `packet` included.

        Raises:
            PermanentError: its pictures are too large.
            TransientError: nothing but damage comes.
        """
        if self._context is not None:
            pictures = self._decode(self._context, packet)
        else:
            context = self._context = self._decoders.open()
            pictures = []
            for entry in group or (packet,):
                pictures = self._decode(context, entry) or pictures[-1:]  # never a whole group of pictures: 3 MB each
        return pictures[-1] if pictures else None

    def rest(self) -> None:
        """Gives the decoder's memory back; the next picture begins with its group."""
        self._context = None

    def _decode(self, context: av.VideoCodecContext, packet: CodedPacket) -> list[av.VideoFrame]:
        try:
            pictures = context.decode(_coded(packet))
        except av.error.InvalidDataError:
            self._note_damage(context)
            return []
        if pictures:
            self._damaged_in_a_row = 0
            self._check_size(pictures[-1].width, pictures[-1].height)
        return pictures

    def _note_damage(self, context: av.VideoCodecContext) -> None:
        """One damaged packet costs its own picture only; libav also says so of pictures beyond `max_pixels`."""
        self.damaged += 1
        self._damaged_in_a_row += 1
        self._check_size(context.width, context.height)
        if self._damaged_in_a_row >= MAX_DAMAGED_IN_A_ROW:
            raise TransientError(f"{self._decoders.name}: nothing but damaged pictures; connecting anew")

    def _check_size(self, width_px: int, height_px: int) -> None:
        if width_px * height_px > MAX_PIXELS:
            raise PermanentError(too_large(self._decoders.name, width_px, height_px))


def _coded(packet: CodedPacket) -> "av.Packet[Stream]":
    coded = av.Packet(packet.payload)
    coded.pts, coded.dts = packet.pts, packet.dts
    return coded


def too_large(name: str, width_px: int, height_px: int) -> str:
    """Why a picture is refused, and what to do."""
    return (
        f"{name}: pictures of {width_px}×{height_px} are larger than a node takes (4096×2304); "
        "lower the camera's resolution or name its small stream"
    )


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
