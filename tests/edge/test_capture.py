"""Slots, paced clips, and the life of one camera's thread."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contract.clock import VirtualClock
from contract.errors import PermanentError, TransientError
from contract.ids import CameraId
from contract.status import CameraState, CameraStatus
from edge.capture.loop import CaptureLoop
from edge.capture.paced import PacedCamera
from edge.capture.slot import FrameSlots
from edge.capture.synthetic import SyntheticCamera, parse_scene
from edge.values import Frame
from tests.edge.fakes import CAM, T0, ScriptedCamera, at, frame
from tests.edge.waiting import PATIENCE_S, until

OTHER = CameraId("cam-2")


def test_a_slow_consumer_sees_the_present() -> None:
    slots = FrameSlots()
    for second in range(5):
        slots.put(frame(second))
    slots.put(frame(9, OTHER))
    taken = slots.take(CAM)
    assert taken is not None
    assert taken.captured_at == at(4)
    assert slots.take(CAM) is None
    assert slots.waiting() == {OTHER}
    assert (slots.drops(CAM), slots.drops(OTHER)) == (4, 0)


@given(st.lists(st.tuples(st.sampled_from([CAM, OTHER]), st.booleans()), max_size=60))
def test_every_frame_is_taken_dropped_or_waiting(steps: list[tuple[CameraId, bool]]) -> None:
    slots = FrameSlots()
    puts, takes = {CAM: 0, OTHER: 0}, {CAM: 0, OTHER: 0}
    for number, (camera_id, is_put) in enumerate(steps):
        if is_put:
            slots.put(frame(number, camera_id))
            puts[camera_id] += 1
        elif (taken := slots.take(camera_id)) is not None:
            assert taken.camera_id == camera_id
            takes[camera_id] += 1
    for camera_id in (CAM, OTHER):
        assert puts[camera_id] == takes[camera_id] + slots.drops(camera_id) + (camera_id in slots.waiting())


def test_a_frame_and_the_end_wake_whoever_waits() -> None:
    slots = FrameSlots()
    wakes: list[Callable[[], None]] = [lambda: slots.put(frame(0)), slots.close]
    for wake in wakes:
        is_waiting, is_awake = threading.Event(), threading.Event()

        def wait(waiting: threading.Event = is_waiting, awake: threading.Event = is_awake) -> None:
            waiting.set()
            slots.wait(60)
            awake.set()

        thread = threading.Thread(target=wait)
        thread.start()
        assert is_waiting.wait(PATIENCE_S)
        while not is_awake.wait(0.01):  # the bell may ring just before the waiter lies down
            wake()
        thread.join(PATIENCE_S)
    slots.wait(60)  # once closed, nobody waits


def test_a_clip_is_played_at_its_own_speed_with_the_presents_stamps() -> None:
    """A clip of 2020 played today: the clock passes as the clip does, and stamps are the clock's."""
    clock = VirtualClock(T0)
    old = [Frame(CAM, frame(0).image, T0 - timedelta(days=2000) + timedelta(seconds=s), 0) for s in (0, 0.4, 2.0)]
    played = list(PacedCamera(ScriptedCamera(CAM, old), clock).frames())
    assert [entry.captured_at for entry in played] == [at(0), at(0.4), at(2.0)]
    assert clock.monotonic() == 2.0


def test_a_slow_consumer_does_not_make_a_clip_run_late() -> None:
    clock = VirtualClock(T0)
    stamps = []
    for entry in PacedCamera(ScriptedCamera(CAM, [frame(s) for s in range(4)]), clock).frames():
        stamps.append(entry.captured_at)
        clock.sleep(0.7)
    assert stamps == [at(0), at(1), at(2), at(3)]


def test_a_rendered_camera_shows_the_streets_time_at_its_own_pace() -> None:
    clock = VirtualClock(T0)
    world, pose = parse_scene("scene:demo/cam-1")
    frames = SyntheticCamera(CAM, world, pose, T0, 2.0, clock).frames()
    first, second = next(frames), next(frames)
    assert (first.captured_at, second.captured_at) == (at(0), at(2))
    assert first.image.shape == (360, 640, 3)
    assert (first.image != second.image).any()


