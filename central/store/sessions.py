"""Who is signed in, and who has tried: sessions by the hash of their id, and wrong tries by name and address."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    RowMapping,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from central.domain.accounts import Person, StoredSession
from central.domain.lockout import Tries
from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.people import PEOPLE_TABLE, person_of

SESSIONS = Table(
    "people_sessions",
    METADATA,
    Column("id_hash", String(64), primary_key=True),
    Column("person_id", ROW_ID, ForeignKey(PEOPLE_TABLE.c.id), index=True),
    Column("service_mark", String(64), nullable=False, server_default=""),
    Column("made_at", UtcInstant, nullable=False),
    Column("seen_at", UtcInstant, nullable=False),
    Column("ends_at", UtcInstant, nullable=False, index=True),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
)
TRIES = Table(
    "login_tries",
    METADATA,
    Column("subject", String(80), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("last_at", UtcInstant, nullable=False, index=True),
)


def open_session(connection: Connection, session: StoredSession, account: int | None) -> None:
    values = {
        "id_hash": session.id_hash,
        "person_id": account,
        "service_mark": session.service_mark,
        "made_at": session.made_at,
        "seen_at": session.seen_at,
        "ends_at": session.ends_at,
        "address": session.address,
        "agent": session.agent,
    }
    connection.execute(insert(SESSIONS).values(values))


def find(connection: Connection, id_hash: str) -> tuple[StoredSession, Person | None] | None:
    """The session and its person; a service has none."""
    joined = SESSIONS.outerjoin(PEOPLE_TABLE, SESSIONS.c.person_id == PEOPLE_TABLE.c.id)
    query = select(*SESSIONS.c, *PEOPLE_TABLE.c).select_from(joined).where(SESSIONS.c.id_hash == id_hash)
    row = connection.execute(query).first()
    if row is None:
        return None
    is_person = row._mapping[SESSIONS.c.person_id] is not None
    return _session(row._mapping), person_of(row) if is_person else None


def of_account(connection: Connection, account: int) -> list[StoredSession]:
    """Newest first."""
    query = select(SESSIONS).where(SESSIONS.c.person_id == account).order_by(SESSIONS.c.made_at.desc())
    return [_session(row._mapping) for row in connection.execute(query)]


def touch(connection: Connection, id_hash: str, now: datetime) -> None:
    connection.execute(update(SESSIONS).where(SESSIONS.c.id_hash == id_hash).values(seen_at=now))


def end(connection: Connection, id_hash: str) -> None:
    connection.execute(delete(SESSIONS).where(SESSIONS.c.id_hash == id_hash))


def end_all(connection: Connection, account: int, but: str = "") -> int:
    """Ends the account's sessions, but for one; gives how many."""
    query = delete(SESSIONS).where(SESSIONS.c.person_id == account, SESSIONS.c.id_hash != but)
    return connection.execute(query).rowcount


def forget(connection: Connection, ended_before: datetime, tried_before: datetime) -> None:
    """Takes away sessions that are over and tries that count no more."""
    connection.execute(delete(SESSIONS).where(SESSIONS.c.ends_at < ended_before))
    connection.execute(delete(TRIES).where(TRIES.c.last_at < tried_before))


def tries(connection: Connection, subjects: Sequence[str]) -> dict[str, Tries]:
    rows = connection.execute(
        select(TRIES.c.subject, TRIES.c.count, TRIES.c.last_at).where(TRIES.c.subject.in_(subjects))
    )
    return {subject: Tries(count, last_at) for subject, count, last_at in rows}


def set_tries(connection: Connection, subject: str, found: Tries) -> None:
    values = {"count": found.count, "last_at": found.last_at}
    if connection.execute(update(TRIES).where(TRIES.c.subject == subject).values(values)).rowcount == 0:
        connection.execute(insert(TRIES).values(values | {"subject": subject}))


def forgive(connection: Connection, subject: str) -> None:
    connection.execute(delete(TRIES).where(TRIES.c.subject == subject))


def take_back(connection: Connection, subject: str) -> None:
    """One try less."""
    connection.execute(
        update(TRIES).where(TRIES.c.subject == subject, TRIES.c.count > 0).values(count=TRIES.c.count - 1)
    )


def _session(found: RowMapping) -> StoredSession:
    return StoredSession(
        id_hash=found[SESSIONS.c.id_hash],
        service_mark=found[SESSIONS.c.service_mark],
        made_at=found[SESSIONS.c.made_at],
        seen_at=found[SESSIONS.c.seen_at],
        ends_at=found[SESSIONS.c.ends_at],
        address=found[SESSIONS.c.address],
        agent=found[SESSIONS.c.agent],
    )
