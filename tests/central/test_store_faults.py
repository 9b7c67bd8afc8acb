"""The database refuses, dies or is being changed in the middle of intake: nothing is lost, nothing counts twice."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text

from central.domain.values import CaseFilter
from central.store import migrating
from central.store.inbox import INBOX
from contract.errors import TransientError
from contract.events import Event
from contract.taxonomy import Seen
from tests.central.builders import Street
from tests.central.databases import CAREFUL, Postgres, postgres
from tests.central.parts import Parts
from tests.edge.waiting import PATIENCE_S


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """A PostgreSQL that a test may stop; it keeps what it has committed, whatever happens."""
    with postgres(CAREFUL) as server:
        yield server


def things(count: int) -> list[Event]:
    """Stalls too far from each other to be one."""
    street = Street()
    return [street.event(f"n{n}", Seen.STALL, (n * 40.0, 0)) for n in range(count)]


def taken(parts: Parts) -> int:
    with parts.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(INBOX)).scalar_one())


def redeliver(parts: Parts, events: list[Event]) -> None:
    """What the worker and the broker do after a failed step: reconnect, and everything unacknowledged comes again."""
    parts.intake.recover(1, TransientError())
    parts.link.inbound.clear()
    for one in events:
        parts.link.push_event(one)


def assert_all_once(parts: Parts, events: list[Event]) -> None:
    parts.run()
    assert taken(parts) == len(events)
    assert parts.link.receipted() == {one.data.seq for one in events}
    assert len(parts.reader.page(CaseFilter(), 100).items) == len(events)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_postgresql_that_restarts_in_the_middle_of_intake(own_server: Postgres, tmp_path: Path, mode: str) -> None:
    parts = Parts(tmp_path, own_server.fresh())
    events = things(12)
    parts.take(*events[:4])
    for one in events[4:8]:
        parts.link.push_event(one)
    acked = len(parts.link.acked)
    own_server.stop(mode)
    for _ in range(3):  # away for as long as it likes: every step says so and acknowledges nothing
        with pytest.raises(TransientError, match="refused"):
            parts.intake.step()
        with pytest.raises(TransientError, match="refused"):
            parts.association.step()
        redeliver(parts, events[4:8])
    assert len(parts.link.acked) == acked
    own_server.start()
    for one in events[8:]:
        parts.link.push_event(one)
    assert_all_once(parts, events)
    parts.close()


def test_a_commit_that_fails_acknowledges_nothing(own_server: Postgres, tmp_path: Path) -> None:
    """The refusal comes with COMMIT itself, when every row is already in."""
    parts = Parts(tmp_path, own_server.fresh())
    with parts.database.write() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = '40001'; END $$;"
            "CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON inbox DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
    events = things(3)
    for one in events:
        parts.link.push_event(one)
    with pytest.raises(TransientError, match="not today"):
        parts.intake.step()
    assert (parts.link.acked, parts.link.published, taken(parts)) == ([], [], 0)
    with parts.database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER at_commit ON inbox")
    redeliver(parts, events)
    assert_all_once(parts, events)
    parts.close()


def test_a_full_disk_refuses_and_what_was_refused_comes_in_later(file_parts: Parts) -> None:
    """SQLite may grow no further: the same refusal as from a full disk, from the same place."""
    limit = {"pages": 1}

    @event.listens_for(file_parts.database.engine, "begin")
    def _set_limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={limit['pages']}")

    events = things(60)
    with pytest.raises(TransientError, match="database or disk is full"):
        for one in events:
            file_parts.link.push_event(one)
        while file_parts.intake.step():
            pass
    assert file_parts.link.acked == []
    limit["pages"] = 1_000_000
    redeliver(file_parts, events)
    assert_all_once(file_parts, events)


def test_a_migration_while_events_come_in_delays_them_and_loses_none(parts: Parts) -> None:
    events = things(8)
    parts.take(*events[:4])
    is_changing, may_end = threading.Event(), threading.Event()

    def migrate() -> None:
        with migrating.alone(parts.database.engine) as connection:
            connection.execute(text("ALTER TABLE inbox ADD COLUMN passing INTEGER"))
            is_changing.set()
            may_end.wait(PATIENCE_S)
            connection.execute(text("ALTER TABLE inbox DROP COLUMN passing"))

    migration = threading.Thread(target=migrate)
    migration.start()
    assert is_changing.wait(PATIENCE_S)
    for one in events[4:]:
        parts.link.push_event(one)
    intake = threading.Thread(target=parts.intake.step)
    intake.start()
    intake.join(0.2)
    assert intake.is_alive()
    may_end.set()
    migration.join(PATIENCE_S)
    intake.join(PATIENCE_S)
    assert_all_once(parts, events)
