"""Streams packet by packet: patrol, attention, long groups, and everything cameras do wrong."""

from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contract.clock import SystemClock, VirtualClock
from contract.errors import PermanentError, TransientError
from contract.ids import CameraId
from contract.status import LookMode
from edge.camera_settings import CameraSettings
from edge.capture.choose import open_camera
from edge.capture.decoding import MAX_DAMAGED_KEYS, QUICK_FROM_PX, Decoders, KeyFrames
from edge.capture.intra import stands_alone
from edge.capture.key_picture import KeyPicture
from edge.capture.main_stream import MainStream, picture_at
from edge.capture.opening import open_clip
from edge.capture.picture import DecodedPicture, to_bgr
from edge.capture.port import CodedPacket
from edge.capture.rhythm import Rhythm
from edge.capture.stream import Pacer, StreamCamera, Watching
from edge.capture.streams import Streams, StreamState
from edge.values import DecodeMode, Frame
from tests.edge.coded import as_sent, coded
from tests.edge.fakes import CAM, T0, at, noise
from tests.edge.waiting import until

RATE = 10
SIZE = (160, 96)


def picture(number: int, width_px: int = SIZE[0], height_px: int = SIZE[1]) -> NDArray[np.uint8]:
    """A picture whose brightness says its number."""
    return np.full((height_px, width_px, 3), 20 + 4 * (number % 50), np.uint8)


def clip(
    path: Path,
    count: int,
    group: int,
    codec: str = "libx264",
    size: tuple[int, int] = SIZE,
    first: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """`count` numbered pictures, a key frame every `group`; a raw stream or a container, by the path's ending."""
    options = options or {"preset": "ultrafast", "tune": "zerolatency"}
    if codec == "libx265":
        options["x265-params"] = "log-level=none"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=RATE, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = *size, "yuv420p", group
        for number in range(count):
            shown = picture(first + number, *size)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def number_of(frame: Frame) -> int:
    return round((float(frame.image.mean()) - 17) / 4)


def camera(
    path: Path,
    state: StreamState,
    clock: VirtualClock,
    patrol: DecodeMode = DecodeMode.KEY_FRAMES,
    every_s: float = 0.0,
    hwaccel: str | None = None,
) -> StreamCamera:
    watching = Watching(patrol, every_s, 0.0, hwaccel, is_paced=True)
    return StreamCamera(CAM, str(path), partial(open_clip, path), watching, state, clock)


@pytest.mark.parametrize(("codec", "ending"), [("libx264", "mp4"), ("libx264", "ts"), ("libx265", "mp4")])
def test_patrol_sees_each_key_frame_the_moment_it_comes(tmp_path: Path, codec: str, ending: str) -> None:
    """And nothing else is decoded: the pictures between reach no decoder."""
    path, state, clock = clip(tmp_path / f"c.{ending}", 20, 5, codec), StreamState(), VirtualClock(T0)
    frames = list(camera(path, state, clock).frames())
    assert [number_of(frame) for frame in frames] == [0, 5, 10, 15]
    waits = [(frame.captured_at - frames[0].captured_at).total_seconds() for frame in frames]
    assert waits == pytest.approx([0, 0.5, 1.0, 1.5], abs=0.011)
    assert (state.packets, state.pictures, state.damaged) == (20, 4, 0)


def test_attention_starts_with_the_group_under_way_and_patrol_returns(tmp_path: Path) -> None:
    """No waiting for the next key frame: the first picture after the wish is the present one."""
    path, state, clock = clip(tmp_path / "c.mp4", 60, 20), StreamState(), VirtualClock(T0)
    seen = []
    frames = camera(path, state, clock).frames()
    seen.append(number_of(next(frames)))
    original = state.gop.add
    counted = 0

    def add(packet: object) -> None:
        nonlocal counted
        counted += 1
        original(packet)  # type: ignore[arg-type]
        state.mode = LookMode.ATTENTION if 7 <= counted < 30 else LookMode.PATROL

    state.gop.add = add  # type: ignore[method-assign]
    seen += [number_of(frame) for frame in frames]
    assert seen[0] == 0
    begun = seen[1]
    assert begun <= 8
    assert seen[1:-1] == list(range(begun, begun + len(seen) - 2))
    assert seen[-1] == 40


@pytest.mark.parametrize("group", [1000, 120])
def test_a_camera_with_long_groups_is_recognised_and_decoded_in_full(tmp_path: Path, group: int) -> None:
    path, state, clock = clip(tmp_path / "c.mp4", 150, group), StreamState(), VirtualClock(T0)
    frames = list(camera(path, state, clock, every_s=0.2).frames())
    assert state.is_dear
    late = [frame for frame in frames if frame.captured_at > at(5.2)]
    assert len(late) > 40
    gaps = [(b.captured_at - a.captured_at).total_seconds() for a, b in pairwise(late)]
    assert max(gaps) <= 0.25


@pytest.mark.parametrize("ending", ["ts", "mp4"])
def test_a_camera_with_intra_refresh_is_recognised_and_its_pictures_are_whole(tmp_path: Path, ending: str) -> None:
    """libav marks key frames in it that are none: decoded alone they give nothing."""
    path, state = tmp_path / f"refresh.{ending}", StreamState()
    options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "intra-refresh=1:keyint=10"}
    clip(path, 150, 10, options=options)
    frames = list(camera(path, state, VirtualClock(T0), every_s=0.2).frames())
    late = [frame for frame in frames if frame.captured_at > at(5.2)]
    assert state.is_dear
    assert len(late) > 40
    assert state.damaged == 0
    assert [number_of(frame) for frame in late[-5:]] == sorted({number_of(frame) for frame in late[-5:]})
    assert all(float(frame.image.std()) < 3 for frame in late), "no half pictures"


