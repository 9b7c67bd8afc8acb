"""The node's clock: what is known of it stands in every event, and setting it tears nothing."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from contract.clock import SystemClock, VirtualClock
from contract.events import CameraCondition, ClockState, Event, IncidentState
from contract.evidence_manifest import EvidenceManifest
from contract.ids import CameraId, IncidentId
from contract.taxonomy import Seen
from edge.clock.reading import UNKNOWN, ClockReading, ClockWatch, FirstThatKnows, FixedSource
from edge.clock.steady import SteadyClock
from edge.clock.system import ChronySource, KernelSource, judge_kernel, parse_tracking
from edge.events import DerivedIds, Finding, Sender, build_event
from edge.evidence.assemble import Signer, open_evidence
from edge.evidence.chain_reading import read_chain
from edge.evidence_settings import EvidenceSettings
from edge.pipeline import Pipeline, View
from edge.rules.presence import Presence
from edge.rules.track import Tracker
from edge.values import Frame, Thing
from tests.contract.builders import ground_point
from tests.edge.evidence_folder import KEYS
from tests.edge.fakes import CAM, LEFT, POLICIES, SENDER, STREAM, T0, FakeBook, ScriptedDetector, noise, saw
from tests.edge.waiting import PATIENCE_S

HOUR = timedelta(hours=1)


class SettableClock(VirtualClock):
    """A wall clock that somebody sets while the seconds go on."""

    def __init__(self) -> None:
        super().__init__(T0)
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.ahead


class Around:
    """Circumstances by hand, over a steady clock."""

    def __init__(self, steady: SteadyClock) -> None:
        self.steady = steady
        self.reading = ClockReading(ClockState.SYNCHRONISED, 12.5)
        self.seen: CameraCondition | None = None

    def clock_reading(self) -> ClockReading:
        return self.reading

    def to_wall(self, captured_at: datetime) -> datetime:
        return self.steady.to_wall(captured_at)

    def condition(self, camera_id: CameraId) -> CameraCondition | None:
        return self.seen


class Street:
    """A stall before one camera, from tracker to event; a look a second."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.around = Around(SteadyClock(self.clock))
        self._tracker = Tracker(POLICIES.presence)
        self._presence = Presence(POLICIES.presence, 1.0)
        self._sender = Sender(
            SENDER.node_id, SENDER.boot_id, SENDER.model, "test", ClockState.UNKNOWN, around=self.around
        )

    def watch(self, seconds: int, shows_stall: bool = True) -> Iterator[Event]:
        for _ in range(seconds):
            at = self.around.steady.now()
            things = [Thing(Seen.STALL, 0.8, LEFT)] if shows_stall else []
            for incident in self._presence.step(self._tracker.step(things, at), at):
                finding = Finding(incident, ANY_INCIDENT, CAM, (), ground_point(), (), at)
                yield build_event(finding, self._sender, SENDER.boot_id, STREAM, 1)
            self.clock.sleep(1.0)


ANY_INCIDENT = IncidentId(SENDER.boot_id)


@pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["forward", "back"])
def test_a_clock_that_is_set_by_an_hour_neither_tears_nor_ages_an_incident(step: timedelta) -> None:
    """Opened before, updated and closed after; its age is what really passed, its times are the new clock's."""
    street = Street()
    before = list(street.watch(100))
    with capture_logs() as logs:
        street.clock.ahead = step
        after = list(street.watch(100))
        gone = list(street.watch(60, shows_stall=False))
    assert [event.data.state for event in before] == [IncidentState.OPENED, IncidentState.UPDATED]
    assert {event.data.state for event in after} == {IncidentState.UPDATED}
    assert [event.data.state for event in gone] == [IncidentState.CLOSED]
    assert [event.data.revision for event in (*before, *after, *gone)] == list(range(1, len(before + after) + 2))
    assert {event.data.track_id for event in (*before, *after, *gone)} == {1}
    last = after[-1]
    assert last.data.first_seen_at == T0 + step
    assert last.time - last.data.first_seen_at < timedelta(seconds=200)
    assert gone[0].data.last_seen_at == T0 + step + timedelta(seconds=199)
    assert len([entry for entry in logs if "clock was set" in entry["event"]]) == 1


def test_small_corrections_are_no_step() -> None:
    clock = SettableClock()
    steady = SteadyClock(clock)
    clock.ahead = timedelta(milliseconds=300)
    assert steady.to_wall(steady.now()) == T0
    assert steady.steps == 0


def test_an_event_says_what_is_known_of_the_clock_and_the_camera() -> None:
    street = Street()
    street.around.seen = CameraCondition.BLURRED
    (opened,) = street.watch(20)
    assert (opened.data.clock_state, opened.data.clock_offset_ms) == (ClockState.SYNCHRONISED, 12.5)
    assert opened.data.camera_condition is CameraCondition.BLURRED
    assert opened.data.ground is not None


