"""What both databases promise: one writer at a time, snapshots, one open membership, errors that say what to do."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Table, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from central.store import cases, changes, nodes
from central.store.database import Database
from central.store.engines import file_of, read_url
from central.store.locks import Lock
from contract.errors import TransientError, UsageError
from tests.central.builders import T0, uuid_of
from tests.central.databases import Postgres, fresh_sqlite
from tests.edge.waiting import PATIENCE_S

WRITERS = 4


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def on_server(postgres_server: Postgres) -> Iterator[Database]:
    url = postgres_server.fresh()
    made = Database(url)
    yield made
    made.close()
    postgres_server.drop(url)


def add_node(database: Database, name: str, times: int) -> None:
    with database.write() as connection:
        row = {"node_id": name, "at": T0, "received_at": T0, "status": {"times": times}}
        connection.execute(insert(nodes.NODES).values(row))


def add_cases(database: Database, count: int) -> list[str]:
    ids = [uuid_of("case", str(number)) for number in range(count)]
    row = {"group": "trade", "state": "detected", "seen": "stall", "severity": 2, "is_prominent": True}
    row |= {"first_seen_at": T0, "last_seen_at": T0, "judgement": "{}"}
    with database.write() as connection:
        connection.execute(insert(cases.CASES), [row | {"id": case_id} for case_id in ids])
    return ids


def at_once(work: Callable[[int], None]) -> list[BaseException]:
    """Runs `work` on `WRITERS` threads that start together; gives what they raised."""
    raised: list[BaseException] = []
    start = threading.Barrier(WRITERS)

    def run(number: int) -> None:
        start.wait(PATIENCE_S)
        try:
            work(number)
        except Exception as error:  # noqa: BLE001  # handed to the test
            raised.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    return raised


def another_may_write(database: Database) -> bool:
    """Whether another process could begin a write right now; it does not wait."""
    path = file_of(database.url)
    if path is not None:
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        finally:
            other.close()
        return True
    with database.engine.connect() as connection:
        return bool(connection.execute(select(func.pg_try_advisory_xact_lock(int(Lock.WRITE)))).scalar())


def test_a_write_takes_its_lock_before_the_first_statement(database: Database) -> None:
    assert another_may_write(database)
    with database.write():
        assert not another_may_write(database)
    assert another_may_write(database)


def test_only_a_lazy_write_goes_on_before_the_disk_has_it(tmp_path: Path) -> None:
    database = Database(fresh_sqlite(tmp_path))
    found = []
    for lazily in (False, True, False):
        with database.write(lazily=lazily) as connection:
            found.append(connection.exec_driver_sql("PRAGMA synchronous").scalar_one())
    database.close()
    assert found == [2, 1, 2]


def test_what_a_writer_has_read_can_not_go_stale(database: Database, database_url: str) -> None:
    """Read, think, write: on several connections pools at once no step is lost."""
    add_node(database, "n", 0)
    pools = [database, Database(database_url)]
    query = select(nodes.NODES.c.status).where(nodes.NODES.c.node_id == "n")

    def count(number: int) -> None:
        for _ in range(10):
            with pools[number % 2].write() as connection:
                times = connection.execute(query).scalar_one()["times"]
                connection.execute(update(nodes.NODES).values(status={"times": times + 1}))

    assert at_once(count) == []
    pools[1].close()
    with database.read() as connection:
        assert connection.execute(query).scalar_one() == {"times": WRITERS * 10}


def test_racing_writers_get_one_open_membership_per_sighting(database: Database) -> None:
    """Even when they are told not to take turns, it is the index that decides."""
    own = add_cases(database, WRITERS)
    incidents = [uuid_of("incident", str(number)) for number in range(25)]
    joined: list[str] = []

    def join_all(number: int) -> None:
        for incident in incidents:
            try:
                with database.write(beside_others=True) as connection:
                    cases.join(connection, own[number], incident, T0, "{}")
                joined.append(incident)
            except IntegrityError:
                continue

    assert at_once(join_all) == []
    assert sorted(joined) == sorted(incidents)
    with database.read() as connection:
        found = connection.execute(select(cases.MEMBERS.c.incident_id)).scalars().all()
    assert sorted(found) == sorted(incidents)


def test_an_ended_membership_makes_room_for_the_next(database: Database) -> None:
    first, second = add_cases(database, 2)
    with database.write() as connection:
        cases.join(connection, first, "incident", T0, "{}")
        cases.leave(connection, "incident", T0)
        cases.join(connection, second, "incident", T0, "{}")
        cases.join(connection, first, "incident", T0, "{}", part=2)
    with database.read() as connection:
        assert len(connection.execute(select(cases.MEMBERS)).all()) == 3


@pytest.mark.parametrize("table", [cases.MEMBERS, cases.HISTORY])
def test_a_row_of_a_case_that_is_not_there_is_refused(database: Database, table: Table) -> None:
    row = {"case_id": uuid_of("nobody"), "incident_id": "i", "started_at": T0, "link": "{}"}
    if table is cases.HISTORY:
        row = {"case_id": uuid_of("nobody"), "at": T0, "what": "seen", "role": "system", "actor": "-", "facts": "{}"}
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(insert(table).values(row))


def test_a_read_sees_one_moment(database: Database) -> None:
    add_node(database, "a", 0)
    query = select(nodes.NODES.c.node_id)
    with database.read() as connection:
        assert len(connection.execute(query).all()) == 1
        add_node(database, "b", 0)
        assert len(connection.execute(query).all()) == 1
    with database.read() as connection:
        assert len(connection.execute(query).all()) == 2


def test_a_failed_write_leaves_nothing(database: Database) -> None:
    class Boom(RuntimeError):
        pass

    with pytest.raises(Boom), database.write() as connection:
        connection.execute(insert(nodes.NODES).values(node_id="a", at=T0, received_at=T0, status={}))
        raise Boom
    with database.read() as connection:
        assert connection.execute(select(nodes.NODES)).all() == []


def test_changes_become_visible_in_the_order_of_their_numbers(on_server: Database) -> None:
    """A writer that numbers a change while another's are not committed waits, or a listener would skip one."""
    second = threading.Event()

    def late() -> None:
        with on_server.write(beside_others=True) as connection:
            changes.record(connection, "node", ["late"], T0)
        second.set()

    with on_server.write(beside_others=True) as connection:
        changes.record(connection, "node", ["early"], T0)
        thread = threading.Thread(target=late)
        thread.start()
        assert not second.wait(0.1)
    thread.join(PATIENCE_S)
    with on_server.read() as connection:
        assert [change.subject for change in changes.after(connection, 0, 9)] == ["early", "late"]