def test_whole_pictures_stand_alone_whatever_they_are_called() -> None:
    for stream in (coded(), as_sent(coded())):
        keys = [packet for packet in stream.packets if packet.is_key]
        assert all(stands_alone("h264", key.payload) for key in keys)
        others = [packet for packet in stream.packets if not packet.is_key]
        assert not any(stands_alone("h264", other.payload) for other in others)
    assert stands_alone("hevc", b"anything")
    assert stands_alone("h264", b"")


def test_a_camera_is_trusted_again_after_short_groups() -> None:
    rhythm = Rhythm(2.0, 0.0)
    for second in range(8):
        rhythm.note(second == 0, float(second), float(second))
    assert rhythm.is_long
    for second in range(8, 15):
        rhythm.note(second % 2 == 0, float(second), float(second))
    assert not rhythm.is_long
    assert rhythm.key_every_s == 2.0


def test_a_busy_machine_or_a_fast_clock_makes_no_camera_dear() -> None:
    """Packets read seven seconds late, or stamps that run four times too fast: the groups are short all the same."""
    late, fast = Rhythm(2.0, 0.0), Rhythm(2.0, 0.0)
    for number in range(40):
        late.note(number % 2 == 0, number * 7.0, float(number))
        fast.note(number % 8 == 0, number * 0.25, number * 1.0)
    assert not late.is_long
    assert not fast.is_long


def test_a_resolution_that_changes_in_mid_stream_is_followed(tmp_path: Path) -> None:
    small = clip(tmp_path / "a.h264", 10, 5)
    large = clip(tmp_path / "b.h264", 10, 5, size=(320, 192), first=10)
    path = tmp_path / "both.h264"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    for mode in (DecodeMode.KEY_FRAMES, DecodeMode.ALL):
        frames = list(camera(path, StreamState(), VirtualClock(T0), mode).frames())
        assert {frame.image.shape for frame in frames} == {(96, 160, 3), (192, 320, 3)}
        assert frames[-1].fitted(64, 64).shape == (38, 64, 3)


def test_corrupt_packets_cost_their_own_pictures_only(tmp_path: Path) -> None:
    clean = clip(tmp_path / "c.h264", 45, 10)
    content = bytearray(clean.read_bytes())
    third = len(content) // 3
    content[third : third + 60] = bytes(noise(1).reshape(-1)[:60])
    path = tmp_path / "torn.h264"
    path.write_bytes(bytes(content))
    frames = [frame for frame in camera(path, StreamState(), VirtualClock(T0)).frames() if frame.is_whole()]
    assert 3 <= len(frames) <= 6
    assert number_of(frames[-1]) == 40


def key_frames(path: Path) -> KeyFrames:
    with av.open(str(path)) as container:
        return KeyFrames(Decoders(container.streams.video[0], "clip"))


