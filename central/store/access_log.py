"""Who came in, who was turned away, who looked at what is kept shut: lines that only ever get more."""

from datetime import datetime

from sqlalchemy import JSON, Column, Connection, String, Table, delete, insert, select

from central.domain.accounts import Line
from central.domain.people import Happening
from central.store.database import METADATA, ROW_ID, UtcInstant

ACCESS_LOG = Table(
    "access_log",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False, index=True),
    Column("who", String(64), nullable=False, index=True),
    Column("address", String(64), nullable=False),
    Column("what", String(24), nullable=False),
    Column("facts", JSON, nullable=False),
    sqlite_autoincrement=True,
)


def note(connection: Connection, line: Line) -> None:
    values = {"at": line.at, "who": line.who, "address": line.address, "what": line.what, "facts": dict(line.facts)}
    connection.execute(insert(ACCESS_LOG).values(values))


def newest(connection: Connection, limit: int, who: str | None = None) -> list[Line]:
    query = select(ACCESS_LOG).order_by(ACCESS_LOG.c.id.desc()).limit(limit)
    if who is not None:
        query = query.where(ACCESS_LOG.c.who == who)
    rows = connection.execute(query)
    return [Line(row.at, row.who, row.address, Happening(row.what), row.facts) for row in rows]


def forget(connection: Connection, before: datetime) -> int:
    """Takes away what is older; gives how many lines."""
    return connection.execute(delete(ACCESS_LOG).where(ACCESS_LOG.c.at < before)).rowcount
