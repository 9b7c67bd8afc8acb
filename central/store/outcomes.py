"""How often each noteworthy outcome came of intake, per node and day: what was refused, and what was taken marked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, select

from central.store.database import METADATA, UtcInstant, insert_ignoring

OUTCOMES = Table(
    "intake_outcomes",
    METADATA,
    Column("outcome", String(24), primary_key=True),
    Column("node_id", String(64), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("first_at", UtcInstant, nullable=False),
    Column("last_at", UtcInstant, nullable=False),
)
NOBODY = "-"
"""Stands for the node of a message whose topic names none."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One outcome of one node on one day (UTC)."""

    outcome: str
    node_id: str
    day: str
    times: int
    first_at: datetime
    last_at: datetime


def add(connection: Connection, times: Mapping[tuple[str, str], int], at: datetime) -> None:
    """Adds to the counts of (outcome, node), in one order everywhere, so that two workers never wait in a circle."""
    day = f"{at:%Y-%m-%d}"
    for (outcome, node_id), more in sorted(times.items()):
        key = {"outcome": outcome, "node_id": node_id, "day": day}
        connection.execute(insert_ignoring(connection, OUTCOMES).values(**key, times=0, first_at=at, last_at=at))
        row = [OUTCOMES.c[name] == value for name, value in key.items()]
        connection.execute(OUTCOMES.update().where(*row).values(times=OUTCOMES.c.times + more, last_at=at))


def newest(connection: Connection, limit: int) -> Sequence[Counted]:
    """The newest days' counts, the newest first."""
    query = select(OUTCOMES).order_by(OUTCOMES.c.day.desc(), OUTCOMES.c.times.desc(), OUTCOMES.c.outcome)
    rows = connection.execute(query.order_by(OUTCOMES.c.node_id).limit(limit))
    return [Counted(row.outcome, row.node_id, row.day, row.times, row.first_at, row.last_at) for row in rows]
