"""The pictures that incidents' events announced, and whether they lie in the object store."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Insert,
    Integer,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.pipelining import UNAWAITED
from contract.events import BoxNorm, EvidenceRef, EvidenceRole, IncidentEvent
from contract.taxonomy import Seen

EVIDENCE = Table(
    "evidence",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False, index=True),
    Column("incident_id", String(36), nullable=False, index=True),
    Column("node_id", String(64), nullable=False),
    Column("camera_id", String(64), nullable=False),
    Column("seen", String(32), nullable=False),
    Column("role", String(16), nullable=False),
    Column("captured_at", UtcInstant, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("box", JSON, nullable=False),
    Column("redaction", String(64), nullable=False),
    Column("stored_at", UtcInstant),
    UniqueConstraint("sha256", "incident_id", "role"),
)
_SAME = EVIDENCE.alias()
_STORED = select(func.max(_SAME.c.stored_at)).where(_SAME.c.sha256 == bindparam("same_sha256"))


@dataclass(frozen=True, slots=True)
class Picture:
    """One announced picture of one incident; the box is in shares of its width and height (xyxy, origin top left)."""

    sha256: str
    incident_id: str
    node_id: str
    camera_id: str
    seen: Seen
    role: EvidenceRole
    captured_at: datetime
    size_bytes: int
    width_px: int
    height_px: int
    box: BoxNorm
    redaction: str
    is_stored: bool


def announce(connection: Connection, told: Iterable[IncidentEvent]) -> None:
    """Remembers the pictures that the events announce; a known one stays as it is."""
    rows = [_announced(ref, data) for data in told for ref in data.evidence]
    if rows:
        connection.execute(_announcing(connection.dialect.name), rows)


@cache
def _announcing(dialect: str) -> Insert:
    """A picture that another incident announced may lie here already."""
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(EVIDENCE).values(stored_at=_STORED.scalar_subquery()).on_conflict_do_nothing().inline()
    return statement.execution_options(**UNAWAITED)


def announced_size(connection: Connection, sha256: str) -> int | None:
    """The size in bytes that an event announced for `sha256`; None when none did."""
    size = connection.execute(select(EVIDENCE.c.size_bytes).where(EVIDENCE.c.sha256 == sha256).limit(1)).scalar()
    return None if size is None else int(size)


def pictures_named(connection: Connection, sha256: str) -> Sequence[Picture]:
    """The picture as each incident announced it."""
    rows = connection.execute(select(EVIDENCE).where(EVIDENCE.c.sha256 == sha256).order_by(EVIDENCE.c.id))
    return [_picture(row._mapping) for row in rows]


def mark_stored(connection: Connection, sha256: str, at: datetime) -> list[str]:
    """Says that the picture lies in the object store; gives the incidents that it belongs to."""
    key = EVIDENCE.c.sha256 == sha256
    connection.execute(update(EVIDENCE).where(key, EVIDENCE.c.stored_at.is_(None)).values(stored_at=at))
    return [str(row.incident_id) for row in connection.execute(select(EVIDENCE.c.incident_id).where(key).distinct())]


def pictures_of(connection: Connection, incident_ids: Iterable[str]) -> Sequence[Picture]:
    """The pictures of the incidents, oldest first."""
    query = select(EVIDENCE).where(EVIDENCE.c.incident_id.in_(sorted(incident_ids)))
    rows = connection.execute(query.order_by(EVIDENCE.c.captured_at, EVIDENCE.c.id))
    return [_picture(row._mapping) for row in rows]


def _announced(ref: EvidenceRef, data: IncidentEvent) -> dict[str, object]:
    return {
        "sha256": ref.sha256,
        "same_sha256": ref.sha256,
        "incident_id": data.incident_id,
        "node_id": data.node_id,
        "camera_id": data.camera_id,
        "seen": data.seen,
        "role": ref.role,
        "captured_at": ref.captured_at,
        "size_bytes": ref.size_bytes,
        "width_px": ref.width_px,
        "height_px": ref.height_px,
        "box": ref.box.model_dump(),
        "redaction": ref.redaction,
    }


def _picture(row: RowMapping) -> Picture:
    return Picture(
        sha256=row["sha256"],
        incident_id=row["incident_id"],
        node_id=row["node_id"],
        camera_id=row["camera_id"],
        seen=Seen(row["seen"]),
        role=EvidenceRole(row["role"]),
        captured_at=row["captured_at"],
        size_bytes=row["size_bytes"],
        width_px=row["width_px"],
        height_px=row["height_px"],
        box=BoxNorm.model_validate(row["box"]),
        redaction=row["redaction"],
        is_stored=row["stored_at"] is not None,
    )
