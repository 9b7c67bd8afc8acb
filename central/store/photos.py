"""Photographs that people in the street took of a case; the files lie with the evidence, by hash."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, String, Table, select

from central.store.cases import CASES
from central.store.database import METADATA, UtcInstant, insert_ignoring

PHOTOS = Table(
    "case_photos",
    METADATA,
    Column("case_id", String(36), ForeignKey(CASES.c.id), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("taken_at", UtcInstant, nullable=False),
    Column("received_at", UtcInstant, nullable=False),
    Column("person", String(64), nullable=False),
    Column("size_bytes", Integer, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph. `taken_at` is what the phone said, `received_at` our own clock."""

    case_id: str
    sha256: str
    taken_at: datetime
    received_at: datetime
    person: str
    size_bytes: int


def add(connection: Connection, photo: Photo) -> bool:
    """Whether it is new; the same picture of the same case is kept once."""
    values = {name: getattr(photo, name) for name in ("case_id", "sha256", "taken_at", "received_at")}
    values |= {"person": photo.person[:64], "size_bytes": photo.size_bytes}
    return connection.execute(insert_ignoring(connection, PHOTOS).values(values)).rowcount > 0


def of_case(connection: Connection, case_id: str) -> Sequence[Photo]:
    """Oldest first."""
    query = select(PHOTOS).where(PHOTOS.c.case_id == case_id).order_by(PHOTOS.c.taken_at, PHOTOS.c.sha256)
    return [Photo(**row._mapping) for row in connection.execute(query)]
