"""PostgreSQL's advisory locks by name. They belong to one database and end with the transaction."""

from enum import IntEnum

from sqlalchemy import Connection, func, select

from central.store.pipelining import UNAWAITED


class Lock(IntEnum):
    """What may be done by one transaction at a time."""

    WRITE = 0x78756E6A01
    """Reading and then writing by what was read."""
    CHANGES = 0x78756E6A02
    """Numbering changes: ids must become visible in their order, or a reader that resumes would skip one."""
    MIGRATION = 0x78756E6A03


def hold(connection: Connection, key: Lock) -> None:
    """Waits until nobody else holds `key`; held until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(int(key))).execution_options(**UNAWAITED))
