"""The inbox: every event that central has taken, once, as it came; and what the associator still has to do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    Row,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.types import BigInteger, LargeBinary

from central.domain.districts import REST, District
from central.domain.lanes import Lane
from central.store.database import METADATA, ROW_ID, UtcInstant, insert_ignoring

INBOX = Table(
    "inbox",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("event_id", String(36), nullable=False, unique=True),
    Column("node_id", String(64), nullable=False),
    Column("stream_id", String(36), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("received_at", UtcInstant, nullable=False),
    Column("done_at", UtcInstant),
    Column("failure", String(500)),
    Column("lane", SmallInteger, nullable=False, default=0, server_default="0"),
    Column("incident_id", String(36)),
    Column("revision", Integer),
    Column("marks", String(200), nullable=False, default="", server_default=""),
    Column("district", String(40), nullable=False, default="", server_default=""),
    UniqueConstraint("node_id", "stream_id", "seq"),
    sqlite_autoincrement=True,
)
Index(
    "inbox_waiting_in_district",
    INBOX.c.district,
    INBOX.c.lane,
    INBOX.c.id,
    sqlite_where=INBOX.c.done_at.is_(None),
    postgresql_where=INBOX.c.done_at.is_(None),
)
Index("inbox_incident", INBOX.c.incident_id)
_IS_MARKED = INBOX.c.marks != literal_column("''")
Index("inbox_marked", INBOX.c.id, sqlite_where=_IS_MARKED, postgresql_where=_IS_MARKED)
_WAITING = (
    select(INBOX.c.id, INBOX.c.payload, INBOX.c.received_at, INBOX.c.marks)
    .where(INBOX.c.done_at.is_(None), INBOX.c.district == bindparam("district"))
    .order_by(INBOX.c.lane, INBOX.c.id)
    .limit(bindparam("most"))
)


class Put(StrEnum):
    """What became of an event at the inbox's door."""

    TAKEN = "taken"
    REPEATED = "repeated"
    CONFLICTING = "conflicting"


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """An event on its way in; `digest` is the payload's sha256, `marks` what a person should know of it.

    `district` names whose associator it waits for.
    """

    event_id: str
    node_id: str
    stream_id: str
    seq: int
    digest: str
    payload: bytes
    received_at: datetime
    lane: Lane = Lane.LIVE
    incident_id: str | None = None
    revision: int | None = None
    marks: tuple[str, ...] = ()
    district: District = REST


@dataclass(frozen=True, slots=True)
class WaitingEvent:
    """An event that the associator has yet to take."""

    row_id: int
    payload: bytes
    received_at: datetime
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedEvent:
    """An event that was taken although something about it is odd."""

    event_id: str
    incident_id: str | None
    node_id: str
    seq: int
    received_at: datetime
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAsideEvent:
    """An event that the associator could not take."""

    row_id: int
    payload: bytes
    received_at: datetime
    failure: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The highest sequence number and revision that the inbox holds of an incident."""

    seq: int
    revision: int


def put(connection: Connection, entry: InboxEvent) -> Put:
    """Takes `entry` unless its id or its place in the stream is known."""
    return put_all(connection, [entry])[0]


def put_all(connection: Connection, entries: Sequence[InboxEvent]) -> list[Put]:
    """Takes those of `entries` whose id and place in the stream are new; gives what became of each, in their order.

    A known one with the same id, place and digest is a repeat; anything else is a conflict and changes nothing. Rows
    go in sorted by place, so that two workers with the same events wait for each other and never in a circle.
    """
    first: dict[str, InboxEvent] = {}
    places: set[tuple[str, str, int]] = set()
    for entry in entries:
        place = (entry.node_id, entry.stream_id, entry.seq)
        if entry.event_id not in first and place not in places:
            first[entry.event_id] = entry
            places.add(place)
    rows = sorted(map(_to_row, first.values()), key=lambda row: (row["node_id"], row["stream_id"], row["seq"]))
    statement = insert_ignoring(connection, INBOX).returning(INBOX.c.event_id)
    fresh = {str(row.event_id) for row in connection.execute(statement, rows)} if rows else set()
    others = [entry for entry in entries if not (entry.event_id in fresh and first[entry.event_id] is entry)]
    known = _known(connection, others)
    return [_outcome(entry, first, fresh, known) for entry in entries]


def newest_of(connection: Connection, incident_ids: Iterable[str]) -> Mapping[str, Newest]:
    """What the inbox holds of those incidents already."""
    wanted = sorted(set(incident_ids))
    if not wanted:
        return {}
    query = select(
        INBOX.c.incident_id, func.max(INBOX.c.seq).label("seq"), func.max(INBOX.c.revision).label("revision")
    )
    rows = connection.execute(query.where(INBOX.c.incident_id.in_(wanted)).group_by(INBOX.c.incident_id))
    return {str(row.incident_id): Newest(int(row.seq), int(row.revision)) for row in rows}


def committed_seqs(connection: Connection, node_id: str, stream_id: str, seqs: Iterable[int]) -> list[int]:
    """Those of `seqs` that stand in the inbox."""
    wanted = sorted(set(seqs))
    query = select(INBOX.c.seq).where(
        INBOX.c.node_id == node_id, INBOX.c.stream_id == stream_id, INBOX.c.seq.in_(wanted)
    )
    return [int(row.seq) for row in connection.execute(query)]


def waiting(connection: Connection, limit: int, district: District = REST) -> Sequence[WaitingEvent]:
    """The district's events that are not done: live ones first, then back-fill; within each in the order they came."""
    rows = connection.execute(_WAITING, {"most": limit, "district": district})
    return [WaitingEvent(int(row.id), bytes(row.payload), row.received_at, _marks(row.marks)) for row in rows]


