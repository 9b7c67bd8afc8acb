"""Figures agree with an independent count over raw rows, whatever happened to the cases; frozen ones never change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select

from central.domain.assessment.items import Mark
from central.domain.assessment.periods import parse_period, span
from central.domain.assessment.scopes import Scope
from central.domain.registers.snapshot import NO_REGISTERS
from central.scorebook import load_scorebook
from central.services.assessment import Question
from central.services.assessment_parts import Assessment, Ground, assessment_of
from central.services.assessment_views import AssessmentView, CountedCase, FigureView
from central.store import assessment
from central.store.assessment import DAYS, ITEMS
from central.store.cases import CASES, HISTORY
from central.store.database import Database
from central.store.stages import STAGES
from contract.clock import VirtualClock
from contract.errors import UsageError
from contract.plane import Origin
from tests.central.assessment_world import (
    RATIOS,
    START,
    ZONE,
    Asked,
    World,
    district_score,
    raw_rows,
    recount,
)
from tests.central.builders import uuid_of

NOW = START + timedelta(days=25, hours=3)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def parts_on(database: Database, now: datetime = NOW) -> Assessment:
    ground = Ground(lambda _connection: NO_REGISTERS, Origin(36.8135, 118.0548), ZONE)
    return assessment_of(database, load_scorebook(), ground, VirtualClock(now))


def sizes(view: AssessmentView) -> dict[str, int]:
    return {entry.key: entry.number for entry in view.sets if entry.number}


def figure(view: AssessmentView, key: str) -> FigureView:
    return next(found for found in view.figures if found.key == key)


def check(database: Database, parts: Assessment, asked: Asked) -> AssessmentView:
    """The product's figures against the independent count."""
    scope = Scope(asked.area, department=asked.department, person=asked.person)
    view = parts.desk.assess(Question(scope, span(asked.first, asked.last)))
    counted = recount(*raw_rows(database), asked)
    untimed = {"filed_limited", "filed_in_time"}
    assert {key: number for key, number in sizes(view).items() if key not in untimed} == counted
    for key, (numerator, denominator) in RATIOS.items():
        told, whole = figure(view, key), counted.get(denominator, 0)
        if whole == 0:
            assert told.value is None
            assert told.finding is not None
            assert told.finding.code == "no_cases_due"
        else:
            assert told.value == pytest.approx(100 * counted.get(numerator, 0) / whole, abs=1e-6)
    score = district_score(lambda key: counted.get(key, 0))
    assert figure(view, "district_score").value == (None if score is None else pytest.approx(score, abs=1e-6))
    return view


ASKED = Asked(date(2026, 6, 22), date(2026, 7, 9), NOW)


@pytest.mark.parametrize("seed", range(2))
def test_figures_agree_with_an_independent_count(database: Database, seed: int) -> None:
    world = World(seed)
    world.grow(world.open(60), 14)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    whole = check(database, parts, ASKED)
    assert sum(sizes(whole).values()) > 100
    for area in ("3703", "370303", "370303001", "370303001001", "370303001001002"):
        check(database, parts, replace(ASKED, area=area))
    check(database, parts, replace(ASKED, first=date(2026, 7, 3), last=date(2026, 7, 3)))
    check(database, parts, replace(ASKED, area="370303", department="dept-a"))
    check(database, parts, replace(ASKED, person="wang"))
    check(database, parts, replace(ASKED, area="370999"))


def test_what_happens_later_is_counted_too_and_the_sums_stay_right(database: Database) -> None:
    world = World(7)
    first = world.open(40)
    world.grow(first, 6)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    for _ in range(3):
        world.grow(first[::2], 4)
        world.grow(world.open(5), 8)
        world.store(database)
        parts.counting.catch_up()
        check(database, parts, replace(ASKED, area="370303"))
    assert summed(database) == anew(database, parts)


def test_a_period_that_is_not_over_counts_only_what_is_due_by_now(database: Database) -> None:
    world = World(11)
    world.grow(world.open(60), 9)
    world.store(database)
    noon = datetime(2026, 7, 1, 5, 17, tzinfo=UTC)
    parts = parts_on(database, noon)
    parts.counting.catch_up()
    asked = Asked(date(2026, 6, 1), date(2026, 7, 31), noon)
    counted = recount(*raw_rows(database), asked)
    view = parts.desk.assess(Question(Scope(), span(asked.first, asked.last)))
    for key in ("due_to_handle", "due_to_close", "due_to_dispatch", "due_to_check"):
        assert sizes(view).get(key, 0) == counted.get(key, 0)


