"""The inbox: every event that central has taken, once, as it came; and what the associator still has to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Connection, Index, Integer, String, Table, UniqueConstraint, func, select, update
from sqlalchemy.types import BigInteger, LargeBinary

from central.store.database import METADATA, UtcInstant, insert_ignoring

INBOX = Table(
    "inbox",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("node_id", String(64), nullable=False),
    Column("stream_id", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", UtcInstant, nullable=False),
    Column("done_at", UtcInstant),
    Column("failure", String(500)),
    UniqueConstraint("node_id", "stream_id", "seq"),
    sqlite_autoincrement=True,
)
Index("inbox_waiting", INBOX.c.id, sqlite_where=INBOX.c.done_at.is_(None), postgresql_where=INBOX.c.done_at.is_(None))


class Put(StrEnum):
    """What became of an event at the inbox's door."""

    TAKEN = "taken"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event on its way in; `digest` is the payload's sha256."""

    event_id: str
    node_id: str
    stream_id: str
    seq: int
    digest: str
    payload: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that the associator has yet to take."""

    row_id: int
    payload: bytes
    received_at: datetime


def put(connection: Connection, entry: InboxEvent) -> Put:
    """Takes `entry` unless its id or its place in the stream is known.

    A known one with the same id, place and digest is a repeat; anything else is a conflict and changes nothing.
    """
    statement = insert_ignoring(connection, INBOX).values(
        event_id=entry.event_id,
        node_id=entry.node_id,
        stream_id=entry.stream_id,
        seq=entry.seq,
        digest=entry.digest,
        payload=entry.payload,
        received_at=entry.received_at,
    )
    if connection.execute(statement).rowcount == 1:
        return Put.TAKEN
    place = (INBOX.c.node_id == entry.node_id, INBOX.c.stream_id == entry.stream_id, INBOX.c.seq == entry.seq)
    is_same = (INBOX.c.event_id == entry.event_id, INBOX.c.digest == entry.digest)
    same = connection.execute(select(INBOX.c.id).where(*place, *is_same)).first()
    return Put.REPEATED if same is not None else Put.CONFLICTING


def committed_seqs(connection: Connection, node_id: str, stream_id: str, seqs: Iterable[int]) -> list[int]:
    """Those of `seqs` that stand in the inbox."""
    wanted = sorted(set(seqs))
    query = select(INBOX.c.seq).where(
        INBOX.c.node_id == node_id, INBOX.c.stream_id == stream_id, INBOX.c.seq.in_(wanted)
    )
    return [int(row.seq) for row in connection.execute(query)]


def waiting(connection: Connection, limit: int) -> Sequence[WaitingEvent]:
    """The oldest events that are not done, in the order they came."""
    query = select(INBOX.c.id, INBOX.c.payload, INBOX.c.received_at).where(INBOX.c.done_at.is_(None))
    rows = connection.execute(query.order_by(INBOX.c.id).limit(limit))
    return [WaitingEvent(int(row.id), bytes(row.payload), row.received_at) for row in rows]


def mark_done(connection: Connection, row_id: int, at: datetime, failure: str | None = None) -> None:
    """Takes a row off the associator's list; with `failure` when it was set aside unassociated."""
    connection.execute(update(INBOX).where(INBOX.c.id == row_id).values(done_at=at, failure=failure))


def count_waiting(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(INBOX.c.done_at.is_(None))).scalar_one())
