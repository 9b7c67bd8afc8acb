"""The associator is killed again and again: nothing is lost, no case is double, and another takes over in time."""

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from central.services.checking import joinable_pairs
from central.services.parse import digest_of
from central.services.posts import LEASE_LASTS
from central.store import inbox
from central.store.cases import MEMBERS
from central.store.database import Database
from central.store.observations import OBSERVATIONS
from contract.clock import SystemClock
from contract.events import Event
from tests.central.builders import T0
from tests.central.served import ROOT
from tests.central.test_settling import busy_corner, offline, rules_there

EVENTS = 280
DEATHS = 7
PATIENCE_S = 90.0


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


def fill(database: Database, events: list[Event]) -> None:
    with database.write() as connection:
        for event in events:
            wire, data = event.to_wire(), event.data
            entry = inbox.InboxEvent(event.id, data.node_id, data.stream_id, data.seq, digest_of(wire), wire, T0)
            inbox.put(connection, entry)


@contextmanager
def associator(url: str, holder: str, *flags: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "tests.chaos.associator", "--database-url", url, "--holder", holder, *flags]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def who_is_with_whom(database: Database) -> set[frozenset[str]]:
    with database.read() as connection:
        query = select(MEMBERS.c.case_id, MEMBERS.c.incident_id, MEMBERS.c.part, OBSERVATIONS.c.first_seen_at)
        joined = query.join(
            OBSERVATIONS,
            (OBSERVATIONS.c.incident_id == MEMBERS.c.incident_id) & (OBSERVATIONS.c.part == MEMBERS.c.part),
        )
        rows = list(connection.execute(joined.where(MEMBERS.c.ended_at.is_(None))))
    assert max(Counter((row.incident_id, row.part) for row in rows).values()) == 1
    cases: dict[str, set[str]] = {}
    for row in rows:
        cases.setdefault(row.case_id, set()).add(f"{row.incident_id}/{row.first_seen_at}")
    return {frozenset(members) for members in cases.values()}


def test_killed_at_any_statement_it_loses_and_doubles_nothing(url: str, database: Database) -> None:
    rng = random.Random(5)
    events = list(busy_corner().events[:EVENTS])
    rng.shuffle(events)
    share = EVENTS // DEATHS
    killed = 0
    for number in range(DEATHS):
        fill(database, events[number * share : (number + 1) * share])
        at = (T0 + (number + 1) * (LEASE_LASTS + timedelta(seconds=1))).isoformat()
        with associator(url, f"number-{number}", "--at", at, "--die-at", str(rng.randint(2, 45))) as process:
            killed += process.wait(PATIENCE_S) == -signal.SIGKILL
    assert killed > DEATHS / 2
    fill(database, events[DEATHS * share :])
    at = (T0 + timedelta(hours=1)).isoformat()
    with associator(url, "the last", "--at", at) as process:
        said, _ = process.communicate(timeout=PATIENCE_S)
    assert said.splitlines()[-1] == "done"
    assert who_is_with_whom(database) == offline(events)
    assert joinable_pairs(database, rules_there()) == []


def test_another_process_takes_over_within_the_lease_after_a_kill(url: str, database: Database) -> None:
    clock = SystemClock()
    events = list(busy_corner().events[:EVENTS])
    with associator(url, "first", "--stay") as first, associator(url, "second", "--stay") as second:
        for process in (first, second):
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        fill(database, events[: EVENTS // 2])
        _until_empty(database, clock)
        first.kill()
        first.wait()
        second_was_idle = clock.monotonic()
        fill(database, events[EVENTS // 2 :])
        _until_empty(database, clock)
        took_s = clock.monotonic() - second_was_idle
    assert took_s < LEASE_LASTS.total_seconds() + 15
    assert who_is_with_whom(database) == offline(events)


def _until_empty(database: Database, clock: SystemClock) -> None:
    deadline = clock.monotonic() + PATIENCE_S
    while clock.monotonic() < deadline:
        with database.read() as connection:
            if inbox.count_waiting(connection) == 0:
                return
    raise AssertionError(f"events still wait after {PATIENCE_S} s")
