"""How nodes and cameras stood over time: a row per change, never one per status message."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Row, String, Table, delete, func, insert, select

from central.store.database import METADATA, ROW_ID, UtcInstant

CHANGES = Table(
    "fleet_history",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("node_id", String(64), nullable=False, index=True),
    Column("camera_id", String(64), nullable=False, server_default=""),
    Column("state", String(32), nullable=False),
    Column("detail", String(300), nullable=False),
    sqlite_autoincrement=True,
)
KEPT_PER_SUBJECT = 1000
"""Changes kept of one node or camera: a camera that comes and goes every minute fills them in half a day."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a node (`camera_id` empty) or a camera stood from `at` on."""

    at: datetime
    node_id: str
    camera_id: str
    state: str
    detail: str = ""


def present(connection: Connection, node_id: str) -> dict[str, Standing]:
    """How the node ("") and each of its cameras stand now, by camera."""
    newest = select(func.max(CHANGES.c.id)).where(CHANGES.c.node_id == node_id).group_by(CHANGES.c.camera_id)
    rows = connection.execute(select(CHANGES).where(CHANGES.c.id.in_(newest)))
    return {row.camera_id: _standing(row) for row in rows}


def add(connection: Connection, standing: Standing) -> None:
    """Appends the change and lets the oldest beyond `KEPT_PER_SUBJECT` go."""
    connection.execute(
        insert(CHANGES).values(
            at=standing.at,
            node_id=standing.node_id,
            camera_id=standing.camera_id,
            state=standing.state,
            detail=standing.detail[:300],
        )
    )
    subject = (CHANGES.c.node_id == standing.node_id) & (CHANGES.c.camera_id == standing.camera_id)
    oldest_kept = (
        select(CHANGES.c.id).where(subject).order_by(CHANGES.c.id.desc()).offset(KEPT_PER_SUBJECT - 1).limit(1)
    )
    first = connection.execute(oldest_kept).scalar()
    if first is not None:
        connection.execute(delete(CHANGES).where(subject & (CHANGES.c.id < first)))


def of_node(connection: Connection, node_id: str, camera_id: str | None, limit: int) -> Sequence[Standing]:
    """Newest first; of one camera, or of the node and all its cameras."""
    query = select(CHANGES).where(CHANGES.c.node_id == node_id).order_by(CHANGES.c.id.desc()).limit(limit)
    if camera_id is not None:
        query = query.where(CHANGES.c.camera_id == camera_id)
    return [_standing(row) for row in connection.execute(query)]


def _standing(row: Row[tuple[object, ...]]) -> Standing:
    return Standing(row.at, row.node_id, row.camera_id, row.state, row.detail)
