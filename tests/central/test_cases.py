"""From events to cases: membership, state, history; on the real store, without a network."""

import threading
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from central.domain.values import CaseFilter
from central.domain.workflow import (
    TABLE,
    Action,
    CaseState,
    RefusedAction,
    RejectReason,
    Role,
    open_actions,
    replay,
    take,
)
from central.services.actions import CaseDesk, OperatorAction, UnknownCase
from central.services.views import CaseDetail, CaseSummary
from central.store import case_queries, cases
from contract.errors import UsageError
from contract.events import Event, IncidentState
from contract.taxonomy import Seen, Violation
from tests.central.builders import T0, Street, minutes, seconds, uuid_of
from tests.central.parts import Parts


def listed(parts: Parts, only_prominent: bool = True) -> list[CaseSummary]:
    return list(parts.reader.page(CaseFilter(only_prominent=only_prominent), 100).items)


def only_case(parts: Parts) -> CaseDetail:
    (summary,) = listed(parts)
    detail = parts.reader.detail(summary.id)
    assert detail is not None
    return detail


def memberships(parts: Parts) -> set[frozenset[str]]:
    """The incidents of every case, case by case."""
    details = [parts.reader.detail(summary.id) for summary in listed(parts, only_prominent=False)]
    return {frozenset(entry.incident_id for entry in detail.observations) for detail in details if detail is not None}


def test_one_barbecue_seen_as_smoke_and_as_grill_by_two_cameras_is_one_case(parts: Parts) -> None:
    street = Street()
    parts.take(
        street.event("smoke", Seen.SMOKE, (6, 4), camera="cam-2", sigma_m=3, last=T0 + minutes(1)),
        street.event("grill", Seen.GRILL, (0, 0), first=T0 + seconds(20), last=T0 + minutes(3)),
    )
    case = only_case(parts)
    assert case.kind is Violation.OPEN_BBQ
    assert case.state is CaseState.PENDING_REVIEW
    assert case.cameras == ("cam-1", "cam-2")
    assert case.seen is Seen.GRILL
    assert {entry.link.basis for entry in case.observations} == {"first", "ground"}


def test_a_stall_and_its_parasol_are_one_case_and_a_parasol_alone_is_not_listed(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("parasol", Seen.PARASOL, (1, 1), last=T0 + minutes(2)))
    assert listed(parts) == []
    assert [case.state for case in listed(parts, only_prominent=False)] == [CaseState.OBSERVING]
    parts.take(street.event("stall", Seen.STALL, (0, 0), last=T0 + minutes(2)))
    assert [case.seen_all for case in listed(parts)] == [(Seen.PARASOL, Seen.STALL)]


def test_a_stall_in_its_zone_and_hours_is_suppressed_and_stays_visible(parts: Parts) -> None:
    parts.take(Street().event("stall", Seen.STALL, (-30, 10), last=T0 + minutes(20)))
    case = only_case(parts)
    assert case.state is CaseState.SUPPRESSED
    assert case.kind is None
    assert case.zone == "market"
    assert case.judgement.rule == "trade_zone"


def test_a_suppressed_stall_that_outstays_the_hours_is_raised(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("stall", Seen.STALL, (-30, 10), last=T0 + minutes(20)))
    parts.take(street.event("stall", Seen.STALL, (-30, 10), revision=2, last=T0 + timedelta(hours=4, minutes=1)))
    assert only_case(parts).state is CaseState.OBSERVING
    parts.take(street.event("stall", Seen.STALL, (-30, 10), revision=3, last=T0 + timedelta(hours=4, minutes=6)))
    case = only_case(parts)
    assert (case.state, case.kind) == (CaseState.PENDING_REVIEW, Violation.NIGHT_MARKET)


