"""The tables' revisions: which one a database has, and bringing it to another, by one process at a time."""

import io
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, MetaData, inspect
from sqlalchemy.engine import URL

from central.store.engines import shown
from central.store.locks import Lock, hold
from central.store.refusals import translated
from contract.errors import PermanentError, UsageError

FOLDER = Path(__file__).with_name("migrations")
MOVES_ROWS_AFTER = {"0001"}
"""Revisions after which the next one copies rows in Python."""
BEFORE_REVISIONS = {"latest": "0001", "part": "0002"}
"""A column of `observations` that tells which revision a database is that was made before revisions were written."""


def head() -> str:
    """The newest revision that this program knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def revision_of(connection: Connection, url: URL) -> str | None:
    """The database's revision, None while it has no tables.

    Raises:
        UsageError: it holds another program's tables, or was made by a newer version of this one.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return _recognise(connection, url)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found not in known:
        raise UsageError(
            f"database {shown(url)}: its tables are of revision {found}, this program knows up to {head()}; "
            "install the newer version again, or restore a backup that was made before the upgrade"
        )
    return found


def upgrade(engine: Engine, url: URL) -> str | None:
    """Brings the database to the newest revision; gives the one that it had. Takes no lock if nothing is to be done.

    Raises:
        UsageError: see `revision_of`.
        TransientError: it is away, or others hold its tables or migrate it; nothing was changed.
    """
    with translated(url, "a look at its revision"), engine.connect() as connection:
        found = revision_of(connection, url)
        is_stamped = MigrationContext.configure(connection).get_current_revision() is not None
    if found != head() or not is_stamped:
        move(engine, url, "head")
    return found


def move(engine: Engine, url: URL, to: str) -> None:
    """Brings the database to the revision `to`, up or down, in one transaction.

    Raises:
        UsageError: there is no such revision; see also `revision_of`.
        TransientError: see `upgrade`.
        PermanentError: rows would be left without those they refer to; nothing was changed.
    """
    with translated(url, "a migration"), alone(engine) as connection:
        bring(connection, url, to)


def bring(connection: Connection, url: URL, to: str) -> None:
    """The same inside `alone`'s transaction.

    Raises:
        UsageError: see `move`.
    """
    known = ScriptDirectory.from_config(_config())
    try:
        wanted = known.get_revision(to).revision
    except CommandError as error:
        raise UsageError(f"revision {to}: no such revision; the newest is {head()}") from error
    order = [script.revision for script in known.walk_revisions()][::-1]
    found = revision_of(connection, url)
    config = _config(connection=connection)
    if found is not None and MigrationContext.configure(connection).get_current_revision() is None:
        command.stamp(config, found)
    if found is not None and order.index(found) > order.index(wanted):
        command.downgrade(config, wanted)
    else:
        command.upgrade(config, wanted)


@contextmanager
def alone(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other migration runs beside; on SQLite without foreign keys, which are checked at its end.

    A table that is copied and renamed, as SQLite needs it, would else take the rows along that refer to it.
    """
    is_sqlite = engine.dialect.name == "sqlite"
    with engine.execution_options(is_write=True).connect() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        if is_sqlite:
            driver.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                hold(connection, Lock.MIGRATION)
                hold(connection, Lock.WRITE)
                yield connection
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first() if is_sqlite else None
                if broken is not None:
                    raise PermanentError(f"a migration would leave rows of {broken[0]} without their {broken[2]}")
        finally:
            if is_sqlite:
                driver.execute("PRAGMA foreign_keys=ON")


def sql_between(dialect: str, start: str | None, to: str) -> str:
    """The statements from revision `start` (None: nothing) to `to`, for somebody who runs them by hand.

    Raises:
        UsageError: a revision between them moves rows, which needs the program; or there is no such revision.
    """
    if start in MOVES_ROWS_AFTER:
        raise UsageError(f"from revision {start} on, rows are moved: run `python -m central migrate` without --sql")
    script = io.StringIO()
    try:
        command.upgrade(_config(dialect=dialect, script=script), f"{start or 'base'}:{to}", sql=True)
    except CommandError as error:
        raise UsageError(f"revision {to}: no such revision after {start or 'none'}; the newest is {head()}") from error
    return script.getvalue()


def differences(connection: Connection, wanted: MetaData) -> list[str]:
    """What a migration still has to do for the tables in the code, one line each."""
    context = MigrationContext.configure(connection)
    return [str(step) for step in compare_metadata(context, wanted)]


def write_revision(connection: Connection, wanted: MetaData, what: str) -> Path:
    """Writes a revision that turns the database's tables into those in the code, to be read and corrected by hand."""
    config = _config(connection=connection, metadata=wanted)
    number = f"{int(head()) + 1:04d}"
    script = command.revision(config, what, autogenerate=True, rev_id=number)
    assert script is not None
    assert not isinstance(script, list)
    return Path(script.path)


def _recognise(connection: Connection, url: URL) -> str | None:
    """The revision of a database that was made before revisions were written."""
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    if not tables:
        return None
    columns: set[str] = set()
    if "observations" in tables:
        columns = {column["name"] for column in inspect(connection).get_columns("observations")}
    for name, revision in BEFORE_REVISIONS.items():
        if name in columns:
            return revision
    raise UsageError(
        f"database {shown(url)}: holds tables that are not central's ({', '.join(sorted(tables)[:5])}); "
        "name an empty database"
    )


def _config(**attributes: Any) -> Config:
    config = Config(attributes=attributes, cmd_opts=Namespace(quiet=True), output_buffer=attributes.get("script"))
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    return config
