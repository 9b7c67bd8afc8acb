"""The table of a case's life: reachable, never stuck, replayable; who may do what, and what has to be said."""

from pathlib import Path

import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from central.commands.workflow import documents
from central.console.words import load_words
from central.domain.byhand import SEEN_BY_KIND
from central.domain.deadlines import Stage
from central.domain.guards import Said, Standing, require_guards, require_said
from central.domain.workflow import (
    FINAL,
    FIRST_STATE,
    STAGE_BY_STATE,
    TABLE,
    UNREVIEWED,
    RefusedAction,
    RefusedRole,
    open_actions,
    replay,
    route,
    take,
    takers,
)
from central.domain.workflow_picture import STAYING, TableView, mermaid, table_view
from central.domain.workflow_words import (
    CLOSING,
    FILING,
    MACHINES,
    PEOPLE,
    Action,
    CaseState,
    Condition,
    Guard,
    Need,
    Role,
    Source,
)
from central.domain.worktime import Limit, TimeUnit
from contract.errors import UsageError
from contract.taxonomy import Violation
from tests.central.commandline import CommandLine
from tests.central.served import ROOT

EVERYBODY = tuple(Role)


def test_every_state_is_reached_from_the_first() -> None:
    assert [state for state in CaseState if route(FIRST_STATE, state, *EVERYBODY) is None] == []


def test_from_every_state_a_case_comes_to_an_end_and_only_a_person_leads_out_of_one() -> None:
    for state in CaseState:
        assert any(route(state, end, *EVERYBODY) is not None for end in FINAL), state
    for state in FINAL:
        leaving = {action for (at, action), step in TABLE.items() if at is state and step.to is not state}
        assert leaving == {Action.REOPEN}
        assert TABLE[state, Action.REOPEN].roles & PEOPLE


def test_people_alone_bring_a_raised_case_to_its_end() -> None:
    assert route(CaseState.PENDING_REVIEW, CaseState.CLOSED, *PEOPLE) == (
        Action.CONFIRM,
        Action.REPORT,
        Action.ACCEPT,
        Action.REGISTER,
        Action.DISPATCH,
        Action.FINISH,
        Action.CHECK,
        Action.CLOSE,
    )


def test_nothing_files_itself() -> None:
    for (_, action), step in TABLE.items():
        if action in {Action.CONFIRM, Action.REPORT, Action.REGISTER}:
            assert step.roles.isdisjoint({Role.JUDGE, Role.CAMERA}), action
        if action is Action.REGISTER:
            assert Guard.TWO_PERSONS in step.guards


def test_what_is_taken_back_always_needs_a_note() -> None:
    back = {Action.RETURN, Action.SEND_BACK, Action.CANCEL, Action.DECLINE, Action.SUSPEND, Action.REOPEN}
    assert all(Need.NOTE in step.needs for (_, action), step in TABLE.items() if action in back)


def test_every_state_that_somebody_waits_in_has_its_timer_and_its_people() -> None:
    waiting = set(CaseState) - FINAL - {CaseState.OBSERVING, CaseState.SUPPRESSED}
    assert set(STAGE_BY_STATE) == waiting
    assert all(takers(state) for state in waiting)
    assert set(STAGE_BY_STATE.values()) == set(Stage)


def test_an_administrator_may_do_what_any_person_may() -> None:
    for step in TABLE.values():
        assert (Role.ADMIN in step.roles) is not step.roles.isdisjoint(PEOPLE)


@given(st.lists(st.tuples(st.sampled_from(list(Action)), st.sampled_from(list(Role))), max_size=60))
def test_a_walk_of_any_tries_is_replayed_from_the_steps_that_were_taken(tries: list[tuple[Action, Role]]) -> None:
    state, taken = FIRST_STATE, []
    for action, role in tries:
        try:
            step = take(state, action, role)
        except RefusedAction as refusal:
            assert action not in open_actions(state, role)
            assert refusal.open_actions == open_actions(state, role)
            continue
        assert action not in STAYING or step.to is state
        state = step.to
        taken.append((action, role))
    assert replay(taken) is state


@given(st.data())
def test_a_random_walk_never_gets_stuck(data: st.DataObject) -> None:
    state = FIRST_STATE
    for _ in range(30):
        moves = [action for action in open_actions(state, *EVERYBODY) if TABLE[state, action].to is not state]
        assert moves, state
        state = TABLE[state, data.draw(st.sampled_from(moves))].to


def test_a_role_that_never_may_is_told_apart_from_a_state_that_does_not_allow_it() -> None:
    with pytest.raises(RefusedRole, match="is for admin, platform, shift_leader"):
        take(CaseState.ACCEPTED, Action.REGISTER, Role.REVIEWER)
    with pytest.raises(RefusedRole):
        take(CaseState.PENDING_REVIEW, Action.REGISTER, Role.HANDLING_UNIT)
    with pytest.raises(RefusedAction, match="not in this state; open actions: accept, ") as refused:
        take(CaseState.REPORTED, Action.REGISTER, Role.SHIFT_LEADER)
    assert not isinstance(refused.value, RefusedRole)
    assert refused.value.open_actions == open_actions(CaseState.REPORTED, Role.SHIFT_LEADER)


