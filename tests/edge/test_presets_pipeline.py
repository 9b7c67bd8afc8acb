"""A turning camera's directions are watched apart: each has its own zones, place and tracks."""

import threading
from dataclasses import replace
from pathlib import Path

from contract.clock import VirtualClock
from contract.events import Event, IncidentState
from contract.taxonomy import Seen
from edge.camera_settings import CameraSettings
from edge.capture.slot import FrameSlots
from edge.events import RandomIds
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.eyes import view_of
from edge.look_loop import LookLoop
from edge.pipeline import Pipeline, View
from edge.rules.places import Zone
from edge.schedule import LookSchedule
from edge.settings import load_node
from edge.values import Frame
from tests.edge.fakes import CAM, LEFT, POLICIES, SENDER, T0, FakeBook, ScriptedDetector, frame, saw

WHOLE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
GATE = View(CAM, 1.0, (Zone("gate-zone", WHOLE),))
YARD = View(CAM, 1.0, (Zone("yard-zone", WHOLE),))
TURNING = View(CAM, 1.0, presets={"gate": GATE, "yard": YARD})


class Stall(ScriptedDetector):
    """Sees a stall at the same place of every picture, whatever the direction."""

    def detect(self, frame: object) -> tuple[object, ...]:  # type: ignore[override]
        return (saw(Seen.STALL, LEFT),)


def pipeline(folder: Path, view: View, book: FakeBook) -> Pipeline:
    locker = EvidenceLocker(PictureFolder(folder), EvidenceSettings(), VirtualClock(T0))
    return Pipeline(Stall(), POLICIES, [view], EvidenceSettings(), locker, book, SENDER, RandomIds())  # type: ignore[arg-type]


def aimed(second: float, preset: str | None, *, is_moving: bool = False) -> Frame:
    return replace(frame(second), preset=preset, is_moving=is_moving)


def told(events: list[Event]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(event.data.state.value, event.data.preset, event.data.zones) for event in events]


def test_what_stands_at_one_preset_does_not_count_at_another(tmp_path: Path) -> None:
    """Ten seconds of stall make an incident; six in each of two directions do not, twelve in one do."""
    book = FakeBook()
    node = pipeline(tmp_path, TURNING, book)
    for second in range(12):
        node.look(aimed(second, "gate" if second < 6 else "yard"))
    assert not book.events
    for second in range(12, 18):
        node.look(aimed(second, "yard"))
    assert told(book.events) == [("opened", "yard", ("yard-zone",))]


def test_zones_that_change_hold_at_once_and_tracks_go_on(tmp_path: Path) -> None:
    book = FakeBook()
    node = pipeline(tmp_path, TURNING, book)
    for second in range(8):
        node.look(aimed(second, "gate"))
    node.watch(View(CAM, 1.0, presets={"gate": YARD}), anew=False)
    for second in range(8, 12):
        node.look(aimed(second, "gate"))
    assert told(book.events) == [("opened", "gate", ("yard-zone",))]


def test_nothing_fires_while_the_camera_turns_or_is_lost(tmp_path: Path) -> None:
    book, clock, slots = FakeBook(), VirtualClock(T0), FrameSlots()
    loop = LookLoop(slots, LookSchedule({CAM: 1.0}, 0.0), pipeline(tmp_path, TURNING, book), clock, threading.Event())
    for second in range(40):
        slots.put(aimed(second, None, is_moving=True))
        loop.step()
        clock.sleep(1.0)
    assert not book.events


def test_each_preset_has_its_own_zones_and_place_and_the_cameras_do_not_hold_there() -> None:
    pose = {"origin_lat": 30.0, "origin_lon": 120.0, "east_m": 0, "north_m": 0, "height_m": 6, "yaw_deg": 0}
    pose |= {"tilt_deg": 20, "fov_deg": 60}
    polygon = [[0, 0], [1, 0], [1, 1]]
    presets = [
        {"name": "gate", "picture": "gate.jpg", "zones": [{"name": "a", "polygon": polygon}], "pose": pose},
        {"name": "yard", "picture": "yard.jpg"},
    ]
    content = {"camera_id": "c", "source": "rtsp://x/1", "zones": [{"name": "own", "polygon": polygon}]}
    view = view_of(CameraSettings.model_validate(content | {"ptz": {"presets": presets}}), 16 / 9)
    gate, yard = view.presets["gate"], view.presets["yard"]
    assert [zone.name for zone in gate.zones] == ["a"]
    assert gate.pose is not None
    assert (yard.zones, yard.pose, view.zones) == ((), None, ())


def test_pictures_of_presets_are_found_beside_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "node.yaml"
    config.write_text(
        "cameras:\n- camera_id: c\n  source: rtsp://x/1\n  ptz: {presets: [{name: gate, picture: p/gate.jpg}]}\n",
        encoding="utf-8",
    )
    ptz = load_node(config).cameras[0].ptz
    assert ptz is not None
    assert ptz.presets[0].picture == tmp_path / "p" / "gate.jpg"


def test_an_incident_of_one_preset_goes_on_when_the_camera_comes_back(tmp_path: Path) -> None:
    book = FakeBook()
    node = pipeline(tmp_path, TURNING, book)
    for second in range(12):
        node.look(aimed(second, "gate"))
    for second in range(12, 22):
        node.look(aimed(second, "yard"))
    for second in range(22, 100):
        node.look(aimed(second, "gate"))
    gate = [event for event in book.events if event.data.preset == "gate"]
    assert [event.data.state for event in gate] == [IncidentState.OPENED, IncidentState.UPDATED]
    assert len({event.data.incident_id for event in gate}) == 1
