"""The registers' rows, append-only: a change adds rows of a new version and touches none, so that every day's registers
can be had again. A row without facts says that its key is no longer there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    Row,
    Select,
    String,
    Table,
    func,
    insert,
    select,
)

from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.pipelining import in_pieces

AT_A_TIME = 2000
"""Rows in one insert."""

REGISTER_CHANGES = Table(
    "register_changes",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False, index=True),
    Column("who", String(100), nullable=False),
    Column("why", String(500), nullable=False),
    Column("register", String(16), nullable=False),
    Column("source", String(300), nullable=False, server_default=""),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("removed", Integer, nullable=False),
    sqlite_autoincrement=True,
)
REGISTER_ROWS = Table(
    "register_rows",
    METADATA,
    Column("register", String(16), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("version", BigInteger, ForeignKey("register_changes.id"), primary_key=True, autoincrement=False),
    Column("facts", JSON(none_as_null=True)),
    Column("restricted", JSON(none_as_null=True)),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one register: who made it, when and why. Its number is the registers' version from then on."""

    version: int
    at: datetime
    who: str
    why: str
    register: str
    source: str
    added: int
    changed: int
    removed: int


@dataclass(frozen=True, slots=True)
class StoredRow:
    """What a row said in one version; `facts` None: it was taken out. `restricted` is for named roles only."""

    key: str
    version: int
    facts: Mapping[str, Any] | None
    restricted: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewChange:
    """A change before it has a number; `rows` without facts take their key out."""

    at: datetime
    who: str
    why: str
    register: str
    source: str
    rows: Mapping[str, Mapping[str, Any] | None]
    restricted: Mapping[str, Mapping[str, Any]]
    added: int
    changed: int
    removed: int


def append(connection: Connection, change: NewChange) -> int:
    """Writes the change and its rows; gives the new version."""
    values = {
        "at": change.at,
        "who": change.who,
        "why": change.why,
        "register": change.register,
        "source": change.source,
        "added": change.added,
        "changed": change.changed,
        "removed": change.removed,
    }
    made = connection.execute(insert(REGISTER_CHANGES).values(values)).inserted_primary_key
    assert made is not None
    version = int(made[0])
    keys = list(change.rows)
    for start in range(0, len(keys), AT_A_TIME):
        rows = [
            {
                "register": change.register,
                "key": key,
                "version": version,
                "facts": change.rows[key],
                "restricted": change.restricted.get(key),
            }
            for key in keys[start : start + AT_A_TIME]
        ]
        connection.execute(insert(REGISTER_ROWS), rows)
    return version


def newest_version(connection: Connection) -> int:
    """The number of the last change; 0 before the first."""
    return int(connection.execute(select(func.coalesce(func.max(REGISTER_CHANGES.c.id), 0))).scalar_one())


def version_at(connection: Connection, at: datetime) -> int:
    """The version that was in force at an instant."""
    query = select(func.coalesce(func.max(REGISTER_CHANGES.c.id), 0)).where(REGISTER_CHANGES.c.at <= at)
    return int(connection.execute(query).scalar_one())


def kept_registers(connection: Connection, version: int) -> frozenset[str]:
    """The registers that had been given rows by then."""
    query = select(REGISTER_CHANGES.c.register).where(REGISTER_CHANGES.c.id <= version).distinct()
    return frozenset(connection.execute(query).scalars())


def changed_since(connection: Connection, after: int, version: int) -> frozenset[str]:
    """The registers that changed after one version and up to another."""
    numbers = REGISTER_CHANGES.c.id
    query = select(REGISTER_CHANGES.c.register).where(numbers > after, numbers <= version).distinct()
    return frozenset(connection.execute(query).scalars())


def rows_of(connection: Connection, register: str, version: int | None = None) -> Iterator[StoredRow]:
    """The register's rows as they stood at `version` (the newest without one), by key, without what is restricted."""
    query = _standing(register, version).order_by(REGISTER_ROWS.c.key)
    for row in connection.execute(query.execution_options(**in_pieces(connection, AT_A_TIME))):
        yield StoredRow(row.key, row.version, row.facts)


