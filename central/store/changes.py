"""The change log behind the live feed: what changed, in commit order, long enough to resume after a short absence."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, delete, func, insert, select

from central.domain.values import Change, ChangeTopic
from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.locks import Lock, hold

KEPT = 20_000
"""Newest changes that a client may resume from; whoever was away longer is told to reload."""
TIDY_EVERY = 256
"""Changes between two times that the old ones are forgotten: a statement a commit would cost more than the rows."""

CHANGES = Table(
    "changes",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("topic", String(8), nullable=False),
    Column("subject", String(64), nullable=False),
    sqlite_autoincrement=True,
)

_INSERT = insert(CHANGES).returning(CHANGES.c.id)
_NEWEST = select(func.coalesce(func.max(CHANGES.c.id), 0))


def record(connection: Connection, topic: ChangeTopic, subjects: Iterable[str], at: datetime) -> None:
    """Adds one change per subject and now and then forgets those beyond `KEPT`."""
    record_all(connection, {topic: subjects}, at)


def record_all(connection: Connection, subjects_by_topic: Mapping[ChangeTopic, Iterable[str]], at: datetime) -> None:
    """The same for several topics, in one statement."""
    told = [(topic, subject) for topic, subjects in subjects_by_topic.items() for subject in sorted(set(subjects))]
    rows = [{"at": at, "topic": topic, "subject": subject} for topic, subject in told]
    if rows:
        hold(connection, Lock.CHANGES)
        newest = max(connection.execute(_INSERT, rows).scalars())
        if newest % TIDY_EVERY < len(rows):
            connection.execute(delete(CHANGES).where(CHANGES.c.id <= newest - KEPT))


def newest_id(connection: Connection) -> int:
    """The newest change's id, 0 before the first."""
    return int(connection.execute(_NEWEST).scalar_one())


def newest_of_case(connection: Connection, case_id: str) -> int:
    """The newest change of the case, 0 when the log holds none."""
    query = select(func.coalesce(func.max(CHANGES.c.id), 0))
    query = query.where(CHANGES.c.topic.in_(("case", "seen")), CHANGES.c.subject == case_id)
    return int(connection.execute(query).scalar_one())


def oldest_id(connection: Connection) -> int:
    return int(connection.execute(select(func.coalesce(func.min(CHANGES.c.id), 0))).scalar_one())


def after(connection: Connection, change_id: int, limit: int) -> Sequence[Change]:
    """The changes after `change_id`, oldest first."""
    query = select(CHANGES).where(CHANGES.c.id > change_id).order_by(CHANGES.c.id).limit(limit)
    return [Change(int(row.id), row.topic, row.subject) for row in connection.execute(query)]
