"""`migrate`: the database's tables brought to this program's revision, or looked at."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from central.settings import load_settings
from central.store import migrating
from central.store.database import Database
from central.store.schema import whole_schema
from contract.errors import UsageError

ConfigOption = Annotated[Path | None, typer.Option("--config", help="YAML settings, see configs/central/central.yaml.")]
DatabaseOption = Annotated[
    str | None, typer.Option("--database-url", help="sqlite:///FILE or postgresql+psycopg://user@host/name")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON.")]


def add_to(cli: typer.Typer) -> None:
    """Registers the command."""
    cli.command("migrate")(migrate)


def migrate(
    config: ConfigOption = None,
    database_url: DatabaseOption = None,
    to: Annotated[str, typer.Option("--to", help="A revision, e.g. 0003; the newest unless given.")] = "head",
    check: Annotated[bool, typer.Option("--check", help="Change nothing; exit 1 if something is to be done.")] = False,
    sql: Annotated[bool, typer.Option("--sql", help="Change nothing; print the statements instead.")] = False,
    new: Annotated[
        str | None, typer.Option("--new", help="For developers: draft the next revision from the tables in the code.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Brings the database's tables to this program's revision; `serve` does the same when it starts.

    One process migrates at a time and in one transaction: it is done whole or not at all. Make a backup first
    (`python -m central backup`): going back is possible only where a revision says so. A password for PostgreSQL is
    taken from PGPASSWORD or ~/.pgpass and is never shown.
    """
    if new is not None:
        typer.echo(_draft(new))
        return
    with opened(load_settings(config, {"database_url": database_url}).database_url) as database:
        if check:
            _check(database, as_json)
        elif sql:
            typer.echo(migrating.sql_between(database.url.get_backend_name(), _revision(database), to))
        else:
            _move(database, to, as_json)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """The database, closed afterwards."""
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def _move(database: Database, to: str, as_json: bool) -> None:
    if to == "head":
        database.create()
    else:
        migrating.move(database.engine, database.url, to)
    _tell({"database": str(database), "revision": _revision(database), "newest": migrating.head()}, as_json)


def _check(database: Database, as_json: bool) -> None:
    found = _revision(database)
    facts: dict[str, object] = {"database": str(database), "revision": found, "newest": migrating.head()}
    if found == migrating.head():
        with database.read() as connection:
            facts["differences"] = migrating.differences(connection, whole_schema())
    _tell(facts, as_json)
    if found != migrating.head() or facts["differences"]:
        raise typer.Exit(1)


def _revision(database: Database) -> str | None:
    database.must_exist()
    with database.read() as connection:
        return migrating.revision_of(connection, database.url)


def _draft(what: str) -> str:
    """Compares the tables in the code with a new database at the newest revision, and writes down the difference."""
    if not what.strip():
        raise UsageError("--new: say in a few words what the revision changes")
    with tempfile.TemporaryDirectory() as folder, opened(f"sqlite:///{folder}/draft.db") as database:
        database.create()
        with database.write() as connection:
            path = migrating.write_revision(connection, whole_schema(), what)
    return f"{path}: read it, correct it, then run tests/central/test_migrations.py"


def _tell(facts: dict[str, object], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for key, value in facts.items():
        typer.echo(f"{key}: {'none' if value is None else value}")
