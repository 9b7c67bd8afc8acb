"""What a killed node left open goes on or ends when the node is back, and is never told twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from contract.clock import VirtualClock
from contract.events import Event, IncidentState
from contract.ids import CameraId
from contract.taxonomy import Seen
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.outbox.sqlite import Outbox
from edge.outbox.story import StoryBook
from edge.pipeline import Pipeline, View
from edge.rules.policy import Policies
from edge.values import Detection
from tests.edge.fakes import CAM, LEFT, POLICIES, RIGHT, SENDER, ScriptedDetector, at, frame, noise, saw

OTHER = CameraId("cam-2")
OPENED, UPDATED, CLOSED = IncidentState.OPENED, IncidentState.UPDATED, IncidentState.CLOSED


class Life:
    """One run of a node over an outbox that stays; `show` is one look."""

    def __init__(self, folder: Path, cameras: tuple[CameraId, ...] = (CAM,), policies: Policies = POLICIES) -> None:
        self.detector = ScriptedDetector()
        self.outbox = Outbox(folder / "outbox.sqlite3", "node-1", VirtualClock(at(0)))
        book = StoryBook(self.outbox)
        locker = EvidenceLocker(PictureFolder(folder), EvidenceSettings(), VirtualClock(at(0)))
        views = [View(camera_id, 1.0) for camera_id in cameras]
        ids = RandomIds()
        self.pipeline = Pipeline(
            self.detector, policies, views, EvidenceSettings(), locker, book, SENDER, ids, stories=book
        )

    def show(self, seconds: range, *detections: Detection, camera_id: CameraId = CAM) -> list[Event]:
        told: list[Event] = []
        for second in seconds:
            self.detector.say(*detections)
            told += self.pipeline.look(frame(second, camera_id, noise(second)))
        return told

    def end(self) -> None:
        """As a kill ends it: nothing is tidied up."""
        self.outbox.close()


def left_open(folder: Path, camera_id: CameraId = CAM) -> Event:
    """A stall was opened and updated in a life that ended after 80 s."""
    life = Life(folder, (CAM, OTHER))
    told = life.show(range(80), saw(Seen.STALL), camera_id=camera_id)
    life.end()
    assert [event.data.state for event in told] == [OPENED, UPDATED]
    return told[-1]


def test_what_still_stands_goes_on_under_its_old_id(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    life = Life(tmp_path)
    told = life.show(range(200, 215), saw(Seen.STALL)) + life.show(range(215, 260))
    life.end()
    assert {event.subject for event in told} == {last.subject}
    assert [(event.data.state, event.data.revision) for event in told] == [(UPDATED, 3), (CLOSED, 4)]
    assert {event.data.first_seen_at for event in told} == {at(0)}
    assert told[-1].data.last_seen_at == at(214)
    assert told[0].data.confidence.looks > last.data.confidence.looks


def test_what_is_gone_ends_once_last_seen_when_it_was(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    life = Life(tmp_path)
    assert life.show(range(200, 235)) == []
    told = life.show(range(235, 300))
    life.end()
    assert [(event.subject, event.data.state, event.data.revision) for event in told] == [(last.subject, CLOSED, 3)]
    assert told[0].data.last_seen_at == last.data.last_seen_at
    assert told[0].time == at(240)  # confirmed after 10 s if it stood there, and 30 s of patience
    third = Life(tmp_path)
    assert third.show(range(300, 400)) == []
    third.end()


def test_another_thing_elsewhere_does_not_go_on_with_it(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    life = Life(tmp_path)
    told = life.show(range(200, 250), saw(Seen.STALL, RIGHT))
    life.end()
    assert [(event.data.state, event.data.revision) for event in told] == [(OPENED, 1), (CLOSED, 3)]
    assert told[0].subject != last.subject == told[1].subject


def test_a_camera_that_comes_back_late_ends_nothing_meanwhile(tmp_path: Path) -> None:
    last = left_open(tmp_path, OTHER)
    life = Life(tmp_path, (CAM, OTHER))
    assert life.show(range(200, 4000)) == []
    told = life.show(range(4000, 4015), saw(Seen.STALL), camera_id=OTHER)
    assert [(event.subject, event.data.state) for event in told] == [(last.subject, UPDATED)]
    life.end()


def test_seconds_in_which_nobody_looked_end_nothing(tmp_path: Path) -> None:
    left_open(tmp_path)
    life = Life(tmp_path)
    assert life.show(range(200, 4000, 500)) == []
    life.end()


def test_a_camera_that_left_the_configuration_ends_its_incidents(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    life = Life(tmp_path, (OTHER,))
    told = life.pipeline.end_unwatched(at(200))
    assert [(event.subject, event.data.state, event.data.revision) for event in told] == [(last.subject, CLOSED, 3)]
    assert life.pipeline.end_unwatched(at(201)) == ()
    life.end()


@pytest.mark.parametrize("cut", ["policies", "clock"])
def test_a_memory_that_begins_anew_under_way_leaves_nothing_open(tmp_path: Path, cut: str) -> None:
    life = Life(tmp_path)
    (opened,) = life.show(range(200, 211), saw(Seen.STALL))
    start = 211
    if cut == "policies":
        life.pipeline.judge_by(POLICIES)
    else:
        start = 100
    told = life.show(range(start, start + 60))
    assert [(event.subject, event.data.state) for event in told] == [(opened.subject, CLOSED)]
    assert life.outbox.unfinished() == []
    life.end()


def test_the_outbox_keeps_the_last_word_on_what_is_open(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    outbox = Outbox(tmp_path / "outbox.sqlite3", "node-1", VirtualClock(at(0)))
    assert [event.subject for event in outbox.unfinished(CAM)] == [last.subject]
    assert outbox.unfinished("cam-9") == []
    assert outbox.unfinished()[0].data.evidence == ()
    outbox.close()


def test_an_end_that_a_kill_cut_short_is_told_at_the_next_start(tmp_path: Path) -> None:
    last = left_open(tmp_path)
    for start in (200, 300):
        life = Life(tmp_path)
        assert life.show(range(start, start + 30)) == []
        life.end()
    life = Life(tmp_path)
    (end,) = life.show(range(400, 460))
    assert (end.subject, end.data.revision) == (last.subject, last.data.revision + 1)
    assert end.time - end.data.last_seen_at > timedelta(minutes=5)
    life.end()


def test_a_flicker_at_its_place_neither_ends_nor_resumes_it(tmp_path: Path) -> None:
    left_open(tmp_path)
    life = Life(tmp_path)
    told = life.show(range(200, 238)) + life.show(range(238, 240), saw(Seen.STALL, LEFT)) + life.show(range(240, 265))
    assert told == []
    assert [event.data.state for event in life.show(range(265, 275))] == [CLOSED]
    life.end()
