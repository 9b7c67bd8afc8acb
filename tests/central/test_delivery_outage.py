"""A small day of outage; tests/chaos has the large one, on both databases and with processes that die."""

from datetime import timedelta
from pathlib import Path

from central.store.database import Database
from tests.central.databases import fresh_sqlite
from tests.central.outage import assert_once, ride_out


def test_after_a_day_without_the_platform_nothing_is_missing_or_double(tmp_path: Path) -> None:
    database = Database(fresh_sqlite(tmp_path / "db"))
    day = ride_out(database, tmp_path, 12, timedelta(minutes=15))
    database.close()
    assert_once(day, tmp_path)
    assert sum(day.met.values()) - day.met["none"] > 5, "the platform did struggle"
