"""Tables come from numbered revisions, on both databases; older databases open, newer and foreign ones say why not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from sqlalchemy import Connection, insert, inspect, select, text

from central.domain.values import Revision
from central.store import migrating
from central.store.database import Database
from central.store.observations import OBSERVATIONS
from central.store.schema import whole_schema
from central.store.sightings import REVISIONS
from contract.errors import PermanentError, UsageError
from contract.plane import Point
from tests.central.builders import T0, uuid_of
from tests.central.commandline import CommandLine
from tests.central.databases import Postgres
from tests.central.served import ROOT

INCIDENT = uuid_of("incident", "old")
CASE = uuid_of("case", "old")


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, of either kind."""
    url = f"sqlite:///{tmp_path}/central.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres_server")
        url = server.empty()
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def current(fresh_url: str) -> Iterator[Database]:
    database = Database(fresh_url)
    yield database
    database.close()


def revision_of(database: Database) -> str | None:
    with database.read() as connection:
        return migrating.revision_of(connection, database.url)


def make_old(database: Database) -> None:
    """As the first release left it: one incident in a case, no word of revisions."""
    migrating.move(database.engine, database.url, "0001")
    with database.write() as connection:
        _fill_old(connection)
        connection.execute(text("DROP TABLE alembic_version"))