def page(connection: Connection, register: str, after: str, limit: int, query: str = "") -> Sequence[StoredRow]:
    """Some rows as they stand, in the order of their keys, after a key; `query` is part of the key."""
    keys = REGISTER_ROWS.c.key
    wanted = _standing(register, None).where(keys > after).order_by(keys).limit(limit)
    if query:
        wanted = wanted.where(keys.contains(query, autoescape=True))
    return [StoredRow(found.key, found.version, found.facts) for found in connection.execute(wanted)]


def counts(connection: Connection) -> dict[str, int]:
    """How many rows stand in each register."""
    made = REGISTER_CHANGES.c
    query = select(made.register, func.sum(made.added - made.removed).label("rows")).group_by(made.register)
    return {found.register: int(found.rows) for found in connection.execute(query)}


def last_changes(connection: Connection) -> dict[str, Change]:
    """Each register's last change."""
    newest = select(func.max(REGISTER_CHANGES.c.id)).group_by(REGISTER_CHANGES.c.register)
    rows = connection.execute(select(REGISTER_CHANGES).where(REGISTER_CHANGES.c.id.in_(newest)))
    return {found.register: _change(found) for found in rows}


def row(connection: Connection, register: str, key: str) -> StoredRow | None:
    """One row as it stands, without what is restricted."""
    found = connection.execute(_standing(register, None).where(REGISTER_ROWS.c.key == key)).first()
    return None if found is None else StoredRow(found.key, found.version, found.facts)


def restricted_of(connection: Connection, register: str) -> dict[str, Mapping[str, Any]]:
    """What is restricted, by key, as it stands; the caller has asked whether the reader may."""
    table = REGISTER_ROWS.c
    newest = _newest(register, None)
    query = (
        select(table.key, table.restricted)
        .join(newest, (table.key == newest.c.key) & (table.version == newest.c.version))
        .where(table.register == register, table.facts.is_not(None), table.restricted.is_not(None))
    )
    return {found.key: found.restricted for found in connection.execute(query)}


def history(connection: Connection, register: str, key: str) -> Sequence[tuple[Change, StoredRow]]:
    """Every version of one row with the change that made it, newest first."""
    query = (
        select(REGISTER_CHANGES, REGISTER_ROWS.c.key, REGISTER_ROWS.c.facts)
        .join(REGISTER_ROWS, REGISTER_ROWS.c.version == REGISTER_CHANGES.c.id)
        .where(REGISTER_ROWS.c.register == register, REGISTER_ROWS.c.key == key)
        .order_by(REGISTER_CHANGES.c.id.desc())
    )
    return [(_change(found), StoredRow(found.key, found.id, found.facts)) for found in connection.execute(query)]


def changes(connection: Connection, register: str | None = None, limit: int = 100) -> Sequence[Change]:
    """The last changes, newest first."""
    query = select(REGISTER_CHANGES).order_by(REGISTER_CHANGES.c.id.desc()).limit(limit)
    if register is not None:
        query = query.where(REGISTER_CHANGES.c.register == register)
    return [_change(found) for found in connection.execute(query)]


def _newest(register: str, version: int | None) -> Any:
    table = REGISTER_ROWS.c
    query = select(table.key, func.max(table.version).label("version")).where(table.register == register)
    if version is not None:
        query = query.where(table.version <= version)
    return query.group_by(table.key).subquery()


def _standing(register: str, version: int | None) -> Select[Any]:
    table = REGISTER_ROWS.c
    newest = _newest(register, version)
    return (
        select(table.key, table.version, table.facts)
        .join(newest, (table.key == newest.c.key) & (table.version == newest.c.version))
        .where(table.register == register, table.facts.is_not(None))
    )


def _change(found: Row[Any]) -> Change:
    return Change(
        found.id,
        found.at,
        found.who,
        found.why,
        found.register,
        found.source,
        found.added,
        found.changed,
        found.removed,
    )
