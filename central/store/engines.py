"""Making the engine for a database URL: SQLite's pragmas, PostgreSQL's pool and time limits."""

import re
import select
from pathlib import Path
from typing import Any

from psycopg import DatabaseError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InvalidatePoolError

from central.store.pipelining import teach_pipelines
from contract.errors import UsageError

BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another's lock. Longer hides a stuck process; shorter fails on a slow disk's sync."""
CHECKPOINT_PAGES = 8_000
"""The log is folded into the file every 32 MB. SQLite's own 4 MB makes every thirtieth small commit wait for it, which
is what the slowest decisions waited for; more would take longer to read back after a crash."""
POOL_SIZE = 10
POOL_OVERFLOW = 20
"""Beyond the kept ten: API threads in a rush. Thirty in all stay far below PostgreSQL's usual hundred."""
POOL_TIMEOUT_S = 10
POSTGRESQL = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
    "application_name": "xunjie-central",
    "options": f"-c timezone=UTC -c lock_timeout={BUSY_TIMEOUT_MS} -c idle_in_transaction_session_timeout=120000",
}
"""Connection parameters; one that stands in the URL wins. A server that vanished is noticed within 25 s."""
EXAMPLES = "sqlite:///var/central/central.db or postgresql+psycopg://user@host/xunjie"
_DRIVER = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "sqlite": "sqlite"}


def read_url(text: str) -> URL:
    """The URL of a database that central can use; ``postgresql://`` means psycopg.

    Raises:
        UsageError: it can't be understood, names no database, or one that is not supported. No password is shown.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"database url {_masked(text)!r} can't be read; write it as {EXAMPLES}") from error
    scheme = url.drivername.partition("+")[0]
    if scheme not in _DRIVER or url.drivername not in {scheme, _DRIVER[scheme], "sqlite+pysqlite"}:
        raise UsageError(f"database url: {url.drivername} is not supported; write it as {EXAMPLES}")
    url = url.set(drivername=_DRIVER[scheme])
    if url.database in {None, "", ":memory:"}:
        raise UsageError(f"database url {shown(url)} names no database; write it as {EXAMPLES}")
    return url


def shown(url: URL) -> str:
    """For people and logs: without password and parameters."""
    return url.set(query={}).render_as_string(hide_password=True)


def file_of(url: URL) -> Path | None:
    """The SQLite file, None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None


def make_engine(url: URL) -> Engine:
    """Opens nothing yet."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        _tune_sqlite(engine)
        return engine
    engine = create_engine(
        url,
        connect_args={key: value for key, value in POSTGRESQL.items() if key not in url.query},
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_S,
        hide_parameters=True,
    )
    _check_before_use(engine)
    teach_pipelines(engine)
    return engine


def _check_before_use(engine: Engine) -> None:
    """A connection that died while it lay in the pool costs no work.

    SQLAlchemy's own check asks the server each time. Here only a connection that has something to read is asked: an
    idle one has nothing, unless the server said goodbye or the keep-alive probes gave up.
    """

    @event.listens_for(engine, "checkout")
    def _on_checkout(driver: Any, _record: object, _proxy: object) -> None:
        poll = select.poll()
        poll.register(driver.fileno(), select.POLLIN)
        if not poll.poll(0):
            return
        try:
            engine.dialect.do_ping(driver)
        except DatabaseError as error:
            raise InvalidatePoolError from error


def _tune_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late and is never IMMEDIATE
        for pragma in (
            "journal_mode=WAL",
            f"wal_autocheckpoint={CHECKPOINT_PAGES}",
            "synchronous=FULL",
            "foreign_keys=ON",
            f"busy_timeout={BUSY_TIMEOUT_MS}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("is_write", False):
            connection.exec_driver_sql("BEGIN")
            return
        connection.exec_driver_sql(f"PRAGMA synchronous={'NORMAL' if options.get('is_lazy') else 'FULL'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _masked(text: str) -> str:
    return re.sub(r"//[^/]*@", "//***@", text)