def _fill_old(connection: Connection) -> None:
    schema = whole_schema()
    case = {"id": CASE, "group": "trade", "state": "confirmed", "seen": "stall", "severity": 2, "is_prominent": True}
    case |= {"first_seen_at": T0, "last_seen_at": T0, "judgement": "{}"}
    connection.execute(insert(schema.tables["cases"]).values(case))
    member = {"case_id": CASE, "incident_id": INCIDENT, "at": T0.isoformat(sep=" ")}
    connection.execute(
        text(
            "INSERT INTO case_members (case_id, incident_id, started_at, link)"
            " VALUES (:case_id, :incident_id, :at, '{}')"
        ),
        member,
    )
    latest = {"box": {"x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}, "confidence": {"latest": 0.75}}
    values: dict[str, Any] = {"id": INCIDENT, "at": T0.isoformat(sep=" "), "latest": json.dumps(latest)}
    values |= {"gone": False, "zones": '["market"]'}
    connection.execute(
        text(
            'INSERT INTO observations (incident_id, revision, node_id, camera_id, seen, "group", first_seen_at,'
            " last_seen_at, is_gone, east_m, north_m, ee_m2, en_m2, nn_m2, zones, peak, latest)"
            " VALUES (:id, 3, 'node-1', 'cam-1', 'stall', 'trade',"
            " :at, :at, :gone, 4.5, -2.0, 1.0, 0.1, 2.0, :zones, 0.9, :latest)"
        ),
        values,
    )


def test_the_revisions_make_exactly_the_tables_in_the_code(empty: Database) -> None:
    """Fails when a table in central/store was changed without a revision: `python -m central migrate --new 'what'`."""
    empty.create()
    with empty.read() as connection:
        assert migrating.differences(connection, whole_schema()) == []
        made = inspect(connection).get_table_names()
    assert set(made) - {"alembic_version"} == set(whole_schema().tables)


def test_ids_that_must_never_come_again_are_counted_by_sqlite_itself(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/central.db")
    database.create()
    with database.read() as connection:
        made = {row.name: row.sql for row in connection.execute(text("SELECT name, sql FROM sqlite_master"))}
    database.close()
    for name, table in whole_schema().tables.items():
        wanted = bool(table.dialect_options["sqlite"]["autoincrement"])
        assert ("AUTOINCREMENT" in made[name]) is wanted, name


def test_a_second_start_changes_nothing(current: Database) -> None:
    current.create()
    assert revision_of(current) == migrating.head()


def test_the_first_releases_database_opens_with_everything_in_it(empty: Database) -> None:
    make_old(empty)
    assert revision_of(empty) == "0001"
    empty.create()
    assert revision_of(empty) == migrating.head()
    with empty.read() as connection:
        row = connection.execute(select(OBSERVATIONS)).one()
        facts = connection.execute(select(REVISIONS.c.facts).where(REVISIONS.c.incident_id == INCIDENT)).scalar_one()
        parts = connection.execute(text("SELECT part FROM case_members")).scalars().all()
    assert (row.incident_id, row.part, row.revision, row.is_confirmed) == (INCIDENT, 1, 3, True)
    assert row.first_seen_at == T0.astimezone(UTC)
    assert row.box == {"x1": 0.1, "y1": 0.2, "x2": 0.3, "y2": 0.4}
    said = TypeAdapter(Revision).validate_json(facts)
    assert said.position is not None
    assert (said.position.point, said.score, said.zones) == (Point(4.5, -2.0), 0.75, ("market",))
    assert said.first_seen_at == T0
    assert parts == [1]


def test_a_database_from_before_the_revisions_is_recognised_and_brought_on(empty: Database) -> None:
    migrating.move(empty.engine, empty.url, "0002")
    with empty.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    assert revision_of(empty) == "0002"
    empty.create()
    with empty.read() as connection:
        assert migrating.differences(connection, whole_schema()) == []


def test_the_newest_revisions_can_be_taken_back_and_done_again(current: Database) -> None:
    migrating.move(current.engine, current.url, "0002")
    assert revision_of(current) == "0002"
    current.create()
    with current.read() as connection:
        assert migrating.differences(connection, whole_schema()) == []


def test_a_database_of_a_newer_program_is_left_alone(current: Database) -> None:
    with current.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UsageError, match=r"revision 9999, this program knows up to .* install the newer version"):
        current.create()


def test_another_programs_database_is_left_alone(empty: Database) -> None:
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE payroll (id INTEGER)"))
    with pytest.raises(UsageError, match="payroll"):
        empty.create()
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["payroll"]


def test_a_migration_that_can_not_end_well_changes_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/central.db")
    make_old(database)
    with database.engine.connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("DELETE FROM cases")
        driver.execute("PRAGMA foreign_keys=ON")
    with pytest.raises(PermanentError, match="case_members without their cases"):
        database.create()
    assert revision_of(database) == "0001"
    database.close()


def test_two_processes_that_start_at_once_migrate_once(empty: Database) -> None:
    make_old(empty)
    program = "import sys; from central.store.database import Database; Database(sys.argv[1]).create()"
    command = [sys.executable, "-c", program, empty.url.render_as_string(hide_password=False)]
    both = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate(timeout=180)[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    assert revision_of(empty) == migrating.head()
    with empty.read() as connection:
        assert len(connection.execute(select(OBSERVATIONS)).all()) == 1


def test_statements_for_hand_work_start_where_the_database_is() -> None:
    script = migrating.sql_between("postgresql", "0003", "head")
    assert "ALTER TABLE cases ADD COLUMN frozen_at TIMESTAMP WITH TIME ZONE" in script
    assert "CREATE TABLE inbox" not in script
    with pytest.raises(UsageError, match="rows are moved"):
        migrating.sql_between("postgresql", "0001", "head")


def test_an_unknown_revision_is_named(current: Database) -> None:
    with pytest.raises(UsageError, match="revision 77: no such revision"):
        migrating.move(current.engine, current.url, "77")


def test_check_says_what_is_to_be_done_and_does_nothing(command_line: CommandLine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/central.db"
    answer = command_line("migrate", "--check", "--database-url", url)
    assert (answer.returncode, "no such file" in answer.stderr) == (2, True)
    assert not (tmp_path / "central.db").exists()
    assert command_line("migrate", "--to", "0003", "--database-url", url).returncode == 0
    behind = command_line("migrate", "--check", "--json", "--database-url", url)
    assert behind.returncode == 1
    assert json.loads(behind.stdout)["revision"] == "0003"
    assert command_line("migrate", "--database-url", url).returncode == 0
    assert command_line("migrate", "--check", "--database-url", url).returncode == 0
