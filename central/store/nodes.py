"""What every node last said about itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, Column, Connection, String, Table, insert, select, update

from central.store.database import METADATA, UtcInstant
from contract.status import NodeStatus

NODES = Table(
    "nodes",
    METADATA,
    Column("node_id", String(64), primary_key=True),
    Column("at", UtcInstant, nullable=False),
    Column("received_at", UtcInstant, nullable=False),
    Column("status", JSON, nullable=False),
)


@dataclass(frozen=True, slots=True)
class KnownNode:
    """A node's newest status and when central got it."""

    status: NodeStatus
    received_at: datetime


def remember(connection: Connection, status: NodeStatus, received_at: datetime) -> None:
    """Stores the status in place of the last. Arrival rules, not `at`: a last will was written before it was sent."""
    values = {"at": status.at, "received_at": received_at, "status": status.model_dump(mode="json")}
    key = NODES.c.node_id == status.node_id
    if connection.execute(update(NODES).where(key).values(values)).rowcount == 0:
        connection.execute(insert(NODES).values(node_id=status.node_id, **values))


def find(connection: Connection, node_id: str) -> KnownNode | None:
    row = connection.execute(select(NODES.c.status, NODES.c.received_at).where(NODES.c.node_id == node_id)).first()
    return None if row is None else KnownNode(NodeStatus.model_validate(row.status), row.received_at)


def every(connection: Connection) -> Sequence[KnownNode]:
    rows = connection.execute(select(NODES.c.status, NODES.c.received_at).order_by(NODES.c.node_id))
    return [KnownNode(NodeStatus.model_validate(row.status), row.received_at) for row in rows]