def test_a_moved_cameras_events_claim_no_place_on_the_ground() -> None:
    street = Street()
    street.around.seen = CameraCondition.MOVED
    (opened,) = street.watch(20)
    assert opened.data.ground is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "C0A80101,192.168.1.1,3,1751.1,-0.000125,0,0,0,0,0,0,0,64.4,Normal\n",
            ClockReading(ClockState.SYNCHRONISED, 0.125),
        ),
        ("7F7F0101,,0,0.0,0,0,0,0,0,0,0,0,0,Not synchronised\n", ClockReading(ClockState.UNSYNCHRONISED)),
        ("506 Cannot talk to daemon\n", UNKNOWN),
        ("C0A80101,x,3,1751.1,much,0,0,0,0,0,0,0,64.4,Normal\n", UNKNOWN),
    ],
)
def test_chronys_word_is_read(text: str, expected: ClockReading) -> None:
    assert parse_tracking(text) == expected


def test_a_machine_without_chrony_is_asked_otherwise(tmp_path: Path) -> None:
    missing = ChronySource(str(tmp_path / "chronyc"))
    assert missing.read() == UNKNOWN
    stands_in = FixedSource(ClockState.UNSYNCHRONISED)
    assert FirstThatKnows(missing, stands_in).read().state is ClockState.UNSYNCHRONISED
    assert FirstThatKnows(missing).read() == UNKNOWN


def test_a_chrony_that_answers_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.clock.system.TIMEOUT_S", PATIENCE_S)
    program = tmp_path / "chronyc"
    program.write_text("#!/bin/sh\necho 'C0A80101,ntp,3,1.0,0.25,0,0,0,0,0,0,0,64,Normal'\n", encoding="utf-8")
    program.chmod(0o755)
    assert ChronySource(str(program)).read() == ClockReading(ClockState.SYNCHRONISED, -250.0)


def test_the_kernels_word_is_read() -> None:
    assert judge_kernel(0, 0x0001, 2000) == ClockReading(ClockState.SYNCHRONISED, -2.0)
    assert judge_kernel(5, 0x2041, 0).state is ClockState.UNSYNCHRONISED
    assert judge_kernel(-1, 0, 0) == UNKNOWN
    assert KernelSource().read().state in set(ClockState)


def test_the_last_reading_is_kept_until_it_is_old() -> None:
    clock = VirtualClock(T0)
    readings = [ClockReading(ClockState.UNSYNCHRONISED), ClockReading(ClockState.SYNCHRONISED, 1.0)]

    class Scripted:
        def read(self) -> ClockReading:
            return readings.pop(0)

    watch = ClockWatch(Scripted(), clock, every_s=15)
    watch.refresh()
    assert watch.reading.state is ClockState.UNSYNCHRONISED
    clock.sleep(15)
    watch.refresh()
    assert watch.reading == ClockReading(ClockState.SYNCHRONISED, 1.0)


def test_the_machines_steady_clock_is_the_machines_clock() -> None:
    steady = SteadyClock(SystemClock())
    assert abs((steady.to_wall(steady.now()) - SystemClock().now()).total_seconds()) < 5


def test_manifests_and_events_tell_the_same_times_and_the_clocks_state_of_the_moment(tmp_path: Path) -> None:
    clock = SettableClock()
    around = Around(SteadyClock(clock))
    parts = open_evidence(
        tmp_path,
        EvidenceSettings(),
        Signer("node-1", KEYS),
        clock,
        lambda _image: (),
        lambda: around.reading.state,
        around.to_wall,
    )
    detector, book = ScriptedDetector(), FakeBook()
    sender = replace(SENDER, around=around)
    pipeline = Pipeline(
        detector, POLICIES, [View(CAM, 1.0)], EvidenceSettings(), parts.locker, book, sender, DerivedIds("clock")
    )
    for second in range(90):
        if second == 30:
            clock.ahead = HOUR
            around.reading = ClockReading(ClockState.UNSYNCHRONISED)
        detector.say(saw(Seen.STALL))
        pipeline.look(Frame(CAM, noise(second), around.steady.now(), second))
        clock.sleep(1.0)
    entries = dict(read_chain(tmp_path / "chain", [KEYS.signing.public]).entries)
    opened, updated = book.events
    for event, state in ((opened, ClockState.SYNCHRONISED), (updated, ClockState.UNSYNCHRONISED)):
        for ref in event.data.evidence:
            manifest = entries[str(ref.manifest_sha256)]
            assert isinstance(manifest, EvidenceManifest)
            assert manifest.clock_state is event.data.clock_state is state
            assert ref.captured_at in {item.captured_at for item in manifest.items}
        assert event.data.evidence[-1].captured_at == event.time
    assert updated.time - opened.time == HOUR + timedelta(seconds=60)
    parts.ledger.close()
