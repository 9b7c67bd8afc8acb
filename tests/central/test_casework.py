"""Cases on their way through the city: steps, stages, clocks, reminders, looks after handling, silences, claims."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.domain.byhand import Tale
from central.domain.deadlines import Stage
from central.domain.hours import parse_hours
from central.domain.people import Operator, Refusal
from central.domain.registers.areas import Area
from central.domain.registers.names import Names
from central.domain.registers.responsibility import Duty, DutyScope
from central.domain.registers.shapes import Shape
from central.domain.silence import Silence
from central.domain.stageclock import FlowRules
from central.domain.values import CaseFilter
from central.domain.workflow import (
    STAGE_BY_STATE,
    Action,
    CaseState,
    RefusedAction,
    RefusedRole,
    RejectReason,
    Role,
    open_actions,
    replay,
)
from central.domain.workflow_words import Condition, Source
from central.domain.worktime import Limit, TimeUnit
from central.flowrules import packaged_keeper
from central.services.actions import CaseDesk, OperatorAction
from central.services.association import Association
from central.services.byhand import HandDesk
from central.services.claiming import LASTS, ClaimDesk, ClaimedCase
from central.services.lawbook import LawBook
from central.services.people import By, Rights
from central.services.recalculating import Recalculation
from central.services.registers import RegisterBook
from central.services.silencing import SilenceDesk
from central.services.steps import Stepper
from central.services.telling import NoticeSender
from central.services.terrain import Surveyed, Terrain
from central.services.timekeeping import Timekeeper
from central.services.timers import Timers
from central.services.views import CaseDetail
from central.store import case_queries, cases, changes, nodes, notices, stages
from central.store.notices import Notice
from central.store.stages import StageRow
from contract.errors import TransientError, UsageError
from contract.events import ClockState, IncidentState
from contract.plane import Point
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from contract.taxonomy import Seen, Violation
from tests.central.builders import T0, Street, minutes, uuid_of
from tests.central.parts import BAN_SITE, LAW, Parts

KEEPER = packaged_keeper()
WANG, LI, ZHAO, SUN, ZHOU = "wang", "li", "zhao", "sun", "zhou"
ROLES = {
    WANG: Role.REVIEWER,
    LI: Role.SHIFT_LEADER,
    ZHAO: Role.DISPATCHER,
    SUN: Role.HANDLING_UNIT,
    ZHOU: Role.INSPECTOR,
}
TO_HANDLED: tuple[tuple[str, Action, dict[str, object]], ...] = (
    (WANG, Action.CONFIRM, {}),
    (WANG, Action.REPORT, {}),
    (LI, Action.ACCEPT, {}),
    (LI, Action.REGISTER, {"condition": Condition.SEEN_CLEARLY}),
    (ZHAO, Action.DISPATCH, {"department": "城管三中队"}),
    (SUN, Action.START, {}),
    (SUN, Action.FINISH, {}),
)


class City:
    """People at work on the cases of `parts`, and the clock that hurries them."""

    def __init__(self, parts: Parts, rules: FlowRules = KEEPER.rules) -> None:
        self.parts, self.street = parts, Street()
        calendar = KEEPER.calendar
        self.keeper = Timekeeper(lambda: rules, lambda: calendar)
        self.desk = CaseDesk(parts.database, parts.clock, lambda: None, self.keeper)
        self.restart()

    def restart(self) -> None:
        """The timers of a new process."""
        stepper = Stepper(self.keeper)
        self.timers = Timers(self.parts.database, self.keeper, stepper, self.parts.clock, lambda: None)

    def barbecue(self, **facts: object) -> str:
        """A raised case of open-air barbecue; more revisions may follow with `facts`."""
        known: dict[str, object] = {"last": T0 + minutes(3)}
        self.parts.take(self.street.event("grill", Seen.GRILL, (0, 0), **(known | facts)))  # type: ignore[arg-type]
        return str(self.parts.reader.page(_ALL, 10).items[0].id)

    def act(self, case_id: str, who: str, action: Action, **said: object) -> None:
        wanted = OperatorAction(action, who, roles=frozenset({ROLES[who]}), **said)  # type: ignore[arg-type]
        self.desk.act(case_id, wanted)

    def bring(self, case_id: str, count: int = len(TO_HANDLED)) -> None:
        for who, action, said in TO_HANDLED[:count]:
            self.act(case_id, who, action, **said)

    def later(self, by: timedelta) -> None:
        """Time passes and the timers do their work."""
        self.parts.clock.sleep(by.total_seconds())
        while self.timers.step():
            pass

    def show(self, case_id: str) -> CaseDetail:
        found = self.parts.reader.detail(case_id)
        assert found is not None
        return found

    def stage(self, case_id: str) -> StageRow:
        with self.parts.database.read() as connection:
            return stages.open_of(connection, [case_id])[case_id]

    def newest_change(self, case_id: str) -> int:
        with self.parts.database.read() as connection:
            return changes.newest_of_case(connection, case_id)

    def told(self, case_id: str, what: str) -> list[dict[str, object]]:
        return [step.facts for step in self.show(case_id).history if step.what == what]


_ALL = CaseFilter(only_prominent=False)


@pytest.fixture
def city(parts: Parts) -> City:
    return City(parts)


@pytest.fixture
def town(file_parts: Parts) -> Iterator[City]:
    """The same on SQLite alone: what no database can change."""
    yield City(file_parts)


def test_a_case_goes_all_the_way_with_a_stage_for_every_desk(city: City) -> None:
    case_id = city.barbecue()
    city.bring(case_id)
    city.act(case_id, ZHOU, Action.CHECK)
    city.act(case_id, ZHOU, Action.CHECKED, note="clean")
    city.act(case_id, LI, Action.CLOSE, condition=Condition.CLEARED_ON_SITE)
    case = city.show(case_id)
    assert case.state is CaseState.CLOSED
    wanted = ["review", "report", "accept", "register", "dispatch", "handle", "check"]
    assert [stage.stage for stage in case.stages] == wanted
    assert all(stage.left_at is not None for stage in case.stages)
    assert [stage.person for stage in case.stages] == [WANG, WANG, LI, LI, ZHAO, SUN, LI]
    assert case.stages[5].department == case.department == "城管三中队"
    assert case.number == f"{T0:%Y%m%d}-00001"
    with city.parts.database.read() as connection:
        entries = case_queries.history(connection, case_id)
    assert replay([(entry.action, entry.role) for entry in entries if entry.action]) is CaseState.CLOSED


def test_a_look_that_has_nothing_to_tell_changes_nothing_for_whoever_reads(town: City) -> None:
    case_id = town.barbecue()
    town.later(minutes(0.1))
    before = town.newest_change(case_id)
    with town.parts.database.write() as connection:  # a stage whose time is due, and nothing has come of it
        stages.put(connection, replace(town.stage(case_id), next_at=town.parts.clock.now()))
    town.later(minutes(0.1))
    assert town.newest_change(case_id) == before
    town.later(timedelta(days=1))  # warned of, escalated: that is to be seen
    assert town.told(case_id, "timer")
    assert town.newest_change(case_id) > before


def test_who_reported_may_not_file_and_a_role_that_may_not_is_told_so(town: City) -> None:
    case_id = town.barbecue()
    town.bring(case_id, 3)
    both = frozenset({Role.REVIEWER, Role.SHIFT_LEADER})
    with pytest.raises(RefusedAction, match="another person files it"):
        filing = OperatorAction(Action.REGISTER, WANG, condition=Condition.SEEN_CLEARLY, roles=both)
        town.desk.act(case_id, filing)
    with pytest.raises(RefusedRole, match="shift_leader"):
        town.act(case_id, ZHAO, Action.REGISTER, condition=Condition.SEEN_CLEARLY)
    assert town.show(case_id).state is CaseState.ACCEPTED


def test_a_person_of_another_district_is_refused(town: City) -> None:
    case_id = town.barbecue()
    with pytest.raises(Refusal, match="answers for 370302"):
        town.desk.act(case_id, OperatorAction(Action.CONFIRM, WANG, district="370302"))


def test_limits_run_from_the_step_and_stand_still_while_suspended(town: City) -> None:
    case_id = town.barbecue()
    town.bring(case_id, 5)
    started = town.parts.clock.now()
    assert town.stage(case_id).due_at == started + timedelta(hours=2)
    town.act(case_id, SUN, Action.START)
    town.parts.clock.sleep(1800)
    town.act(case_id, ZHAO, Action.SUSPEND, note="road works")
    assert town.stage(case_id).due_at is None
    town.parts.clock.sleep(5 * 3600)
    town.act(case_id, ZHAO, Action.RESUME)
    stage = town.stage(case_id)
    assert (stage.due_at, stage.paused_s) == (started + timedelta(hours=7), 5 * 3600)
    town.act(case_id, ZHAO, Action.EXTEND, note="rain", limit=Limit(1, TimeUnit.URGENT_HOUR))
    assert town.stage(case_id).due_at == started + timedelta(hours=8)
    with pytest.raises(UsageError, match="can't be extended in work_days"):
        town.act(case_id, ZHAO, Action.EXTEND, note="rain", limit=Limit(1, TimeUnit.WORK_DAY))


def test_an_extension_lets_warnings_come_again_for_the_new_end_only(town: City) -> None:
    case_id = town.barbecue()
    town.bring(case_id, 6)
    town.later(timedelta(minutes=100))
    town.act(case_id, ZHAO, Action.EXTEND, note="rain", limit=Limit(1, TimeUnit.URGENT_HOUR))
    town.later(timedelta(minutes=1))
    assert [fact["share"] for fact in town.told(case_id, "timer")] == [0.5, 0.8]
    town.later(timedelta(hours=2))
    assert [fact["share"] for fact in town.told(case_id, "timer")] == [0.5, 0.8, 0.8, 1.0]


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_life_is_replayed_and_has_one_open_stage_at_most(file_parts: Parts, data: st.DataObject) -> None:
    """Each example is another case of the same city."""
    everybody = frozenset(Role)
    city = City(file_parts, replace(KEEPER.rules, auto_close=frozenset(Violation)))
    case_id = bring_by_hand(city, kind=Violation.OPEN_BBQ, source=Source.CITIZEN, is_reviewed=False)
    for number in range(10):
        actions = open_actions(city.show(case_id).state, *everybody)
        action = data.draw(st.sampled_from(list(actions)))
        condition = Condition.ORDERED if action is Action.REGISTER else Condition.CLEARED_ON_SITE
        said = (RejectReason.OTHER, "why", None, condition, "中队", Limit(1, TimeUnit.MINUTE), everybody)
        with suppress(UsageError):  # a stage without a limit can't be extended
            city.desk.act(case_id, OperatorAction(action, f"person-{number}", *said))
        city.later(timedelta(minutes=data.draw(st.integers(0, 90))))
    case = city.show(case_id)
    with file_parts.database.read() as connection:
        entries = case_queries.history(connection, case_id)
    assert replay([(entry.action, entry.role) for entry in entries if entry.action]) is case.state
    left_open = [stage.stage for stage in case.stages if stage.left_at is None]
    assert left_open == ([STAGE_BY_STATE[case.state]] if case.state in STAGE_BY_STATE else [])
    assert [stage.number for stage in case.stages] == list(range(1, len(case.stages) + 1))


def test_rework_begins_the_handling_stage_anew(town: City) -> None:
    case_id = town.barbecue()
    town.bring(case_id)
    town.act(case_id, ZHOU, Action.CHECK)
    town.act(case_id, ZHOU, Action.SEND_BACK, note="still smoking")
    handled = [stage for stage in town.show(case_id).stages if stage.stage == "handle"]
    assert [stage.left_at is None for stage in handled] == [False, True]
    town.act(case_id, SUN, Action.START)
    assert len(town.show(case_id).stages) == 8


def test_warnings_are_told_once_each_and_outlive_a_restart(city: City) -> None:
    case_id = city.barbecue()
    city.bring(case_id, 2)
    city.later(timedelta(minutes=8))
    assert [fact["share"] for fact in city.told(case_id, "timer")] == [0.5]
    city.restart()
    city.later(timedelta(minutes=7))
    told = city.told(case_id, "timer")
    assert [(fact["share"], fact["level"]) for fact in told] == [(0.5, None), (None, 1), (0.8, None), (1.0, None)]
    assert told[-1]["to"] == ["shift_leader", "supervisor"]
    assert told[0]["to"] == ["acceptance_operator", "shift_leader"]
    city.restart()
    city.later(timedelta(hours=5))
    assert len(city.told(case_id, "timer")) == 4


def test_a_case_that_nobody_claims_is_escalated_until_somebody_does(town: City) -> None:
    case_id = town.barbecue()
    town.later(timedelta(minutes=11))
    assert [fact["to"] for fact in town.told(case_id, "timer")] == [["shift_leader"]]
    claims = ClaimDesk(town.parts.database, town.parts.clock, town.keeper, lambda: None)
    claims.claim(case_id, Operator(WANG, frozenset({Role.REVIEWER})))
    town.later(timedelta(hours=1))
    assert len(town.told(case_id, "timer")) == 1


def test_a_claim_keeps_others_off_for_two_minutes_and_names_who_is_there(city: City) -> None:
    case_id = city.barbecue()
    claims = ClaimDesk(city.parts.database, city.parts.clock, city.keeper, lambda: None)
    wang, hu = (Operator(name, frozenset({Role.REVIEWER})) for name in (WANG, "hu"))
    taken = claims.claim(case_id, wang)
    assert taken is not None
    assert taken.expires_at == T0 + LASTS
    with pytest.raises(ClaimedCase, match="wang is at work"):
        claims.claim(case_id, hu)
    with pytest.raises(ClaimedCase, match="wang is at work"):
        city.desk.act(case_id, OperatorAction(Action.CONFIRM, "hu"))
    shown = city.show(case_id).claim
    assert shown is not None
    assert shown.person == WANG
    with pytest.raises(Refusal, match="handling_unit"):
        claims.claim(case_id, Operator(SUN, frozenset({Role.HANDLING_UNIT})))
    city.parts.clock.sleep(LASTS.total_seconds())
    assert claims.claim(case_id, hu) is not None
    claims.release(case_id, hu)
    city.act(case_id, WANG, Action.CONFIRM)
    assert claims.claim(uuid_of("none"), wang) is None


def test_what_goes_within_the_grace_corrected_itself(city: City) -> None:
    case_id = city.barbecue()
    city.bring(case_id, 1)
    city.act(case_id, WANG, Action.REMIND)
    assert city.stage(case_id).due_at == T0 + minutes(10)
    city.later(minutes(5))
    assert city.show(case_id).state is CaseState.REMINDED
    city.barbecue(revision=2, last=T0 + minutes(6), state=IncidentState.CLOSED)
    city.later(minutes(3))
    case = city.show(case_id)
    assert case.state is CaseState.SELF_CORRECTED
    assert (case.history[-1].role, case.history[-1].actor) == ("camera", "camera")
    with city.parts.database.read() as connection:
        assert [notice.audience for notice in notices.of_case(connection, case_id)] == ["party"]


def test_what_stays_after_the_grace_is_proposed_for_reporting_once(town: City) -> None:
    case_id = town.barbecue()
    town.bring(case_id, 1)
    town.act(case_id, WANG, Action.REMIND)
    town.barbecue(revision=2, last=T0 + minutes(12))
    town.later(minutes(11))
    town.later(minutes(30))
    case = town.show(case_id)
    assert case.state is CaseState.REMINDED
    assert [(fact["action"], fact["why"]) for fact in town.told(case_id, "suggested")] == [("report", "still_there")]
    town.act(case_id, WANG, Action.REPORT)


def test_waste_burning_is_never_reminded(town: City) -> None:
    town.parts.take(town.street.event("flame", Seen.FLAME, (0, 0), last=T0 + minutes(3)))
    case_id = str(town.parts.reader.page(_ALL, 10).items[0].id)
    burning = OperatorAction(Action.CONFIRM, WANG, kind=Violation.WASTE_BURNING)
    town.desk.act(case_id, burning)
    with pytest.raises(RefusedAction, match="not reminded first"):
        town.act(case_id, WANG, Action.REMIND)


def watch(city: City, state: CameraState = CameraState.LIVE) -> None:
    """The node says how its camera is."""
    camera = CameraStatus(camera_id="cam-1", state=state)
    status = NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=NodeState.ONLINE,
        at=city.parts.clock.now(),
        software="1",
        config_version="1",
        clock_state=ClockState.SYNCHRONISED,
        cameras=(camera,),
    )
    with city.parts.database.write() as connection:
        nodes.remember(connection, status, city.parts.clock.now())


def handled_and_gone(city: City) -> str:
    case_id = city.barbecue()
    city.bring(case_id)
    city.barbecue(revision=2, last=T0 + minutes(3), state=IncidentState.CLOSED)
    return case_id


def looks(city: City, count: int, state: CameraState = CameraState.LIVE) -> None:
    for _ in range(count):
        city.parts.clock.sleep(301)
        watch(city, state)
        city.later(timedelta(0))


def test_three_clear_looks_propose_closing_and_close_nothing(city: City) -> None:
    case_id = handled_and_gone(city)
    looks(city, 2)
    assert city.told(case_id, "suggested") == []
    looks(city, 3)
    assert [fact["action"] for fact in city.told(case_id, "suggested")] == ["close"]
    assert city.show(case_id).state is CaseState.HANDLED


def test_a_city_may_let_cameras_close_a_kind(town: City) -> None:
    city = City(town.parts, replace(KEEPER.rules, auto_close=frozenset({Violation.OPEN_BBQ})))
    case_id = handled_and_gone(city)
    looks(city, 3)
    case = city.show(case_id)
    assert case.state is CaseState.CLOSED
    assert [step.role for step in case.history[-2:]] == ["camera", "camera"]
    assert case.history[-1].facts["condition"] == "cleared_on_camera"


def test_a_camera_that_sees_nothing_proves_nothing(town: City) -> None:
    case_id = handled_and_gone(town)
    looks(town, 6, CameraState.FAILED)
    assert town.told(case_id, "suggested") == []
    looks(town, 3)
    assert len(town.told(case_id, "suggested")) == 1


def test_what_comes_back_after_handling_is_proposed_for_rework(town: City) -> None:
    case_id = handled_and_gone(town)
    looks(town, 1)
    again = town.parts.clock.now()
    town.parts.take(town.street.event("new", Seen.GRILL, (0.5, 0), first=again, last=again + minutes(3)))
    looks(town, 3)
    assert [fact["action"] for fact in town.told(case_id, "suggested")] == ["send_back"]


@pytest.mark.parametrize(
    "named",
    [
        {"camera_id": "cam-1"},
        {"kind": Violation.OPEN_BBQ},
        {"zone_id": "ban"},
        {"place": Point(3, 3), "radius_m": 10.0},
        {"camera_id": "cam-1", "kind": Violation.OPEN_BBQ},
    ],
)
def test_a_silence_keeps_a_case_from_people_and_marks_it(town: City, named: dict[str, object]) -> None:
    desk = SilenceDesk(town.parts.database, town.parts.clock, lambda: None)
    until = T0 + timedelta(hours=1)
    number = desk.make(Silence(0, "film crew", until, **named), Operator(LI, frozenset()))  # type: ignore[arg-type]
    case = town.show(town.barbecue())
    assert case.state is CaseState.OBSERVING
    assert case.silence is not None
    assert (case.silence.id, case.silence.reason, case.silence.expires_at) == (number, "film crew", until)
    assert [step.what for step in case.history].count("silenced") == 1
    town.barbecue(revision=2, last=T0 + minutes(5))
    assert [step.what for step in town.show(case.id).history].count("silenced") == 1
    town.parts.clock.move_to(until)
    town.barbecue(revision=3, last=until)
    raised = town.show(case.id)
    assert (raised.state, raised.silence) == (CaseState.PENDING_REVIEW, None)


def test_what_a_silence_keeps_is_listed_apart(town: City) -> None:
    desk = SilenceDesk(town.parts.database, town.parts.clock, lambda: None)
    desk.make(Silence(0, "film crew", T0 + minutes(60), camera_id="cam-1"), Operator(LI, frozenset()))
    case_id = town.barbecue()
    kept, shown = (town.parts.reader.page(CaseFilter(silenced=wanted), 10).items for wanted in (True, False))
    assert [(case.id, case.is_silenced) for case in kept] == [(case_id, True)]
    assert shown == ()


def test_a_case_that_became_part_of_another_waits_for_nobody(town: City) -> None:
    case_id, other = town.barbecue(), bring_by_hand(town)
    with town.parts.database.write() as connection:
        cases.merge_into(connection, case_id, other)
    town.later(timedelta(hours=2))
    assert town.told(case_id, "timer") == []
    assert [stage.left_at is None for stage in town.show(case_id).stages] == [False]


@pytest.mark.parametrize(
    "named",
    [
        {"camera_id": "cam-2"},
        {"kind": Violation.NIGHT_MARKET},
        {"place": Point(30, 30), "radius_m": 10.0},
        {"camera_id": "cam-1", "zone_id": "market"},
    ],
)
def test_a_silence_of_something_else_keeps_nothing(town: City, named: dict[str, object]) -> None:
    desk = SilenceDesk(town.parts.database, town.parts.clock, lambda: None)
    desk.make(Silence(0, "film crew", T0 + minutes(60), **named), Operator(LI, frozenset()))  # type: ignore[arg-type]
    assert town.show(town.barbecue()).state is CaseState.PENDING_REVIEW


def test_a_silence_needs_a_reason_and_an_end_and_can_be_ended(city: City) -> None:
    desk = SilenceDesk(city.parts.database, city.parts.clock, lambda: None)
    li = Operator(LI, frozenset())
    with pytest.raises(UsageError, match="reason"):
        desk.make(Silence(0, " ", T0 + minutes(1), camera_id="cam-1"), li)
    with pytest.raises(UsageError, match="expires_at"):
        desk.make(Silence(0, "x y", T0, camera_id="cam-1"), li)
    number = desk.make(Silence(0, "x y", T0 + minutes(60), camera_id="cam-1"), li)
    assert desk.end(number, li)
    assert not desk.end(number, li)
    assert [(kept.ended_by, kept.made_by) for kept in desk.listed()] == [(LI, LI)]
    assert city.show(city.barbecue()).state is CaseState.PENDING_REVIEW


def bring_by_hand(city: City, **facts: object) -> str:
    known: dict[str, object] = {"kind": Violation.EXPOSED_GARBAGE, "source": Source.INSPECTOR, "seen_at": T0}
    known |= {"address": "人民路 12 号"}
    desk = HandDesk(city.parts.database, LAW, Stepper(city.keeper), city.parts.clock, lambda: None)
    return desk.open(Tale(**(known | facts)), Operator("chen", frozenset({Role.INSPECTOR}))).case_id  # type: ignore[arg-type]


def test_an_inspectors_case_is_reported_at_once_with_its_number(city: City) -> None:
    case = city.show(bring_by_hand(city, place=Point(3, 4)))
    assert (case.state, case.source, case.kind) == (CaseState.REPORTED, Source.INSPECTOR, Violation.EXPOSED_GARBAGE)
    assert case.number == f"{T0:%Y%m%d}-00001"
    assert [stage.stage for stage in case.stages] == ["accept"]
    assert case.judgement.codes
    city.act(case.id, LI, Action.ACCEPT)
    city.act(case.id, LI, Action.REGISTER, condition=Condition.VERIFIED_ON_SITE)


def test_a_citizens_case_waits_for_a_reviewer(town: City) -> None:
    case = town.show(bring_by_hand(town, source=Source.CITIZEN, is_reviewed=False))
    assert (case.state, case.number) == (CaseState.PENDING_REVIEW, None)
    town.bring(case.id, 3)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"source": Source.VIDEO_AI}, "source"),
        ({"seen_at": T0 + minutes(1)}, "future"),
        ({"address": " "}, "place"),
    ],
)
def test_a_tale_that_can_not_be_true_opens_nothing(town: City, facts: dict[str, object], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        bring_by_hand(town, **facts)
    assert town.parts.reader.page(_ALL, 10).items == ()


def test_a_holiday_published_later_moves_what_is_open_and_is_shown_before(city: City) -> None:
    case_id = bring_by_hand(city)
    city.bring(case_id, 0)
    for who, action, said in TO_HANDLED[2:5]:
        city.act(case_id, who, action, **said)
    before = city.stage(case_id).due_at
    calendar = KEEPER.calendar
    day = T0.astimezone(calendar.timezone).date() + timedelta(days=1)
    day_off = replace(calendar, off=calendar.off | {day})
    moved = Recalculation(city.parts.database, Timekeeper(lambda: KEEPER.rules, lambda: day_off), city.parts.clock)
    (shown,) = moved.preview()
    assert (shown.case_id, shown.stage, shown.before) == (case_id, Stage.HANDLE, before)
    assert city.stage(case_id).due_at == before
    assert list(moved.apply(LI, "a holiday")) == [shown]
    assert city.stage(case_id).due_at == shown.after
    assert shown.after is not None
    assert before is not None
    assert shown.after > before
    assert list(moved.preview()) == []
    assert [fact["why"] for fact in city.told(case_id, "recomputed")] == ["a holiday"]


class Loudspeaker:
    """Takes what is said after having failed some times."""

    def __init__(self, failures: int) -> None:
        self.audiences = frozenset({"party"})
        self.said: list[str] = []
        self._failures = failures

    def say(self, audience: str, title: str, body: str) -> None:
        if self._failures:
            self._failures -= 1
            raise TransientError("no answer")
        self.said.append(f"{audience}: {title} {body}")


def test_a_reminder_is_said_again_until_it_is_through_and_then_no_more(city: City) -> None:
    case_id = city.barbecue()
    city.bring(case_id, 1)
    city.act(case_id, WANG, Action.REMIND)
    speaker = Loudspeaker(failures=2)
    sender = NoticeSender(city.parts.database, speaker, city.parts.clock)
    tries = []
    for _ in range(6):
        tries.append(sender.step())
        city.parts.clock.sleep(20)
    assert tries == [1, 1, 0, 1, 0, 0]
    (said,) = speaker.said
    assert "露天烧烤" in said
    assert "10 minutes" in said
    with city.parts.database.read() as connection:
        (notice,) = notices.of_case(connection, case_id)
    assert (notice.attempts, notice.problem, notice.sent_at is None) == (3, "", False)


def test_what_has_no_target_is_noted_and_done_with(town: City) -> None:
    case_id = town.barbecue()
    town.later(minutes(11))
    sender = NoticeSender(town.parts.database, Loudspeaker(0), town.parts.clock)
    assert (sender.step(), sender.step()) == (1, 0)
    with town.parts.database.read() as connection:
        assert [notice.problem for notice in notices.of_case(connection, case_id)] == ["no target is configured for it"]


GRID = "370303001001002"


def a_surveyed_street(city: City) -> Terrain:
    """A grid around the origin; the third squad answers for it by day, the night squad at night."""
    ring = tuple(Point(x, y) for x, y in ((-50, -50), (50, -50), (50, 50), (-50, 50)))
    areas = (Area(GRID, Names("格", "grid"), Shape((ring,))),)
    day = Duty("d", DutyScope.AREA, GRID, "王五", department="三中队", shift=parse_hours(["daily 06:00-20:00"]))
    night = Duty("n", DutyScope.AREA, GRID[:12], "赵六", department="夜查队", shift=parse_hours(["daily 20:00-06:00"]))
    law = replace(LAW, registers=replace(LAW.registers, areas=areas, duties=(day, night)))
    laws = LawBook(law, RegisterBook(BAN_SITE.to_origin(), law.registers))
    bench = replace(city.parts.bench, law=law, laws=laws)
    city.parts.association = Association(city.parts.database, bench, city.parts.clock, lambda: None)
    return Surveyed(laws)


def test_a_case_is_raised_with_its_grid_and_the_department_that_answers_there(city: City) -> None:
    a_surveyed_street(city)
    case = city.show(city.barbecue())
    wanted = "三中队" if 6 <= LAW.local(T0).hour < 20 else "夜查队"
    assert (case.state, case.area_code, case.department) == (CaseState.PENDING_REVIEW, GRID, wanted)
    stage = city.stage(case.id)
    assert (stage.area_code, stage.department) == (GRID, wanted)


def test_a_case_by_hand_has_grid_and_department_from_the_start(city: City) -> None:
    terrain = a_surveyed_street(city)
    desk = HandDesk(city.parts.database, LAW, Stepper(city.keeper, terrain), city.parts.clock, lambda: None, terrain)
    tale = Tale(Violation.EXPOSED_GARBAGE, Source.INSPECTOR, T0, Point(3, 4))
    case = city.show(desk.open(tale, Operator("chen", frozenset({Role.INSPECTOR}), GRID[:6])).case_id)
    assert (case.state, case.area_code, bool(case.department)) == (CaseState.REPORTED, GRID, True)
    assert [(stage.stage, stage.department) for stage in case.stages] == [(Stage.ACCEPT, case.department)]


def test_who_answers_at_other_hours_is_asked_where_nobody_is_on_shift() -> None:
    duty = Duty("d", DutyScope.AREA, GRID, "王五", department="三中队", shift=parse_hours(["daily 08:00-09:00"]))
    nameless = Duty("e", DutyScope.AREA, GRID, "李四")
    registers = replace(LAW.registers, duties=(nameless, duty))
    assert registers.department_at(T0, GRID) == "三中队"
    assert registers.department_at(T0, GRID[:12]) is None


def test_a_handling_unit_works_on_its_own_departments_cases_only(city: City) -> None:
    case_id = city.barbecue()
    city.bring(case_id, 5)
    other = OperatorAction(Action.START, "qian", roles=frozenset({Role.HANDLING_UNIT}), unit="城管一中队")
    with pytest.raises(Refusal, match="the case is for 城管三中队; qian is of 城管一中队"):
        city.desk.act(case_id, other)
    claims = ClaimDesk(city.parts.database, city.parts.clock, city.keeper, lambda: None)
    with pytest.raises(Refusal, match="城管三中队"):
        claims.claim(case_id, Operator("qian", other.roles, department=other.unit))
    leader = replace(other, action=Action.EXTEND, note="rain", limit=Limit(1, TimeUnit.URGENT_HOUR))
    city.desk.act(case_id, replace(leader, roles=other.roles | {Role.SHIFT_LEADER}))
    city.desk.act(case_id, replace(other, actor=SUN, unit="城管三中队"))
    assert city.show(case_id).state is CaseState.HANDLING


def test_whoever_is_on_shift_is_warned_and_else_the_role(city: City) -> None:
    terrain = a_surveyed_street(city)
    stepper = Stepper(city.keeper, terrain)
    city.timers = Timers(city.parts.database, city.keeper, stepper, city.parts.clock, lambda: None, terrain)
    rights = Rights(frozenset({Role.SHIFT_LEADER}))
    for name in ("王五", "赵六"):
        city.parts.people.add(name, "seven quiet bicycles", rights, By("test"))
    case_id = city.barbecue()
    city.later(timedelta(hours=1))
    on_shift = "王五" if 6 <= LAW.local(city.parts.clock.now()).hour < 20 else "赵六"
    with city.parts.database.read() as connection:
        told = {(notice.audience, notice.person) for notice in notices.of_case(connection, case_id)}
    assert ("shift_leader", on_shift) in told
    assert all(person == "" for role, person in told if role != "shift_leader")
    assert on_shift in str(city.told(case_id, "timer")[0]["persons"])


class Phone:
    """A speaker with a target for the role and one for a single person."""

    audiences = frozenset({"reviewer", "person/王五"})

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def say(self, audience: str, title: str, body: str) -> None:
        self.said.append((audience, body))


def test_a_person_without_a_target_is_reached_through_the_roles(town: City) -> None:
    phone, now = Phone(), town.parts.clock.now()
    with town.parts.database.write() as connection:
        for person in ("王五", "赵六", ""):
            notices.add(
                connection, Notice(0, uuid_of("case"), now, "reviewer", "t", person, next_at=now, person=person)
            )
    NoticeSender(town.parts.database, phone, town.parts.clock).step()
    assert phone.said == [("person/王五", "王五"), ("reviewer", "赵六"), ("reviewer", "")]
