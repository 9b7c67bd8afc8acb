"""From a first puff to attention and back: the whole way, with the real rules, pipeline, schedule and look loop."""

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.clock import VirtualClock
from contract.status import LookMode
from contract.taxonomy import Seen
from edge.capture.slot import FrameSlots
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.look_loop import LookLoop
from edge.pipeline import Pipeline, View
from edge.rules.policy import Gather, Policies
from edge.schedule import LookSchedule
from edge.values import Detection
from tests.edge.fakes import CAM, SENDER, T0, FakeBook, ScriptedDetector, frame, policy, saw

EVERY_S = 2.0
SMOKE = Policies(
    presence={
        Seen.SMOKE: policy(
            look_every_s=1.0,
            share=0.6,
            present_after_s=8.0,
            gone_after_s=10.0,
            gather=Gather.UNION,
            attention_s=60.0,
            confirm_score=0.4,
        )
    }
)


class Smoking(ScriptedDetector):
    """Sees smoke while `is_smoking`."""

    is_smoking = False

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:  # the port's signature
        return (saw(Seen.SMOKE, score=0.6),) if self.is_smoking else ()


class Street:
    """One camera whose frames come every 0.2 s; the detector sees smoke between the given seconds."""

    def __init__(self, folder: Path, begins_s: float, ends_s: float) -> None:
        self.clock, self.slots, self.book = VirtualClock(T0), FrameSlots(), FakeBook()
        self.slots.close()  # nobody waits for frames: time is the test's
        self.detector = Smoking()
        self.smoke_s = begins_s, ends_s
        self.modes: list[tuple[float, LookMode]] = []
        self.looks: list[float] = []
        schedule = LookSchedule({CAM: EVERY_S}, 0.0)
        locker = EvidenceLocker(PictureFolder(folder), EvidenceSettings(), self.clock)
        pipeline = Pipeline(
            self.detector,
            SMOKE,
            [View(CAM, EVERY_S)],
            EvidenceSettings(),
            locker,
            self.book,
            SENDER,
            RandomIds(),
            wish=schedule.heed,
        )
        self.loop = LookLoop(
            self.slots,
            schedule,
            pipeline,
            self.clock,
            threading.Event(),
            set_mode=lambda _camera_id, mode: self.modes.append((self.now_s, mode)),
            note_look=lambda _frame, _age_s: self.looks.append(self.now_s),
        )

    @property
    def now_s(self) -> float:
        return self.clock.monotonic()

    def run(self, until_s: float) -> None:
        while self.now_s < until_s:
            self.slots.put(frame(self.now_s))
            self.detector.is_smoking = self.smoke_s[0] <= self.now_s < self.smoke_s[1]
            self.loop.step()
            self.clock.sleep(0.2)


def test_a_puff_of_smoke_is_watched_closely_until_it_is_confirmed(tmp_path: Path) -> None:
    street = Street(tmp_path, 10.0, 1000.0)
    street.run(60.0)
    (begun_s, first), (ended_s, last) = street.modes
    assert (first, last) == (LookMode.ATTENTION, LookMode.PATROL)
    opened_at_s = (street.book.events[0].time - T0).total_seconds()
    assert begun_s == pytest.approx(10.0, abs=2 * EVERY_S + 0.5)
    assert ended_s == pytest.approx(opened_at_s, abs=0.5)
    close = [second for second in street.looks if begun_s < second <= ended_s]
    assert len(close) >= 4 * (ended_s - begun_s)
    after = [second for second in street.looks if second > ended_s]
    assert len(after) == pytest.approx((60.0 - ended_s) / EVERY_S, abs=2)


def test_smoke_that_was_none_is_watched_no_longer_once_its_track_is_lost(tmp_path: Path) -> None:
    street = Street(tmp_path, 10.0, 14.1)
    street.run(80.0)
    assert not street.book.events
    (begun_s, first), (ended_s, last) = street.modes
    assert (first, last) == (LookMode.ATTENTION, LookMode.PATROL)
    assert ended_s - begun_s < 30.0
