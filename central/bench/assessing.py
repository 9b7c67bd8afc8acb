"""How long a district's year takes to assess: half a million cases, every figure, on the database it is given."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select, text

from central.bench.machine import machine_facts, versions
from central.bench.measuring import ORIGIN, BenchPlan, database_version, refuse_real
from central.bench.reporting import BenchReport, Percentiles, Target, at_most
from central.domain.assessment.periods import Period, parse_period
from central.domain.assessment.scopes import Scope
from central.domain.registers.snapshot import NO_REGISTERS
from central.scorebook import load_scorebook
from central.services.assessment import Question
from central.services.assessment_parts import Assessment, Ground, assessment_of
from central.store.assessment_frozen import add_camera_days
from central.store.cases import CASES, HISTORY
from central.store.database import Database
from central.store.stages import STAGES
from contract.clock import Clock, VirtualClock
from contract.errors import UsageError
from contract.ids import derived_entropy, uuid7

CASES_A_YEAR = 500_000
DISTRICT = "370303"
STREETS, COMMUNITIES, GRIDS = 12, 8, 5
DEPARTMENTS, PEOPLE, CAMERAS = 30, 60, 300
YEAR = parse_period("2025")
AFTER = datetime(2026, 1, 2, tzinfo=UTC)
"""When the year is assessed: the day after its last deadline."""
_ZONE = ZoneInfo("Asia/Shanghai")
_CHUNK = 2_000
BENCH = "bench"
"""Who does everything in a measurement's cases."""
_TIMES = 5
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class _Asked:
    name: str
    question: Question


def measure_assessment(plan: BenchPlan, cases: int = CASES_A_YEAR) -> BenchReport:
    """Fills a year (unless the database holds one of an earlier measurement), counts it, and asks for figures.

    Raises:
        UsageError: the database holds events of real nodes.
    """
    database = Database(plan.database_url)
    database.create()
    refuse_real(database)
    _refuse_people(database)
    ground = Ground(lambda _connection: NO_REGISTERS, ORIGIN, _ZONE)
    parts = assessment_of(database, load_scorebook(), ground, VirtualClock(AFTER))
    fill_s = _timed(plan.clock, lambda: _fill(database, plan, cases))
    count_s = _timed(plan.clock, lambda: parts.counting.catch_up(lambda done, of: plan.tick("counting", done / of)))
    with database.read() as connection:
        connection.execute(text("ANALYZE"))  # what the database's own housekeeping does within minutes
    details = {"cases": float(cases), "fill_s": fill_s, "count_s": count_s}
    details |= dict(_asked(parts, plan))
    is_postgresql = database.engine.dialect.name == "postgresql"
    report = _report(plan, database, cases, details, is_postgresql)
    database.close()
    return report


def _asked(parts: Assessment, plan: BenchPlan) -> Iterator[tuple[str, float]]:
    """Name → milliseconds, the worst of some times: the first reads from disk."""
    july = parse_period("2025-07")
    district, street = Scope(DISTRICT), Scope(DISTRICT + "001")
    asked = (
        _Asked("year_ms", Question(district, YEAR)),
        _Asked("month_ms", Question(district, july)),
        _Asked("street_year_ms", Question(street, YEAR)),
        _Asked("community_year_ms", Question(replace(street, area=DISTRICT + "001001"), YEAR)),
        _Asked("year_by_street_ms", Question(district, YEAR, "street")),
        _Asked("month_by_department_ms", Question(district, july, "department")),
        _Asked("year_by_department_ms", Question(district, YEAR, "department")),
        _Asked("person_year_ms", Question(replace(district, person="person-7"), YEAR)),
    )
    for number, one in enumerate(asked):
        plan.tick(one.name, number / len(asked))
        yield one.name, _worst_ms(plan.clock, lambda one=one: parts.desk.assess(one.question))  # type: ignore[misc]
    question = Question(district, YEAR)
    yield "cases_page_ms", _worst_ms(plan.clock, lambda: parts.desk.cases("closed_in_time", question))


def _worst_ms(clock: Clock, ask: Callable[[], object]) -> float:
    return round(1000 * max(_timed(clock, ask) for _ in range(_TIMES)), 1)


def _timed(clock: Clock, act: Callable[[], object]) -> float:
    began = clock.monotonic()
    act()
    return round(clock.monotonic() - began, 3)


