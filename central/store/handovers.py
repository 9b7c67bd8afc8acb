"""Handovers of shifts: what stood open, what was said, and who signed. Signed ones never change."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, RowMapping, String, Table, Text, insert, select, update

from central.store.database import METADATA, UtcInstant

HANDOVERS = Table(
    "handovers",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("district", String(15), nullable=False),
    Column("since", UtcInstant, nullable=False),
    Column("notes", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("given_by", String(64), nullable=False),
    Column("given_at", UtcInstant, nullable=False),
    Column("taken_by", String(64)),
    Column("taken_at", UtcInstant),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class Handover:
    """`facts` is JSON as it stood at `given_at`; `since` when the shift before was handed over."""

    number: int
    district: str
    since: datetime
    notes: str
    facts: str
    given_by: str
    given_at: datetime
    taken_by: str | None = None
    taken_at: datetime | None = None


def add(connection: Connection, handover: Handover) -> int:
    """Writes it, signed by who gives; its own number is not looked at."""
    values = {
        "district": handover.district,
        "since": handover.since,
        "notes": handover.notes,
        "facts": handover.facts,
        "given_by": handover.given_by,
        "given_at": handover.given_at,
    }
    return int(connection.execute(insert(HANDOVERS).values(values).returning(HANDOVERS.c.id)).scalar_one())


def take(connection: Connection, number: int, by: str, at: datetime) -> bool:
    """Adds the second signature; False where it is there already or there is no such handover."""
    query = update(HANDOVERS).where(HANDOVERS.c.id == number, HANDOVERS.c.taken_by.is_(None))
    return connection.execute(query.values(taken_by=by, taken_at=at)).rowcount > 0


def find(connection: Connection, number: int) -> Handover | None:
    row = connection.execute(select(HANDOVERS).where(HANDOVERS.c.id == number)).first()
    return None if row is None else _handover(row._mapping)


def newest(connection: Connection, district: str, limit: int) -> list[Handover]:
    """Those of one district, the newest first."""
    query = select(HANDOVERS).where(HANDOVERS.c.district == district).order_by(HANDOVERS.c.id.desc()).limit(limit)
    return [_handover(row._mapping) for row in connection.execute(query)]


def _handover(row: RowMapping) -> Handover:
    return Handover(
        row["id"],
        row["district"],
        row["since"],
        row["notes"],
        row["facts"],
        row["given_by"],
        row["given_at"],
        row["taken_by"],
        row["taken_at"],
    )
