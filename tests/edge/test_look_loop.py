"""One look loop for all cameras: what breaks for one costs the others nothing."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contract.clock import SystemClock, VirtualClock
from contract.errors import PermanentError
from contract.events import Event, IncidentState
from contract.ids import CameraId
from contract.taxonomy import Seen
from edge.capture.loop import CaptureLoop
from edge.capture.slot import FrameSlots
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.look_loop import LookLoop
from edge.pipeline import Pipeline, View
from edge.schedule import LookSchedule
from edge.values import Detection
from tests.edge.fakes import CAM, POLICIES, SENDER, T0, FakeBook, ScriptedCamera, ScriptedDetector, frame, saw
from tests.edge.waiting import PATIENCE_S, until

OTHER = CameraId("cam-2")


class MarkedDetector(ScriptedDetector):
    """Sees a stall in every frame; breaks on frames whose first pixel is white."""

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        if frame[0, 0, 0] == 255:
            raise ZeroDivisionError("a bug in a codec")
        return (saw(Seen.STALL),)


class Node:
    """Slots, schedule, pipeline and loop over two cameras, on a clock that the test moves."""

    def __init__(self, folder: Path, book: FakeBook | None = None) -> None:
        self.clock = VirtualClock(T0)
        self.stop = threading.Event()
        self.slots = FrameSlots()
        self.book = book or FakeBook()
        self.schedule = LookSchedule({CAM: 1.0, OTHER: 1.0}, 0.0)
        views = [View(CAM, 1.0), View(OTHER, 1.0)]
        pipeline = Pipeline(
            MarkedDetector(),
            POLICIES,
            views,
            EvidenceSettings(),
            EvidenceLocker(PictureFolder(folder / "evidence"), EvidenceSettings(), self.clock),
            self.book,
            SENDER,
            RandomIds(),
        )
        self.loop = LookLoop(self.slots, self.schedule, pipeline, self.clock, self.stop)

    def second(self, number: int, *cameras: CameraId) -> None:
        """A second passes, these cameras deliver, and every due look is done."""
        for camera_id in cameras:
            self.slots.put(frame(number, camera_id))
        for _ in cameras:
            assert self.loop.step()
        self.clock.sleep(1.0)


def test_due_cameras_are_looked_at_and_their_findings_said(tmp_path: Path) -> None:
    node = Node(tmp_path)
    with capture_logs() as logs:
        for second in range(11):
            node.second(second, CAM, OTHER)
    assert sorted(event.data.camera_id for event in node.book.events) == [CAM, OTHER]
    assert [entry["state"] for entry in logs if entry["event"] == "incident"] == ["opened", "opened"]
    assert node.schedule.counts(CAM) == (11, 0)


def test_nothing_due_is_waited_out_and_not_counted(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.slots.close()  # a wait returns at once
    assert node.loop.step() is False
    assert node.schedule.counts(CAM) == (0, 0)


def test_a_camera_that_is_away_does_not_delay_the_other(tmp_path: Path) -> None:
    node = Node(tmp_path)
    for second in range(11):
        node.second(second, OTHER)
    assert [event.data.camera_id for event in node.book.events] == [OTHER]


def test_a_frame_that_breaks_the_pipeline_costs_one_look(tmp_path: Path) -> None:
    """Every frame of one camera breaks something; the other camera's stall is opened all the same."""
    node = Node(tmp_path)
    white = np.full((36, 64, 3), 255, np.uint8)
    for second in range(11):
        node.slots.put(frame(second, CAM, white))
        with pytest.raises(ZeroDivisionError):
            node.loop.step()
        node.second(second, OTHER)
    assert [event.data.camera_id for event in node.book.events] == [OTHER]


def test_the_running_loop_says_counts_and_outlives_what_breaks(tmp_path: Path) -> None:
    """In its own thread: an unexpected error with its traceback, a refused event as an error, both counted."""
    problems: list[Exception] = [PermanentError("database or disk is full")]

    def refuse(_event: Event) -> None:
        if problems:
            raise problems.pop()

    node = Node(tmp_path, FakeBook(refuse))
    node.slots.put(frame(0, CAM, np.full((36, 64, 3), 255, np.uint8)))
    thread = threading.Thread(target=node.loop.run)
    with capture_logs() as logs:
        thread.start()
        until(lambda: node.loop.failures == 1, "the broken frame was counted")
        for second in range(1, 80):
            until(lambda: not node.slots.waiting(), "the frame before was taken")
            node.clock.sleep(1.0)
            node.slots.put(frame(second, OTHER))
        until(lambda: len(node.book.events) >= 1, "the incident was told after the refusal")
        node.stop.set()
        node.slots.close()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert node.loop.failures == 2
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert errors[0]["exc_info"]
    assert errors[1]["reason"] == "database or disk is full"
    assert node.book.events[0].data.state is IncidentState.UPDATED


def test_a_full_disk_for_pictures_is_said_and_the_event_goes_out(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file where the folder should be", encoding="utf-8")
    node = Node(tmp_path)
    with capture_logs() as logs:
        for second in range(11):
            node.second(second, CAM)
    assert [(event.data.state, event.data.evidence) for event in node.book.events] == [(IncidentState.OPENED, ())]
    assert any(entry["log_level"] == "error" and "can't be written" in entry["reason"] for entry in logs)


def test_a_camera_adapter_that_breaks_in_its_thread_costs_the_others_nothing(tmp_path: Path) -> None:
    """One capture thread meets only bugs; the other's frames reach the pipeline."""
    slots, stop, clock = FrameSlots(), threading.Event(), SystemClock()
    broken = CaptureLoop(ScriptedCamera(CAM, *[[KeyError("bug")]] * 99), slots.put, clock, stop, repeats=True)
    well = CaptureLoop(
        ScriptedCamera(OTHER, [frame(n, OTHER) for n in range(20)]), slots.put, clock, stop, repeats=False
    )
    threads = [threading.Thread(target=loop.run) for loop in (broken, well)]
    with capture_logs() as logs:
        for thread in threads:
            thread.start()
        threads[1].join(PATIENCE_S)
        until(lambda: any(entry["log_level"] == "error" for entry in logs), "the bug was logged")
        stop.set()
        threads[0].join(PATIENCE_S)
    assert slots.waiting() == {OTHER}
    assert slots.drops(OTHER) == 19
    assert {entry["camera_id"] for entry in logs if entry["log_level"] == "error"} == {CAM}