def test_a_key_frame_waits_coded_and_is_decoded_once_when_somebody_looks(tmp_path: Path) -> None:
    path = clip(tmp_path / "c.mp4", 20, 5)
    frames = list(camera(path, StreamState(), VirtualClock(T0)).frames())
    assert all(isinstance(frame.pixels, KeyPicture) for frame in frames)
    assert frames[1].is_whole()
    assert frames[1].image is frames[1].image


def test_a_picture_that_was_looked_at_gives_its_memory_back_and_can_be_looked_at_again(tmp_path: Path) -> None:
    path = clip(tmp_path / "c.mp4", 4, 2)
    frame = next(iter(camera(path, StreamState(), VirtualClock(T0)).frames()))
    seen = frame.image
    frame.rest()
    assert isinstance(frame.pixels, KeyPicture)
    assert frame.pixels.is_resting
    assert np.array_equal(frame.image, seen)
    running = next(iter(camera(path, StreamState(), VirtualClock(T0), DecodeMode.ALL).frames()))
    seen = running.image
    assert running.image is seen
    running.rest()
    assert running.image is not seen
    assert np.array_equal(running.image, seen)


class NotingDecoders(Decoders):
    """Remembers which decoders were opened: quick ones or others."""

    def __init__(self, stream: VideoStream) -> None:
        super().__init__(stream, "clip")
        self.opened: list[bool] = []

    def open(self, is_quick: bool = False) -> av.VideoCodecContext:
        self.opened.append(is_quick)
        return super().open(is_quick)


