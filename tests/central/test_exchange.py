"""City and district share cases: each side's stages are its own, through cuts and lost answers, and nothing echoes."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from central.domain.exchange import Side, answers, way
from central.domain.workflow import TABLE, Action, CaseState, RefusedAction, RejectReason, Role
from central.domain.workflow_words import PEOPLE, Condition, Source
from central.domain.worktime import Limit, TimeUnit
from central.store import stages
from contract.clock import VirtualClock
from tests.central.builders import T0, uuid_of
from tests.central.exchange_parts import GROUND, Deployment

CASE = uuid_of("case", "shared")
R = Role


class Two:
    """A district and its city."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.clock, draw = VirtualClock(T0), random.Random(seed)
        self.district = Deployment(folder / "district", self.clock, "zhangdian", "city", Side.CITY)
        self.city = Deployment(folder / "city", self.clock, "zibo", "zhangdian", Side.DISTRICT)
        self.district.connect(self.city, draw)
        self.city.connect(self.district, draw)

    def both(self) -> tuple[Deployment, Deployment]:
        return self.district, self.city

    def settle(self, for_s: float = 600) -> None:
        """The wires work, and both send for a while."""
        for one in self.both():
            one.wire.is_cut = one.wire.loses_answers = False
        for _ in range(int(for_s / 20)):
            for one in self.both():
                one.send()
            self.clock.sleep(20)

    def states(self, case_id: str = CASE) -> tuple[CaseState | None, CaseState | None]:
        found = [one.found(case_id) for one in self.both()]
        return tuple(case.state if case else None for case in found)  # type: ignore[return-value]  # two of them

    def report(self, case_id: str = CASE) -> None:
        self.district.confirmed(case_id)
        self.district.act(case_id, Action.REPORT, R.REVIEWER)

    def close(self) -> None:
        for one in self.both():
            one.database.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    made = Two(tmp_path)
    yield made
    made.close()


def dispatch(city: Deployment, case_id: str = CASE) -> None:
    city.act(case_id, Action.ACCEPT, R.ACCEPTANCE_OPERATOR)
    city.act(case_id, Action.REGISTER, R.SHIFT_LEADER, condition=Condition.ORDERED)
    city.act(case_id, Action.DISPATCH, R.DISPATCHER, department="zhangdian chengguan")


def test_a_case_lives_its_life_in_two_places(two: Two) -> None:
    two.report()
    two.settle(60)
    assert two.states() == (CaseState.REPORTED, CaseState.REPORTED)
    dispatch(two.city)
    two.settle(60)
    assert two.states() == (CaseState.DISPATCHED, CaseState.DISPATCHED)
    two.district.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.settle(60)
    two.city.act(CASE, Action.CHECK, R.INSPECTOR)
    two.city.act(CASE, Action.CLOSE, R.SHIFT_LEADER, condition=Condition.CLEARED_ON_SITE)
    two.settle(60)
    assert two.states() == (CaseState.CLOSED, CaseState.CLOSED)
    assert [action for action, _ in two.district.steps(CASE)] == [action for action, _ in two.city.steps(CASE)]
    assert (len(two.district.wire.passed), len(two.city.wire.passed)) == (2, 2)


def test_nothing_echoes(two: Two) -> None:
    two.report()
    two.settle(60)
    dispatch(two.city)
    two.settle(3600)
    assert (len(two.district.wire.passed), len(two.city.wire.passed)) == (1, 1)


def test_a_step_of_the_other_side_is_refused(two: Two) -> None:
    two.report()
    with pytest.raises(RefusedAction, match="city answers for this stage"):
        two.district.act(CASE, Action.ACCEPT, R.ACCEPTANCE_OPERATOR)
    two.settle(60)
    dispatch(two.city)
    with pytest.raises(RefusedAction, match="zhangdian answers for this stage"):
        two.city.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.city.act(CASE, Action.COMMENT, R.LEADER, note="a word is free")


def test_a_cut_and_lost_answers_lose_nothing_and_double_nothing(two: Two) -> None:
    two.district.wire.is_cut = True
    two.report()
    two.district.send()
    assert two.states() == (CaseState.REPORTED, None)
    two.clock.sleep(24 * 3600)
    two.district.wire.is_cut, two.district.wire.loses_answers = False, True
    two.district.send()
    two.settle()
    assert two.city.count() == 1
    two.city.wire.loses_answers = True
    dispatch(two.city)
    two.city.send()
    two.settle()
    assert two.states() == (CaseState.DISPATCHED, CaseState.DISPATCHED)
    assert [action for action, _ in two.district.steps(CASE)] == ["report", "accept", "register", "dispatch"]


def test_calling_off_wins_where_words_cross(two: Two) -> None:
    two.report()
    two.settle(60)
    dispatch(two.city)
    two.settle(60)
    two.city.act(CASE, Action.CANCEL, R.SHIFT_LEADER, note="filed twice")
    two.district.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.settle()
    assert two.states() == (CaseState.CANCELLED, CaseState.CANCELLED)
    assert "no_way" in two.city.outcomes()


