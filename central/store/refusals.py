"""What the databases' errors mean for us: later, or somebody must do something; never with a password in it."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from central.store.engines import POOL_OVERFLOW, POOL_SIZE, POOL_TIMEOUT_S, shown
from contract.errors import TransientError, UsageError

_REMEDIES = (
    ("password authentication failed", "check user and password (PGPASSWORD, ~/.pgpass or the url)"),
    ("no password supplied", "give a password by PGPASSWORD, ~/.pgpass or in the url"),
    ("no pg_hba.conf entry", "let this host in: pg_hba.conf on the server"),
    ("permission denied", "give the user the right to create and write tables in it"),
    ("could not translate host name", "check the host's name in the url"),
    ("failed to resolve host", "check the host's name in the url"),
)
"""What PostgreSQL says of a mistake that waiting can't mend → what to do."""


@contextmanager
def translated(url: URL, doing: str) -> Iterator[None]:
    """Turns what the database or the pool raises inside into our errors. Data and integrity errors pass.

    Raises:
        TransientError: locked, full, away, restarted, deadlocked, or all connections busy.
        UsageError: the url, the password or the rights are wrong.
    """
    try:
        yield
    except PoolTimeout as error:
        count = POOL_SIZE + POOL_OVERFLOW
        raise TransientError(
            f"database {shown(url)}: all {count} connections were busy for {POOL_TIMEOUT_S} s"
        ) from error
    except DBAPIError as error:
        found = refusal(error, url, doing)
        if found is None:
            raise
        raise found from error


def refusal(error: DBAPIError, url: URL, doing: str) -> TransientError | UsageError | None:
    """Our error for `error`; None where it is the row's own fault and belongs to the caller."""
    is_ours = isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated
    text = short(error)
    remedy = next((remedy for words, remedy in _REMEDIES if words in text), None)
    if url.get_backend_name() != "sqlite":
        if 'database "' in text and "does not exist" in text:
            remedy = f"make it: CREATE DATABASE {url.database}"
        elif 'role "' in text and "does not exist" in text:
            remedy = f"make the user: CREATE ROLE {url.username} LOGIN"
    if remedy is not None:
        return UsageError(f"database {shown(url)}: {text}; {remedy}")
    return TransientError(f"database {shown(url)} refused {doing}: {text}") if is_ours else None


def short(error: Exception) -> str:
    """The first line that says why, without the driver's preamble."""
    lines = [line.strip() for line in str(getattr(error, "orig", error)).splitlines() if line.strip()]
    if not lines:
        return type(error).__name__
    return next((line.partition("FATAL:")[2].strip() for line in lines if "FATAL:" in line), lines[0])
