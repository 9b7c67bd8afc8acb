"""A camera's boards: the first daylight drafts, a person accepts, differences become incidents with a place."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from contract.errors import UsageError
from contract.events import IncidentState
from contract.ids import CameraId
from contract.taxonomy import Context, Seen
from edge.baseline.boards import Acceptance, Baseline, difference, is_daylight, look_of
from edge.baseline.memory import BoardMemory
from edge.baseline.shelf import Shelf
from edge.baseline.watch import DRAFT_LOOKS, SignWatch
from edge.cli import app
from edge.values import Box, Detection, Frame, Incident
from tests.edge.fakes import CAM, T0, saw

SHOP: Box = (0.1, 0.1, 0.4, 0.2)
BANK: Box = (0.5, 0.1, 0.8, 0.2)
NEW: Box = (0.1, 0.5, 0.4, 0.6)
BOTH = (SHOP, BANK)


def street(colours: dict[Box, tuple[int, int, int]] | None = None, light: float = 1.0) -> NDArray[np.uint8]:
    """A grey street in colour cast with boards painted half in their colour, half white."""
    image = np.full((180, 320, 3), (120, 130, 140), np.uint8)
    for box, colour in (colours or {SHOP: (40, 40, 200), BANK: (200, 60, 30)}).items():
        x1, y1, x2, y2 = int(box[0] * 320), int(box[1] * 180), int(box[2] * 320), int(box[3] * 180)
        image[y1:y2, x1:x2] = colour
        image[y1:y2, (x1 + x2) // 2 : x2] = 230
    return (image * light).astype(np.uint8)


def boards(*boxes: Box) -> list[Detection]:
    return [saw(Seen.SIGN, box, 0.8) for box in boxes]


def look_at(number: int) -> datetime:
    return T0 + timedelta(minutes=10 * number)


def accepted() -> SignWatch:
    watch = SignWatch(CAM)
    for number in range(DRAFT_LOOKS):
        assert watch.step(boards(*BOTH), street(), look_at(number)) == ()
    assert watch.baseline is not None
    return SignWatch(CAM, None, watch.baseline.model_copy(update={"acceptance": Acceptance.ACCEPTED}))


def seen_over(watch: SignWatch, looks: list[tuple[Box, ...]], image: NDArray[np.uint8] | None = None) -> list[Incident]:
    found: list[Incident] = []
    for number, boxes in enumerate(looks):
        found += watch.step(boards(*boxes), street() if image is None else image, look_at(100 + number))
    return found


def test_the_first_daylight_looks_make_a_draft_of_what_most_of_them_show() -> None:
    watch = SignWatch(CAM)
    for number in range(DRAFT_LOOKS):
        shown = (*BOTH, NEW) if number == 2 else BOTH
        watch.step(boards(*shown), street(), look_at(number))
    assert watch.baseline is not None
    assert watch.baseline.acceptance is Acceptance.DRAFT
    assert [board.box for board in watch.baseline.boards] == [SHOP, BANK]
    assert [board.place_id for board in watch.baseline.boards] == ["board-1", "board-2"]


def test_nights_and_hurried_looks_make_no_draft() -> None:
    watch = SignWatch(CAM)
    for number in range(3 * DRAFT_LOOKS):
        watch.step(boards(*BOTH), street(light=0.3), look_at(number))
        watch.step(boards(*BOTH), np.full((180, 320, 3), 150, np.uint8), look_at(number))
    for second in range(100):
        watch.step(boards(*BOTH), street(), look_at(100) + timedelta(seconds=second))
    assert watch.baseline is None


def test_a_draft_nobody_accepted_reports_nothing() -> None:
    watch = SignWatch(CAM)
    for number in range(40):
        assert watch.step(boards(*(BOTH if number < 10 else (NEW,))), street(), look_at(number)) == ()


def test_a_new_board_is_an_incident_with_a_place_and_ends_when_it_is_taken_down() -> None:
    found = seen_over(accepted(), [(*BOTH, NEW)] * 5 + [BOTH] * 3)
    assert [(incident.state, incident.track.place_id) for incident in found] == [
        (IncidentState.OPENED, "new-1"),
        (IncidentState.CLOSED, "new-1"),
    ]
    assert found[0].track.box_norm == NEW


def test_a_removed_board_is_an_incident_a_parked_van_is_none() -> None:
    assert seen_over(accepted(), [BOTH, (BANK,), (BANK,), BOTH, BOTH, (BANK,)]) == []
    found = seen_over(accepted(), [(BANK,)] * 4)
    assert [incident.track.place_id for incident in found] == ["removed-board-1"]


def test_another_board_in_the_old_frame_is_an_incident_a_cloud_is_none() -> None:
    cloudy = (street().astype(np.float32) * 0.7).astype(np.uint8)
    assert seen_over(accepted(), [BOTH] * 5, cloudy) == []
    repainted = street({SHOP: (40, 200, 40), BANK: (200, 60, 30)})
    found = seen_over(accepted(), [BOTH] * 4, repainted)
    assert [incident.track.place_id for incident in found] == ["changed-board-1"]


def test_a_look_is_the_same_under_another_light_and_differs_for_another_board() -> None:
    day, dim = street(), (street().astype(np.float32) * 0.6).astype(np.uint8)
    assert difference(look_of(day, SHOP), look_of(dim, SHOP)) < 0.1
    assert difference(look_of(day, SHOP), look_of(day, BANK)) > 0.3


def test_daylight_is_light_and_in_colour() -> None:
    assert is_daylight(street())
    assert not is_daylight(street(light=0.4))
    assert not is_daylight(np.full((180, 320, 3), 150, np.uint8))


def draft_on(tmp_path: Path) -> BoardMemory:
    memory = BoardMemory(Shelf(tmp_path))
    for number in range(DRAFT_LOOKS):
        frame = Frame(CAM, street(), look_at(number), number)
        memory.step(frame, boards(*BOTH), frame.image, [(0.0, 0.8, 0.2, 1.0)])
    return memory


def test_a_person_accepts_in_bulk_and_the_running_node_takes_it_up(tmp_path: Path) -> None:
    memory = draft_on(tmp_path)
    shown = CliRunner().invoke(app, ["baseline", "show", "--state-dir", str(tmp_path)])
    assert shown.exit_code == 0 and "cam-1: draft, 2 boards from 6 looks" in shown.output
    sheet = tmp_path / "baseline" / "sheet.html"
    assert "cam-1.boards.png" in sheet.read_text(encoding="utf-8") and (sheet.parent / "cam-1.boards.png").is_file()
    assert CliRunner().invoke(app, ["baseline", "accept", "--state-dir", str(tmp_path)]).exit_code == 0
    found: list[Incident] = []
    for number in range(20, 25):
        frame = Frame(CAM, street(), look_at(number), number)
        found += memory.step(frame, boards(*BOTH, NEW), frame.image, [])
    assert [incident.track.place_id for incident in found] == ["new-1"]


def test_a_reset_makes_the_next_node_draft_anew(tmp_path: Path) -> None:
    draft_on(tmp_path)
    assert (
        CliRunner().invoke(app, ["baseline", "reset", "--state-dir", str(tmp_path), "--camera", "cam-1"]).exit_code == 0
    )
    assert Shelf(tmp_path).read("cam-1") is None
    again = CliRunner().invoke(app, ["baseline", "accept", "--state-dir", str(tmp_path)])
    assert again.exit_code == 2 and "no baseline yet" in again.output


def test_a_damaged_baseline_is_named(tmp_path: Path) -> None:
    draft_on(tmp_path)
    Shelf(tmp_path).path("cam-1").write_text('{"camera_id": "cam-1"}', encoding="utf-8")
    with pytest.raises(UsageError, match=r"cam-1\.json"):
        Shelf(tmp_path).read("cam-1")


def test_every_preset_has_boards_of_its_own(tmp_path: Path) -> None:
    memory = BoardMemory(Shelf(tmp_path))
    for number in range(2 * DRAFT_LOOKS):
        preset = "north" if number % 2 else "south"
        frame = Frame(CAM, street(), look_at(number), number, preset)
        memory.step(frame, boards(SHOP if preset == "north" else BANK), frame.image, [])
    stored = {entry.preset: [board.box for board in entry.boards] for entry in Shelf(tmp_path).all()}
    assert stored == {"north": [SHOP], "south": [BANK]}


def test_people_are_no_boards() -> None:
    watch = SignWatch(CameraId("cam-9"))
    for number in range(DRAFT_LOOKS):
        watch.step([saw(Context.PERSON, SHOP), saw(Seen.STALL, BANK)], street(), look_at(number))
    assert watch.baseline == Baseline(camera_id="cam-9", acceptance=Acceptance.DRAFT, looks=DRAFT_LOOKS, boards=())