class Watched:
    """A capture loop over a scripted camera whose stop is set once the script has been played."""

    def __init__(self, camera: ScriptedCamera, repeats: bool = True, stop_after: int = 10**6) -> None:
        self.stop = threading.Event()
        self.frames: list[Frame] = []
        self._stop_after = stop_after
        self.loop = CaptureLoop(camera, self._put, VirtualClock(T0), self.stop, repeats)

    def _put(self, entry: Frame) -> None:
        self.frames.append(entry)
        if len(self.frames) >= self._stop_after:
            self.stop.set()


def test_a_cut_stream_is_opened_again() -> None:
    camera = ScriptedCamera(CAM, [frame(0), TransientError("cut")], [frame(1), PermanentError("bad file")], [frame(2)])
    watched = Watched(camera, stop_after=3)
    with capture_logs() as logs:
        watched.loop.run()
    assert [entry.captured_at for entry in watched.frames] == [at(0), at(1), at(2)]
    assert (camera.opened, camera.closed) == (3, 3)
    assert watched.loop.health.state is CameraState.LIVE
    assert watched.loop.health.reason == ""
    reasons = [entry["reason"] for entry in logs if entry["log_level"] == "warning"]
    assert reasons == ["cut", "bad file"]


def test_an_adapters_own_mistake_is_logged_and_survived() -> None:
    camera = ScriptedCamera(CAM, [ZeroDivisionError("a bug")], [frame(0)])
    watched = Watched(camera, stop_after=1)
    with capture_logs() as logs:
        watched.loop.run()
    assert len(watched.frames) == 1
    (error,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert error["exc_info"]
    assert error["camera_id"] == CAM


def test_a_camera_that_stays_away_is_said_once_and_never_given_up() -> None:
    """The reason stands in the health while it is away; the log has it once, not once a minute."""
    camera = ScriptedCamera(CAM, [frame(0), TransientError("away")], [TransientError("away")], [frame(1)])
    watched = Watched(camera, stop_after=2)
    with capture_logs() as logs:
        watched.loop.run()
    assert camera.opened == 3
    assert [entry["reason"] for entry in logs if entry["log_level"] == "warning"] == ["away"]


class Waits(threading.Event):
    """Waits that pass at once on a virtual clock and are written down; the node stops after `most`."""

    def __init__(self, clock: VirtualClock, most: int) -> None:
        super().__init__()
        self._clock = clock
        self._most = most
        self.waits_s: list[tuple[float, float]] = []
        """(seconds since the start, length) of each wait."""

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits_s.append((self._clock.monotonic(), timeout))
        self._clock.sleep(timeout)
        if len(self.waits_s) >= self._most:
            self.set()
        return self.is_set()


def test_a_camera_is_tried_every_fifteen_seconds_and_after_a_day_away_every_minute() -> None:
    clock = VirtualClock(T0)
    stop = Waits(clock, 9000)
    with capture_logs():
        CaptureLoop(Unreachable(CAM), lambda _frame: None, clock, stop, repeats=True).run()
    within = [wait_s for at_s, wait_s in stop.waits_s if at_s < 86_400]
    after = [wait_s for at_s, wait_s in stop.waits_s if at_s > 86_400 + 120]
    assert within[0] <= 1
    assert 7 < max(within) <= 15
    assert 30 <= max(after) <= 60
    assert len(set(within)) > len(within) / 2, "they are jittered"


class Unreachable(ScriptedCamera):
    """Nobody answers."""

    def frames(self) -> Iterator[Frame]:
        raise TransientError("away")


def test_a_clip_that_is_not_repeated_ends() -> None:
    watched = Watched(ScriptedCamera(CAM, [frame(0), frame(1)]), repeats=False)
    watched.loop.run()
    assert len(watched.frames) == 2
    assert watched.loop.health.state is CameraState.ENDED


def test_stopping_closes_the_camera() -> None:
    camera = ScriptedCamera(CAM, [frame(second) for second in range(100)])
    watched = Watched(camera, stop_after=2)
    watched.loop.run()
    assert len(watched.frames) == 2
    assert camera.closed == 1


def test_a_long_reason_still_fits_the_status() -> None:
    camera = ScriptedCamera(CAM, [PermanentError("x" * 1000)])
    watched = Watched(camera)
    thread = threading.Thread(target=watched.loop.run)
    with capture_logs():
        thread.start()
        until(lambda: watched.loop.health.state is CameraState.FAILED, "the camera has failed")
        watched.stop.set()
        thread.join(PATIENCE_S)
    assert CameraStatus(camera_id=CAM, state=CameraState.FAILED, reason=watched.loop.health.reason).reason == "x" * 300