def test_a_connection_that_dies_in_a_transaction_is_a_matter_of_trying_again(
    on_server: Database, postgres_server: Postgres
) -> None:
    with pytest.raises(TransientError, match="refused a write"), on_server.write() as connection:
        connection.execute(insert(nodes.NODES).values(node_id="a", at=T0, received_at=T0, status={}))
        postgres_server.end_connections()
        connection.execute(select(nodes.NODES))
    add_node(on_server, "b", 0)
    with on_server.read() as connection:
        assert connection.execute(select(nodes.NODES.c.node_id)).scalars().all() == ["b"]


def test_a_connection_that_died_in_the_pool_costs_nothing(on_server: Database, postgres_server: Postgres) -> None:
    add_node(on_server, "a", 0)
    postgres_server.end_connections()
    add_node(on_server, "b", 0)


def test_a_deadlock_is_a_matter_of_trying_again(on_server: Database) -> None:
    for name in ("a", "b"):
        add_node(on_server, name, 0)
    both_hold_one = threading.Barrier(2)

    def cross(number: int) -> None:
        if number >= 2:
            return
        order = ("a", "b") if number == 0 else ("b", "a")
        with on_server.write(beside_others=True) as connection:
            for name in order:
                statement = update(nodes.NODES).where(nodes.NODES.c.node_id == name).values(status={"by": number})
                connection.execute(statement)
                if name == order[0]:
                    both_hold_one.wait(PATIENCE_S)

    (error,) = at_once(cross)
    assert isinstance(error, TransientError)
    assert "deadlock detected" in str(error)


def test_a_wrong_password_is_a_mistake_that_names_the_remedy_and_shows_no_password(postgres_server: Postgres) -> None:
    postgres_server.run_sql("CREATE ROLE guarded LOGIN PASSWORD 'right-word'")
    database = Database(postgres_server.url("postgres", "guarded", "wrong-word"))
    with pytest.raises(UsageError, match=r"password authentication failed .*PGPASSWORD") as caught:
        database.create()
    assert "wrong-word" not in f"{caught.value}{database}"


def test_a_missing_database_or_user_says_how_to_make_it(postgres_server: Postgres) -> None:
    with pytest.raises(UsageError, match="CREATE DATABASE nowhere"):
        Database(postgres_server.url("nowhere")).create()
    with pytest.raises(UsageError, match="CREATE ROLE nobody LOGIN"):
        Database(postgres_server.url("postgres", "nobody")).create()


def test_a_server_that_is_away_is_a_matter_of_waiting(tmp_path: Path) -> None:
    database = Database(f"postgresql://user:secret@/central?host={tmp_path}")
    for attempt in (database.create, lambda: database.read().__enter__(), lambda: database.write().__enter__()):
        with pytest.raises(TransientError, match="No such file or directory") as caught:
            attempt()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "can't be read"),
        ("postgresql://me:secret@host:port/x", "can't be read"),
        ("mysql://me:secret@host/x", "mysql is not supported"),
        ("postgresql+asyncpg://me:secret@host/x", "postgresql.asyncpg is not supported"),
        ("postgresql://me:secret@host", "names no database"),
        ("sqlite://", "names no database"),
        ("sqlite:///:memory:", "names no database"),
    ],
)
def test_a_wrong_url_says_how_to_write_it(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Database(url)
    assert "postgresql+psycopg://user@host/xunjie" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_parameter_in_the_url_wins(postgres_server: Postgres) -> None:
    database = Database(postgres_server.url("postgres") + "&application_name=elsewhere")
    with database.read() as connection:
        assert connection.execute(text("SHOW application_name")).scalar() == "elsewhere"
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "10s"
    database.close()
    assert read_url("postgres://h/d").drivername == "postgresql+psycopg"
    assert psycopg.__version__.startswith("3.")
