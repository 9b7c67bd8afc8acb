"""Transactions whose writes nobody waits for: read back, refused and rolled back as any other, on both databases."""

import select as sockets
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from central.domain.workflow import CaseState
from central.store import cases
from central.store.cases import CASES
from central.store.database import Database
from tests.central.builders import uuid_of
from tests.central.delivery_parts import case_row
from tests.edge.waiting import PATIENCE_S


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.close()


def known(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(CASES.c.id).order_by(CASES.c.id)).scalars())


def test_what_was_written_without_waiting_is_read_in_the_same_transaction_and_after_it(database: Database) -> None:
    ids = sorted(uuid_of(name) for name in ("a", "b"))
    with database.write(lazily=True) as connection:
        for case_id in ids:
            cases.open_case(connection, case_row(case_id, CaseState.OBSERVING))
        assert list(connection.execute(select(CASES.c.id).order_by(CASES.c.id)).scalars()) == ids
    assert known(database) == ids


def wait_for_word(connection: Connection) -> None:
    """Until the server has sent something that nobody has read."""
    if connection.dialect.name == "postgresql":
        driver = connection.connection.driver_connection
        assert driver is not None
        assert sockets.select([driver.fileno()], [], [], PATIENCE_S)[0], "no word of the error"


@pytest.mark.parametrize("reads_on", [True, False])
@pytest.mark.parametrize("has_come", [True, False], ids=["the error has come", "the error is on its way"])
def test_a_write_that_is_refused_fails_the_transaction_and_leaves_nothing(
    database: Database, reads_on: bool, has_come: bool
) -> None:
    with pytest.raises(IntegrityError), database.write(lazily=True) as connection:
        cases.open_case(connection, case_row(uuid_of("a"), CaseState.OBSERVING))
        cases.open_case(connection, case_row(uuid_of("a"), CaseState.OBSERVING))
        if has_come:
            wait_for_word(connection)  # then sending the next statement meets it, not waiting for its answer
        if reads_on:
            connection.execute(select(CASES.c.id)).all()
    assert known(database) == []
    with database.write(lazily=True) as connection:  # the connection is as good as new
        cases.open_case(connection, case_row(uuid_of("a"), CaseState.OBSERVING))
    assert known(database) == [uuid_of("a")]
