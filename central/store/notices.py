"""What people are told outside the console (SMS, voice, webhook): written with the step behind it, sent later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Index, Integer, String, Table, insert, select, update

from central.store.database import METADATA, ROW_ID, UtcInstant

NOTICES = Table(
    "notices",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("made_at", UtcInstant, nullable=False),
    Column("audience", String(32), nullable=False),
    Column("title", String(200), nullable=False),
    Column("body", String(1000), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcInstant),
    Column("sent_at", UtcInstant),
    Column("problem", String(300), nullable=False, server_default=""),
    Column("person", String(64), nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
Index("notices_waiting", NOTICES.c.next_at)


@dataclass(frozen=True, slots=True)
class Notice:
    """`audience` is a role, or ``party`` for whom a reminder is meant. `next_at` None: sent, or given up.

    `person` is who of the audience is on shift; empty where nobody knows, and then it is for all of them.
    """

    notice_id: int
    case_id: str
    made_at: datetime
    audience: str
    title: str
    body: str
    attempts: int = 0
    next_at: datetime | None = None
    sent_at: datetime | None = None
    problem: str = ""
    person: str = ""


def add(connection: Connection, notice: Notice) -> None:
    """Writes it; the id is the database's."""
    values = {
        "case_id": notice.case_id,
        "made_at": notice.made_at,
        "audience": notice.audience,
        "title": notice.title[:200],
        "body": notice.body[:1000],
        "next_at": notice.next_at,
        "problem": notice.problem[:300],
        "person": notice.person[:64],
    }
    connection.execute(insert(NOTICES).values(values))


def waiting(connection: Connection, now: datetime, limit: int) -> Sequence[Notice]:
    """Those to be sent by `now`, the oldest first."""
    query = select(NOTICES).where(NOTICES.c.next_at <= now).order_by(NOTICES.c.id).limit(limit)
    return [Notice(*row) for row in connection.execute(query)]


def of_case(connection: Connection, case_id: str) -> list[Notice]:
    query = select(NOTICES).where(NOTICES.c.case_id == case_id).order_by(NOTICES.c.id)
    return [Notice(*row) for row in connection.execute(query)]


def settle(connection: Connection, notice: Notice) -> None:
    """Writes how sending went."""
    values = {
        "attempts": notice.attempts,
        "next_at": notice.next_at,
        "sent_at": notice.sent_at,
        "problem": notice.problem[:300],
    }
    connection.execute(update(NOTICES).where(NOTICES.c.id == notice.notice_id).values(values))
