"""The chain over the history: its links, its signed checkpoints, and the tombstones of what retention took away."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    Select,
    String,
    Table,
    UniqueConstraint,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    type_coerce,
)

from central.domain.chain import GENESIS, Checked, Seal, Source, digest_of
from central.store.cases import HISTORY
from central.store.database import METADATA, UtcInstant

LOOK_BACK = 10_000
"""How far behind the newest sealed row a row may be committed late (PostgreSQL numbers rows before it commits them).
What comes later still is found by `find_unsealed(everything=True)`, at start and by `verify-audit`."""
PAGE = 2_000
"""Links at a time. With many more under way Python's collector takes longer than their hashes."""

_ID = BigInteger().with_variant(Integer(), "sqlite")
SEALS = Table(
    "audit_seals",
    METADATA,
    Column("seq", _ID, primary_key=True, autoincrement=False),
    Column("source", String(16), nullable=False),
    Column("row_id", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    UniqueConstraint("source", "row_id"),
)
CHECKPOINTS = Table(
    "audit_checkpoints",
    METADATA,
    Column("seq", _ID, primary_key=True, autoincrement=False),
    Column("at", UtcInstant, nullable=False),
    Column("chain", LargeBinary, nullable=False),
    Column("key_id", String(16), nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
TOMBSTONES = Table(
    "audit_tombstones",
    METADATA,
    Column("id", _ID, primary_key=True, autoincrement=True),
    Column("row_id", BigInteger, nullable=False, unique=True),
    Column("at", UtcInstant, nullable=False),
    Column("why", String(200), nullable=False),
    sqlite_autoincrement=True,
)
_TABLES: dict[Source, Table] = {"history": HISTORY, "tombstone": TOMBSTONES}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Somebody's signature under the chain up to link `seq`."""

    seq: int
    at: datetime
    chain: bytes
    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The links with these numbers, both included."""

    first: int
    last: int


def last_seal(connection: Connection) -> Seal | None:
    row = connection.execute(select(SEALS).order_by(SEALS.c.seq.desc()).limit(1)).first()
    return None if row is None else Seal(row.seq, row.source, row.row_id, bytes(row.digest), bytes(row.chain))


def find_unsealed(connection: Connection, limit: int, *, everything: bool) -> list[tuple[Source, int, bytes]]:
    """Committed rows without a link: source, row id and digest, oldest first within their source."""
    found: list[tuple[Source, int, bytes]] = []
    for source in get_args(Source):
        query = _unsealed(connection, source, everything).limit(limit - len(found))
        found += [(source, int(row[0]), digest_of(row)) for row in connection.execute(query)]
        if len(found) == limit:
            break
    return found


def count_unsealed(connection: Connection) -> int:
    """How many committed rows have no link yet."""
    counts = (select(func.count()).select_from(_unsealed(connection, name, True).subquery()) for name in _TABLES)
    return sum(int(connection.execute(query).scalar_one()) for query in counts)


def add_seals(connection: Connection, seals: Sequence[Seal]) -> None:
    """Writes the links.

    Raises:
        sqlalchemy.exc.IntegrityError: another process sealed meanwhile.
    """
    rows = [
        {"seq": seal.seq, "source": seal.source, "row_id": seal.row_id, "digest": seal.digest, "chain": seal.chain}
        for seal in seals
    ]
    connection.execute(insert(SEALS), rows)


def add_checkpoint(connection: Connection, checkpoint: Checkpoint) -> None:
    values = {
        "seq": checkpoint.seq,
        "at": checkpoint.at,
        "chain": checkpoint.chain,
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature,
    }
    connection.execute(insert(CHECKPOINTS).values(values))


def signed(connection: Connection) -> list[int]:
    """The numbers of the links with a checkpoint."""
    return [int(seq) for seq in connection.execute(select(CHECKPOINTS.c.seq).order_by(CHECKPOINTS.c.seq)).scalars()]


def checkpoints(connection: Connection, span: Span) -> list[Checkpoint]:
    is_in = CHECKPOINTS.c.seq.between(span.first, span.last)
    rows = connection.execute(select(CHECKPOINTS).where(is_in).order_by(CHECKPOINTS.c.seq))
    return [Checkpoint(row.seq, row.at, bytes(row.chain), row.key_id, bytes(row.signature)) for row in rows]


def bury(connection: Connection, row_ids: Iterable[int], why: str, at: datetime) -> int:
    """Takes history rows away and leaves tombstones; rows without a link yet stay. Gives how many went."""
    wanted = set(row_ids)
    is_sealed = select(SEALS.c.row_id).where(SEALS.c.source == "history", SEALS.c.row_id.in_(wanted))
    ready = [int(row.row_id) for row in connection.execute(is_sealed)]
    if ready:
        connection.execute(delete(HISTORY).where(HISTORY.c.id.in_(ready)))
        connection.execute(insert(TOMBSTONES), [{"row_id": row_id, "at": at, "why": why} for row_id in ready])
    return len(ready)


def spans(connection: Connection, size: int) -> list[Span]:
    """All links in spans of `size` links; the last may hold fewer."""
    found: list[Span] = []
    first: int | None = connection.execute(select(func.min(SEALS.c.seq))).scalar_one()
    while first is not None:
        onwards = select(SEALS.c.seq).where(SEALS.c.seq >= first).order_by(SEALS.c.seq)
        following = connection.execute(onwards.offset(size).limit(1)).scalar()
        last = connection.execute(select(func.max(SEALS.c.seq))).scalar_one() if following is None else following - 1
        found.append(Span(int(first), int(last)))
        first = following
    return found


def before(connection: Connection, span: Span) -> tuple[int, bytes]:
    """Number and hash of the link before the span's first."""
    query = select(SEALS.c.seq, SEALS.c.chain).where(SEALS.c.seq < span.first).order_by(SEALS.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, GENESIS) if row is None else (int(row.seq), bytes(row.chain))


def share_snapshot(connection: Connection) -> str | None:
    """A name under which other processes see what this transaction sees, as long as it lasts; None: SQLite has none.

    There another process sees its own moment. Links are only ever added, and a row that is taken away leaves its
    tombstone in the same moment, so what is sound in one is sound in the other.
    """
    if connection.dialect.name != "postgresql":
        return None
    return str(connection.execute(select(func.pg_export_snapshot())).scalar_one())


def join_snapshot(connection: Connection, name: str) -> None:
    """Before anything else in a read transaction: to see what another shares as `name`."""
    connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{name}'")  # takes no parameter; the name is the server's own


def walk(connection: Connection, span: Span) -> Iterator[list[Checked]]:
    """Every link of the span in order, with its row as it is now, a page at a time: few rows are in memory at once.

    The database joins what is hashed to one text and the driver's own cursor hands it over. Where that text's digest
    differs, the row itself is looked at again.
    """
    is_history = SEALS.c.source == "history"
    grave = TOMBSTONES.alias("grave")
    joined = (
        SEALS.outerjoin(HISTORY, and_(is_history, SEALS.c.row_id == HISTORY.c.id))
        .outerjoin(TOMBSTONES, and_(SEALS.c.source == "tombstone", SEALS.c.row_id == TOMBSTONES.c.id))
        .outerjoin(grave, and_(is_history, SEALS.c.row_id == grave.c.row_id))
    )
    texts = (_one_text(connection, HISTORY), _one_text(connection, TOMBSTONES))
    query = select(*SEALS.c, grave.c.id, *texts).select_from(joined).order_by(SEALS.c.seq)
    query = query.where(SEALS.c.seq.between(span.first, span.last))
    statement = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    cursor = _streaming(connection)
    try:
        cursor.execute(statement)
        while rows := cursor.fetchmany(PAGE):
            yield [_checked(connection, row) for row in rows]
    finally:
        cursor.close()


def _checked(connection: Connection, row: Sequence[Any]) -> Checked:
    seq, source, row_id, digest, chain, grave_id, history, tombstone = row
    text = history if source == "history" else tombstone
    found = None if text is None else hashlib.sha256(text.encode()).digest()
    if found is not None and found != digest:
        found = _digest_now(connection, source, row_id)
    return seq, source, row_id, digest, chain, found, grave_id is not None


def _digest_now(connection: Connection, source: Source, row_id: int) -> bytes | None:
    """Reckoned here: SQLite counts a text's length up to its first NUL only."""
    table = _TABLES[source]
    fields = connection.execute(select(*texts_of(connection, table)).where(table.c.id == row_id)).first()
    return None if fields is None else digest_of(fields)


def _one_text(connection: Connection, table: Table) -> ColumnElement[str | None]:
    """What `digest_of` hashes, put together by the database; NULL where there is no row."""
    pieces: list[ColumnElement[str]] = [
        func.coalesce(cast(func.length(text), String).concat(":").concat(text), "-")
        for text in texts_of(connection, table)
    ]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.concat("\n").concat(piece)
    return case((table.c.id.is_not(None), whole), else_=None)


def _streaming(connection: Connection) -> Any:
    """The driver's cursor, in the connection's transaction; PostgreSQL keeps the rows and gives page after page."""
    driver: Any = connection.connection.driver_connection
    return driver.cursor(name="walk") if connection.dialect.name == "postgresql" else driver.cursor()


def count(connection: Connection) -> int:
    """How many links there are."""
    return int(connection.execute(select(func.count()).select_from(SEALS)).scalar_one())


def _unsealed(connection: Connection, source: Source, everything: bool) -> Select[*tuple[Any, ...]]:
    table = _TABLES[source]
    has_link = select(literal(1)).where(SEALS.c.source == source, SEALS.c.row_id == table.c.id).exists()
    query = select(*texts_of(connection, table)).where(~has_link).order_by(table.c.id)
    if everything:
        return query
    newest = select(func.coalesce(func.max(SEALS.c.row_id), 0)).where(SEALS.c.source == source).scalar_subquery()
    return query.where(table.c.id > newest - LOOK_BACK)


def texts_of(connection: Connection, table: Table) -> list[ColumnElement[str | None]]:
    """Every column of `table` as text, the same on both databases: what is hashed."""
    is_postgresql = connection.dialect.name == "postgresql"
    return [_text(column, is_postgresql).label(f"{table.name}_{column.name}") for column in table.c]


def _text(column: Column[Any], is_postgresql: bool) -> ColumnElement[str | None]:
    if isinstance(column.type, (UtcInstant, DateTime)):
        if is_postgresql:
            return func.to_char(func.timezone("UTC", column), "YYYY-MM-DD HH24:MI:SS.US")
        return type_coerce(column, String)  # SQLite keeps exactly this text
    if isinstance(column.type, String):
        return type_coerce(column, String)
    return cast(column, String)
