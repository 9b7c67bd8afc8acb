"""Laws of confirmation: what opens an incident, when, and what closes it."""

import pickle
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.events import IncidentState
from contract.taxonomy import Seen
from edge.rules.policy import PresencePolicy
from edge.rules.presence import Presence
from edge.rules.track import Tracker
from edge.values import Box, Incident, Thing
from tests.edge.fakes import LEFT, at, policy

Look = tuple[float, float | None]
"""Second of capture, and the score of the one thing at its fixed place (None: not seen)."""


def watch(looks: Sequence[Look], rule: PresencePolicy, cadence_s: float = 1.0) -> list[tuple[float, Incident]]:
    """What one camera reports of one thing at a fixed place."""
    tracker, presence = Tracker({Seen.STALL: rule}), Presence({Seen.STALL: rule}, cadence_s)
    told = []
    for second, score in looks:
        things = [] if score is None else [Thing(Seen.STALL, score, LEFT)]
        told += [(second, incident) for incident in presence.step(tracker.step(things, at(second)), at(second))]
    return told


def states(looks: Sequence[Look], rule: PresencePolicy, cadence_s: float = 1.0) -> list[tuple[float, IncidentState]]:
    return [(second, incident.state) for second, incident in watch(looks, rule, cadence_s)]


def steady(start: float, end: float, every: float = 1.0, score: float | None = 0.8) -> list[Look]:
    return [(start + n * every, score) for n in range(int((end - start) / every) + 1)]


def opened_at(looks: Sequence[Look], rule: PresencePolicy, cadence_s: float = 1.0) -> list[float]:
    return [second for second, state in states(looks, rule, cadence_s) if state is IncidentState.OPENED]


def test_a_thing_that_stays_is_opened_once_after_its_time() -> None:
    assert opened_at(steady(0, 100), policy(present_after_s=10)) == [10]


def test_a_flicker_opens_nothing() -> None:
    looks = [(float(n), 0.9 if n % 5 == 0 else None) for n in range(120)]
    assert opened_at(looks, policy(share=0.7)) == []


def test_a_faint_thing_opens_only_when_its_scores_add_up() -> None:
    faint = policy(share=0.5, confirm_score=0.4)
    assert opened_at(steady(0, 60, score=0.19), faint) == []
    assert opened_at(steady(0, 60, score=0.25), faint) == [10]


def test_a_passer_by_does_not_become_a_stall() -> None:
    """A cart pushed across the whole picture in ten seconds, looked at five times a second."""
    rule = policy(present_after_s=20)
    tracker, presence = Tracker({Seen.STALL: rule}), Presence({Seen.STALL: rule}, 0.2)
    told: list[Incident] = []
    for lap in range(10):
        for n in range(50):
            x = n / 55
            box: Box = (x, 0.5, x + 0.1, 0.7)
            now = at(lap * 30 + n / 5)
            told += presence.step(tracker.step([Thing(Seen.STALL, 0.9, box)], now), now)
    assert told == []


@pytest.mark.parametrize("phase", [0.0, 0.35, 0.8])
@pytest.mark.parametrize("slot_s", [1.0, 2.0, 5.0])
def test_dwell_is_seconds_of_capture_time_at_any_rate(slot_s: float, phase: float) -> None:
    """The same street at 1, 2 and 5 looks a second opens at the same time within one slot."""
    rule = policy(look_every_s=slot_s, present_after_s=20)
    opened = [opened_at(steady(phase, 60, every), rule, every) for every in (1.0, 0.5, 0.2)]
    times = [times[0] for times in opened]
    assert max(times) - min(times) <= slot_s
    assert min(times) >= phase + 20


def test_a_slow_camera_still_confirms() -> None:
    """One look in thirty seconds, and a policy made for one in two: the slots grow with the camera's cadence."""
    rule = policy(look_every_s=2, present_after_s=10, gone_after_s=20)
    assert opened_at(steady(0, 600, 30), rule, cadence_s=30) == [30]


def test_a_slow_cameras_jitter_does_not_start_it_over() -> None:
    """Looks stay on the schedule's grid but come late by up to most of a period."""
    rule = policy(look_every_s=2, present_after_s=10, gone_after_s=20)
    looks = [(30.0 * n + (25.0 if n % 2 else 0.0), 0.8) for n in range(10)]
    assert opened_at(looks, rule, cadence_s=30)


def test_an_outage_of_the_camera_closes_nothing() -> None:
    rule = policy(gone_after_s=30)
    looks = [*steady(0, 20), (3600.0, None), (3601.0, 0.8), (3605.0, None)]
    assert [state for _, state in states(looks, rule)] == [IncidentState.OPENED, IncidentState.UPDATED]


def test_while_it_stays_it_is_told_at_most_once_a_minute() -> None:
    told = [second for second, _ in states(steady(0, 600, 0.5), policy())]
    assert told[0] == 10
    assert all(later - earlier >= 60 for earlier, later in pairwise(told))
    assert len(told) == 10


def test_it_closes_exactly_once_and_after_being_watched_gone() -> None:
    looks = [*steady(0, 50), *steady(51, 400, score=None)]
    told = states(looks, policy(gone_after_s=30))
    assert told == [(10, IncidentState.OPENED), (80, IncidentState.CLOSED)]


def test_what_comes_back_after_its_close_is_a_new_incident() -> None:
    looks = [*steady(0, 20), *steady(21, 60, score=None), *steady(61, 90)]
    told = watch(looks, policy(gone_after_s=30))
    assert [incident.state for _, incident in told] == [
        IncidentState.OPENED,
        IncidentState.CLOSED,
        IncidentState.OPENED,
    ]
    assert told[2][1].track.track_id != told[0][1].track.track_id
    assert [incident.revision for _, incident in told] == [1, 2, 1]


