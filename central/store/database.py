"""The database: one engine, write and read transactions, and the few things SQLite and PostgreSQL say differently."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Insert, Integer, MetaData, Table, TypeDecorator
from sqlalchemy.dialects import postgresql, sqlite

from central.store import migrating
from central.store.engines import file_of, make_engine, read_url, shown
from central.store.locks import Lock, hold
from central.store.pipelining import pipelined
from central.store.refusals import translated
from central.store.turns import FileTurns
from contract.errors import TransientError, UsageError

METADATA = MetaData()
ROW_ID = BigInteger().with_variant(Integer(), "sqlite")
"""For ids that only grow: 2³¹ rows are eight months at a hundred events a second."""


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
        """Makes the engine; opens nothing yet.

        Raises:
            UsageError: the URL can't be understood, or names a database that is not supported.
        """
        self.url = read_url(url)
        self.engine = make_engine(self.url)
        self._is_sqlite = self.engine.dialect.name == "sqlite"
        path = file_of(self.url)
        self._turns = None if path is None else FileTurns(path)
        self._writing = self.engine.execution_options(is_write=True)
        self._writing_lazily = self.engine.execution_options(is_write=True, is_lazy=True)
        self._reading = self.engine
        if not self._is_sqlite:
            self._reading = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def __str__(self) -> str:
        """For people and logs: no password."""
        return shown(self.url)

    def create(self) -> None:
        """Makes the file and its folder, and brings the tables to the newest revision.

        Raises:
            UsageError: it can't be opened or written, or is not ours, or is newer than this program.
            TransientError: it is away, or another process is changing it; nothing was changed.
        """
        path = file_of(self.url)
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
            migrating.upgrade(self.engine, self.url)
        except OSError as error:
            raise UsageError(f"database {self}: can't be opened for writing ({error.strerror})") from error
        except TransientError as error:
            if path is not None and "locked" not in str(error):
                raise UsageError(f"{error}; can't be opened for writing") from error
            raise

    def must_exist(self) -> None:
        """For those who only look: opening a SQLite file that is missing would make it.

        Raises:
            UsageError: the file is missing.
        """
        path = file_of(self.url)
        if path is not None and not path.is_file():
            raise UsageError(f"database {self}: no such file; check --database-url, or make it with `central migrate`")

    @contextmanager
    def write(self, *, beside_others: bool = False, lazily: bool = False) -> Iterator[Connection]:
        """A write transaction; it must not hold another.

        One at a time, so that what was read in it can't go stale: SQLite's lock is taken at once and writers take
        turns, those of other processes too; on PostgreSQL an advisory lock is taken. `beside_others` leaves that lock
        out, for those who only add rows that a unique constraint guards (intake); SQLite knows one writer only.

        `lazily` is for what can be done again from what is kept safely: SQLite then doesn't wait for the disk, and the
        next transaction that does makes this one safe too. A power cut before that takes it back whole, and this
        process with it. PostgreSQL always waits for the disk: its crash would leave us with a memory of what it has
        lost. There, statements that are `UNAWAITED` don't wait for the server.

        Raises:
            TransientError: the database was locked, away or full; nothing was written.
        """
        engine = self._writing_lazily if lazily else self._writing
        with (
            self._turns or nullcontext(),
            translated(self.url, "a write"),
            engine.connect() as connection,
            pipelined(connection) if lazily else nullcontext(),
            connection.begin(),
        ):
            if not beside_others:
                hold(connection, Lock.WRITE)
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction that sees one moment (PostgreSQL: repeatable read) and blocks no writer.

        Raises:
            TransientError: the database is away.
        """
        with translated(self.url, "a read"), self._reading.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()
        if self._turns is not None:
            self._turns.close()


def insert_ignoring(connection: Connection, table: Table) -> Insert:
    """``INSERT … ON CONFLICT DO NOTHING`` in the connection's dialect; `rowcount` tells whether it went in."""
    return _insert_ignoring(connection.dialect.name, table)


@cache  # building a statement costs as much as running it
def _insert_ignoring(dialect: str, table: Table) -> Insert:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
