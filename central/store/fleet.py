"""The fleet's register: who is enrolled, what each node shall run and has run, and which node owns which camera."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    Row,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from central.store.database import METADATA, ROW_ID, UtcInstant
from contract.ids import CameraId, NodeId
from contract.keys import PublicKeys
from contract.reported import Reported

FLEET_NODES = Table(
    "fleet_nodes",
    METADATA,
    Column("node_id", String(64), primary_key=True),
    Column("keys", JSON),
    Column("enrolled_at", UtcInstant),
    Column("reported", JSON),
    Column("reported_at", UtcInstant),
)
BUNDLES = Table(
    "fleet_bundles",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("node_id", String(64), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("wire", LargeBinary, nullable=False),
    Column("made_at", UtcInstant, nullable=False),
    Column("made_by", String(100), nullable=False),
    Column("why", String(500), nullable=False),
    UniqueConstraint("node_id", "version"),
    sqlite_autoincrement=True,
)
CAMERAS = Table(
    "fleet_cameras",
    METADATA,
    Column("camera_id", String(64), primary_key=True),
    Column("node_id", String(64), nullable=False, index=True),
    Column("since", UtcInstant, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A node in the register. `keys` is None for one that central knows by hearsay only."""

    node_id: NodeId
    keys: PublicKeys | None
    enrolled_at: datetime | None
    reported: Reported | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True)
class StoredBundle:
    """One version of what a node shall run. `payload` is what was signed, `wire` the signed message."""

    node_id: NodeId
    version: int
    sha256: str
    payload: bytes
    wire: bytes
    made_at: datetime
    made_by: str
    why: str


def enrol(connection: Connection, keys: PublicKeys, at: datetime) -> None:
    """Takes the node into the register, or gives it new keys."""
    _put(connection, keys.name, {"keys": keys.model_dump(mode="json"), "enrolled_at": at})


def remember_reported(connection: Connection, reported: Reported, at: datetime) -> None:
    """What the node says it runs, in place of what it said last."""
    _put(connection, reported.node_id, {"reported": reported.model_dump(mode="json"), "reported_at": at})


def every_node(connection: Connection) -> Sequence[Enrolled]:
    rows = connection.execute(select(FLEET_NODES).order_by(FLEET_NODES.c.node_id))
    return [_enrolled(row) for row in rows]


def node(connection: Connection, node_id: str) -> Enrolled | None:
    row = connection.execute(select(FLEET_NODES).where(FLEET_NODES.c.node_id == node_id)).first()
    return None if row is None else _enrolled(row)


def add_bundle(connection: Connection, bundle: StoredBundle, cameras: Iterable[str]) -> None:
    """The node's newest version; from now on these cameras are its own and no others."""
    connection.execute(
        insert(BUNDLES).values(
            node_id=bundle.node_id,
            version=bundle.version,
            sha256=bundle.sha256,
            payload=bundle.payload,
            wire=bundle.wire,
            made_at=bundle.made_at,
            made_by=bundle.made_by,
            why=bundle.why,
        )
    )
    connection.execute(delete(CAMERAS).where(CAMERAS.c.node_id == bundle.node_id))
    rows = [{"camera_id": name, "node_id": bundle.node_id, "since": bundle.made_at} for name in cameras]
    connection.execute(insert(CAMERAS), rows)


def bundles_of(connection: Connection, node_id: str) -> Sequence[StoredBundle]:
    """All versions, newest first."""
    query = select(BUNDLES).where(BUNDLES.c.node_id == node_id).order_by(BUNDLES.c.version.desc())
    return [_bundle(row) for row in connection.execute(query)]


def desired(connection: Connection) -> dict[NodeId, StoredBundle]:
    """The newest version of every node that has one."""
    newest = select(func.max(BUNDLES.c.id)).group_by(BUNDLES.c.node_id)
    rows = connection.execute(select(BUNDLES).where(BUNDLES.c.id.in_(newest)))
    return {NodeId(row.node_id): _bundle(row) for row in rows}


def node_of_camera(connection: Connection, camera_id: str) -> NodeId | None:
    """The node whose camera this is; None if no bundle names it."""
    found = connection.execute(select(CAMERAS.c.node_id).where(CAMERAS.c.camera_id == camera_id)).scalar()
    return None if found is None else NodeId(found)


def nodes_of_cameras(connection: Connection) -> dict[CameraId, NodeId]:
    """Every camera that a bundle names, with its node."""
    rows = connection.execute(select(CAMERAS.c.camera_id, CAMERAS.c.node_id))
    return {CameraId(row.camera_id): NodeId(row.node_id) for row in rows}


def _put(connection: Connection, node_id: str, values: dict[str, object]) -> None:
    key = FLEET_NODES.c.node_id == node_id
    if connection.execute(update(FLEET_NODES).where(key).values(values)).rowcount == 0:
        connection.execute(insert(FLEET_NODES).values(node_id=node_id, **values))


def _enrolled(row: Row[tuple[object, ...]]) -> Enrolled:
    return Enrolled(
        NodeId(row.node_id),
        None if row.keys is None else PublicKeys.model_validate(row.keys),
        row.enrolled_at,
        None if row.reported is None else Reported.model_validate(row.reported),
        row.reported_at,
    )


def _bundle(row: Row[tuple[object, ...]]) -> StoredBundle:
    return StoredBundle(
        NodeId(row.node_id), row.version, row.sha256, row.payload, row.wire, row.made_at, row.made_by, row.why
    )
