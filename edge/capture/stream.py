"""One camera's stream, live or a clip at its own pace: packets are kept, pictures decoded as the mode asks.

A frame's capture time is when its packet came: cameras' own clocks lie, jump and drift.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from contract.clock import Clock
from contract.errors import TransientError
from contract.ids import CameraId
from contract.status import LookMode
from edge.capture.decoding import Decoders, KeyFrames, RunningDecoder
from edge.capture.gop import GopBuffer
from edge.capture.intra import stands_alone
from edge.capture.key_picture import KeyPicture
from edge.capture.opening import reason
from edge.capture.picture import DecodedPicture
from edge.capture.port import CodedPacket
from edge.capture.rhythm import Rhythm
from edge.capture.streams import StreamState
from edge.capture.whole import WholeKeys
from edge.values import DecodeMode, Frame, Pixels

LONGEST_PAUSE_S = 1.0
"""A clip whose timestamps jump is not waited for longer than this."""

TICK = Fraction(1, 90_000)

Opener = Callable[[], InputContainer]


@dataclass(frozen=True, slots=True)
class Watching:
    """How a stream is looked at. `hwaccel` names a libav device; None is software."""

    patrol: DecodeMode = DecodeMode.KEY_FRAMES
    look_every_s: float = 2.0
    attention_every_s: float = 0.2
    hwaccel: str | None = None
    is_in_full: bool = False
    """Looks want the picture in full size, for its tiles."""
    is_paced: bool = False
    """A clip: packets are given when the clip's own time has come."""


class StreamCamera:
    """Frames of one stream. `state.mode` is followed from packet to packet."""

    def __init__(
        self,
        camera_id: CameraId,
        name: str,
        opener: Opener,
        watching: Watching,
        state: StreamState,
        clock: Clock,
    ) -> None:
        self._camera_id = camera_id
        self._name = name
        self._opener = opener
        self._watching = watching
        self._clock = clock
        self.state = state

    @property
    def camera_id(self) -> CameraId:
        return self._camera_id

    @property
    def name(self) -> str:
        return self._name

    def frames(self) -> Iterator[Frame]:
        with self._opener() as container:
            stream = container.streams.video[0]
            decoders = Decoders(stream, self._name, self._watching.hwaccel)
            begin_keeping(self.state.gop, stream)
            self.state.sessions += 1
            try:
                yield from self._read(container, stream, decoders)
            except (av.error.FFmpegError, OSError) as error:
                raise TransientError(f"{self._name}: the stream was cut ({reason(error)})") from None
        if not self._watching.is_paced:
            raise TransientError(f"{self._name}: the stream ended")

    def _read(self, container: InputContainer, stream: VideoStream, decoders: Decoders) -> Iterator[Frame]:
        keys, running, whole = KeyFrames(decoders), RunningDecoder(decoders), WholeKeys()
        rhythm = Rhythm(self._watching.look_every_s, self._clock.monotonic())
        pacer = Pacer(self._clock) if self._watching.is_paced else None
        next_due_s = float("-inf")
        index = 0
        for packet in container.demux(stream):
            if not packet.size:
                continue
            if pacer is not None:
                pacer.wait_for(packet)
            now_s = self._clock.monotonic()
            kept = keep(self.state.gop, packet, self._clock, whole)
            self._count(kept, keys.damaged + running.damaged)
            if keys.fault is not None:
                raise keys.fault
            rhythm.note(kept.is_key, now_s, _stamp_s(packet))
            self.state.is_dear = rhythm.is_long and self._watching.patrol is DecodeMode.KEY_FRAMES
            picture = self._picture(kept, whole.done, keys, running)
            if picture is None or now_s < next_due_s:
                continue
            # Half the look period: a look finds a frame at most that old.
            next_due_s = now_s + self._every_s() / 2
            self.state.pictures += 1
            yield Frame(self._camera_id, picture, kept.arrived_at, index)
            index += 1

    def _picture(
        self, packet: CodedPacket, key: CodedPacket | None, keys: KeyFrames, running: RunningDecoder
    ) -> Pixels | None:
        is_patrol = self.state.mode is LookMode.PATROL and self._watching.patrol is DecodeMode.KEY_FRAMES
        if is_patrol and not self.state.is_dear:
            running.rest()
            return None if key is None else KeyPicture(key, keys, not self._watching.is_in_full)
        picture = running.decode(packet, self.state.gop.newest_group())
        return None if picture is None else DecodedPicture(picture)

    def _every_s(self) -> float:
        watching = self._watching
        return watching.attention_every_s if self.state.mode is LookMode.ATTENTION else watching.look_every_s

    def _count(self, packet: CodedPacket, damaged: int) -> None:
        self.state.packets += 1
        self.state.damaged = damaged
        self.state.last_packet_at = packet.arrived_at


class Pacer:
    """Waits until a clip's own time has come; timestamps that jump, stand still or are missing pass at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due_s: float | None = None
        self._last_s: float | None = None

    def wait_for(self, packet: "av.Packet[VideoStream]") -> None:
        """Blocks until the packet would have been sent."""
        now_s = self._clock.monotonic()
        stamp_s = _stamp_s(packet)
        if self._due_s is None or stamp_s is None or self._last_s is None:
            self._due_s, self._last_s = now_s if self._due_s is None else self._due_s, stamp_s
            return
        step_s = stamp_s - self._last_s
        self._last_s = stamp_s
        self._due_s += step_s if 0 <= step_s <= LONGEST_PAUSE_S else 0.0
        self._clock.sleep(self._due_s - now_s)


def _stamp_s(packet: "av.Packet[VideoStream]") -> float | None:
    """The packet's own time, seconds from an origin of the camera's."""
    return None if packet.dts is None else float(packet.dts * packet.time_base)


def begin_keeping(gop: GopBuffer, stream: VideoStream) -> None:
    """Tells the buffer what the packets to come are."""
    codec = stream.codec_context
    gop.begin(codec.codec.name, bytes(codec.extradata or b""), codec.width, codec.height, stream.time_base or TICK)


def keep(gop: GopBuffer, packet: "av.Packet[VideoStream]", clock: Clock, whole: WholeKeys) -> CodedPacket:
    """Keeps the packet, stamped with the present, and gives it."""
    payload = bytes(packet)
    is_key = bool(packet.is_keyframe) and stands_alone(packet.stream.codec_context.name, payload)
    coded = whole.see(CodedPacket(payload, packet.pts, packet.dts, is_key, clock.now()))
    gop.add(coded)
    return coded
