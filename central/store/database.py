"""The database: one engine, write and read transactions, and the few things SQLite and PostgreSQL say differently."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Dialect,
    Engine,
    Insert,
    MetaData,
    Table,
    TypeDecorator,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from central.store.turns import Turns
from contract.errors import TransientError, UsageError

BUSY_TIMEOUT_MS = 10_000
METADATA = MetaData()


class UtcInstant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite forgets the offset, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """One engine. `write()` commits when its block ends and rolls back when it raises; `read()` is a snapshot."""

    def __init__(self, url: str) -> None:
        """Makes the engine and, for a file, its folder; opens nothing yet.

        Raises:
            UsageError: the URL can't be understood, or names a database that is not supported.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UsageError(
                f"database url {url!r} can't be read; write it as sqlite:///var/central/central.db"
            ) from error
        if parsed.get_backend_name() != "sqlite":
            raise UsageError(f"database url: {parsed.get_backend_name()} is not supported yet; use sqlite:///FILE")
        if parsed.database in {None, "", ":memory:"}:
            raise UsageError("database url names no file; write it as sqlite:///var/central/central.db")
        self._turns = Turns()
        self._path = Path(str(parsed.database))
        self._engine = create_engine(parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        _tune_sqlite(self._engine)

    def create(self) -> None:
        """Makes the folder and the tables that are missing.

        Raises:
            UsageError: the file can't be opened or written.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self.write() as connection:
                METADATA.create_all(connection)
        except (OSError, OperationalError) as error:
            raise UsageError(f"database {self._path}: can't be opened for writing ({_short(error)})") from error

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction, in turn with this process's others; it must not hold another.

        The write lock is taken at once, so that a read in it can't go stale.

        Raises:
            TransientError: the database was locked or its disk refused; nothing was written.
        """
        try:
            with self._turns, self._engine.execution_options(is_write=True).begin() as connection:
                yield connection
        except OperationalError as error:
            raise TransientError(f"database refused a write: {_short(error)}") from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction."""
        with self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


def insert_ignoring(connection: Connection, table: Table) -> Insert:
    """``INSERT … ON CONFLICT DO NOTHING`` in the connection's dialect; `rowcount` tells whether it went in."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        is_write = connection.get_execution_options().get("is_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _short(error: Exception) -> str:
    return str(getattr(error, "orig", error)).splitlines()[0]
