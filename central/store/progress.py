"""How far the associator has come through the inbox."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from central.store.inbox import INBOX
from central.store.pipelining import UNAWAITED

_MARK = update(INBOX).where(INBOX.c.id == bindparam("row_id")).values(done_at=bindparam("at"))
_DONE = _MARK.execution_options(**UNAWAITED)


def mark_taken(connection: Connection, row_ids: Iterable[int], at: datetime) -> None:
    """Takes the rows off the associator's list."""
    rows = [{"row_id": row_id, "at": at} for row_id in row_ids]
    if rows:
        connection.execute(_DONE, rows)
