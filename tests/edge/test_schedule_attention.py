"""Who is watched closely, for how long, and what that costs the others."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CameraId
from edge.schedule import LONGEST_ATTENTION, Attention, LookSchedule
from tests.edge.fakes import at

A, B, C = (CameraId(name) for name in "abc")


def test_a_wish_raises_the_rate_at_once_and_lets_it_fall_at_its_end() -> None:
    schedule = LookSchedule({A: 2.0}, 0.0)
    schedule.looked(A, 0.0)
    schedule.want_attention(A, at(10))
    assert schedule.settle(at(1), 1.0) == {A: True}
    assert schedule.choose({A}, 1.0) == A
    looks = 0
    for tick in range(10, 100):
        assert schedule.settle(at(tick / 10), tick / 10) == {}
        if schedule.choose({A}, tick / 10 + 1e-6) is not None:
            schedule.looked(A, tick / 10 + 1e-6)
            looks += 1
    assert looks == pytest.approx(45, abs=1)
    assert schedule.settle(at(10), 10.0) == {A: False}
    schedule.looked(A, 10.0)
    assert schedule.choose({A}, 11.9) is None
    assert not schedule.is_attended(A)


def test_room_is_for_a_few_and_the_wish_that_ends_first_goes_first() -> None:
    schedule = LookSchedule({A: 2.0, B: 2.0, C: 2.0}, 0.0, attention_cameras=2)
    for camera_id, end in ((A, 30), (B, 10), (C, 20)):
        schedule.want_attention(camera_id, at(end))
    assert schedule.settle(at(0), 0.0) == {B: True, C: True}
    assert schedule.settle(at(10), 10.0) == {B: False, A: True}


def test_unknown_cameras_and_those_that_left_are_not_wished_for() -> None:
    schedule = LookSchedule({A: 2.0}, 0.0)
    schedule.want_attention(B, at(10))
    schedule.want_attention(A, at(10))
    schedule.settle(at(0), 0.0)
    schedule.remove(A)
    assert schedule.settle(at(1), 1.0) == {}


def test_a_clock_that_was_set_back_ends_attention_all_the_same() -> None:
    """A wish until nine o'clock, heard at eight because the clock was an hour ahead, lasts minutes and no hour."""
    attention = Attention(1)
    attention.want(A, at(3600))
    assert attention.granted(at(0)) == {A}
    assert attention.granted(at(0) + LONGEST_ATTENTION + timedelta(seconds=1)) == frozenset()


def test_motion_goes_first_among_those_that_are_due_and_never_instead() -> None:
    schedule = LookSchedule({A: 2.0, B: 2.0}, 0.0)
    schedule.looked(A, 0.0)
    schedule.looked(B, 0.5)
    assert schedule.choose({A, B}, 2.6) == A
    assert schedule.choose({A, B}, 2.6, moving={B}) == B
    schedule.looked(B, 2.6)
    assert schedule.choose({A, B}, 2.6, moving={B}) == A


@given(st.lists(st.booleans(), min_size=30, max_size=60))
def test_a_camera_without_motion_is_looked_at_however_the_others_move(moves: list[bool]) -> None:
    """The engine manages one look a second for three cameras of two seconds: the still one gets its share."""
    schedule = LookSchedule({A: 2.0, B: 2.0, C: 2.0}, 0.0)
    looks = dict.fromkeys((A, B, C), 0)
    for second, is_moving in enumerate(moves):
        chosen = schedule.choose({A, B, C}, float(second), moving={B, C} if is_moving else ())
        assert chosen is not None or second < 6
        if chosen is not None:
            schedule.looked(chosen, float(second))
            looks[chosen] += 1
    assert looks[A] >= len(moves) // 3 - 2


def test_deadlines_move_towards_the_frames() -> None:
    """Frames come 0.3 s before each deadline: after some looks they are looked at as they come."""
    schedule = LookSchedule({A: 2.0}, 0.0)
    schedule.looked(A, 0.0)
    ages = []
    for number in range(1, 10):
        came_s = 2.0 * number - 0.3
        due_s = came_s
        while schedule.choose({A}, due_s) is None:
            due_s += 0.01
        ages.append(due_s - came_s)
        schedule.looked(A, due_s, due_s - came_s)
    assert ages[0] == pytest.approx(0.3, abs=0.011)
    assert max(ages[4:]) < 0.02


def test_wishes_are_extended_and_never_shortened() -> None:
    attention = Attention(1)
    attention.want(A, at(20))
    attention.want(A, at(5))
    assert attention.granted(at(10)) == {A}
