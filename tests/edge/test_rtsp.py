"""Live streams from a real RTSP server: cut, silent, refused, and back again."""

import socket
import subprocess
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest
from structlog.testing import capture_logs

from contract.clock import SystemClock
from contract.errors import TransientError
from contract.ids import CameraId
from contract.status import CameraState
from edge.capture.key_picture import KeyPicture
from edge.capture.loop import CaptureLoop
from edge.capture.opening import open_stream
from edge.capture.stream import StreamCamera, Watching
from edge.capture.streams import StreamState
from edge.values import DecodeMode, Frame
from tests.edge.waiting import PATIENCE_S, until
from tests.faultproxy import FaultProxy
from tests.ports import free_port

SYSTEM_PYTHON = Path("/usr/bin/python3")
SERVER = Path(__file__).parent / "rtsp_server.py"
PASSWORD = "s3cret@/word"


@contextmanager
def rtsp_server(port: int, *credentials: str) -> Iterator[subprocess.Popen[str]]:
    """GStreamer's RTSP server with a test pattern at ``/street``."""
    command = [str(SYSTEM_PYTHON), str(SERVER), str(port), *credentials]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", "run `make test-deps`"
            yield process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def open_port() -> Iterator[int]:
    """A server that asks nobody's name."""
    port = free_port()
    with rtsp_server(port):
        yield port


@pytest.fixture(scope="module")
def guarded_port() -> Iterator[int]:
    port = free_port()
    with rtsp_server(port, "viewer", PASSWORD):
        yield port


def camera(
    port: int,
    credentials: str | None = None,
    path: str = "street",
    mode: DecodeMode = DecodeMode.ALL,
    every_s: float = 0.0,
    timeout_s: float = 8.0,
) -> StreamCamera:
    url = f"rtsp://127.0.0.1:{port}/{path}"
    return StreamCamera(
        CameraId("cam-1"),
        url,
        partial(open_stream, url, url, credentials, timeout_s),
        Watching(mode, every_s),
        StreamState(),
        SystemClock(),
    )


def first(source: StreamCamera, count: int) -> list[Frame]:
    frames = source.frames()
    try:
        return [next(frames) for _ in range(count)]
    finally:
        frames.close()  # type: ignore[attr-defined]  # a generator


def test_the_right_password_gives_frames_with_the_nodes_own_stamps(guarded_port: int) -> None:
    before = SystemClock().now()
    frames = first(camera(guarded_port, f"viewer:{PASSWORD}"), 4)
    assert {entry.image.shape for entry in frames} == {(180, 320, 3)}
    assert [entry.index for entry in frames] == [0, 1, 2, 3]
    stamps = [before, *(entry.captured_at for entry in frames), SystemClock().now()]
    assert stamps == sorted(stamps)


def test_key_frames_alone_come_and_none_is_left_out(open_port: int) -> None:
    """By the stamps of the stream: when they arrive a busy machine says."""
    one, other = (stamp_s(entry) for entry in first(camera(open_port, mode=DecodeMode.KEY_FRAMES), 2))
    assert other - one == pytest.approx(0.5, abs=0.02)


def stamp_s(entry: Frame) -> float:
    """The server's own time of a key frame; RTP counts in 1/90000 s."""
    assert isinstance(entry.pixels, KeyPicture)
    assert entry.pixels._packet.pts is not None
    return entry.pixels._packet.pts / 90_000


def test_a_stream_nobody_knows_is_said_as_such(open_port: int) -> None:
    with pytest.raises(TransientError, match="knows no such stream; check the path"):
        first(camera(open_port, path="nothing"), 1)


def test_a_camera_that_is_off_is_said_as_such() -> None:
    with pytest.raises(TransientError, match="is the camera on, the address right"):
        first(camera(free_port()), 1)


@pytest.mark.parametrize("credentials", [None, "viewer:wr0ng-word", f"other:{PASSWORD}"])
def test_a_refused_password_names_the_secret_and_shows_no_password(guarded_port: int, credentials: str | None) -> None:
    """Neither in the message nor in the log nor in a traceback of the whole chain of causes."""
    with pytest.raises(TransientError, match="check the camera's `secret`") as caught:
        first(camera(guarded_port, credentials), 1)
    stop = threading.Event()
    source = Reporting(camera(guarded_port, credentials), stop_at_failure=stop)
    with capture_logs() as logs:
        CaptureLoop(source, lambda _frame: None, SystemClock(), stop, repeats=True).run()
    shown = "".join(traceback.format_exception(caught.value)) + str(logs) + source.name + camera(guarded_port).name
    assert "secret" in shown
    for word in ("wr0ng", "s3cret", "s3cret%40"):
        assert word not in shown


