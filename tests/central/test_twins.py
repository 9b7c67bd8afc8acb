"""What came and went together, and what it teaches of cameras whose positions mislead."""

from dataclasses import replace

from central.domain.geometry import Covariance, Position
from central.domain.rules import AssociationRules
from central.domain.twins import twins
from central.domain.values import Observation
from central.services.replaying import learn_cameras
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import Seen
from tests.central.builders import T0, minutes, seconds

SPACING_M = 4.5


def stay(name: str, camera: str, east_m: float, start_min: float, stay_min: float, late_s: float = 0) -> Observation:
    start = T0 + minutes(start_min) + seconds(late_s)
    end = T0 + minutes(start_min + stay_min) - seconds(late_s)
    position = Position(Point(east_m, 0.0), Covariance(0.5, 0.0, 0.5))
    names = (IncidentId(name), 1, NodeId("n"), CameraId(camera), Seen.STALL)
    return Observation(*names, start, end, True, position, looks=20)


def row(is_open_together: bool = False) -> list[tuple[Observation, ...]]:
    """Two cameras on one row of six stalls; the second places everything one stall too far east."""
    found: list[tuple[Observation, ...]] = []
    for number in range(6):
        start, length = (0.0, 60.0) if is_open_together else (7.0 * number, 50.0 + 5 * number)
        found.append((stay(f"a{number}", "cam-1", SPACING_M * number, start, length),))
        found.append((stay(f"b{number}", "cam-2", SPACING_M * (number + 1), start, length, late_s=20),))
    return found


def test_who_came_and_went_together_is_paired_one_place_off_or_not() -> None:
    pairs = {(a.incident_id, b.incident_id) for a, b in twins(row())}
    assert pairs == {(f"a{number}", f"b{number}") for number in range(6)}


def test_a_row_that_opens_and_closes_at_once_pairs_nobody() -> None:
    assert list(twins(row(is_open_together=True))) == []


def test_what_is_still_there_or_was_cut_or_has_no_ground_has_no_twin() -> None:
    ((a,), (b,)) = row()[:2]
    assert list(twins([(a,), (replace(b, is_gone=False),)])) == []
    assert list(twins([(a,), (b, replace(b, part=2))])) == []
    assert list(twins([(a,), (replace(b, position=None),)])) == []


def test_a_camera_that_is_one_place_off_in_a_row_is_learnt_in_any_order() -> None:
    parts = row()
    known = learn_cameras(parts, AssociationRules(), 4)
    assert known == learn_cameras(parts[::-1], AssociationRules(), 4)
    east = {camera: shifts[0].east_m for camera, shifts in known.shifts.items()}
    assert abs(east["n/cam-2"] - east["n/cam-1"] - SPACING_M) < 0.6
