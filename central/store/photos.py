"""Photographs that people in the street took of a case; the files lie with the evidence, by hash.

Two files each: `sha256` is the coarse picture that is shown, `sealed_sha256` the clear one, sealed to central's key.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Float, ForeignKey, Integer, String, Table, delete, select

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
    Column("upload_sha256", String(64), nullable=False, server_default=""),
    Column("original_sha256", String(64), nullable=False, server_default=""),
    Column("sealed_sha256", String(64), nullable=False, server_default=""),
    Column("redaction", String(32), nullable=False, server_default=""),
    Column("width_px", Integer, nullable=False, server_default="0"),
    Column("height_px", Integer, nullable=False, server_default="0"),
    Column("lat", Float),
    Column("lon", Float),
)


@dataclass(frozen=True, slots=True)
class Photo:
    """One photograph. `taken_at` and the place are what the phone said, `received_at` is our own clock.

    `upload_sha256` is what was sent, `original_sha256` the clear picture. `redaction` is empty where none was made:
    such a one is shown to nobody.
    """

    case_id: str
    sha256: str
    taken_at: datetime
    received_at: datetime
    person: str
    size_bytes: int
    upload_sha256: str
    original_sha256: str
    sealed_sha256: str
    redaction: str
    width_px: int
    height_px: int
    lat: float | None = None
    lon: float | None = None


def add(connection: Connection, photo: Photo) -> bool:
    """Whether it is new; the same picture of the same case is kept once."""
    values = asdict(photo) | {"person": photo.person[:64]}
    return connection.execute(insert_ignoring(connection, PHOTOS).values(values)).rowcount > 0


def of_upload(connection: Connection, case_id: str, upload_sha256: str) -> Photo | None:
    """The case's photograph that came as this file; None if none did."""
    query = select(PHOTOS).where(PHOTOS.c.case_id == case_id, PHOTOS.c.upload_sha256 == upload_sha256)
    row = connection.execute(query).first()
    return None if row is None else Photo(**row._mapping)


def of_case(connection: Connection, case_id: str) -> Sequence[Photo]:
    """Those of the case and of what was merged into it, oldest first; only what was redacted."""
    cases = _joined(connection, case_id)
    query = select(PHOTOS).where(PHOTOS.c.case_id.in_(cases), PHOTOS.c.redaction != "")
    found = connection.execute(query.order_by(PHOTOS.c.taken_at, PHOTOS.c.sha256))
    return list({row.sha256: Photo(**row._mapping) for row in found}.values())


def pictured(connection: Connection, case_ids: Collection[str]) -> list[str]:
    """Those of the cases that have photographs."""
    query = select(PHOTOS.c.case_id).where(PHOTOS.c.case_id.in_(case_ids)).distinct()
    return sorted(connection.execute(query).scalars())


def drop(connection: Connection, case_ids: Collection[str]) -> set[str]:
    """Forgets the cases' photographs; gives the names of their files, which others may still refer to."""
    is_theirs = PHOTOS.c.case_id.in_(case_ids)
    rows = connection.execute(select(PHOTOS.c.sha256, PHOTOS.c.sealed_sha256).where(is_theirs)).all()
    connection.execute(delete(PHOTOS).where(is_theirs))
    return {name for row in rows for name in row} - {""}


def known(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of `names` that are files of photographs."""
    columns = (PHOTOS.c.sha256, PHOTOS.c.sealed_sha256)
    return {name for one in columns for name in connection.execute(select(one).where(one.in_(names))).scalars()}


def _joined(connection: Connection, case_id: str) -> set[str]:
    found, fresh = {case_id}, {case_id}
    while fresh:
        query = select(CASES.c.id).where(CASES.c.merged_into.in_(fresh))
        fresh = set(connection.execute(query).scalars()) - found
        found |= fresh
    return found
