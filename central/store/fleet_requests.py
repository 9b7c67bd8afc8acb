"""What was asked of nodes, by whom and why, and what they answered. Rows are never deleted: they are a log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, Integer, LargeBinary, Row, String, Table, insert, select, update

from central.store.database import METADATA, UtcInstant
from contract.requests import Reply, Request

REQUESTS = Table(
    "fleet_requests",
    METADATA,
    Column("request_id", String(36), primary_key=True),
    Column("node_id", String(64), nullable=False, index=True),
    Column("request", JSON, nullable=False),
    Column("wire", LargeBinary, nullable=False),
    Column("issued_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("answer_sha256", String(64)),
    Column("answer_bytes", Integer),
    Column("reply", JSON),
    Column("closed_at", UtcInstant),
)
OPEN = "open"


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request and how it stands: ``open``, or the outcome of its reply, or ``expired``."""

    request: Request
    wire: bytes
    state: str
    answer_sha256: str | None
    answer_bytes: int | None
    reply: Reply | None
    closed_at: datetime | None


def add(connection: Connection, request: Request, wire: bytes) -> None:
    connection.execute(
        insert(REQUESTS).values(
            request_id=request.request_id,
            node_id=request.node_id,
            request=request.model_dump(mode="json"),
            wire=wire,
            issued_at=request.issued_at,
            expires_at=request.expires_at,
            state=OPEN,
        )
    )


def find(connection: Connection, request_id: str) -> StoredRequest | None:
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.request_id == request_id)).first()
    return None if row is None else _stored(row)


def still_open(connection: Connection) -> Sequence[StoredRequest]:
    """Oldest first."""
    query = select(REQUESTS).where(REQUESTS.c.state == OPEN).order_by(REQUESTS.c.issued_at)
    return [_stored(row) for row in connection.execute(query)]


def newest(connection: Connection, node_id: str | None, limit: int) -> Sequence[StoredRequest]:
    query = select(REQUESTS).order_by(REQUESTS.c.issued_at.desc()).limit(limit)
    if node_id is not None:
        query = query.where(REQUESTS.c.node_id == node_id)
    return [_stored(row) for row in connection.execute(query)]


def of_original(connection: Connection, sha256: str) -> Sequence[StoredRequest]:
    """Requests for the original of the redacted picture `sha256`, newest first."""
    ask = REQUESTS.c.request["ask"]
    query = select(REQUESTS).where(ask["kind"].as_string() == "original", ask["sha256"].as_string() == sha256)
    return [_stored(row) for row in connection.execute(query.order_by(REQUESTS.c.issued_at.desc()))]


def note_answer(connection: Connection, request_id: str, sha256: str, size_bytes: int) -> None:
    """The picture is here; the reply that closes the request follows."""
    key = REQUESTS.c.request_id == request_id
    connection.execute(update(REQUESTS).where(key).values(answer_sha256=sha256, answer_bytes=size_bytes))


def close(connection: Connection, request_id: str, state: str, reply: Reply | None, at: datetime) -> bool:
    """Ends an open request; False if it is closed already (a reply that came twice)."""
    content = None if reply is None else reply.model_dump(mode="json")
    key = (REQUESTS.c.request_id == request_id) & (REQUESTS.c.state == OPEN)
    done = connection.execute(update(REQUESTS).where(key).values(state=state, reply=content, closed_at=at))
    return done.rowcount > 0


def _stored(row: Row[tuple[object, ...]]) -> StoredRequest:
    return StoredRequest(
        Request.model_validate(row.request),
        row.wire,
        row.state,
        row.answer_sha256,
        row.answer_bytes,
        None if row.reply is None else Reply.model_validate(row.reply),
        row.closed_at,
    )
