"""The node's half of the flow with a scripted detector: what comes out for what the street shows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from contract.clock import VirtualClock
from contract.errors import PermanentError
from contract.events import Event, EvidenceRole, EvidenceState, IncidentState
from contract.ids import CameraId
from contract.taxonomy import Context, Seen
from edge.events import DerivedIds, RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.pipeline import Pipeline, View
from edge.rules.places import CameraPose, Zone
from edge.rules.policy import Policies
from edge.values import Box, Detection
from tests.edge.fakes import (
    CAM,
    LEFT,
    POLICIES,
    RIGHT,
    SENDER,
    FakeBook,
    ScriptedDetector,
    at,
    frame,
    noise,
    policy,
    saw,
)

POSE = CameraPose(36.8135, 118.0548, east_m=0, north_m=0, height_m=6, yaw_deg=0, tilt_deg=20, fov_deg=70)
PAVEMENT = Zone("pavement", ((0.0, 0.4), (0.5, 0.4), (0.5, 1.0), (0.0, 1.0)))


class Street:
    """One or more cameras over a scripted detector. `show` is one look."""

    def __init__(
        self,
        folder: Path,
        views: tuple[View, ...] = (View(CAM, 1.0, (PAVEMENT,), POSE),),
        policies: Policies = POLICIES,
        on_append: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self.detector = ScriptedDetector()
        self.book = FakeBook(on_append)
        locker = EvidenceLocker(PictureFolder(folder), EvidenceSettings(), VirtualClock(at(0)))
        self.pipeline = Pipeline(
            self.detector, policies, views, EvidenceSettings(), locker, self.book, SENDER, DerivedIds("test")
        )

    def show(self, second: float, *detections: Detection, camera_id: CameraId = CAM) -> tuple[Event, ...]:
        self.detector.say(*detections)
        return self.pipeline.look(frame(second, camera_id, noise(int(second * 10))))

    def show_while(self, seconds: range, *detections: Detection) -> list[Event]:
        return [event for second in seconds for event in self.show(second, *detections)]


def test_evidence_that_can_not_be_written_costs_the_pictures_and_no_event(tmp_path: Path) -> None:
    """A folder that refuses every file: the incident is told all the same, and says why it has no picture."""
    (tmp_path / "evidence").write_bytes(b"a file where the folder should be")
    street = Street(tmp_path / "evidence")
    with capture_logs():
        events = street.show_while(range(100), saw(Seen.STALL)) + street.show_while(range(100, 200))
    assert [event.data.state for event in events] == [
        IncidentState.OPENED,
        IncidentState.UPDATED,
        IncidentState.CLOSED,
    ]
    assert [event.data.evidence for event in events] == [(), (), ()]
    assert [event.data.evidence_state for event in events[:2]] == [EvidenceState.UNWRITABLE] * 2


def test_a_stall_is_opened_updated_and_closed_under_one_id(tmp_path: Path) -> None:
    street = Street(tmp_path)
    events = street.show_while(range(100), saw(Seen.STALL)) + street.show_while(range(100, 200))
    assert [event.data.state for event in events] == [
        IncidentState.OPENED,
        IncidentState.UPDATED,
        IncidentState.CLOSED,
    ]
    assert [event.time for event in events] == [at(10), at(70), at(129)]
    assert len({event.data.incident_id for event in events}) == 1
    assert len({event.id for event in events}) == 3
    assert [(event.data.revision, event.data.seq) for event in events] == [(1, 1), (2, 2), (3, 3)]
    assert {(event.data.first_seen_at, event.data.camera_id, event.data.zones) for event in events} == {
        (at(0), CAM, ("pavement",))
    }
    assert events[-1].data.last_seen_at == at(99)


def test_evidence_is_lead_up_and_confirmation_then_latest_then_nothing(tmp_path: Path) -> None:
    street = Street(tmp_path)
    opened, updated, closed = street.show_while(range(100), saw(Seen.STALL)) + street.show_while(range(100, 200))
    assert [ref.role for ref in opened.data.evidence] == [EvidenceRole.LEAD_UP, EvidenceRole.CONFIRMATION]
    assert opened.data.evidence[0].captured_at < opened.data.evidence[1].captured_at == at(10)
    assert [(ref.role, ref.captured_at) for ref in updated.data.evidence] == [(EvidenceRole.LATEST, at(70))]
    assert closed.data.evidence == ()
    on_disk = {path.stem for path in tmp_path.iterdir()}
    assert on_disk == {ref.sha256 for event in (opened, updated) for ref in event.data.evidence}


def test_evidence_is_on_disk_before_its_event_is(tmp_path: Path) -> None:
    missing: list[str] = []

    def check(event: Event) -> None:
        missing.extend(ref.sha256 for ref in event.data.evidence if not (tmp_path / f"{ref.sha256}.jpg").is_file())

    street = Street(tmp_path, on_append=check)
    assert len(street.show_while(range(100), saw(Seen.STALL), saw(Seen.SMOKE, RIGHT))) == 4
    assert missing == []


def test_two_things_at_once_are_two_incidents_with_one_picture(tmp_path: Path) -> None:
    events = Street(tmp_path).show_while(range(11), saw(Seen.STALL, LEFT), saw(Seen.STALL, RIGHT))
    assert len(events) == 2
    assert len({event.data.incident_id for event in events}) == 2
    assert len({event.data.evidence[-1].sha256 for event in events}) == 1
    assert {event.data.evidence[-1].box.x1 for event in events} == {LEFT[0], RIGHT[0]}
    assert [event.data.zones for event in events if event.data.box.x1 == RIGHT[0]] == [()]


def test_cameras_do_not_know_each_other(tmp_path: Path) -> None:
    """One thing seen by two cameras in turn is no longer there for either of them: two half sights open nothing."""
    other = CameraId("cam-2")
    street = Street(tmp_path, (View(CAM, 1.0), View(other, 1.0)), Policies(presence={Seen.STALL: policy(share=1.0)}))
    for second in range(60):
        street.show(second, *([saw(Seen.STALL)] if second % 2 else []), camera_id=CAM)
        street.show(second, *([] if second % 2 else [saw(Seen.STALL)]), camera_id=other)
    assert street.book.events == []
    for second in range(60, 75):
        for camera_id in (CAM, other):
            street.show(second, saw(Seen.STALL), camera_id=camera_id)
    assert sorted(event.data.camera_id for event in street.book.events) == [CAM, other]
    assert {event.data.track_id for event in street.book.events} == {1}
    assert len({event.data.incident_id for event in street.book.events}) == 2


def test_no_picture_of_an_incident_shows_a_person(tmp_path: Path) -> None:
    """With a person in every look, the evidence differs from what it would show without the redaction."""
    hidden, bare = Street(tmp_path / "hidden"), Street(tmp_path / "bare")
    with_person = hidden.show_while(range(11), saw(Seen.STALL), saw(Context.PERSON, RIGHT))
    without = bare.show_while(range(11), saw(Seen.STALL))
    assert len(with_person) == len(without) == 1
    pairs = zip(with_person[0].data.evidence, without[0].data.evidence, strict=True)
    assert all(one.sha256 != other.sha256 for one, other in pairs)


def test_the_frame_is_not_written_to(tmp_path: Path) -> None:
    street, image = Street(tmp_path), noise(9)
    for second in range(12):
        street.detector.say(saw(Seen.STALL), saw(Context.PERSON, RIGHT))
        street.pipeline.look(frame(second, image=image))
    assert (image == noise(9)).all()
    assert all(np.array_equal(given_, image) for given_ in street.detector.frames)


def test_only_what_stands_on_the_ground_has_a_place(tmp_path: Path) -> None:
    policies = Policies(presence={Seen.STALL: policy(), Seen.SIGN: policy(base_height_m=None)})
    events = Street(tmp_path, policies=policies).show_while(range(11), saw(Seen.STALL), saw(Seen.SIGN, RIGHT))
    places = {event.data.seen: event.data.ground for event in events}
    assert places[Seen.STALL] is not None
    assert places[Seen.SIGN] is None


def test_a_camera_without_a_pose_gives_no_place(tmp_path: Path) -> None:
    (event,) = Street(tmp_path, (View(CAM, 1.0),)).show_while(range(11), saw(Seen.STALL))
    assert event.data.ground is None
    assert event.data.zones == ()


def test_a_refused_event_costs_the_look_and_not_the_incident(tmp_path: Path) -> None:
    """The book refuses once (a full disk); the incident is still told, at its next revision."""
    refusals = [PermanentError("disk full")]

    def refuse_once(_event: Event) -> None:
        if refusals:
            raise refusals.pop()

    street = Street(tmp_path, on_append=refuse_once)
    with pytest.raises(PermanentError, match="disk full"):
        street.show_while(range(11), saw(Seen.STALL))
    events = street.show_while(range(11, 100), saw(Seen.STALL)) + street.show_while(range(100, 140))
    assert [(event.data.state, event.data.revision) for event in events] == [
        (IncidentState.UPDATED, 2),
        (IncidentState.CLOSED, 3),
    ]


def test_a_disk_that_refuses_pictures_costs_the_picture_and_not_the_event(tmp_path: Path) -> None:
    (tmp_path / "evidence").write_text("a file, no folder", encoding="utf-8")
    street = Street(tmp_path / "evidence")
    with capture_logs() as logs:
        (opened,) = street.show_while(range(11), saw(Seen.STALL))
    assert opened.data.state is IncidentState.OPENED
    assert opened.data.evidence == ()
    assert {entry["log_level"] for entry in logs} == {"error"}
    assert all("can't be written" in entry["reason"] and entry["camera_id"] == CAM for entry in logs)


def test_a_clock_that_goes_back_does_not_blind_the_camera(tmp_path: Path) -> None:
    """Time is set right by an hour; the camera starts anew, says so once, and finds what is there."""
    street = Street(tmp_path)
    before = street.show_while(range(3600, 3620), saw(Seen.STALL))
    with capture_logs() as logs:
        after = street.show_while(range(20), saw(Seen.STALL))
    assert [event.data.state for event in before + after] == [IncidentState.OPENED, IncidentState.OPENED]
    assert before[0].data.incident_id != after[0].data.incident_id
    assert after[0].data.first_seen_at == at(0)
    assert [entry["camera_id"] for entry in logs] == [CAM]


def test_replays_mint_the_same_ids_and_live_nodes_never(tmp_path: Path) -> None:
    one, again = (Street(tmp_path / name).show_while(range(11), saw(Seen.STALL)) for name in "ab")
    assert one == again
    assert RandomIds().mint(at(0), "x") != RandomIds().mint(at(0), "x")


def shifted(box: Box, dx: float, dy: float) -> Box:
    return (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)


Script = list[list[tuple[Seen, int, int, int]]]
scripts: st.SearchStrategy[Script] = st.lists(
    st.lists(
        st.tuples(st.sampled_from([Seen.STALL, Seen.SMOKE]), st.integers(0, 3), st.integers(0, 1), st.integers(3, 9)),
        max_size=4,
        unique_by=lambda entry: entry[:3],
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=30)
@given(script=scripts, right=st.integers(0, 16), down=st.integers(0, 16))
def test_moving_the_street_with_its_zones_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, script: Script, right: int, down: int
) -> None:
    """All boxes and zones moved alike: the same incidents at the same times in the same zones.

    Everything lies on a grid of 1/32, where moving is exact: otherwise a tie could fall to either side.
    """

    def run(dx: float, dy: float) -> list[object]:
        zone = Zone(
            "pavement", tuple((x + dx, y + dy) for x, y in ((0, 0), (0.3125, 0), (0.3125, 0.3125), (0, 0.3125)))
        )
        street = Street(tmp_path_factory.mktemp("moved"), (View(CAM, 1.0, (zone,)),))
        for part, shown in enumerate(script * 2):
            looks = [
                saw(seen, shifted((x / 8, y / 4, x / 8 + 3 / 32, y / 4 + 6 / 32), dx, dy), score / 10)
                for seen, x, y, score in shown
            ]
            street.show_while(range(part * 12, part * 12 + 12), *looks)
        return [
            (event.id, event.time, event.data.state, event.data.seen, event.data.zones, event.data.confidence)
            for event in street.book.events
        ]

    assert run(right / 32, down / 32) == run(0.0, 0.0)