class Reporting:
    """A camera whose failures can be waited for."""

    def __init__(self, inner: StreamCamera, stop_at_failure: threading.Event | None = None) -> None:
        self._inner = inner
        self._stop_at_failure = stop_at_failure
        self.failures: SimpleQueue[TransientError] = SimpleQueue()

    @property
    def camera_id(self) -> CameraId:
        return self._inner.camera_id

    @property
    def name(self) -> str:
        return self._inner.name

    def frames(self) -> Iterator[Frame]:
        try:
            yield from self._inner.frames()
        except TransientError as error:
            self.failures.put(error)
            if self._stop_at_failure is not None:
                self._stop_at_failure.set()
            raise


class Running:
    """A capture loop in its thread."""

    def __init__(self, source: StreamCamera) -> None:
        self.source = Reporting(source)
        self.frames: SimpleQueue[Frame] = SimpleQueue()
        self.stop = threading.Event()
        self.loop = CaptureLoop(self.source, self.frames.put, SystemClock(), self.stop, repeats=True)
        self._thread = threading.Thread(target=self.loop.run)

    def __enter__(self) -> "Running":
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop.set()
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()


def test_a_server_that_dies_is_waited_for_and_found_again() -> None:
    port = free_port()
    with capture_logs() as logs, rtsp_server(port) as server, Running(camera(port)) as running:
        before = running.frames.get(timeout=PATIENCE_S)
        server.kill()
        assert "the stream" in str(running.source.failures.get(timeout=PATIENCE_S))
        running.source.failures.get(timeout=PATIENCE_S)  # tried again while the server is away
        while not running.frames.empty():
            running.frames.get()
        with rtsp_server(port):
            after = running.frames.get(timeout=PATIENCE_S)
            assert after.captured_at > before.captured_at
            assert running.loop.health.state is CameraState.LIVE
    assert [entry["event"] for entry in logs if entry["event"] == "camera is live"] == ["camera is live"] * 2


def test_a_camera_that_accepts_and_never_answers_costs_only_itself(open_port: int) -> None:
    """The silent one fails within its timeout; the other one's frames keep coming meanwhile."""
    with socket.create_server(("127.0.0.1", 0)) as silent, capture_logs():
        begun = SystemClock().now()
        mute = Running(camera(silent.getsockname()[1], timeout_s=1.5))
        with Running(camera(open_port)) as lively, mute:
            failure = mute.source.failures.get(timeout=PATIENCE_S)
            assert "no stream" in str(failure)
            assert (SystemClock().now() - begun).total_seconds() < PATIENCE_S / 2, "by its own timeout, not by ours"
            seen_at = lively.frames.get(timeout=PATIENCE_S).captured_at
            assert lively.frames.get(timeout=PATIENCE_S).captured_at > seen_at
            assert lively.source.failures.empty()
            assert mute.frames.empty()


@pytest.fixture
def cable(open_port: int) -> Iterator[FaultProxy]:
    """The cable between a camera and the node."""
    proxy = FaultProxy(open_port)
    yield proxy
    proxy.close()


def test_a_camera_that_stops_in_mid_stream_without_closing_is_missed_and_found_again(
    open_port: int, cable: FaultProxy
) -> None:
    """The connection stays up and nothing comes: as when a camera hangs, or a switch forgets the line."""
    mode = DecodeMode.KEY_FRAMES
    with (
        capture_logs(),
        Running(camera(cable.port, mode=mode, timeout_s=2.0)) as still,
        Running(camera(open_port)) as other,
    ):
        still.frames.get(timeout=PATIENCE_S)
        stalled = SystemClock().now()
        cable.stall()
        assert "the stream was cut" in str(still.source.failures.get(timeout=PATIENCE_S))
        assert state_of(still) is CameraState.FAILED
        assert (SystemClock().now() - stalled).total_seconds() < PATIENCE_S / 2
        seen_at = newest(other).captured_at
        assert other.frames.get(timeout=PATIENCE_S).captured_at > seen_at
        assert other.source.failures.empty()
        cable.resume()
        until(lambda: newest(still).captured_at > stalled, "the camera is back")
        assert state_of(still) is CameraState.LIVE


def state_of(running: Running) -> CameraState:
    return running.loop.health.state


def newest(running: Running) -> Frame:
    """Of the frames that came so far; waits for one if none did."""
    frame = running.frames.get(timeout=PATIENCE_S)
    while not running.frames.empty():
        frame = running.frames.get()
    return frame
