"""Whole tables as lines of text that know nothing of the database they came from.

A line is a JSON list in the table's column order. Bytes, instants (UTC) and JSON values are tagged; the rest is plain.
Tables are taken as they are found, not as the code declares them: a database of an older revision can be read too.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, MetaData, Table, func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from central.store.pipelining import in_pieces
from central.store.refusals import short
from contract.errors import PermanentError

AT_A_TIME = 500
"""Rows under way at once: an event may weigh 64 KiB."""


def tables_in(connection: Connection) -> list[Table]:
    """The tables that are there, each after those that its rows refer to."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def lines_of(connection: Connection, table: Table) -> Iterator[bytes]:
    """Every row, in the order of the key; never all in memory."""
    is_json = [isinstance(column.type, JSON) for column in table.columns]
    query = select(table).order_by(*table.primary_key.columns)
    for row in connection.execute(query.execution_options(**in_pieces(connection, AT_A_TIME))):
        values = [_tagged(value, json_) for value, json_ in zip(row, is_json, strict=True)]
        yield json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def load(connection: Connection, table: Table, columns: Sequence[str], lines: Iterable[bytes]) -> Iterator[int]:
    """Inserts the rows; gives the number of each batch as it goes in.

    Raises:
        PermanentError: a row does not fit; the caller's transaction must not be committed.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    source = iter(lines)
    while batch := list(islice(source, AT_A_TIME)):
        rows = [dict(zip(columns, _values(line, is_sqlite), strict=True)) for line in batch]
        try:
            connection.execute(table.insert(), rows)
        except (DBAPIError, StatementError) as error:
            if isinstance(error, DBAPIError) and error.connection_invalidated:
                raise
            raise PermanentError(f"a row of {table.name} can't be stored here: {short(error)}") from error
        yield len(rows)


def go_on_numbering(connection: Connection, tables: Iterable[Table]) -> None:
    """After rows came with their ids: new ids follow the highest. SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        for column in table.primary_key.columns:
            if isinstance(column.type, Integer) and len(table.primary_key.columns) == 1:
                _go_on(connection, table, column)


def _go_on(connection: Connection, table: Table, column: Column[Any]) -> None:
    sequence = connection.execute(select(func.pg_get_serial_sequence(table.name, column.name))).scalar()
    if sequence is not None:
        highest = select(func.coalesce(func.max(column), 0)).scalar_subquery()
        connection.execute(select(func.setval(text(f"'{sequence}'"), highest + 1, text("false"))))


def _tagged(value: Any, is_json: bool) -> Any:
    if value is None:
        return None
    if is_json:
        return {"json": value}
    if isinstance(value, bytes | memoryview):
        return {"bytes": b64encode(bytes(value)).decode()}
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return {"at": aware.isoformat()}
    return value


def _values(line: bytes, is_sqlite: bool) -> list[Any]:
    return [_untagged(value, is_sqlite) for value in json.loads(line)]


def _untagged(value: Any, is_sqlite: bool) -> Any:
    match value:
        case {"json": content}:
            return content
        case {"bytes": content}:
            return b64decode(content)
        case {"at": content}:
            instant = datetime.fromisoformat(content)
            return instant.replace(tzinfo=None) if is_sqlite else instant
    return value