def test_smoke_that_waits_for_a_person_becomes_a_barbecue_when_a_stall_shows_up_beside_it(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("smoke", Seen.SMOKE, (0, 0), last=T0 + minutes(3)))
    assert only_case(parts).kind is None
    parts.take(street.event("stall", Seen.STALL, (5, 5), camera="cam-2", last=T0 + minutes(3)))
    fire = next(case for case in listed(parts) if case.group == "fire")
    assert (fire.state, fire.kind) == (CaseState.PENDING_REVIEW, Violation.OPEN_BBQ)


def test_history_is_written_when_something_changes_and_not_for_every_update(parts: Parts) -> None:
    street = Street()
    for revision in range(1, 9):
        parts.take(street.event("stall", Seen.STALL, (0, 0), revision=revision, last=T0 + minutes(revision)))
    case = only_case(parts)
    assert [step.what for step in case.history] == ["opened", "judged", "judged"]
    assert case.dwell_s == 480


def test_the_state_is_what_the_history_says(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("grill", Seen.GRILL, (0, 0), last=T0 + seconds(30)))
    parts.take(street.event("grill", Seen.GRILL, (0, 0), revision=2, last=T0 + minutes(3)))
    case = only_case(parts)
    desk = CaseDesk(parts.database, parts.clock, lambda: None)
    desk.act(case.id, OperatorAction(Action.REJECT, "operator", RejectReason.LOOKALIKE))
    desk.act(case.id, OperatorAction(Action.REOPEN, "operator", note="looked again"))
    with parts.database.read() as connection:
        entries = case_queries.history(connection, case.id)
    assert replay([(entry.action, entry.role) for entry in entries if entry.action]) is only_case(parts).state