def _refuse_people(database: Database) -> None:
    with database.read() as connection:
        query = select(HISTORY.c.actor).where(HISTORY.c.actor != BENCH).limit(1)
        if connection.execute(query).first() is not None:
            raise UsageError(f"--database-url: {database} holds cases that people worked on; measure on an empty one")


def _fill(database: Database, plan: BenchPlan, cases: int) -> None:
    with database.read() as connection:
        known = connection.execute(select(func.count()).select_from(CASES)).scalar_one()
    for start in range(known, cases, _CHUNK):
        with database.write() as connection:
            _add(connection, range(start, min(cases, start + _CHUNK)), cases)
        plan.tick(f"{cases} cases", start / cases)
    if known == 0:
        days = ((YEAR.first + timedelta(days=day), f"cam-{camera}") for day in range(365) for camera in range(CAMERAS))
        with database.write() as connection:
            add_camera_days(connection, ((day, camera, 84_000) for day, camera in days))


def _add(connection: Connection, numbers: range, of: int) -> None:
    cases, stages, history = [], [], []
    for number in numbers:
        case, own = life(number, YEAR, of)
        cases.append(case)
        stages += own
        said = {"at": own[-1]["entered_at"], "what": "action", "role": "admin", "actor": BENCH, "facts": "{}"}
        history.append({"case_id": case["id"], **said})
    connection.execute(insert(CASES), cases)
    connection.execute(insert(STAGES), stages)
    connection.execute(insert(HISTORY), history)


def life(number: int, year: Period, of: int) -> tuple[Row, list[Row]]:
    """A case and its stages: three in ten are rejected, most others go all the way, some of them late."""
    rng = random.Random(number)
    at = datetime.combine(year.first, datetime.min.time(), _ZONE) + year.days * timedelta(days=1) * (number / of)
    case_id = uuid7(at, derived_entropy("assessed", str(number)))
    area = f"{DISTRICT}{rng.randint(1, STREETS):03d}{rng.randint(1, COMMUNITIES):03d}{rng.randint(1, GRIDS):03d}"
    common: Row = {"kind": rng.choice(("open_bbq", "road_occupation", "mobile_vendor", "exposed_garbage"))}
    common |= {"source": "video_ai" if rng.random() < 0.9 else "12319", "area_code": area}
    case = {"id": case_id, "group": "trade", "state": "closed", "seen": "stall", "severity": 1, "is_prominent": True}
    case |= {"first_seen_at": at, "last_seen_at": at, "judgement": "{}"}
    stages: list[Row] = []
    for stage, limit_min, outcome in _way(rng):
        took_min = rng.expovariate(1 / ((limit_min or 20) * 0.4))
        left = at + timedelta(minutes=took_min)
        due = None if limit_min is None else at + timedelta(minutes=limit_min)
        row: Row = {"case_id": case_id, "number": len(stages) + 1, "stage": stage, "entered_at": at, "left_at": left}
        row |= {"due_at": due, "outcome": outcome, "person": f"person-{rng.randint(1, PEOPLE)}", "post": "shift_leader"}
        row |= {"department": f"department-{rng.randint(1, DEPARTMENTS)}" if stage in {"handle", "check"} else None}
        stages.append(row | common)
        at = left
    return case | common, stages


def _way(rng: random.Random) -> Iterator[tuple[str, float | None, str]]:
    if rng.random() < 0.3:
        yield "review", None, "reject"
        return
    yield "review", None, "confirm"
    yield "report", None, "report"
    yield "accept", 15, "accept"
    yield "register", 60, "register"
    yield "dispatch", 15, "dispatch"
    yield "handle", 120, "finish"
    if rng.random() < 0.08:
        yield "check", 30, "send_back"
        yield "handle", 120, "finish"
    yield "check", 30, "close"


def _report(
    plan: BenchPlan, database: Database, cases: int, details: dict[str, float], is_postgresql: bool
) -> BenchReport:
    wanted: tuple[Target, ...] = ()
    if is_postgresql:  # SQLite is for one small district; its figures are told, not promised
        wanted = (at_most("a year of 500,000 cases, s", 2.0, details["year_ms"] / 1000),)
    return BenchReport(
        mode="assessment",
        events_sent=cases,
        events_committed=cases,
        duplicates=0,
        lost=0,
        rate_per_s=round(cases / details["count_s"], 1) if details["count_s"] else 0.0,
        publish_to_commit_ms=Percentiles(p50=0.0, p99=0.0),
        rss_mb=0.0,
        seconds=plan.seconds,
        details=details,
        targets=wanted,
        machine=machine_facts(),
        versions=versions("none", database_version(database)),
    )