@pytest.mark.parametrize(
    ("state", "action", "missing", "enough"),
    [
        (CaseState.PENDING_REVIEW, Action.REJECT, Said(note="x"), None),
        (CaseState.ACCEPTED, Action.RETURN, Said(note="  "), Said(note="not ours")),
        (CaseState.ACCEPTED, Action.REGISTER, Said(), Said(condition=Condition.SEEN_CLEARLY)),
        (
            CaseState.ACCEPTED,
            Action.REGISTER,
            Said(condition=Condition.CLEARED_ON_SITE),
            Said(condition=Condition.ORDERED),
        ),
        (
            CaseState.CHECKING,
            Action.CLOSE,
            Said(condition=Condition.SEEN_CLEARLY),
            Said(condition=Condition.CLEARED_ON_SITE),
        ),
        (CaseState.REGISTERED, Action.DISPATCH, Said(department=" "), Said(department="城管三中队")),
        (
            CaseState.HANDLING,
            Action.EXTEND,
            Said(note="rain"),
            Said(note="rain", limit=Limit(2, TimeUnit.URGENT_HOUR)),
        ),
    ],
)
def test_a_step_names_what_is_missing(state: CaseState, action: Action, missing: Said, enough: Said | None) -> None:
    step = TABLE[state, action]
    with pytest.raises(UsageError, match=f"{action} needs"):
        require_said(action, step, missing)
    if enough is not None:
        require_said(action, step, enough)


def test_conditions_are_for_filing_or_for_closing() -> None:
    assert set(Condition) == FILING | CLOSING
    assert not FILING & CLOSING


def standing(**facts: object) -> Standing:
    known: dict[str, object] = {"state": CaseState.ACCEPTED, "actor": "li", "role": Role.SHIFT_LEADER}
    known |= {"roles": frozenset({Role.SHIFT_LEADER}), "kind": Violation.OPEN_BBQ}
    return Standing(**(known | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("state", "action", "facts", "why"),
    [
        (CaseState.ACCEPTED, Action.REGISTER, {"brought_by": frozenset({"li"})}, "another person"),
        (CaseState.ACCEPTED, Action.REGISTER, {"kind": None}, "no kind"),
        (CaseState.CONFIRMED, Action.REMIND, {}, "not reminded"),
        (CaseState.OBSERVING, Action.REPORT, {}, "reviewed first"),
        (CaseState.CHECKING, Action.CLOSE, {"role": Role.CAMERA}, "only propose"),
    ],
)
def test_a_guard_says_why(state: CaseState, action: Action, facts: dict[str, object], why: str) -> None:
    with pytest.raises(RefusedAction, match=why) as refused:
        require_guards(action, TABLE[state, action], standing(state=state, **facts))
    assert action not in refused.value.open_actions


@pytest.mark.parametrize(
    ("state", "action", "facts"),
    [
        (CaseState.ACCEPTED, Action.REGISTER, {"brought_by": frozenset({"wang"})}),
        (CaseState.CONFIRMED, Action.REMIND, {"reminded": frozenset({Violation.OPEN_BBQ})}),
        (CaseState.OBSERVING, Action.REPORT, {"source": Source.INSPECTOR}),
        (CaseState.CHECKING, Action.CLOSE, {}),
        (
            CaseState.CHECKING,
            Action.CLOSE,
            {"role": Role.CAMERA, "auto_closed": frozenset({Violation.OPEN_BBQ})},
        ),
    ],
)
def test_a_guard_lets_through_what_holds(state: CaseState, action: Action, facts: dict[str, object]) -> None:
    require_guards(action, TABLE[state, action], standing(state=state, **facts))


def test_old_histories_keep_their_word_for_a_reviewer() -> None:
    assert Role("operator") is Role.REVIEWER
    assert Role.OPERATOR is Role.REVIEWER  # type: ignore[comparison-overlap]
    with pytest.raises(ValueError, match="janitor"):
        Role("janitor")
    assert frozenset(Role) == MACHINES | PEOPLE


def test_what_no_person_has_reviewed_is_the_beginning_of_a_life() -> None:
    assert {TABLE[CaseState.PENDING_REVIEW, action].to for action in (Action.CONFIRM, Action.REJECT)}.isdisjoint(
        UNREVIEWED
    )


def test_every_kind_has_something_to_be_seen() -> None:
    assert set(SEEN_BY_KIND) == set(Violation)


def test_the_pictures_hold_the_whole_table() -> None:
    view = table_view()
    assert {(step.state, step.action) for step in view.steps} == set(TABLE)
    diagram = mermaid()
    moved = {(state, step.to) for (state, action), step in TABLE.items() if action not in STAYING}
    assert all(f"    {start} --> {end}: " in diagram for start, end in moved)


def test_the_documents_drawn_from_the_table_are_up_to_date() -> None:
    """Fails after the table or its words were changed: `python -m central workflow --docs docs`."""
    for name, content in documents().items():
        assert (ROOT / "docs" / name).read_text(encoding="utf-8") == content, name


@pytest.mark.parametrize("form", ["mermaid", "svg", "json"])
def test_the_command_writes_the_table(command_line: CommandLine, tmp_path: Path, form: str) -> None:
    shown = command_line("workflow", "--format", form, "--language", "en")
    written = command_line("workflow", "--format", form, "--language", "en", "--out", str(tmp_path / "a" / "w"))
    assert (shown.returncode, written.returncode) == (0, 0)
    assert (tmp_path / "a" / "w").read_text(encoding="utf-8") == shown.stdout
    if form == "json":
        assert TableView.model_validate_json(shown.stdout) == table_view()
    if form == "svg":
        names = {found.text for found in ElementTree.fromstring(shown.stdout).iter("{http://www.w3.org/2000/svg}text")}
        assert {load_words()["en"](f"state.{state}") for state in CaseState} <= names
