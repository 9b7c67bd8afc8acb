"""Who is at work on which case, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from central.store.database import METADATA, UtcInstant

CLAIMS = Table(
    "case_claims",
    METADATA,
    Column("case_id", String(36), primary_key=True),
    Column("person", String(64), nullable=False),
    Column("expires_at", UtcInstant, nullable=False, index=True),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """`person` is at work on the case until `expires_at`."""

    case_id: str
    person: str
    expires_at: datetime


def put(connection: Connection, claim: Claim) -> None:
    """Writes it in place of the case's last."""
    connection.execute(delete(CLAIMS).where(CLAIMS.c.case_id == claim.case_id))
    values = {"case_id": claim.case_id, "person": claim.person, "expires_at": claim.expires_at}
    connection.execute(insert(CLAIMS).values(values))


def find(connection: Connection, case_id: str, now: datetime) -> Claim | None:
    """The claim in force."""
    row = connection.execute(select(CLAIMS).where(CLAIMS.c.case_id == case_id, CLAIMS.c.expires_at > now)).first()
    return None if row is None else Claim(row.case_id, row.person, row.expires_at)


def last_of(connection: Connection, case_ids: Iterable[str]) -> dict[str, Claim]:
    """The cases' claims, whether in force or just over, by case."""
    rows = connection.execute(select(CLAIMS).where(CLAIMS.c.case_id.in_(sorted(set(case_ids)))))
    return {row.case_id: Claim(row.case_id, row.person, row.expires_at) for row in rows}


def drop(connection: Connection, case_id: str, person: str) -> None:
    """Ends the person's claim, if it is theirs."""
    connection.execute(delete(CLAIMS).where(CLAIMS.c.case_id == case_id, CLAIMS.c.person == person))


def forget(connection: Connection, now: datetime) -> int:
    """Drops what has run out; gives how many."""
    return connection.execute(delete(CLAIMS).where(CLAIMS.c.expires_at <= now)).rowcount
