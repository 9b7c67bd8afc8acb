"""Cases that stand before a measurement begins."""

from datetime import UTC, datetime
from pathlib import Path

from central.bench.measuring import ORIGIN, BenchPlan
from central.bench.opening import open_cases, open_one_by_one
from central.bench.standing import StandingMint
from central.store import inbox, rows
from central.store.database import Database
from contract.clock import VirtualClock
from tests.central.databases import fresh_sqlite

BEGAN = datetime(2026, 7, 1, tzinfo=UTC)


def plan_on(url: str) -> BenchPlan:
    return BenchPlan(url, 1.0, "5", VirtualClock(BEGAN), lambda _step, _share: None)


def mints_for(plan: BenchPlan) -> list[StandingMint]:
    return [StandingMint(number, BEGAN, "run", ORIGIN, 30, 60.0, plan.clock) for number in range(2)]


def rows_in(database: Database) -> dict[str, list[bytes]]:
    with database.read() as connection:
        return {table.name: sorted(rows.lines_of(connection, table)) for table in rows.tables_in(connection)}


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


def test_cases_are_opened_behind_earlier_ones_too(database_url: str) -> None:
    database, plan = Database(database_url), plan_on(database_url)
    first, second = mints_for(plan)
    open_cases(plan, database, [first])
    open_cases(plan, database, [second])  # not empty any more: one by one
    with database.read() as connection:
        assert len(inbox.waiting(connection, 100)) == 0
        assert {table.name: rows.count(connection, table) for table in rows.tables_in(connection)}["cases"] == 60
    database.close()