def test_what_the_city_sends_back_is_reported_again(two: Two) -> None:
    two.report()
    two.settle(60)
    two.city.act(CASE, Action.RETURN, R.ACCEPTANCE_OPERATOR, note="no picture")
    two.settle(60)
    assert two.states() == (CaseState.CONFIRMED, CaseState.CONFIRMED)
    two.district.act(CASE, Action.REPORT, R.REVIEWER)
    two.settle(60)
    assert two.states() == (CaseState.REPORTED, CaseState.REPORTED)


def hand_down(two: Two, case_id: str = CASE, **more: Any) -> None:
    """The city's own case, brought by its hotline, comes to be handled."""
    two.city.confirmed(case_id, **{"area_code": GROUND + "001001001", "source": Source.HOTLINE_12319, **more})
    two.city.act(case_id, Action.REPORT, R.REVIEWER)
    dispatch(two.city, case_id)


def test_the_city_hands_its_own_case_down_and_hears_what_becomes_of_it(two: Two) -> None:
    hand_down(two)
    two.settle(60)
    assert two.states() == (CaseState.DISPATCHED, CaseState.DISPATCHED)
    brought = two.district.found(CASE)
    assert brought is not None
    assert (brought.source, brought.department) == (Source.HOTLINE_12319, "zhangdian chengguan")
    with pytest.raises(RefusedAction, match="zhangdian answers for this stage"):
        two.city.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.district.act(CASE, Action.START, R.HANDLING_UNIT)
    two.settle(60)
    two.district.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.settle(60)
    assert two.states() == (CaseState.HANDLED, CaseState.HANDLED)
    with pytest.raises(RefusedAction, match="city answers for this stage"):
        two.district.act(CASE, Action.CHECK, R.INSPECTOR)
    two.city.act(CASE, Action.CHECK, R.INSPECTOR)
    two.city.act(CASE, Action.CLOSE, R.SHIFT_LEADER, condition=Condition.CLEARED_ON_SITE)
    two.settle(600)
    assert two.states() == (CaseState.CLOSED, CaseState.CLOSED)
    assert (len(two.district.wire.passed), len(two.city.wire.passed)) == (2, 2)


def test_what_lies_elsewhere_or_was_called_off_before_the_line_came_back_is_not_handed_down(two: Two) -> None:
    hand_down(two, area_code="370306001001001")
    called_off = uuid_of("case", "called off")
    two.city.wire.is_cut = True
    hand_down(two, called_off)
    two.city.send()
    two.city.act(called_off, Action.CANCEL, R.SHIFT_LEADER, note="filed twice")
    two.settle(3600)
    assert two.district.count() == 0


def test_a_case_handed_down_through_a_cut_arrives_once(two: Two) -> None:
    two.city.wire.is_cut = True
    hand_down(two)
    two.city.send()
    two.clock.sleep(24 * 3600)
    two.city.wire.is_cut, two.city.wire.loses_answers = False, True
    two.city.send()
    two.settle()
    assert (two.states(), two.district.count()) == ((CaseState.DISPATCHED, CaseState.DISPATCHED), 1)
    two.district.wire.is_cut = True
    two.district.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.district.send()
    two.settle(3600)
    assert two.states() == (CaseState.HANDLED, CaseState.HANDLED)


def test_pictures_travel_both_ways_and_do_not_echo(two: Two) -> None:
    two.district.confirmed(CASE)
    first = two.district.photograph(CASE, b"\xff\xd8\xff first")
    two.district.act(CASE, Action.REPORT, R.REVIEWER)
    two.city.pictures.is_cut = True
    two.settle(60)
    assert two.city.shown(CASE) == []
    two.city.pictures.is_cut = False
    two.settle()
    assert two.city.shown(CASE) == [first]
    own = uuid_of("case", "handed down")
    hand_down(two, own)
    second = two.city.photograph(own, b"\xff\xd8\xff second")
    two.settle()
    assert two.district.shown(own) == [second]
    passed = [len(one.wire.passed) for one in two.both()]
    two.settle(3600)
    assert [len(one.wire.passed) for one in two.both()] == passed