def key_picture(path: Path) -> tuple[KeyPicture, NotingDecoders]:
    """The first key frame of a clip, coded."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoders = NotingDecoders(stream)
        first = bytes(next(packet for packet in container.demux(stream) if packet.size))
        return KeyPicture(CodedPacket(first, 0, 0, True, T0), KeyFrames(decoders)), decoders


def test_large_pictures_are_decoded_quickly_for_looks_and_in_full_for_evidence(tmp_path: Path) -> None:
    large, decoders = key_picture(clip(tmp_path / "large.mp4", 1, 1, size=(QUICK_FROM_PX, 720)))
    quick = large.fitted(640, 360)
    assert decoders.opened == [True]
    full = large.bgr()
    assert large.bgr() is full
    assert decoders.opened == [True, False]
    assert np.abs(cv2.resize(full, (640, 360)).astype(int) - quick).mean() < 2
    large.rest()
    assert np.array_equal(large.bgr(), full)
    assert decoders.opened == [True, False, False]


def test_small_pictures_are_never_decoded_quickly_since_they_would_show_their_blocks(tmp_path: Path) -> None:
    small, decoders = key_picture(clip(tmp_path / "small.mp4", 1, 1))
    assert small.fitted(640, 360).shape == (SIZE[1], SIZE[0], 3)
    assert decoders.opened == [False]


def test_a_camera_that_sends_nothing_but_damage_is_let_go(tmp_path: Path) -> None:
    keys = key_frames(clip(tmp_path / "c.h264", 2, 1))
    pictures = [KeyPicture(CodedPacket(b"\0\0\0\1no", None, None, True, T0), keys) for _ in range(MAX_DAMAGED_KEYS)]
    assert keys.fault is None
    assert not any(picture.is_whole() for picture in pictures)
    assert isinstance(keys.fault, TransientError)
    with pytest.raises(TransientError, match="damaged"):
        pictures[0].bgr()


def test_an_8k_camera_is_refused_with_the_remedy_before_its_pictures_fill_the_memory(tmp_path: Path) -> None:
    path = clip(tmp_path / "8k.mp4", 1, 1, size=(7680, 4320))
    with pytest.raises(PermanentError, match=r"7680×4320 are larger than a node takes.*small stream"):
        list(camera(path, StreamState(), VirtualClock(T0)).frames())


def test_a_camera_that_changes_to_8k_in_mid_stream_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "both.h264"
    small, large = clip(tmp_path / "a.h264", 3, 1), clip(tmp_path / "b.h264", 2, 1, size=(7680, 4320))
    path.write_bytes(small.read_bytes() + large.read_bytes())
    seen = []
    with pytest.raises(PermanentError, match="larger than a node takes"):
        seen += [frame.is_whole() for frame in camera(path, StreamState(), VirtualClock(T0)).frames()]


@pytest.mark.parametrize("hwaccel", ["vaapi", "nosuchdevice"])
def test_hardware_that_is_missing_falls_back_to_software_and_says_so(tmp_path: Path, hwaccel: str) -> None:
    path = clip(tmp_path / "c.mp4", 4, 2)
    with capture_logs() as logs:
        frames = list(camera(path, StreamState(), VirtualClock(T0), hwaccel=hwaccel).frames())
    assert [number_of(frame) for frame in frames] == [0, 2]
    assert [entry["hwaccel"] for entry in logs if entry["log_level"] == "warning"] == [hwaccel]


class Stamped:
    """A packet as far as the pacer looks."""

    def __init__(self, second: float | None) -> None:
        self.dts = None if second is None else round(second * 1000)
        self.time_base = 0.001


@pytest.mark.parametrize(
    ("stamps", "expected_s"),
    [
        ([0, 0.1, 0.2], 0.2),
        ([0, 0.1, 5000.0, 5000.1], 0.2),  # a jump ahead is not waited for
        ([90, 90.1, 3.0, 3.1], 0.2),  # a clock that was set back neither
        ([0, None, 0.1], 0.0),
    ],
)
def test_a_clip_whose_timestamps_jump_plays_on(stamps: list[float | None], expected_s: float) -> None:
    clock = VirtualClock(T0)
    pacer = Pacer(clock)
    for stamp in stamps:
        pacer.wait_for(Stamped(stamp))  # type: ignore[arg-type]
    assert clock.monotonic() == pytest.approx(expected_s)


def test_the_picture_at_the_models_size_is_the_one_that_full_size_would_give(tmp_path: Path) -> None:
    import cv2

    path = tmp_path / "c.mp4"
    shown = cv2.GaussianBlur(noise(3, 640, 360), (0, 0), 6)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(np.asarray(shown, np.uint8), format="bgr24")))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        decoded = next(container.decode(video=0))
    small = DecodedPicture(decoded).fitted(320, 192).astype(float)
    scaled = np.asarray(cv2.resize(to_bgr(decoded), (320, 180)), float)
    assert small.shape == (180, 320, 3)
    assert np.abs(small - scaled).mean() < 2.0


def test_the_big_stream_is_kept_coded_and_decoded_when_evidence_asks(tmp_path: Path) -> None:
    path = clip(tmp_path / "main.mp4", 20, 10)
    streams = Streams()
    state = streams.begin(CAM, has_main=True)
    assert state.main is not None
    asked: list[NDArray[np.uint8]] = []

    def look_while_open() -> bool:
        if len(state.evidence.snapshot().packets) == 17:
            asked.append(picture_at(state.evidence.snapshot(), at(100)))
        return False

    main = MainStream(CAM, "main", partial(open_clip, path), state.main, VirtualClock(T0), look_while_open)
    with pytest.raises(TransientError, match="the stream ended"):
        list(main.frames())
    assert round((float(asked[0].mean()) - 17) / 4) == 16
    assert state.evidence.snapshot().packets == ()
    with pytest.raises(PermanentError, match="is it connected"):
        picture_at(state.evidence.snapshot(), at(100))


def test_streams_are_found_by_camera_and_let_go() -> None:
    streams = Streams()
    state = streams.begin(CAM)
    streams.set_mode(CAM, LookMode.ATTENTION)
    streams.set_mode(CameraId("nobody"), LookMode.ATTENTION)
    assert state.mode is LookMode.ATTENTION
    streams.forget(CAM)
    assert streams.of(CAM) is None


def test_looks_come_from_the_small_stream_and_evidence_from_the_big_one(tmp_path: Path) -> None:
    small, big = clip(tmp_path / "sub.mp4", 4, 2), clip(tmp_path / "main.mp4", 4, 2, size=(320, 192))
    settings = CameraSettings.model_validate(
        {"camera_id": "cam-1", "source": str(big), "sub_source": str(small), "decode": "all"}
    )
    streams = Streams()
    camera, _ = open_camera(settings, SystemClock(), T0, streams)
    state = streams.of(CAM)
    assert state is not None
    seen: list[int] = []
    gop = state.evidence
    begin = gop.begin

    def begun(codec: str, extradata: bytes, width_px: int, height_px: int, time_base: Fraction) -> None:
        seen.append(width_px)
        begin(codec, extradata, width_px, height_px, time_base)

    gop.begin = begun  # type: ignore[method-assign]
    frames = camera.frames()
    first = next(frames)
    until(lambda: bool(seen), "the big stream was opened")
    frames.close()  # type: ignore[attr-defined]  # a generator
    assert first.image.shape == (96, 160, 3)
    assert seen[0] == 320
