"""Cameras without calibration learn where their pictures' spots lie from cameras that see the same things."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.domain.explain import links_of
from central.domain.partition import partition
from central.domain.registration import Registration, camera_of
from central.domain.rules import AssociationRules
from central.domain.values import Observation
from central.domain.view_learning import learn_views
from central.domain.views import FEWEST, Tie, View, fitted
from central.store import camera_errors
from contract.events import BoxNorm
from contract.ids import IncidentId
from contract.plane import Point
from contract.taxonomy import Seen
from tests.central.builders import T0, minutes
from tests.central.parts import Parts
from tests.central.test_partition import seen_at

RULES = AssociationRules()


def ground(x: float, y: float) -> Point:
    """What the uncalibrated camera sees at a spot: a street that falls away from it."""
    away_m = 8.0 / (y - 0.2)
    return Point((x - 0.5) * 1.6 * away_m, away_m)


def spot(x: float, y: float) -> BoxNorm:
    return BoxNorm(x1=x - 0.03, y1=y - 0.1, x2=x + 0.03, y2=y)


def pair(number: int, x: float, y: float, *, off_m: float = 0.0, late_min: float = 0.0) -> list[Observation]:
    """One stall, as a calibrated camera places it and as the other one boxes it."""
    start, there = T0 + minutes(60 * number), ground(x, y)
    at = (there.east_m + off_m, there.north_m)
    sure = replace(seen_at(f"sure-{number}", Seen.STALL, at, start=start, stay=minutes(30)), looks=20)
    other = seen_at(
        f"blind-{number}", Seen.STALL, None, camera="cam-2", start=start + minutes(late_min), stay=minutes(30)
    )
    return [sure, replace(other, box=spot(x, y))]


SPOTS = [(0.2, 0.6), (0.45, 0.55), (0.7, 0.65), (0.3, 0.8), (0.6, 0.85), (0.8, 0.5)]
CASES = [pair(number, x, y) for number, (x, y) in enumerate(SPOTS)]


def view_of(cases: list[list[Observation]]) -> View | None:
    return learn_views(cases, RULES, Registration()).get(camera_of(cases[0][1]))


def test_a_spot_between_known_ones_is_found_on_the_ground() -> None:
    view = view_of(CASES)
    assert view is not None
    found = view.place(spot(0.6, 0.83))
    assert found is not None
    wanted = ground(0.6, 0.83)
    assert found.point.east_m == pytest.approx(wanted.east_m, abs=1.0)
    assert found.point.north_m == pytest.approx(wanted.north_m, abs=1.5)


def test_far_from_everything_known_there_is_no_place() -> None:
    view = view_of([case for case, (_, y) in zip(CASES, SPOTS, strict=True) if y > 0.5])
    assert view is not None
    assert view.place(spot(0.1, 0.25)) is None


def test_a_wrong_pair_is_dropped_and_too_few_are_no_view() -> None:
    wrong = pair(9, 0.46, 0.56, off_m=9.0)
    view = view_of([*CASES, wrong])
    assert view is not None
    assert len(view.ties) == len(CASES)
    assert view_of(CASES[: FEWEST - 1]) is None


def test_who_was_not_there_as_long_and_vague_things_teach_nothing() -> None:
    late = [pair(number, x, y, late_min=3) for number, (x, y) in enumerate(SPOTS)]
    assert view_of(late) is None
    smoke = [[replace(own, seen=Seen.SMOKE) for own in case] for case in CASES]
    assert view_of(smoke) is None


def test_a_camera_with_positions_of_its_own_gets_no_view() -> None:
    own = replace(CASES[0][1], position=CASES[0][0].position)
    assert learn_views([*CASES, [own]], RULES, Registration()) == {}


def test_a_learnt_view_tells_neighbours_apart_and_says_so() -> None:
    view = view_of(CASES)
    assert view is not None
    known = Registration(views={camera_of(CASES[0][1]): view})
    near, far = pair(20, 0.45, 0.6), pair(20, 0.62, 0.6)
    street = [near[0], replace(far[0], incident_id=IncidentId("far")), near[1]]
    found = partition(street, RULES, known=known)
    groups = [{found.sightings[place].incident_id for place in group} for group in found.groups]
    assert {"sure-20", "blind-20"} in groups
    (together,) = [number for number, group in enumerate(found.groups) if len(group) == 2]
    link = links_of(found, together, RULES)[1]
    assert (link.basis, link.distance_m is not None, link.with_place is not None) == ("view", True, True)
    alone = partition(street, RULES)
    assert all(len(group) == 1 for group in alone.groups)


def test_signs_hang_above_the_ground_and_get_no_place() -> None:
    view = view_of(CASES)
    assert view is not None
    known = Registration(views={"n/cam-2": view})
    sign = replace(seen_at("sign", Seen.SIGN, None, camera="cam-2"), box=spot(0.45, 0.56))
    assert known.position(sign) is None
    assert known.position(replace(sign, seen=Seen.STALL)) is not None


def test_a_view_is_kept_with_what_else_was_learnt(parts: Parts) -> None:
    view = view_of(CASES)
    assert view is not None
    with parts.database.write() as connection:
        camera_errors.add(connection, T0, 12, Registration(views={"n/cam-2": view}), ())
    with parts.database.read() as connection:
        newest = camera_errors.newest(connection)
    assert newest is not None
    assert newest.known.views == {"n/cam-2": view}


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(*(st.floats(0, 1) for _ in range(2)), *(st.floats(-80, 80) for _ in range(2)), st.floats(0.7, 1)),
        max_size=25,
    ),
    st.floats(0.05, 0.95),
    st.floats(0.15, 1),
)
def test_whatever_the_ties_a_place_is_finite_and_honest(
    ties: list[tuple[float, float, float, float, float]], x: float, y: float
) -> None:
    view = fitted(Tie(*tie) for tie in ties)
    if view is None:
        return
    assert len(view.ties) >= FEWEST
    found = view.place(spot(x, y))
    if found is not None:
        assert abs(found.point.east_m) < 1e4
        assert found.covariance.ee_m2 >= 0.25