def test_a_deadline_moved_without_a_step_is_noticed(database: Database) -> None:
    """A holiday that is published later moves open deadlines; nobody did anything to the case."""
    world = World(3)
    world.grow(world.open(30), 9)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    with database.write() as connection:
        is_open = (STAGES.c.left_at.is_(None), STAGES.c.due_at.is_not(None))
        moved = {"due_at": datetime(2026, 7, 5, 1, tzinfo=UTC)}
        assert connection.execute(STAGES.update().where(*is_open).values(moved)).rowcount > 0
    parts.counting.catch_up()
    check(database, parts, ASKED)


def test_areas_add_up_to_the_area_around_them(database: Database) -> None:
    world = World(5)
    world.grow(world.open(60), 12)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    for by in ("street", "community", "grid", "kind", "person", "department", "source"):
        view = parts.desk.assess(Question(Scope("370303"), span(ASKED.first, ASKED.last), by))
        for entry in view.sets:
            parts_of_it = [size.number for row in view.rows for size in row.sets if size.key == entry.key]
            assert sum(parts_of_it) == entry.number, (by, entry.key)


def test_every_numerator_and_denominator_names_its_cases(database: Database) -> None:
    world = World(9)
    world.grow(world.open(50), 14)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    question = Question(Scope("370303"), span(ASKED.first, ASKED.last))
    view = parts.desk.assess(question)
    for told in view.figures:
        for part in (told.numerator, told.denominator):
            if part is not None and part.is_set:
                found: list[CountedCase] = []
                cursor = ""
                while True:
                    page = parts.desk.cases(part.key, question, cursor, 7)
                    found += page.cases
                    if page.next is None:
                        break
                    cursor = page.next
                assert sum(case.times for case in found) == part.number == page.set.number
                assert len({case.case_id for case in found}) == len(found)


def test_the_published_example_comes_out(database: Database) -> None:
    """972 due to close, 911 closed, 737 of them in time: 93.72 % and 75.82 % (DOMAIN §5)."""
    due = datetime(2026, 7, 2, 4, tzinfo=UTC)
    closings = [due] * 737 + [due + timedelta(hours=1)] * 174 + [None] * 61
    cases, stages = [], []
    for number, closed_at in enumerate(closings):
        case_id = uuid_of("published", str(number))
        cases.append(_case(case_id, due))
        stages += _life(case_id, due, closed_at)
    with database.write() as connection:
        connection.execute(insert(CASES), cases)
        connection.execute(insert(STAGES), stages)
        told = {"at": due, "what": "action", "role": "admin", "actor": "somebody", "facts": "{}"}
        connection.execute(insert(HISTORY), [{"case_id": case["id"], **told} for case in cases])
    parts = parts_on(database)
    parts.counting.catch_up()
    view = parts.desk.assess(Question(Scope("370303"), parse_period("2026-07")))
    closing, in_time = figure(view, "closing_rate"), figure(view, "closing_in_time_rate")
    assert closing.numerator is not None and closing.denominator is not None and in_time.numerator is not None
    assert (closing.numerator.number, closing.denominator.number, in_time.numerator.number) == (911, 972, 737)
    assert closing.value == pytest.approx(93.7243, abs=1e-4)
    assert in_time.value == pytest.approx(75.8230, abs=1e-4)
    assert closing.interval is not None and closing.value is not None
    assert closing.interval[0] < closing.value < closing.interval[1]


def _case(case_id: str, at: datetime) -> dict[str, object]:
    return {
        "id": case_id,
        "group": "trade",
        "state": "closed",
        "kind": "open_bbq",
        "seen": "stall",
        "severity": 1,
        "is_prominent": True,
        "first_seen_at": at,
        "last_seen_at": at,
        "judgement": "{}",
        "source": "video_ai",
        "area_code": "370303001001001",
    }


