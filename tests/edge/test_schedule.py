"""Who is looked at next: fair, on time, and honest about what was skipped."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CameraId
from edge.backoff import FIRST_S, LONGEST_S, Backoff
from edge.schedule import LookSchedule

A, B, C = (CameraId(name) for name in "abc")


def test_the_most_overdue_camera_goes_first() -> None:
    schedule = LookSchedule({A: 1.0, B: 0.5}, 0.0)
    schedule.looked(A, 0.0)
    schedule.looked(B, 0.0)
    assert schedule.choose({A, B}, 0.4) is None
    assert schedule.choose({A, B}, 0.7) == B
    assert schedule.choose({A}, 0.7) is None
    assert schedule.choose({A, B}, 5.0) == B
    assert schedule.choose(set(), 5.0) is None


def test_a_look_that_comes_late_skips_whole_periods_and_counts_them() -> None:
    schedule = LookSchedule({A: 1.0}, 0.0)
    schedule.looked(A, 0.0)
    schedule.looked(A, 4.5)
    assert schedule.counts(A) == (2, 3)
    assert schedule.choose({A}, 4.9) is None
    assert schedule.choose({A}, 5.0) == A


def test_waiting_for_a_camera_to_start_is_no_skipped_look() -> None:
    schedule = LookSchedule({A: 0.5}, 0.0)
    schedule.looked(A, 60.0)
    assert schedule.counts(A) == (1, 0)


def test_the_wait_ends_with_the_next_deadline() -> None:
    schedule = LookSchedule({A: 1.0, B: 3.0}, 0.0)
    schedule.looked(A, 0.0)
    schedule.looked(B, 0.0)
    assert schedule.wait_s(0.25, 5.0) == pytest.approx(0.75)
    assert schedule.wait_s(0.25, 0.5) == 0.5


@st.composite
def loads(draw: st.DrawFn) -> tuple[dict[CameraId, float], list[float]]:
    """Cameras with their periods, and how long each look takes."""
    periods = draw(st.lists(st.sampled_from([0.2, 0.5, 1.0, 2.0]), min_size=1, max_size=3))
    costs = draw(st.lists(st.floats(0.001, 3.0), min_size=10, max_size=80))
    return dict(zip((A, B, C), periods, strict=False)), costs


@given(loads())
def test_no_camera_gets_two_looks_within_one_period_of_its_grid(
    load: tuple[dict[CameraId, float], list[float]],
) -> None:
    """However loaded the engine: at most one look a period, and every period is looked or counted as skipped."""
    periods, costs = load
    schedule = LookSchedule(periods, 0.0)
    now_s = 0.0
    looks: dict[CameraId, list[float]] = {camera_id: [] for camera_id in periods}
    for cost_s in costs:
        camera_id = schedule.choose(set(periods), now_s)
        if camera_id is None:
            now_s += schedule.wait_s(now_s, 5.0) + 1e-9
            continue
        schedule.looked(camera_id, now_s)
        looks[camera_id].append(now_s)
        now_s += cost_s
    for camera_id, times in looks.items():
        every_s = periods[camera_id]
        slots = [int((time_s - times[0]) / every_s + 1e-6) for time_s in times]
        assert len(slots) == len(set(slots)), "two looks in one period"
        count, skipped = schedule.counts(camera_id)
        assert count == len(times)
        if times:
            assert skipped == pytest.approx(slots[-1] - slots[0] - (len(slots) - 1), abs=1)


@given(loads())
def test_an_overloaded_engine_starves_nobody(load: tuple[dict[CameraId, float], list[float]]) -> None:
    """Every look takes longer than any period: the cameras take turns, in proportion to what their periods ask for."""
    periods = load[0]
    schedule = LookSchedule(periods, 0.0)
    order = []
    for turn in range(60):
        camera_id = schedule.choose(set(periods), turn * 10.0)
        assert camera_id is not None
        schedule.looked(camera_id, turn * 10.0)
        order.append(camera_id)
    longest_s = max(periods.values())
    turns = round(sum(1 + longest_s / every_s for every_s in periods.values()))
    for start in range(60 - turns):
        assert set(order[start : start + turns]) == set(periods)


def test_waits_grow_are_jittered_and_start_small_after_a_success() -> None:
    backoff = Backoff(random.Random(1))
    waits = [backoff.next_s() for _ in range(10)]
    assert FIRST_S / 2 <= waits[0] <= FIRST_S
    assert all(LONGEST_S / 2 <= wait <= LONGEST_S for wait in waits[-3:])
    assert len(set(waits)) == len(waits)
    backoff.reset()
    assert backoff.next_s() <= FIRST_S