def test_a_closed_incident_leaves_the_street_and_the_state_stays(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    parts.take(street.event("grill", Seen.GRILL, (0, 0), revision=2, last=T0 + minutes(3), state=IncidentState.CLOSED))
    case = only_case(parts)
    assert case.gone_at == T0 + minutes(3)
    assert case.state is CaseState.PENDING_REVIEW
    assert case.history[-1].what == "gone"


def test_an_incident_that_learns_its_place_moves_and_its_old_id_says_where(parts: Parts) -> None:
    street = Street()
    parts.take(
        street.event("a", Seen.STALL, (0, 0), last=T0 + minutes(1)),
        street.event("b", Seen.STALL, None, camera="cam-2", first=T0 + seconds(9), last=T0 + minutes(1)),
    )
    old = next(case for case in listed(parts) if case.cameras == ("cam-2",))
    parts.take(
        street.event("b", Seen.STALL, (0.5, 0), camera="cam-2", revision=2, first=T0 + seconds(9), last=T0 + minutes(2))
    )
    case = only_case(parts)
    assert case.cameras == ("cam-1", "cam-2")
    merged = parts.reader.detail(old.id)
    assert merged is not None
    assert merged.merged_into == case.id


def test_late_evidence_attaches_to_a_reviewed_case_and_changes_no_verdict(parts: Parts) -> None:
    street = Street()
    parts.take(street.event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    desk = CaseDesk(parts.database, parts.clock, lambda: None)
    desk.act(only_case(parts).id, OperatorAction(Action.REJECT, "operator", RejectReason.NOTHING_THERE))
    parts.take(street.event("smoke", Seen.SMOKE, (2, 0), camera="cam-2", last=T0 + minutes(9)))
    case = only_case(parts)
    assert case.state is CaseState.REJECTED_FALSE_ALARM
    assert len(case.observations) == 2


def _scenario() -> list[Event]:
    """Two cameras: a barbecue as grill and smoke, a burning bin 11 m off, two stalls 8 m apart and a parasol."""
    street = Street()
    events = [street.event("parasol", Seen.PARASOL, (51, 1), last=T0 + minutes(3), sigma_m=0.5)]
    for revision in (1, 2):
        last = T0 + minutes(revision + 1)
        events += [
            street.event("grill", Seen.GRILL, (0, 0), revision=revision, last=last),
            street.event("smoke", Seen.SMOKE, (4, 3), revision=revision, last=last, camera="cam-2", sigma_m=3),
            street.event("flame", Seen.FLAME, (9.7, 5), revision=revision, last=last, camera="cam-2"),
            street.event("fumes", Seen.SMOKE, (10.5, 6), revision=revision, last=last, sigma_m=1.5),
            street.event("left-1", Seen.STALL, (50, 0), revision=revision, last=last),
            street.event("left-2", Seen.STALL, (50.8, 0), revision=revision, last=last, camera="cam-2"),
            street.event("right-1", Seen.STALL, (58, 0), revision=revision, last=last),
        ]
    return events


SCENARIO = _scenario()
EXPECTED = {
    frozenset({uuid_of("incident", "grill"), uuid_of("incident", "smoke")}),
    frozenset({uuid_of("incident", "flame"), uuid_of("incident", "fumes")}),
    frozenset({uuid_of("incident", name) for name in ("left-1", "left-2", "parasol")}),
    frozenset({uuid_of("incident", "right-1")}),
}


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    order=st.permutations(SCENARIO),
    again=st.lists(st.sampled_from(SCENARIO), max_size=4),
)
def test_any_order_and_repetition_of_the_same_events_gives_the_same_cases(
    order: list[Event], again: list[Event]
) -> None:
    with TemporaryDirectory() as folder:
        parts = Parts(Path(folder))
        parts.take(*order, *again)
        assert memberships(parts) == EXPECTED
        parts.close()


def test_an_incident_has_one_open_membership_even_when_two_threads_race(parts: Parts) -> None:
    parts.take(
        Street().event("a", Seen.STALL, (0, 0)),
        Street().event("b", Seen.STALL, (100, 0), node="node-2"),
    )
    ids = [case.id for case in listed(parts)]
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def join(case_id: str) -> None:
        barrier.wait()
        try:
            with parts.database.write() as connection:
                cases.join(connection, case_id, uuid_of("contested"), T0, "{}")
            outcomes.append("joined")
        except IntegrityError:
            outcomes.append("refused")

    threads = [threading.Thread(target=join, args=(case_id,)) for case_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["joined", "refused"]


def test_actions_need_their_reasons_and_refusals_name_what_is_open(parts: Parts) -> None:
    parts.take(Street().event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    case = only_case(parts)
    desk = CaseDesk(parts.database, parts.clock, lambda: None)
    with pytest.raises(UsageError, match="needs a reason"):
        desk.act(case.id, OperatorAction(Action.REJECT, "operator"))
    with pytest.raises(RefusedAction, match="confirm, reject"):
        desk.act(case.id, OperatorAction(Action.REOPEN, "operator", note="x"))
    with pytest.raises(UnknownCase):
        desk.act(uuid_of("nothing"), OperatorAction(Action.CONFIRM, "operator"))
    desk.act(case.id, OperatorAction(Action.CONFIRM, "operator"))
    with pytest.raises(UsageError, match="note"):
        desk.act(case.id, OperatorAction(Action.REOPEN, "operator"))


def test_confirming_what_the_rules_left_open_files_the_operators_kind(parts: Parts) -> None:
    parts.take(Street().event("board", Seen.BILLBOARD, None, last=T0 + minutes(24 * 60)))
    desk = CaseDesk(parts.database, parts.clock, lambda: None)
    chosen = OperatorAction(Action.CONFIRM, "operator", kind=Violation.ILLEGAL_BANNER)
    desk.act(only_case(parts).id, chosen)
    assert only_case(parts).kind is Violation.ILLEGAL_BANNER


@given(st.lists(st.tuples(st.sampled_from(list(Action)), st.sampled_from(list(Role)))))
def test_the_workflow_never_leaves_its_table(tries: list[tuple[Action, Role]]) -> None:
    state = CaseState.OBSERVING
    for action, role in tries:
        try:
            state = take(state, action, role).to
        except RefusedAction as refusal:
            assert action not in refusal.open_actions
    assert any(at is state for at, _ in TABLE)
    assert open_actions(state, Role.OPERATOR) or state is CaseState.OBSERVING
