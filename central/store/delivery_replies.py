"""What targets said back: each reply once, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, Text, UniqueConstraint, insert, select

from central.store.database import METADATA, ROW_ID, UtcInstant

REPLIES = Table(
    "delivery_replies",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("target", String(64), nullable=False),
    Column("reply_id", String(200), nullable=False),
    Column("case_id", String(36), index=True),
    Column("received_at", UtcInstant, nullable=False),
    Column("said", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", String(500), nullable=False, server_default=""),
    UniqueConstraint("target", "reply_id"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """`said` is the reply as it came, JSON; `outcome` what was made of it."""

    target: str
    reply_id: str
    case_id: str | None
    received_at: datetime
    said: str
    outcome: str
    reason: str = ""


def is_known(connection: Connection, target: str, reply_id: str) -> bool:
    query = select(REPLIES.c.id).where(REPLIES.c.target == target, REPLIES.c.reply_id == reply_id)
    return connection.execute(query).first() is not None


def keep(connection: Connection, reply: ReplyRow) -> None:
    row: dict[str, object] = {"target": reply.target, "reply_id": reply.reply_id, "case_id": reply.case_id}
    row["said"] = reply.said
    row |= {"received_at": reply.received_at, "outcome": reply.outcome, "reason": reply.reason[:500]}
    connection.execute(insert(REPLIES).values(row))


def of_case(connection: Connection, case_id: str) -> Sequence[ReplyRow]:
    """Oldest first."""
    rows = connection.execute(select(REPLIES).where(REPLIES.c.case_id == case_id).order_by(REPLIES.c.id))
    return [
        ReplyRow(row.target, row.reply_id, row.case_id, row.received_at, row.said, row.outcome, row.reason)
        for row in rows
    ]