def send_to(connection: Connection, row_ids: Iterable[int], district: District) -> None:
    """Lets the rows wait for another district's associator."""
    connection.execute(update(INBOX).where(INBOX.c.id.in_(list(row_ids))).values(district=district))


def adopt(connection: Connection, known: Iterable[District]) -> int:
    """Lets what waits for a district that is none any more wait for the rest's associator; gives how many."""
    stray = (INBOX.c.done_at.is_(None), INBOX.c.district.not_in(sorted(known)))
    return connection.execute(update(INBOX).where(*stray).values(district=REST)).rowcount


def mark_done(connection: Connection, row_id: int, at: datetime, failure: str | None = None) -> None:
    """Takes a row off the associator's list; with `failure` when it was set aside unassociated."""
    connection.execute(update(INBOX).where(INBOX.c.id == row_id).values(done_at=at, failure=failure))


def newest_marked(connection: Connection, limit: int) -> Sequence[MarkedEvent]:
    """The newest events that bear marks."""
    rows = connection.execute(select(INBOX).where(_IS_MARKED).order_by(INBOX.c.id.desc()).limit(limit))
    return [
        MarkedEvent(row.event_id, row.incident_id, row.node_id, int(row.seq), row.received_at, _marks(row.marks))
        for row in rows
    ]


def set_aside(connection: Connection, row_id: int) -> SetAsideEvent | None:
    """The row that the associator set aside under that id, if there is one."""
    row = connection.execute(select(INBOX).where(INBOX.c.id == row_id, INBOX.c.failure.is_not(None))).first()
    return None if row is None else SetAsideEvent(int(row.id), bytes(row.payload), row.received_at, str(row.failure))


def put_back(connection: Connection, row_id: int) -> bool:
    """Puts a row that was set aside onto the associator's list again; whether there was one."""
    is_aside = (INBOX.c.id == row_id, INBOX.c.failure.is_not(None))
    return connection.execute(update(INBOX).where(*is_aside).values(done_at=None, failure=None)).rowcount == 1


def count_waiting(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).where(INBOX.c.done_at.is_(None))).scalar_one())


def _to_row(entry: InboxEvent) -> dict[str, object]:
    return {
        "event_id": entry.event_id,
        "node_id": entry.node_id,
        "stream_id": entry.stream_id,
        "seq": entry.seq,
        "digest": entry.digest,
        "payload": entry.payload,
        "received_at": entry.received_at,
        "lane": int(entry.lane),
        "incident_id": entry.incident_id,
        "revision": entry.revision,
        "marks": ",".join(entry.marks),
        "district": entry.district,
    }


def _known(connection: Connection, entries: Sequence[InboxEvent]) -> set[tuple[str, str, str, int, str]]:
    """The rows that bear the id or the place of one of `entries`, as `_identity`."""
    if not entries:
        return set()
    is_place = [
        and_(INBOX.c.node_id == entry.node_id, INBOX.c.stream_id == entry.stream_id, INBOX.c.seq == entry.seq)
        for entry in entries
    ]
    columns = (INBOX.c.event_id, INBOX.c.node_id, INBOX.c.stream_id, INBOX.c.seq, INBOX.c.digest)
    found: list[Row[tuple[str, str, str, int, str]]] = []
    for start in range(0, len(is_place), 100):
        found += connection.execute(select(*columns).where(or_(*is_place[start : start + 100])))
    return {(row.event_id, row.node_id, row.stream_id, int(row.seq), row.digest) for row in found}


def _outcome(
    entry: InboxEvent, first: Mapping[str, InboxEvent], fresh: set[str], known: set[tuple[str, str, str, int, str]]
) -> Put:
    if entry.event_id in fresh and first[entry.event_id] is entry:
        return Put.TAKEN
    identity = (entry.event_id, entry.node_id, entry.stream_id, entry.seq, entry.digest)
    return Put.REPEATED if identity in known else Put.CONFLICTING


def _marks(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()
