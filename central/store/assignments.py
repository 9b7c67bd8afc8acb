"""Whose case it is to see to, where somebody said so. The history tells who said it and when it was another's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, String, Table, delete, insert, select

from central.store.database import METADATA, UtcInstant

ASSIGNMENTS = Table(
    "case_assignments",
    METADATA,
    Column("case_id", String(36), primary_key=True),
    Column("person", String(64), nullable=False, index=True),
    Column("by", String(64), nullable=False),
    Column("at", UtcInstant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`person` shall see to the case, as `by` said."""

    case_id: str
    person: str
    by: str
    at: datetime


def put(connection: Connection, assignment: Assignment) -> None:
    """Writes it in place of the case's last."""
    drop(connection, assignment.case_id)
    values = {"case_id": assignment.case_id, "person": assignment.person, "by": assignment.by, "at": assignment.at}
    connection.execute(insert(ASSIGNMENTS).values(values))


def drop(connection: Connection, case_id: str) -> None:
    connection.execute(delete(ASSIGNMENTS).where(ASSIGNMENTS.c.case_id == case_id))


def of_cases(connection: Connection, case_ids: Iterable[str]) -> dict[str, Assignment]:
    """Who sees to each of the cases that are somebody's."""
    rows = connection.execute(select(ASSIGNMENTS).where(ASSIGNMENTS.c.case_id.in_(sorted(set(case_ids)))))
    return {row.case_id: Assignment(row.case_id, row.person, row.by, row.at) for row in rows}
