"""The fault table of delivery: whatever the platform does, each case is there once, and central knows it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from central.domain.delivery import DeliveryState
from central.domain.workflow import Action, CaseState
from central.services.steps import OperatorAction
from central.simulation.city_platform import Fault
from central.store import case_queries, delivery_claims
from central.store.database import Database
from tests.central.databases import fresh_sqlite
from tests.central.delivery_parts import CITY, Listening, Post, nowhere, platform
from tests.edge.waiting import until

S = DeliveryState


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def file_post(tmp_path: Path, city: Listening) -> Iterator[Post]:
    """On SQLite alone, for what no database can change."""
    opened = Database(fresh_sqlite(tmp_path / "db"))
    yield Post(opened, {**CITY, "url": city.url})
    opened.close()


@pytest.fixture
def city(tmp_path: Path) -> Iterator[Listening]:
    with platform(tmp_path) as listening:
        yield listening


@pytest.fixture
def post(database: Database, city: Listening) -> Post:
    return Post(database, {**CITY, "url": city.url})


def test_a_confirmed_case_is_there_mapped_and_frozen(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a")
    post.run()
    (record,) = city.parts.records.by_ref(case_id)
    content = city.parts.records.content(record.number)
    assert content["eventCode"] == "0129"
    assert content["foundAt"] == "2026-07-01 18:00:00"
    assert content["channel"] == "video"
    assert abs(content["location"]["x"] - 118.0609) < 0.0001, "GCJ-02, 540 m east"
    assert post.states(case_id) == [S.ACCEPTED]
    with post.database.read() as connection:
        assert case_queries.frozen_among(connection, [case_id]) == {case_id}
        last = case_queries.history(connection, case_id)[-1]
    assert (last.what, last.actor) == ("delivered", "city")
    assert record.name in last.facts


@pytest.mark.parametrize("state", [CaseState.OBSERVING, CaseState.SUPPRESSED, CaseState.PENDING_REVIEW])
def test_what_no_person_has_confirmed_never_leaves(file_post: Post, city: Listening, state: CaseState) -> None:
    case_id = file_post.confirmed("a", state)
    file_post.run()
    assert file_post.rows(case_id) == []
    assert city.refs() == []


FAULTS = [
    (Fault.FAIL_500, S.UNCERTAIN, 1),
    (Fault.BUSY_429, S.WAITING, 1),
    (Fault.DOWN_503, S.UNCERTAIN, 1),
    (Fault.DROP, S.UNCERTAIN, 1),
    (Fault.SLOW, S.ACCEPTED, 1),
    (Fault.ACCEPT_THEN_HANG, S.UNCERTAIN, 1),
    (Fault.ACCEPT_THEN_500, S.UNCERTAIN, 1),
    (Fault.ACCEPT_THEN_DROP, S.UNCERTAIN, 1),
    (Fault.ACCEPT_THEN_GARBAGE, S.UNCERTAIN, 1),
    (Fault.REFUSE_422, S.DEAD, 0),
    (Fault.REFUSE_IN_200, S.DEAD, 0),
]
"""Fault, what central makes of it at first, and how many records there are when all is over."""


@pytest.mark.parametrize(("fault", "at_first", "at_last"), FAULTS, ids=[str(fault) for fault, _, _ in FAULTS])
def test_one_fault_on_a_new_case(
    file_post: Post, city: Listening, fault: Fault, at_first: DeliveryState, at_last: int
) -> None:
    post = file_post.facing(fault)
    city.control(faults=[fault])
    case_id = post.confirmed("a")
    post.run()
    assert post.states(case_id) == [at_first]
    post.run(for_s=60)
    assert city.refs() == [case_id] * at_last
    assert post.states(case_id) == [S.ACCEPTED if at_last else S.DEAD]


@pytest.mark.parametrize("fault", [Fault.FAIL_500, Fault.ACCEPT_THEN_HANG, Fault.ACCEPT_THEN_500, Fault.DROP])
def test_one_fault_on_an_update(file_post: Post, city: Listening, fault: Fault) -> None:
    case_id = file_post.confirmed("a")
    file_post.run()
    city.control(faults=[fault])
    file_post.change(case_id, gone_at=file_post.clock.now())
    file_post.facing(fault).run(for_s=60)
    (record,) = city.parts.records.by_ref(case_id)
    assert record.rev == 2
    assert file_post.states(case_id) == [S.ACCEPTED, S.ACCEPTED]


def test_a_platform_that_stores_late_is_not_told_twice(file_post: Post, city: Listening) -> None:
    """It hangs, and stores the case after central stopped waiting: asking too early would double it."""
    city.control(faults=[Fault.ACCEPT_LATE])
    case_id = file_post.confirmed("a")
    file_post.facing(Fault.ACCEPT_LATE).run()
    assert file_post.states(case_id) == [S.UNCERTAIN]
    until(lambda: bool(city.refs()), "the platform has stored it")  # in its own time, not ours
    file_post.run(for_s=30)
    assert city.refs() == [case_id]


def test_nobody_listens_then_somebody_does(database: Database, tmp_path: Path) -> None:
    away = Post(database, nowhere(CITY))
    case_id = away.confirmed("a")
    away.run(for_s=120, every_s=10)
    assert away.states(case_id) == [S.WAITING]
    with platform(tmp_path) as city:
        back = Post(database, {**CITY, "url": city.url}, clock=away.clock)
        back.run(for_s=600, every_s=20)
        assert city.refs() == [case_id]


def test_a_newer_revision_replaces_one_that_was_not_sent(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a")
    post.change(case_id, gone_at=post.clock.now())
    assert post.states(case_id) == [S.SUPERSEDED, S.WAITING]
    post.run()
    assert [(record.ref, record.rev) for record in city.parts.records.page(1)] == [(case_id, 2)]


def test_a_newer_revision_waits_for_one_in_doubt(post: Post, city: Listening) -> None:
    city.control(faults=[Fault.ACCEPT_THEN_500])
    case_id = post.confirmed("a")
    post.run()
    post.change(case_id, gone_at=post.clock.now())
    post.run()
    assert post.states(case_id) == [S.UNCERTAIN, S.WAITING]
    post.run(for_s=30)
    assert post.states(case_id) == [S.ACCEPTED, S.ACCEPTED]
    assert [(record.ref, record.rev) for record in city.parts.records.page(1)] == [(case_id, 2)]


def test_a_case_taken_back_before_it_left_is_never_told(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a")
    post.change(case_id, state=CaseState.PENDING_REVIEW)
    post.run()
    assert (post.states(case_id), city.refs()) == ([S.SUPERSEDED], [])
    post.change(case_id, state=CaseState.CONFIRMED)
    post.run()
    assert city.refs() == [case_id]


def test_a_case_taken_back_later_is_told_so(file_post: Post, city: Listening) -> None:
    case_id = file_post.confirmed("a")
    file_post.run()
    file_post.step(case_id, OperatorAction(Action.REOPEN, "wang", note="wrong stall"))
    file_post.run()
    (record,) = city.parts.records.by_ref(case_id)
    content = city.parts.records.content(record.number)
    assert content == {"rev": 2, "status": "pending_review"}


def test_no_word_a_person_typed_and_no_name_leaves(file_post: Post, city: Listening) -> None:
    case_id = file_post.confirmed("a")
    file_post.step(case_id, OperatorAction(Action.REPORT, "wang.li", note="the fat man again"))
    route = file_post.dispatching.routes["city"]
    sheet = file_post.rows(case_id)[-1].sheet
    wire = route.presenter.notice(sheet, 2, file_post.clock.now()).to_wire().decode()
    assert "wang" not in wire
    assert "fat man" not in wire


def test_the_breaker_opens_and_one_probe_closes_it(post: Post, city: Listening) -> None:
    city.control(mix={Fault.FAIL_500: 1.0})
    ids = [post.confirmed(str(number)) for number in range(12)]
    post.run()
    with post.database.read() as connection:
        state = delivery_claims.breaker(connection, "city")
    assert state.is_tripped
    assert sum(city.parts.moods.met.values()) == 5, "the sixth case was not even tried"
    city.control(mix={})
    post.run(for_s=120, every_s=5)
    assert city.refs() == sorted(ids)
    with post.database.read() as connection:
        assert delivery_claims.breaker(connection, "city").failures == 0


def test_two_senders_share_the_rows_and_never_one_row(post: Post, city: Listening) -> None:
    ids = [post.confirmed(str(number)) for number in range(10)]
    one, other = post.sender("one"), post.sender("other", seed=2)
    while one.step() + other.step():
        pass
    assert city.refs() == sorted(ids)
    assert post.unsettled() == 0


def test_a_dead_letter_is_shown_and_can_be_tried_again(file_post: Post, city: Listening) -> None:
    city.control(faults=[Fault.REFUSE_422])
    case_id = file_post.confirmed("a")
    file_post.run()
    (row,) = file_post.rows(case_id)
    assert row.problem == "it answered 422: field address is missing"
    with file_post.database.read() as connection:
        assert case_queries.history(connection, case_id)[-1].what == "refused"


def test_a_refused_revision_does_not_stop_the_next(file_post: Post, city: Listening) -> None:
    city.control(faults=[Fault.REFUSE_422])
    case_id = file_post.confirmed("a")
    file_post.run()
    file_post.change(case_id, gone_at=file_post.clock.now())
    file_post.run()
    assert file_post.states(case_id) == [S.DEAD, S.ACCEPTED]
    assert city.refs() == [case_id]


def test_who_was_held_up_beyond_its_claim_leaves_the_row_to_another(post: Post, city: Listening) -> None:
    case_id = post.confirmed("a")
    with post.database.write() as connection:
        claim = delivery_claims.claim(connection, "city", "slow", post.clock.now(), timedelta(seconds=10))
    assert claim is not None
    post.run()
    assert city.refs() == [], "the claim holds"
    post.clock.sleep(11)
    post.run()
    assert city.refs() == [case_id]
    with post.database.write() as connection:
        assert not delivery_claims.settle(connection, claim, S.WAITING, post.clock.now(), post.clock.now())
    assert post.states(case_id) == [S.ACCEPTED]
