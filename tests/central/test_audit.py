"""The sealed chain over the history: what is touched afterwards is found, and what retention takes leaves a mark."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, insert, update

from central.domain.chain import Walk, digest_of, seal_rows
from central.domain.workflow import Action, CaseState, Role
from central.services.auditing import AuditReport, verify
from central.services.sealing import Sealer
from central.store import cases, seals
from central.store.cases import CASES, HISTORY, HistoryEntry
from central.store.database import Database
from central.store.seals import CHECKPOINTS, SEALS, TOMBSTONES
from contract.clock import VirtualClock
from contract.keys import KeyPairs, write_key_pairs
from contract.signing import SigningKey
from tests.central.builders import T0, seconds, uuid_of
from tests.central.commandline import CommandLine
from tests.central.databases import fresh_sqlite

KEY = SigningKey.from_raw(bytes(range(32)))
CASE = uuid_of("case")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    found.create()
    fill(found)
    yield found
    found.close()


def fill(database: Database) -> None:
    """One case to write steps of."""
    with database.write() as connection:
        row = {"id": CASE, "group": "fire", "state": "observing", "seen": "smoke", "severity": 0, "is_prominent": True}
        times = {"first_seen_at": T0, "last_seen_at": T0}
        connection.execute(insert(CASES).values(row | times | {"judgement": ""}))


def write(database: Database, count: int, note: str = "说明\n|") -> None:
    """`count` steps of one case, with what text may hold."""
    entries = [
        HistoryEntry(
            case_id=CASE,
            at=T0 + seconds(number + 0.123456),
            what="action",
            role=Role.OPERATOR,
            actor="operator",
            facts=json.dumps({"note": note, "number": number}, ensure_ascii=False),
            event_at=None if number % 2 else T0,
            action=Action.CONFIRM,
            from_state=CaseState.PENDING_REVIEW,
            to_state=CaseState.CONFIRMED,
        )
        for number in range(count)
    ]
    with database.write() as connection:
        cases.append(connection, *entries)


def seal(database: Database) -> int:
    sealer = Sealer(database, KEY, VirtualClock(T0))
    return sum(iter(sealer.step, 0))


def checked(database: Database, expected: tuple[int, str] | None = None) -> AuditReport:
    return verify(database, [KEY.public], expected)


def test_what_nobody_touched_is_intact(database: Database) -> None:
    write(database, 20)
    assert checked(database).unsealed == 20
    assert seal(database) == 20
    write(database, 3)
    report = checked(database)
    assert (report.sealed, report.unsealed, report.broken, report.head_seq, report.signed_seq) == (20, 3, 0, 20, 20)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("facts", "{}"),
        ("actor", "somebody"),
        ("to_state", "suppressed"),
        ("at", datetime(2026, 7, 2, tzinfo=UTC)),
        ("event_at", None),
        ("role", "judge"),
    ],
)
def test_a_changed_field_is_named(database: Database, column: str, value: object) -> None:
    write(database, 9)
    seal(database)
    with database.write() as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.id == 5).values({column: value}))
    report = checked(database)
    assert [(fault.seq, fault.what) for fault in report.faults] == [(5, "altered")]
    assert report.sealed == 8


def test_a_removed_row_is_named_and_a_buried_one_is_not(database: Database) -> None:
    write(database, 9)
    seal(database)
    with database.write() as connection:
        assert seals.bury(connection, [3, 4], "audit rows older than 400 days", T0) == 2
        connection.execute(delete(HISTORY).where(HISTORY.c.id == 7))
    seal(database)
    report = checked(database)
    assert [(fault.seq, fault.what) for fault in report.faults] == [(7, "missing")]
    assert (report.sealed, report.deleted_by_retention, report.head_seq) == (8, 2, 11)


def test_a_forged_tombstone_hides_nothing(database: Database) -> None:
    write(database, 4)
    seal(database)
    with database.write() as connection:
        seals.bury(connection, [2], "retention", T0)
    seal(database)
    with database.write() as connection:
        connection.execute(update(TOMBSTONES).values(why="nothing to see"))
    assert [(fault.seq, fault.what) for fault in checked(database).faults] == [(5, "altered")]


def test_a_row_that_was_never_sealed_cannot_be_buried(database: Database) -> None:
    write(database, 4)
    with database.write() as connection:
        assert seals.bury(connection, [1, 2], "retention", T0) == 0
    assert seal(database) == 4


def test_a_cut_end_shows_by_its_checkpoint_and_by_a_noted_head(database: Database) -> None:
    write(database, 5)
    seal(database)
    noted = checked(database)
    write(database, 2)
    seal(database)
    with database.write() as connection:
        for table, key in ((SEALS, SEALS.c.seq), (HISTORY, HISTORY.c.id)):
            connection.execute(delete(table).where(key > 4))
    assert [fault.what for fault in checked(database).faults] == ["cut"]
    with database.write() as connection:
        connection.execute(delete(CHECKPOINTS))
    assert checked(database).is_intact  # nothing inside the database can tell any more
    assert [fault.what for fault in checked(database, (noted.head_seq, noted.head)).faults] == ["cut"]


def test_a_chain_written_anew_lacks_the_signature(database: Database) -> None:
    write(database, 5)
    seal(database)
    noted = checked(database)
    with database.write() as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.id == 2).values(actor="forger"))
        connection.execute(delete(SEALS))
        rows = seals.find_unsealed(connection, 100, everything=True)
        seals.add_seals(connection, seal_rows(None, rows))
    report = checked(database, (noted.head_seq, noted.head))
    assert {fault.what for fault in report.faults} == {"checkpoint", "head"}


def test_a_checkpoint_by_an_unknown_key_counts_for_nothing(database: Database) -> None:
    write(database, 2)
    Sealer(database, SigningKey.generate(), VirtualClock(T0)).step()
    assert [fault.what for fault in checked(database).faults] == ["checkpoint"]


def test_rows_that_are_committed_late_are_sealed_late(database: Database) -> None:
    write(database, 3)
    with database.write() as connection:
        row = connection.execute(HISTORY.select().where(HISTORY.c.id == 2)).one()._asdict()
        connection.execute(delete(HISTORY).where(HISTORY.c.id == 2))
    seal(database)
    with database.write() as connection:
        connection.execute(insert(HISTORY).values(row))
    assert seal(database) == 1
    report = checked(database)
    assert (report.sealed, report.broken) == (3, 0)


@pytest.mark.parametrize("processes", [1, 2])
def test_spans_and_processes_find_what_one_walk_finds(database: Database, processes: int) -> None:
    write(database, 60)
    seal(database)
    with database.write() as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.id.in_([7, 30, 31])).values(actor="forger"))
        connection.execute(delete(SEALS).where(SEALS.c.seq.between(38, 43)))
        connection.execute(update(SEALS).where(SEALS.c.seq == 50).values(chain=bytes(32)))
    noted = (55, "00")
    whole = verify(database, [KEY.public], noted)
    parts = verify(database, [KEY.public], noted, processes=processes, span=10)
    assert (whole.broken, [fault.what for fault in whole.faults]) == (
        7,
        ["altered", "altered", "altered", "gap", "chain", "chain", "head"],
    )
    assert parts == whole


@given(st.lists(st.one_of(st.none(), st.text())), st.lists(st.one_of(st.none(), st.text())))
def test_different_rows_have_different_digests(a: list[str | None], b: list[str | None]) -> None:
    assert (digest_of(a) == digest_of(b)) is (a == b)


@given(st.integers(1, 30), st.data())
def test_a_link_taken_out_of_the_middle_is_noticed(count: int, data: st.DataObject) -> None:
    links = seal_rows(None, [("history", number, digest_of([str(number)])) for number in range(1, count + 1)])
    out = data.draw(st.integers(0, count - 1))
    walk = Walk()
    for link in links[:out] + links[out + 1 :]:
        walk.step(link, link.digest, is_buried=False)
    assert walk.broken == (0 if out == count - 1 else 1)


def test_the_command_says_intact_or_names_what_was_touched(tmp_path: Path, command_line: CommandLine) -> None:
    url = fresh_sqlite(tmp_path)
    folder = tmp_path / "keys"
    pairs = KeyPairs(KEY, KeyPairs.generate().sealing)
    write_key_pairs(folder, pairs)
    config = tmp_path / "central.yaml"
    config.write_text(f"database_url: {url}\nkeys_dir: {folder}\n")
    database = Database(url)
    fill(database)
    write(database, 3)
    seal(database)
    intact = command_line("verify-audit", "--config", str(config), "--json")
    assert (intact.returncode, json.loads(intact.stdout)["sealed"]) == (0, 3)
    with database.write() as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.id == 2).values(actor="forger"))
    database.close()
    touched = command_line("verify-audit", "--config", str(config))
    assert touched.returncode == 1
    assert "history row 2 was changed" in touched.stdout
    public = tmp_path / "public.json"
    public.write_bytes(pairs.public("central", "central").to_wire())
    head = json.loads(intact.stdout)
    arguments = ["--key", str(public), "--expect", f"{head['head_seq']}:{head['head']}", "--json"]
    again = command_line("verify-audit", "--config", str(config), *arguments)
    assert [fault["what"] for fault in json.loads(again.stdout)["faults"]] == ["altered"]


@pytest.mark.parametrize(("option", "value"), [("--expect", "12"), ("--key", "missing.json")])
def test_a_wrong_option_is_one_line(tmp_path: Path, command_line: CommandLine, option: str, value: str) -> None:
    result = command_line("verify-audit", "--database-url", fresh_sqlite(tmp_path), option, value)
    assert result.returncode == 2
    assert value in result.stderr or option in result.stderr


def test_a_text_that_goes_on_after_a_nul_is_intact_until_somebody_touches_it(tmp_path: Path) -> None:
    database = Database(fresh_sqlite(tmp_path))
    fill(database)
    write(database, 3)
    with database.write() as connection:
        connection.execute(update(HISTORY).values(facts="before\x00after"))
    seal(database)
    assert checked(database).is_intact
    with database.write() as connection:
        connection.execute(update(HISTORY).where(HISTORY.c.id == 2).values(facts="before\x00other"))
    assert not checked(database).is_intact
    database.close()
