"""A backup holds what was there at one moment; it comes back whole into either database, or not at all."""

import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from central.backup.format import MANIFEST
from central.backup.reading import open_backup
from central.backup.restoring import Restored, restore
from central.backup.writing import write_backup
from central.domain.values import CaseFilter
from central.evidence.folder import FolderStore
from central.store import migrating, rows
from central.store.cases import CASES
from central.store.database import Database
from central.store.inbox import INBOX
from contract.errors import PermanentError, UsageError
from contract.taxonomy import Seen
from tests.central.builders import JPEG, T0, Street, evidence_ref
from tests.central.commandline import CommandLine
from tests.central.databases import Postgres
from tests.central.parts import Parts


def quiet(_what: str, _done: int, _total: int) -> None:
    pass


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Where a backup may go: nothing is in it."""
    url = f"sqlite:///{tmp_path}/restored/central.db"
    if request.param == "postgresql":
        server: Postgres = request.getfixturevalue("postgres_server")
        url = server.empty()
    database = Database(url)
    yield database
    database.close()


def fill(parts: Parts, count: int = 6) -> None:
    """Events that become cases, one refused message, one picture."""
    street = Street()
    events = [street.event(f"n{n}", Seen.STALL, (n * 40.0, 0), evidence=(evidence_ref(),)) for n in range(count)]
    parts.link.push("xunjie/v1/node/node-1/event/live", b"\xff{")
    parts.take(*events)
    parts.objects.put(JPEG)


def content(database: Database) -> dict[str, list[bytes]]:
    with database.read() as connection:
        return {table.name: list(rows.lines_of(connection, table)) for table in rows.tables_in(connection)}


def backed_up(parts: Parts, out: Path, with_pictures: bool = True) -> Path:
    write_backup(parts.database, parts.objects, out, T0, with_pictures, quiet)
    return out


def restored(path: Path, into: Database, folder: Path) -> Restored:
    objects = FolderStore(folder)
    objects.create()
    with open_backup(path) as backup:
        return restore(backup, into, objects, quiet)


def test_everything_comes_back_whatever_the_kind_of_database(parts: Parts, empty: Database, tmp_path: Path) -> None:
    """SQLite → SQLite, → PostgreSQL, and both from PostgreSQL; then the service goes on with it."""
    fill(parts)
    path = backed_up(parts, tmp_path / "b.zip")
    done = restored(path, empty, tmp_path / "pictures")
    assert content(empty) == content(parts.database)
    assert (done.pictures, done.pictures_missing) == (1, 0)
    assert next(path.read_bytes() for _, path in FolderStore(tmp_path / "pictures").every()) == JPEG
    again = Parts(tmp_path / "again", empty.url.render_as_string(hide_password=False))
    again.objects.put(JPEG)
    before = len(again.reader.page(CaseFilter(), 100).items)
    again.take(*[Street({"node-1": 50}).event("later", Seen.STALL, (900.0, 0))])
    assert len(again.reader.page(CaseFilter(), 100).items) == before + 1
    again.close()


def test_a_backup_while_events_come_in_is_of_one_moment(parts: Parts, tmp_path: Path) -> None:
    """A case and the events that made it are both in it, or neither."""
    fill(parts)
    street = Street({"node-1": 1000})
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            parts.take(street.event(f"w{number}", Seen.STALL, (number * 40.0, 500.0)))

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        paths = [backed_up(parts, tmp_path / f"b{n}.zip") for n in range(3)]
    finally:
        stop.set()
        thread.join()
    for number, path in enumerate(paths):
        into = Database(f"sqlite:///{tmp_path}/r{number}.db")
        restored(path, into, tmp_path / "pictures")
        with into.read() as connection:
            done = connection.execute(select(func.count()).where(INBOX.c.done_at.is_not(None))).scalar_one()
            cases = connection.execute(select(func.count()).select_from(CASES)).scalar_one()
        into.close()
        assert cases == done >= 6


def test_an_older_databases_backup_is_brought_on(tmp_path: Path, empty: Database) -> None:
    old = Database(f"sqlite:///{tmp_path}/old.db")
    migrating.move(old.engine, old.url, "0002")
    with old.write() as connection:
        connection.execute(text("INSERT INTO changes (at, topic, subject) VALUES ('2026-07-01 10:00:00', 'case', 'x')"))
    objects = FolderStore(tmp_path / "none")
    assert write_backup(old, objects, tmp_path / "b.zip", T0, False, quiet).revision == "0002"
    old.close()
    assert restored(tmp_path / "b.zip", empty, tmp_path / "pictures").revision == migrating.head()
    assert content(empty)["changes"] == [b'[1,{"at":"2026-07-01T10:00:00+00:00"},"case","x"]\n']


def test_only_an_empty_database_is_restored_into(parts: Parts, tmp_path: Path) -> None:
    fill(parts)
    path = backed_up(parts, tmp_path / "b.zip")
    before = content(parts.database)
    with pytest.raises(UsageError, match="is not empty"):
        restored(path, parts.database, tmp_path / "pictures")
    assert content(parts.database) == before
    assert list(FolderStore(tmp_path / "pictures").every()) == []


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def _rewritten(path: Path, name: str, change: Callable[[bytes], bytes | None]) -> None:
    with zipfile.ZipFile(path) as file:
        members = {member: file.read(member) for member in file.namelist()}
    changed = change(members.pop(name))
    if changed is not None:
        members[name] = changed
    with zipfile.ZipFile(path, "w") as file:
        for member, member_content in members.items():
            file.writestr(member, member_content)


def _flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 3] ^= 0xFF
    path.write_bytes(raw)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_cut, "is cut off or no backup"),
        (_flip, "can't be read|has been changed|missing"),
        (lambda path: path.write_bytes(b"not a zip"), "is cut off or no backup"),
        (
            lambda path: _rewritten(path, "tables/cases.jsonl", lambda old: old.replace(b"trade", b"waste", 1)),
            "changed",
        ),
        (
            lambda path: _rewritten(path, "tables/cases.jsonl", lambda old: old.split(b"\n", 1)[1]),
            "5 rows instead of 6",
        ),
        (lambda path: _rewritten(path, "tables/inbox.jsonl", lambda _old: None), "tables/inbox.jsonl is missing"),
        (lambda path: _rewritten(path, MANIFEST, lambda _old: None), "manifest.json is missing"),
        (lambda path: _rewritten(path, MANIFEST, lambda old: old.replace(b'"format": 1', b'"format": 2')), "manifest"),
    ],
)
def test_a_backup_that_was_cut_or_edited_is_refused_and_leaves_nothing(
    file_parts: Parts, tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    fill(file_parts)
    path = backed_up(file_parts, tmp_path / "b.zip")
    damage(path)
    into = Database(f"sqlite:///{tmp_path}/new/central.db")
    with pytest.raises(UsageError, match=message):
        restored(path, into, tmp_path / "pictures")
    assert not (tmp_path / "new").exists()
    assert list(FolderStore(tmp_path / "pictures").every()) == []


def test_a_restore_that_fails_at_the_end_leaves_nothing(file_parts: Parts, empty: Database, tmp_path: Path) -> None:
    fill(file_parts)
    path = backed_up(file_parts, tmp_path / "b.zip")

    class Full(FolderStore):
        def put(self, content: bytes) -> None:
            super().put(content)
            raise OSError(28, "No space left on device")

    objects = Full(tmp_path / "pictures")
    objects.create()
    with open_backup(path) as backup, pytest.raises(OSError, match="No space left"):
        restore(backup, empty, objects, quiet)
    assert content(empty) == {}
    assert list(objects.every()) == []


def test_a_row_that_the_other_database_can_not_hold_is_named(
    file_parts: Parts, postgres_server: Postgres, tmp_path: Path
) -> None:
    fill(file_parts)
    with file_parts.database.write() as connection:
        connection.execute(text("UPDATE cases SET zone_id = :long"), {"long": "z" * 100})
    path = backed_up(file_parts, tmp_path / "b.zip")
    into = Database(postgres_server.empty())
    with pytest.raises(PermanentError, match="a row of cases can't be stored here: value too long"):
        restored(path, into, tmp_path / "pictures")
    assert content(into) == {}
    into.close()


def test_a_damaged_picture_is_reported_and_not_taken(file_parts: Parts, tmp_path: Path) -> None:
    fill(file_parts)
    ((sha256, picture),) = file_parts.objects.every()
    picture.write_bytes(b"something else")
    manifest = write_backup(file_parts.database, file_parts.objects, tmp_path / "b.zip", T0, True, quiet)
    assert manifest.damaged_pictures == (sha256,)
    assert manifest.pictures.rows == 0


def test_a_full_disk_leaves_no_half_backup(file_parts: Parts, tmp_path: Path) -> None:
    fill(file_parts)
    with pytest.raises(PermanentError, match=r"can't be written .*free space"):
        write_backup(file_parts.database, file_parts.objects, Path("/proc/b.zip"), T0, False, quiet)
    out = tmp_path / "b.zip"
    out.write_bytes(b"")
    with pytest.raises(UsageError, match="exists; choose another name"):
        write_backup(file_parts.database, file_parts.objects, out, T0, False, quiet)


def test_the_commands_write_check_and_restore(file_parts: Parts, tmp_path: Path, command_line: CommandLine) -> None:
    fill(file_parts)
    out = str(tmp_path / "b.zip")
    source = ("--database-url", str(file_parts.database.url), "--evidence-dir", str(tmp_path / "evidence"))

    def told(*arguments: str) -> Any:
        answer = command_line(*arguments, "--json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    written = told("backup", "--out", out, "--pictures", *source)
    assert told("backup", "--verify", out)["sha256"] == written["sha256"]
    target = ("--database-url", f"sqlite:///{tmp_path}/new.db", "--evidence-dir", str(tmp_path / "new"))
    assert told("restore", out, *target)["rows"] == written["rows"]
    refused = command_line("restore", out, *target)
    assert (refused.returncode, "is not empty" in refused.stderr) == (2, True)
    assert command_line("backup").returncode == 2
    assert command_line("backup", "--verify", "nowhere.zip").returncode == 2