def test_a_close_says_when_it_was_last_seen() -> None:
    _, closed = watch([*steady(0, 50), *steady(51, 400, score=None)], policy(gone_after_s=30))
    assert closed[1].track.last_seen_at == at(50)
    assert closed[1].summary.looks == 80
    assert closed[1].summary.positive_looks == 51


def test_what_was_never_confirmed_ends_in_silence() -> None:
    assert states([*steady(0, 5), *steady(6, 100, score=None)], policy()) == []


def test_sightings_long_apart_do_not_add_up() -> None:
    """Two glimpses, unwatched time between them: the first is no proof that the thing has been there since."""
    rule = policy(look_every_s=2, share=0.6, present_after_s=5, gone_after_s=20)
    glimpses: list[Look] = [(0.0, 0.9), (30.0, 0.9), (32.0, 0.9), (34.0, 0.9)]
    assert opened_at(glimpses, rule, 2) == []
    ((opened, incident),) = watch([*glimpses, (36.0, 0.9)], rule, 2)
    assert opened == 36.0
    assert incident.track.first_seen_at == at(30)


policies_ = st.builds(
    policy,
    look_every_s=st.sampled_from([1.0, 2.0, 5.0]),
    share=st.sampled_from([0.5, 0.6, 0.7, 1.0]),
    present_after_s=st.sampled_from([5.0, 10.0, 20.0]),
    gone_after_s=st.sampled_from([20.0, 30.0, 60.0]),
    confirm_score=st.sampled_from([0.0, 0.3, 0.5]),
)


@st.composite
def streets(draw: st.DrawFn) -> tuple[list[Look], list[bool]]:
    """A thing at a fixed place that comes, flickers and goes; and which looks are dropped."""
    looks: list[Look] = []
    now = 0
    for _ in range(draw(st.integers(1, 6))):
        length, gap = draw(st.integers(1, 25)), draw(st.sampled_from([1, 1, 1, 2, 3, 12]))
        scores = st.one_of(st.none(), st.sampled_from([0.2, 0.4, 0.6, 0.9]))
        is_quiet = draw(st.booleans())
        for _ in range(length):
            looks.append((float(now), None if is_quiet else draw(scores)))
            now += gap
    kept = draw(st.lists(st.booleans(), min_size=len(looks), max_size=len(looks)))
    return looks, kept


def is_open_at(told: list[tuple[float, IncidentState]], second: float) -> bool:
    latest = [state for when, state in told if when <= second]
    return bool(latest) and latest[-1] is not IncidentState.CLOSED


ABSENT_THEN_DROPPED: tuple[list[Look], list[bool]] = (
    [(0.0, 0.9), *((float(n), None) for n in range(1, 24)), (24.0, 0.9), (26.0, 0.9), (28.0, 0.9)],
    [True, *[False] * 23, True, True, True],
)


@settings(max_examples=400)
@example(street=ABSENT_THEN_DROPPED, rule=policy(look_every_s=2, share=0.6, present_after_s=5, gone_after_s=20))
@given(street=streets(), rule=policies_)
def test_dropping_looks_never_opens_an_incident_and_never_earlier(
    street: tuple[list[Look], list[bool]], rule: PresencePolicy
) -> None:
    """Whenever the thinned street opens one, the full street has one open already."""
    looks, kept = street
    full = states(looks, rule)
    thinned = [look for look, keep in zip(looks, kept, strict=True) if keep]
    for second in opened_at(thinned, rule):
        assert is_open_at(full, second), f"opened at {second} although the full sequence had nothing open"


@given(street=streets(), rule=policies_)
def test_a_life_is_opened_then_updated_then_closed(street: tuple[list[Look], list[bool]], rule: PresencePolicy) -> None:
    """Per track: opened first, closed last if at all, revisions 1, 2, 3 …, updates a minute apart, scores honest."""
    by_track: dict[int, list[tuple[float, Incident]]] = {}
    for second, incident in watch(street[0], rule):
        by_track.setdefault(incident.track.track_id, []).append((second, incident))
    for life in by_track.values():
        order = [incident.state for _, incident in life]
        assert order[0] is IncidentState.OPENED
        assert all(state is IncidentState.UPDATED for state in order[1:-1])
        assert IncidentState.OPENED not in order[1:]
        assert [incident.revision for _, incident in life] == list(range(1, len(life) + 1))
        for (earlier, _), (later, incident) in pairwise(life):
            assert incident.state is IncidentState.CLOSED or later - earlier >= rule.update_every_s
        for _, incident in life:
            summary = incident.summary
            assert 0 < summary.mean <= summary.peak + 1e-9
            assert 1 <= summary.positive_looks <= summary.looks


def test_what_is_remembered_of_a_thing_that_stays_does_not_grow() -> None:
    """A stall may stand for weeks: the record of an hour must not be larger than that of a minute."""
    rule = policy(present_after_s=10)
    tracker, presence = Tracker({Seen.STALL: rule}), Presence({Seen.STALL: rule}, 1.0)
    sizes = {}
    for second in range(3601):
        look = tracker.step([Thing(Seen.STALL, 0.8, LEFT)], at(second))
        presence.step(look, at(second))
        sizes[second] = len(pickle.dumps(presence))
    assert sizes[3600] <= sizes[60] + 64
