"""Messages that central could not take, with the reason: kept, listed, replayed; never in anyone's way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Integer, RowMapping, String, Table, delete, func, or_, select, update
from sqlalchemy.types import BigInteger, LargeBinary

from central.store.database import METADATA, ROW_ID, UtcInstant

KEPT = 10_000
"""Of messages that no receipt names the newest this many are kept: a node gone wild must not fill the disk."""
KEPT_RECEIPTED = 200_000
"""Of those that a receipt names: the node has deleted them on our word, so this is the only copy."""

DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("received_at", UtcInstant, nullable=False, index=True),
    Column("topic", String(300), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("node_id", String(64), index=True),
    Column("stream_id", String(36)),
    Column("seq", BigInteger),
    Column("times", Integer, nullable=False, default=1),
    Column("replayed_at", UtcInstant),
    Column("outcome", String(24), nullable=False, default="malformed", server_default="malformed"),
    Column("discarded_at", UtcInstant),
    Column("discarded_by", String(64), nullable=False, default="", server_default=""),
    Column("discarded_why", String(300), nullable=False, default="", server_default=""),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One refused message. `head` is its beginning, the whole of it when `is_whole`; `times` it has come."""

    letter_id: int
    received_at: datetime
    topic: str
    reason: str
    head: bytes
    size_bytes: int
    sha256: str
    node_id: str | None
    times: int
    replayed_at: datetime | None
    outcome: str = "malformed"
    discarded_at: datetime | None = None
    discarded_by: str = ""
    discarded_why: str = ""

    @property
    def is_whole(self) -> bool:
        return len(self.head) == self.size_bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """A message to keep. `place` is (stream, seq) where the message could be read that far."""

    received_at: datetime
    topic: str
    reason: str
    head: bytes
    size_bytes: int
    sha256: str
    node_id: str | None
    place: tuple[str, int] | None
    outcome: str = "malformed"


def keep(connection: Connection, refused: Refused) -> None:
    """Keeps `refused`; the same bytes on the same topic are counted, not kept twice."""
    known = (DEAD_LETTERS.c.sha256 == refused.sha256, DEAD_LETTERS.c.topic == refused.topic)
    again = update(DEAD_LETTERS).where(*known).values(times=DEAD_LETTERS.c.times + 1, received_at=refused.received_at)
    if connection.execute(again).rowcount:
        return
    stream_id, seq = refused.place or (None, None)
    statement = DEAD_LETTERS.insert().values(
        received_at=refused.received_at,
        topic=refused.topic[:300],
        reason=refused.reason[:500],
        head=refused.head,
        size_bytes=refused.size_bytes,
        sha256=refused.sha256,
        node_id=refused.node_id,
        stream_id=stream_id,
        seq=seq,
        times=1,
        outcome=refused.outcome,
    )
    newest = connection.execute(statement).inserted_primary_key
    if newest is not None:
        _forget_oldest(connection, int(newest[0]))


def kept_seqs(connection: Connection, node_id: str, stream_id: str, seqs: Iterable[int]) -> list[int]:
    """Those of `seqs` that are kept as dead letters: central has them, so the node need not send them again."""
    query = select(DEAD_LETTERS.c.seq).where(
        DEAD_LETTERS.c.node_id == node_id,
        DEAD_LETTERS.c.stream_id == stream_id,
        DEAD_LETTERS.c.seq.in_(sorted(set(seqs))),
    )
    return [int(row.seq) for row in connection.execute(query)]


def newest(connection: Connection, limit: int) -> Sequence[DeadLetter]:
    query = select(DEAD_LETTERS).order_by(DEAD_LETTERS.c.received_at.desc(), DEAD_LETTERS.c.id.desc()).limit(limit)
    return [_letter(row._mapping) for row in connection.execute(query)]


