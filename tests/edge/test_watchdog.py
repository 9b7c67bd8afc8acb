"""What stands still is started anew; what stays dead ends the program; systemd hears of it."""

import re
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contract.clock import SystemClock, VirtualClock
from contract.events import ClockState, Event
from contract.ids import CameraId
from contract.status import CameraState, CameraStatus
from edge.camera_settings import CameraSettings
from edge.capture.slot import FrameSlots
from edge.clock.reading import FixedSource
from edge.detect.shared import SharedDetector
from edge.eyes import Eyes
from edge.health.watch import HealthWatch
from edge.look_loop import LookLoop
from edge.schedule import LookSchedule
from edge.surroundings import Surroundings
from edge.turn import Turn
from edge.values import Detection, Frame
from edge.watchdog.loop import EVERY_S, WatchdogLoop
from edge.watchdog.systemd import Systemd
from edge.watchdog.vitals import MOST_REVIVALS, Vital, Watchdog
from tests.edge.fakes import CAM, T0, ScriptedCamera, ScriptedDetector, frame
from tests.edge.waiting import PATIENCE_S, until
from tests.house.source import ROOT

UNIT = ROOT / "deploy" / "systemd" / "xunjie-edge.service"


@dataclass
class Part:
    """Moves when told to."""

    moves: int = 0
    revived: list[float] = field(default_factory=list)


class Watched:
    """A watchdog over parts of ten seconds' patience, on a clock that the test moves."""

    def __init__(self, *names: str) -> None:
        self.now_s = 0.0
        self.parts = {name: Part() for name in names}
        self.watchdog = Watchdog(lambda: [self._vital(name) for name in self.parts])

    def _vital(self, name: str) -> Vital:
        part = self.parts[name]
        return Vital(name, lambda: part.moves, 10.0, lambda: part.revived.append(self.now_s))

    def live(self, seconds: int, *moving: str) -> None:
        for _ in range(seconds):
            for name in moving:
                self.parts[name].moves += 1
            with capture_logs():
                self.watchdog.step(self.now_s)
            self.now_s += 1.0


def test_what_moves_is_left_alone_and_what_stands_still_is_revived() -> None:
    watched = Watched("cam-1", "uplink")
    watched.live(15, "cam-1", "uplink")
    watched.live(11, "uplink")
    assert [len(part.revived) for part in watched.parts.values()] == [1, 0]
    watched.live(100, "cam-1", "uplink")
    assert len(watched.parts["cam-1"].revived) == 1
    assert watched.watchdog.hopeless is None


def test_what_does_not_come_back_gets_longer_each_time_and_then_ends_the_program() -> None:
    watched = Watched("engine", "cam-1")
    watched.live(400, "cam-1")
    revived = watched.parts["engine"].revived
    assert len(revived) == MOST_REVIVALS
    assert [later - earlier for earlier, later in pairwise(revived)] == [20.0, 40.0, 80.0]
    assert watched.watchdog.hopeless == "engine"


def test_a_part_that_recovers_has_all_its_chances_again() -> None:
    watched = Watched("cam-1")
    for _ in range(20):
        watched.live(35)
        watched.live(5, "cam-1")
    assert watched.watchdog.hopeless is None


def test_a_camera_that_was_taken_away_is_not_missed() -> None:
    watched = Watched("cam-1", "cam-2")
    watched.live(5, "cam-1", "cam-2")
    gone = watched.parts.pop("cam-1")
    watched.live(50, "cam-2")
    assert gone.revived == []


class Listener:
    """The end of systemd's notify socket."""

    def __init__(self, place: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(place))
        self.sock.settimeout(PATIENCE_S)

    def hear(self) -> list[str]:
        return self.sock.recv(4096).decode().splitlines()


def test_systemd_hears_that_the_node_is_up_alive_and_ending(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "notify")
    systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    systemd.ready("4 cameras")
    systemd.alive("watching")
    systemd.stopping()
    assert [listener.hear()[0] for _ in range(3)] == ["READY=1", "WATCHDOG=1", "STOPPING=1"]
    listener.sock.close()
    Systemd({}).ready("nobody listens")
    systemd.alive("systemd is gone")


def test_the_loop_does_its_chores_and_stays_silent_to_systemd_once_it_is_hopeless(tmp_path: Path) -> None:
    listener = Listener(tmp_path / "notify")
    watched = Watched("engine")
    done: list[str] = []
    clock = VirtualClock(T0)
    systemd = Systemd({"NOTIFY_SOCKET": str(tmp_path / "notify")})
    loop = WatchdogLoop(
        watched.watchdog, systemd, lambda: done.append("chore"), lambda: done.append("end"), clock, threading.Event()
    )
    with capture_logs():
        while True:
            loop.step()
            if "end" in done:
                break
            assert listener.hear()[0] == "WATCHDOG=1"
            clock.sleep(EVERY_S)
    assert done.count("chore") > MOST_REVIVALS
    listener.sock.settimeout(0)
    with pytest.raises(BlockingIOError):
        listener.hear()
    listener.sock.close()


