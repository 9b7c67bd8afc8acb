"""Who is watched closely, for how long, and what that costs the others."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.ids import CameraId
from edge.rules.attention import Wish
from edge.schedule import LONGEST_ATTENTION, Attention, LookSchedule, Wisher
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


def test_a_rule_that_is_done_ends_its_own_wish_and_never_a_persons() -> None:
    schedule = LookSchedule({A: 2.0}, 0.0)
    schedule.heed(Wish(A, at(60), "flame may be there"))
    schedule.want_attention(A, at(30))
    schedule.settle(at(0), 0.0)
    schedule.heed(Wish(A, at(1), "confirmed or gone", is_over=True))
    assert schedule.settle(at(1), 1.0) == {}
    assert schedule.is_attended(A)
    assert schedule.settle(at(30), 30.0) == {A: False}


def test_a_persons_wish_goes_before_any_rules() -> None:
    attention = Attention(1)
    attention.want(A, at(5), Wisher.RULE)
    attention.want(B, at(60), Wisher.PERSON)
    assert attention.granted(at(0)) == {B}
    attention.forget(B)
    assert attention.granted(at(0)) == {A}


@dataclass(frozen=True)
class Street:
    """Cameras in patrol (2 s) and in attention (0.2 s) that always have a fresh frame."""

    patrol: int
    close: int

    @property
    def cameras(self) -> list[CameraId]:
        return [CameraId(f"p{n}") for n in range(self.patrol)] + [CameraId(f"c{n}") for n in range(self.close)]

    def watched(self, look_s: float, seconds: float = 60.0) -> LookSchedule:
        """The schedule after an engine that takes `look_s` a look has worked through it for a while."""
        schedule = LookSchedule(dict.fromkeys(self.cameras, 2.0), 0.0, attention_cameras=self.close)
        now_s = 0.0
        while now_s < seconds:
            for camera_id in self.cameras[self.patrol :]:
                schedule.want_attention(camera_id, at(now_s + 30))
            schedule.settle(at(now_s), now_s)
            chosen = schedule.choose(self.cameras, now_s)
            if chosen is None:
                now_s += schedule.wait_s(now_s, 1.0) + 1e-9
                continue
            schedule.looked(chosen, now_s)
            now_s += look_s
        return schedule

    def skipped(self, schedule: LookSchedule, kind: str) -> float:
        counts = [schedule.counts(camera_id) for camera_id in self.cameras if camera_id.startswith(kind)]
        return sum(skipped for _, skipped in counts) / sum(looks + skipped for looks, skipped in counts)


def test_with_room_for_all_attention_keeps_its_rate_beside_25_in_patrol() -> None:
    street = Street(25, 4)  # 32.5 looks a second
    schedule = street.watched(1 / 36)
    assert street.skipped(schedule, "c") < 0.04
    assert street.skipped(schedule, "p") < 0.03  # the first round, when all are due at once


def test_over_budget_attention_thins_out_and_patrol_goes_on() -> None:
    street = Street(25, 4)
    schedule = street.watched(1 / 22)
    assert street.skipped(schedule, "p") < 0.05
    assert 0.3 < street.skipped(schedule, "c") < 0.7


@given(
    st.integers(1, 8),
    st.integers(0, 4),
    st.lists(st.floats(0.01, 3.0), min_size=60, max_size=120),
    st.lists(st.booleans(), min_size=120, max_size=120),
)
def test_nobody_starves_however_slow_the_engine_and_whoever_moves(
    patrol: int, close: int, costs: list[float], moves: list[bool]
) -> None:
    """A camera that is due is looked at within a number of looks that depends on the cameras alone."""
    cameras = Street(patrol, close).cameras
    schedule = LookSchedule(dict.fromkeys(cameras, 2.0), 0.0, attention_cameras=close)
    waited = dict.fromkeys(cameras, 0)
    now_s = 0.0
    for cost_s, is_moving in zip(costs, moves, strict=False):
        for camera_id in cameras[patrol:]:
            schedule.want_attention(camera_id, at(now_s + 500))
        schedule.settle(at(now_s), now_s)
        chosen = schedule.choose(cameras, now_s, cameras[1:] if is_moving else ())
        if chosen is not None:
            schedule.looked(chosen, now_s)
            waited = {name: 0 if name == chosen else count + 1 for name, count in waited.items()}
        now_s += max(cost_s, 2.0 / len(cameras)) if chosen else 0.5
        # A close camera is late by ten periods while one in patrol is late by one, which counts four times.
        assert max(waited.values()) <= 12 * len(cameras)


@given(st.lists(st.floats(0.0, 5.0), min_size=2, max_size=12, unique=True))
def test_among_equal_periods_the_oldest_look_goes_first(looked_s: list[float]) -> None:
    cameras = {CameraId(f"cam-{number}"): second for number, second in enumerate(looked_s)}
    schedule = LookSchedule(dict.fromkeys(cameras, 2.0), 0.0)
    for camera_id, second in sorted(cameras.items(), key=lambda entry: entry[1]):
        schedule.looked(camera_id, second)
    left = dict(cameras)
    while left:
        chosen = schedule.choose(left, 20.0)
        assert chosen == min(left, key=lambda name: left[name])
        del left[chosen]


def test_wishes_are_extended_and_never_shortened() -> None:
    attention = Attention(1)
    attention.want(A, at(20))
    attention.want(A, at(5))
    assert attention.granted(at(10)) == {A}


@given(st.floats(0.0, 1.9), st.floats(0.0, 2.0))
def test_a_camera_whose_every_frame_is_looked_at_skips_nothing_however_late(delay_s: float, phase_s: float) -> None:
    """A busy node looks a while after the frame came: no reason for the grid to walk away from the frames."""
    schedule = LookSchedule({A: 2.0}, 0.0)
    for number in range(60):
        came_s = phase_s + 2.0 * number
        now_s = came_s + delay_s
        if schedule.choose({A}, now_s) is None:
            now_s += schedule.wait_s(now_s, 10.0)
        schedule.looked(A, now_s, now_s - came_s)
    assert schedule.counts(A) == (60, 0)