def waiting_for_replay(connection: Connection, reason: str, limit: int, after_id: int = 0) -> Sequence[DeadLetter]:
    """Letters that wait for somebody and whose outcome or reason holds `reason`, oldest first, after `after_id`."""
    is_meant = or_(DEAD_LETTERS.c.outcome == reason, DEAD_LETTERS.c.reason.contains(reason, autoescape=True))
    is_open = DEAD_LETTERS.c.replayed_at.is_(None) & DEAD_LETTERS.c.discarded_at.is_(None)
    query = select(DEAD_LETTERS).where(is_open, DEAD_LETTERS.c.id > after_id, is_meant)
    return [_letter(row._mapping) for row in connection.execute(query.order_by(DEAD_LETTERS.c.id).limit(limit))]


def find(connection: Connection, letter_id: int) -> DeadLetter | None:
    row = connection.execute(select(DEAD_LETTERS).where(DEAD_LETTERS.c.id == letter_id)).first()
    return None if row is None else _letter(row._mapping)


def mark_replayed(connection: Connection, letter_id: int, at: datetime) -> None:
    connection.execute(update(DEAD_LETTERS).where(DEAD_LETTERS.c.id == letter_id).values(replayed_at=at))


def discard(connection: Connection, letter_id: int, at: datetime, by: str, why: str) -> bool:
    """Puts the letter away: it stays, for it may be the only copy. False if it was replayed or put away already."""
    is_open = DEAD_LETTERS.c.replayed_at.is_(None) & DEAD_LETTERS.c.discarded_at.is_(None)
    change = update(DEAD_LETTERS).where(DEAD_LETTERS.c.id == letter_id, is_open)
    values = {"discarded_at": at, "discarded_by": by[:64], "discarded_why": why[:300]}
    return connection.execute(change.values(values)).rowcount > 0


def count_by_outcome(connection: Connection) -> dict[str, int]:
    """How many wait for somebody, by outcome."""
    is_open = DEAD_LETTERS.c.replayed_at.is_(None) & DEAD_LETTERS.c.discarded_at.is_(None)
    query = select(DEAD_LETTERS.c.outcome, func.count().label("many")).where(is_open).group_by(DEAD_LETTERS.c.outcome)
    return {row.outcome: int(row.many) for row in connection.execute(query)}


def page(connection: Connection, outcome: str, limit: int, *, is_open: bool) -> Sequence[DeadLetter]:
    """The newest of an outcome (empty: any); those that wait for somebody, or those that are done with."""
    waits = DEAD_LETTERS.c.replayed_at.is_(None) & DEAD_LETTERS.c.discarded_at.is_(None)
    query = select(DEAD_LETTERS).where(waits if is_open else ~waits)
    if outcome:
        query = query.where(DEAD_LETTERS.c.outcome == outcome)
    newest_first = query.order_by(DEAD_LETTERS.c.received_at.desc(), DEAD_LETTERS.c.id.desc()).limit(limit)
    return [_letter(row._mapping) for row in connection.execute(newest_first)]


def count(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(DEAD_LETTERS)).scalar_one())


def _forget_oldest(connection: Connection, newest_id: int) -> None:
    is_junk = (DEAD_LETTERS.c.seq.is_(None), DEAD_LETTERS.c.id <= newest_id - KEPT)
    connection.execute(delete(DEAD_LETTERS).where(*is_junk))
    connection.execute(delete(DEAD_LETTERS).where(DEAD_LETTERS.c.id <= newest_id - KEPT_RECEIPTED))


def _letter(row: RowMapping) -> DeadLetter:
    return DeadLetter(
        letter_id=row["id"],
        received_at=row["received_at"],
        topic=row["topic"],
        reason=row["reason"],
        head=bytes(row["head"]),
        size_bytes=row["size_bytes"],
        sha256=row["sha256"],
        node_id=row["node_id"],
        times=row["times"],
        replayed_at=row["replayed_at"],
        outcome=row["outcome"],
        discarded_at=row["discarded_at"],
        discarded_by=row["discarded_by"],
        discarded_why=row["discarded_why"],
    )