def test_another_picture_than_was_announced_is_not_kept(two: Two) -> None:
    two.district.confirmed(CASE)
    sha256 = two.district.photograph(CASE, b"\xff\xd8\xff as announced")
    lying = two.district.objects.find(sha256)
    assert lying is not None
    lying.write_bytes(b"\xff\xd8\xff something else")
    two.district.act(CASE, Action.REPORT, R.REVIEWER)
    two.settle(3600)
    assert two.states() == (CaseState.REPORTED, CaseState.REPORTED)
    assert two.city.shown(CASE) == []


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_wires_do_both_end_alike(tmp_path: Path, seed: int) -> None:
    """Random people at both ends take any step open to them, on wires that come and go."""
    two, draw = Two(tmp_path, seed), random.Random(seed)
    names = [uuid_of("case", str(number)) for number in range(4)]
    for case_id in names[:2]:
        two.report(case_id)
    for case_id in names[2:]:
        hand_down(two, case_id)
    for _ in range(60):
        one = draw.choice(two.both())
        one.wire.is_cut, one.wire.loses_answers = draw.random() < 0.4, draw.random() < 0.3
        case = one.found(draw.choice(names))
        steps = [
            (action, step)
            for (state, action), step in TABLE.items()
            if case and state is case.state and not step.roles.isdisjoint(PEOPLE)
        ]
        if case is not None and steps:
            action, step = draw.choice(steps)
            role = draw.choice(sorted(step.roles & PEOPLE))
            said: dict[str, object] = {
                "note": "so",
                "department": "dept",
                "condition": Condition.CLEARED_ON_SITE,
                "reason": RejectReason.OTHER,
            }
            if action is Action.REGISTER:
                said["condition"] = Condition.ORDERED
            if step.to is not case.state:
                attempt(one, case.case_id, action, role, said)
        for sender in two.both():
            sender.send()
        two.clock.sleep(draw.choice((1, 30)))
    two.settle(3600)
    assert (two.district.count(), two.city.count()) == (4, 4)
    for case_id in names:
        at_district, at_city = two.states(case_id)
        assert at_district is at_city, (case_id, two.district.steps(case_id), two.city.steps(case_id))
    passed = [len(one.wire.passed) for one in two.both()]
    two.settle(3600)
    assert [len(one.wire.passed) for one in two.both()] == passed
    two.close()


def attempt(one: Deployment, case_id: str, action: Action, role: Role, said: dict[str, object]) -> None:
    try:
        one.act(case_id, action, role, **said)
    except RefusedAction:
        return


@pytest.mark.parametrize("finder", Side)
@pytest.mark.parametrize("side", Side)
def test_every_way_is_made_of_own_steps(side: Side, finder: Side) -> None:
    for start in CaseState:
        for goal in CaseState:
            state = start
            for action in way(start, goal, side, finder) or ():
                assert answers(side, state, action, finder)
                state = TABLE[state, action].to


def dues(two: Two) -> list[datetime | None]:
    found: list[datetime | None] = []
    for one in two.both():
        with one.database.read() as connection:
            found.append(stages.open_of(connection, [CASE])[CASE].due_at)
    return found


def handled_by_the_district(two: Two) -> None:
    two.report()
    two.settle(60)
    dispatch(two.city)
    two.settle(60)
    two.district.act(CASE, Action.START, R.HANDLING_UNIT)
    two.settle(60)


def test_an_extension_lengthens_the_districts_clock_too_and_does_not_echo(two: Two) -> None:
    handled_by_the_district(two)
    before = dues(two)
    two.city.act(CASE, Action.EXTEND, R.DISPATCHER, note="rain", limit=Limit(2, TimeUnit.URGENT_HOUR))
    two.settle(600)
    after = dues(two)
    assert [late - early for late, early in zip(after, before, strict=True) if late and early] == [
        timedelta(hours=2)
    ] * 2
    assert two.district.steps(CASE)[-1] == ("extend", "city")
    assert (len(two.district.wire.passed), len(two.city.wire.passed)) == (2, 2)
    two.district.act(CASE, Action.FINISH, R.HANDLING_UNIT)
    two.settle(600)
    assert two.states() == (CaseState.HANDLED, CaseState.HANDLED)
    assert (len(two.district.wire.passed), len(two.city.wire.passed)) == (3, 2)


def test_extensions_of_a_long_cut_come_once_however_often_they_are_said(two: Two) -> None:
    handled_by_the_district(two)
    two.city.wire.is_cut = True
    for hours in (1, 3):
        two.city.act(CASE, Action.EXTEND, R.DISPATCHER, note="more", limit=Limit(hours, TimeUnit.URGENT_HOUR))
        two.city.send()
    two.city.wire.is_cut, two.city.wire.loses_answers = False, True
    two.city.send()
    two.settle(1800)
    assert [action for action, _ in two.district.steps(CASE)].count("extend") == 2
    city, district = dues(two)[::-1]
    assert city is not None and district is not None
    assert abs(city - district) < timedelta(minutes=2)


def test_a_suspension_stops_both_clocks_and_resuming_starts_them(two: Two) -> None:
    handled_by_the_district(two)
    before = dues(two)
    two.district.act(CASE, Action.SUSPEND, R.DISPATCHER, note="road works")
    two.settle(3600)
    assert two.states() == (CaseState.SUSPENDED, CaseState.SUSPENDED)
    two.district.act(CASE, Action.RESUME, R.HANDLING_UNIT)
    two.settle(60)
    assert two.states() == (CaseState.HANDLING, CaseState.HANDLING)
    moved = [late - early for late, early in zip(dues(two), before, strict=True) if late and early]
    assert all(timedelta(minutes=58) < one < timedelta(minutes=62) for one in moved)


def test_the_districts_own_extension_is_refused(two: Two) -> None:
    handled_by_the_district(two)
    with pytest.raises(RefusedAction, match="city answers for this stage"):
        two.district.act(CASE, Action.EXTEND, R.DISPATCHER, note="x", limit=Limit(1, TimeUnit.URGENT_HOUR))