def _life(case_id: str, due: datetime, closed_at: datetime | None) -> list[dict[str, object]]:
    filed = {"stage": "register", "entered_at": due - timedelta(hours=5), "left_at": due - timedelta(hours=4)}
    handled = {"stage": "handle", "entered_at": due - timedelta(hours=4), "left_at": due - timedelta(hours=1)}
    checked = {"stage": "check", "entered_at": due - timedelta(hours=1), "left_at": closed_at}
    outcomes = ("register", "finish", None if closed_at is None else "close")
    limits = (None, due - timedelta(hours=2), due)
    return [
        {"case_id": case_id, "number": number, "outcome": outcome, "due_at": due_at, "source": "video_ai", **stage}
        for number, (stage, outcome, due_at) in enumerate(
            zip((filed, handled, checked), outcomes, limits, strict=True), start=1
        )
    ]


def test_a_frozen_period_keeps_its_figures_and_says_what_would_differ(database: Database) -> None:
    world = World(13)
    cases = world.open(50)
    world.grow(cases, 8)
    world.store(database)
    parts = parts_on(database)
    parts.counting.catch_up()
    question = Question(Scope("370303"), parse_period("2026-W27"), "street")
    before = parts.freezing.show(question)
    assert parts.freezing.freeze(question.period, "the leader") > 0
    world.grow(cases, 6)
    world.store(database)
    parts = parts_on(database, NOW + timedelta(hours=1))
    parts.counting.catch_up()
    frozen, live = parts.freezing.show(question), parts.freezing.show(question, recompute=True)
    assert frozen.figures == before.figures
    assert frozen.sets == before.sets
    assert frozen.rows == before.rows
    assert frozen.frozen is not None
    assert frozen.frozen.taken_by == "the leader"
    differing = {entry.key for entry in frozen.frozen.differences}
    expected = {old.key for old, new in zip(before.figures, live.figures, strict=True) if old.value != new.value}
    assert differing == expected
    assert frozen.frozen.changed_cases
    assert parts.freezing.freeze(question.period, "somebody else") == 0, "what is frozen stays"
    assert [str(period) for period, _ in parts.freezing.periods()] == ["2026-W27"]


def test_a_running_period_can_not_be_frozen(database: Database) -> None:
    parts = parts_on(database)
    with pytest.raises(UsageError, match="from the day after"):
        parts.freezing.freeze(parse_period("2026-07"), "somebody")


def test_the_service_freezes_what_has_ended_by_itself(database: Database) -> None:
    world = World(2)
    world.grow(world.open(20), 10)
    world.store(database)
    parts = parts_on(database, datetime(2026, 7, 2, 1, tzinfo=UTC))
    while parts.freezing.step():
        pass
    periods = {str(period) for period, _ in parts.freezing.periods()}
    assert {"2026-06-30", "2026-W26", "2026-06", "2026-Q2", "2025"} <= periods
    assert parts.freezing.step() == 0


@pytest.mark.parametrize("area", ["37030300100200", "370303x", "37030"])
def test_a_code_of_no_area_is_refused(database: Database, area: str) -> None:
    parts = parts_on(database)
    parts.counting.catch_up()
    with pytest.raises(UsageError, match="area code"):
        parts.desk.assess(Question(Scope(area), parse_period("2026-07")))


def summed(database: Database) -> dict[tuple[object, ...], int]:
    with database.read() as connection:
        query = select(DAYS).where(DAYS.c.number != 0)
        return {(row.area, row.day, row.moment, row.marks): row.number for row in connection.execute(query)}


def anew(database: Database, parts: Assessment) -> dict[tuple[object, ...], int]:
    with database.read() as connection:
        items = connection.execute(select(func.count()).select_from(ITEMS)).scalar_one()
    parts.counting.start_over()
    parts.counting.catch_up()
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(ITEMS)).scalar_one() == items
        assert assessment.progress(connection).timezone == ZONE.key
    return summed(database)


def test_marks_keep_their_numbers() -> None:
    """They are stored: a mark that changed its number would change every figure that was ever counted."""
    assert {mark.name: int(mark) for mark in Mark} == {
        "DONE": 1,
        "LIMITED": 2,
        "IN_TIME": 4,
        "LATE": 8,
        "CONFIRMED": 16,
        "REJECTED": 32,
        "FALSE_SIGHTING": 64,
        "SELF_CORRECTED": 128,
        "ACCEPTED": 256,
        "REGISTERED": 512,
        "DECLINED": 1024,
        "CANCELLED": 2048,
        "RETURNED": 4096,
        "REWORKED": 8192,
        "EXTENDED": 16384,
        "SUSPENDED": 32768,
        "FORCED": 65536,
    }
