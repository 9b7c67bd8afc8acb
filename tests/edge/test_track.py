"""Tracks keep their identity through absence and give it up in time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.taxonomy import Seen
from edge.rules.boxes import iou
from edge.rules.track import MAX_TRACKS, TrackedLook, Tracker
from edge.values import Box, Thing
from tests.edge.fakes import LEFT, POLICIES, RIGHT, at, policy

PRESENCE = POLICIES.presence
STALL_GONE = {Seen.STALL: policy(gone_after_s=120)}


def stall(box: Box = LEFT, score: float = 0.8) -> Thing:
    return Thing(Seen.STALL, score, box)


def ids(look: TrackedLook) -> list[int]:
    return [track.track_id for track in look.live]


def test_a_stall_keeps_its_identity_through_minutes_of_absence() -> None:
    """A delivery van stands in front for just less than the time after which it counts as gone."""
    tracker = Tracker(STALL_GONE)
    tracker.step([stall()], at(0))
    for second in range(1, 120):
        look = tracker.step([], at(second))
        assert ids(look) == [1]
        assert look.live[0].score is None
    again = tracker.step([stall()], at(120))
    assert ids(again) == [1]
    assert again.live[0].first_seen_at == at(0)
    assert again.live[0].last_seen_at == at(120)


def test_a_stall_absent_for_long_enough_is_given_up_once() -> None:
    tracker = Tracker(STALL_GONE)
    tracker.step([stall()], at(0))
    lost = [second for second in range(1, 200) if tracker.step([], at(second)).lost]
    assert lost == [120]
    assert ids(tracker.step([stall()], at(200))) == [2]


def test_a_camera_that_was_away_proves_nothing_about_the_time_between() -> None:
    tracker = Tracker(STALL_GONE)
    tracker.step([stall()], at(0))
    assert ids(tracker.step([], at(3600))) == [1]
    assert ids(tracker.step([stall()], at(3601))) == [1]


def test_things_of_two_kinds_in_one_place_are_two_tracks() -> None:
    look = Tracker(PRESENCE).step([stall(), Thing(Seen.SMOKE, 0.5, LEFT)], at(0))
    assert sorted(track.seen for track in look.live) == [Seen.SMOKE, Seen.STALL]


def test_each_camera_numbers_its_own_tracks() -> None:
    one, other = Tracker(PRESENCE), Tracker(PRESENCE)
    one.step([stall(LEFT), stall(RIGHT)], at(0))
    assert ids(other.step([stall(RIGHT)], at(0))) == [1]


def test_neighbours_do_not_swap_when_one_blinks_or_the_order_changes() -> None:
    """A row of three stalls, shoulder to shoulder, whose boxes tremble and of which one is hidden every look."""
    row = [(0.2 + 0.1 * n, 0.5, 0.3 + 0.1 * n, 0.7) for n in range(3)]
    tracker = Tracker(PRESENCE)
    first = tracker.step([stall(box) for box in row], at(0))
    place_by_id = {track.track_id: track.box_norm for track in first.live}
    for second in range(1, 60):
        tremble = 0.012 * (-1) ** second
        shown = [(x1 + tremble, y1, x2 + tremble, y2) for n, (x1, y1, x2, y2) in enumerate(row) if n != second % 3]
        look = tracker.step([stall(box) for box in shown[::-1]], at(second))
        assert {track.track_id for track in look.live} == set(place_by_id)
        for track in look.live:
            assert iou(track.box_norm, place_by_id[track.track_id]) > 0.6


def test_a_younger_double_is_dropped_and_the_elder_stays() -> None:
    tracker = Tracker(PRESENCE)
    tracker.step([stall((0.2, 0.5, 0.4, 0.7))], at(0))
    look = tracker.step([stall((0.2, 0.5, 0.4, 0.7)), stall((0.22, 0.52, 0.26, 0.6))], at(1))
    assert ids(look) == [1]
    assert [track.track_id for track in look.lost] == [2]


def test_a_camera_full_of_noise_does_not_eat_the_node() -> None:
    things = [stall((n / 400, 0.1, n / 400 + 0.001, 0.2)) for n in range(400)]
    assert len(Tracker(PRESENCE).step(things, at(0)).live) == MAX_TRACKS


def test_a_look_before_the_last_one_is_a_callers_mistake() -> None:
    tracker = Tracker(PRESENCE)
    tracker.step([], at(5))
    with pytest.raises(ValueError, match="after one at"):
        tracker.step([], at(4))


scripts = st.lists(
    st.tuples(
        st.integers(1, 8), st.lists(st.sampled_from([LEFT, RIGHT, (0.3, 0.2, 0.5, 0.4)]), max_size=3, unique=True)
    ),
    min_size=1,
    max_size=30,
)


@given(scripts)
def test_a_track_lives_once_and_its_number_is_never_used_again(script: list[tuple[int, list[Box]]]) -> None:
    tracker, now, dead, alive = Tracker(PRESENCE), 0, set[int](), set[int]()
    for gap, shown in script:
        now += gap
        look = tracker.step([stall(box) for box in shown], at(now))
        live = {track.track_id for track in look.live}
        lost = {track.track_id for track in look.lost}
        assert not live & lost
        assert not live & dead
        assert lost <= alive | lost
        assert alive <= live | lost
        assert sum(track.score is not None for track in look.live) == len(shown)
        dead |= lost
        alive = live
