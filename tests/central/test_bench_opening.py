"""Cases that stand before a measurement begins."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Integer, select

from central.bench.measuring import ORIGIN, BenchPlan
from central.bench.opening import bench_of_site, open_cases, sent
from central.bench.standing import StandingMint
from central.domain.workflow import CaseState
from central.services.admission import Admission
from central.services.association import Association
from central.services.surveying import Survey
from central.store import rows
from central.store.cases import CASES
from central.store.database import Database
from contract.clock import VirtualClock
from contract.topics import Topics
from tests.central.databases import fresh_sqlite

BEGAN = datetime(2026, 7, 1, tzinfo=UTC)


def plan_on(url: str, now: datetime = BEGAN) -> BenchPlan:
    return BenchPlan(url, 1.0, "5", VirtualClock(now), lambda _step, _share: None)


def mints_for(plan: BenchPlan) -> list[StandingMint]:
    return [StandingMint(number, plan.clock.now(), "run", ORIGIN, 30, 60.0, plan.clock) for number in range(2)]


def open_one_by_one(plan: BenchPlan, database: Database, mints: Sequence[StandingMint]) -> None:
    """By the inbox and association alone."""
    bench, admission = bench_of_site(), Admission(database, Topics(), plan.clock)
    association = Association(database, bench, plan.clock, lambda: None)
    for mint in mints:
        admission.take(sent(mint, range(1, mint.pool + 1)))
        while association.step():
            pass
    Survey(database, bench.rules, plan.clock).run()
    while association.step():
        pass
    association.release()


def rows_in(database: Database) -> dict[str, list[str]]:
    """By table, in no order and without their running numbers."""
    found = {}
    with database.read() as connection:
        for table in rows.tables_in(connection):
            numbered = isinstance(table.primary_key.columns[0].type, Integer)
            lines = [json.loads(line)[numbered:] for line in rows.lines_of(connection, table)]
            found[table.name] = sorted(json.dumps(line) for line in lines)
    return found


def test_cases_are_the_same_rows_however_they_came(database_url: str, tmp_path: Path) -> None:
    plain, quick = Database(fresh_sqlite(tmp_path / "plain")), Database(database_url)
    for database, opened in ((plain, open_one_by_one), (quick, open_cases)):
        plan = plan_on(str(database.url))
        opened(plan, database, mints_for(plan))
    found = rows_in(quick)
    assert len(found["cases"]) == len(found["observations"]) == 60
    assert len(found["camera_errors"]) == 1
    assert found == rows_in(plain)
    plain.close()
    quick.close()


def test_what_stands_is_shown_at_any_hour(tmp_path: Path) -> None:
    database = Database(fresh_sqlite(tmp_path))
    plan = plan_on(str(database.url), datetime(2026, 7, 1, 15, 30, tzinfo=UTC))  # 23:30 there
    open_cases(plan, database, mints_for(plan))
    with database.read() as connection:
        states = set(connection.execute(select(CASES.c.state)).scalars())
    assert states == {CaseState.OBSERVING.value}
    database.close()