class StuckOnce(ScriptedCamera):
    """Its first session hangs in a driver until the test lets it go; the next ones deliver."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__(CAM)
        self.gate = gate

    def frames(self):  # type: ignore[no-untyped-def]
        self.opened += 1
        if self.opened == 1:
            self.gate.wait(600)
        yield frame(float(self.opened), CAM)


class NoPipeline:
    def watch(self, view: object, anew: bool) -> None:
        self.anew = anew


def test_a_camera_stuck_in_its_driver_gets_a_new_thread_and_the_old_one_is_muted() -> None:
    gate = threading.Event()
    camera = StuckOnce(gate)
    slots = FrameSlots()
    clock = SystemClock()
    pipeline = NoPipeline()
    eyes = Eyes(
        lambda _settings, _clock, _at: (camera, 1.0),
        slots,
        LookSchedule({}, clock.monotonic()),
        pipeline,  # type: ignore[arg-type]
        clock,
    )
    settings = CameraSettings(camera_id="cam-1", source="rtsp://192.0.2.1/x", loop=False)
    eyes.put(eyes.open(settings))
    eyes.start()
    (stuck,) = eyes.all()
    until(lambda: stuck.loop.tries == 1, "the thread hangs")
    with capture_logs():
        eyes.revive(CAM)
        until(lambda: CAM in slots.waiting(), "the new thread delivers")
        assert slots.take(CAM) is not None
        gate.set()
        stuck.thread.join(PATIENCE_S)
        assert not stuck.thread.is_alive()
    assert slots.waiting() == frozenset()
    eyes.stop()


class HangsOnce(ScriptedDetector):
    """An engine whose first look never ends, until the test lets it go."""

    def __init__(self, gate: threading.Event) -> None:
        super().__init__()
        self.gate = gate
        self.looks = 0

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        del frame
        self.looks += 1
        if self.looks == 1:
            self.gate.wait(600)
        return ()


class LooksOnly:
    """A pipeline that asks the engine and tells nothing."""

    def __init__(self, detector: SharedDetector) -> None:
        self._detector = detector

    def look(self, seen: Frame) -> tuple[Event, ...]:
        self._detector.detect(seen.image)
        return ()


def test_an_engine_that_hangs_is_passed_by_a_new_thread_and_other_cameras_go_on() -> None:
    gate, stop, clock, turn, slots = threading.Event(), threading.Event(), SystemClock(), Turn(), FrameSlots()
    engine = HangsOnce(gate)
    other = CameraId("cam-2")
    schedule = LookSchedule({CAM: 0.01, other: 0.01}, clock.monotonic())
    loop = LookLoop(slots, schedule, LooksOnly(SharedDetector(engine, turn)), clock, stop, turn)  # type: ignore[arg-type]
    threads: list[threading.Thread] = []

    def run() -> None:
        threads.append(threading.Thread(target=loop.run, daemon=True))
        threads[-1].start()

    watchdog = Watchdog(lambda: [Vital("looks", lambda: loop.looks, 60.0, run)])
    slots.put(frame(0.0, CAM))
    run()
    until(lambda: engine.looks == 1, "the engine hangs")
    assert watchdog.step(0.0) == []
    with capture_logs() as logs:
        assert watchdog.step(61.0) == ["looks"]
    assert [entry["part"] for entry in logs] == ["looks"]
    slots.put(frame(1.0, other))
    until(lambda: engine.looks == 2, "the other camera is looked at")
    assert watchdog.step(62.0) == []
    gate.set()
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_a_camera_without_fresh_frames_is_told_stale_within_ten_seconds() -> None:
    clock = VirtualClock(T0)
    around = Surroundings(clock, FixedSource(ClockState.SYNCHRONISED), HealthWatch())
    status = CameraStatus(camera_id=CAM, state=CameraState.LIVE, last_frame_at=around.steady.now())
    told = [around.told(status, look_every_s=2.0).state]
    while told[-1] is CameraState.LIVE:
        clock.sleep(0.5)
        told.append(around.told(status, look_every_s=2.0).state)
    assert told[-1] is CameraState.STALE
    assert clock.now() - T0 < timedelta(seconds=10)
    fresh = status.model_copy(update={"last_frame_at": around.steady.now()})
    assert around.told(fresh, look_every_s=2.0).state is CameraState.LIVE


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/xunjie/.venv/bin/python", "/bin/true"), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if UNIT.stem in line]
    assert ours == []
    assert done.returncode == 0


def test_the_unit_restarts_always_and_waits_longer_than_the_node_is_silent() -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert "Restart=always" in text
    assert "Type=notify" in text
    (seconds,) = re.findall(r"^WatchdogSec=(\d+)$", text, re.MULTILINE)
    assert int(seconds) >= 4 * EVERY_S
