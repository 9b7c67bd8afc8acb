"""Incidents as their newest revision tells them, and the pictures that their events announced."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Insert,
    Integer,
    RowMapping,
    String,
    Table,
    UniqueConstraint,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import BigInteger, Boolean

from central.domain.geometry import Covariance, Position
from central.domain.values import Doubt, Observation
from central.store.database import METADATA, ROW_ID, UtcInstant
from central.store.pipelining import UNAWAITED
from contract.events import BoxNorm, EvidenceRef, EvidenceRole, IncidentEvent
from contract.ids import CameraId, IncidentId, NodeId
from contract.plane import Point
from contract.taxonomy import KindGroup, Seen

OBSERVATIONS = Table(
    "observations",
    METADATA,
    Column("incident_id", String(36), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
    Column("node_id", String(64), nullable=False),
    Column("camera_id", String(64), nullable=False),
    Column("seen", String(32), nullable=False),
    Column("group", String(16), nullable=False),
    Column("first_seen_at", UtcInstant, nullable=False),
    Column("last_seen_at", UtcInstant, nullable=False),
    Column("is_gone", Boolean, nullable=False),
    Column("east_m", Float),
    Column("north_m", Float),
    Column("ee_m2", Float),
    Column("en_m2", Float),
    Column("nn_m2", Float),
    Column("zones", JSON, nullable=False),
    Column("peak", Float, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("is_confirmed", Boolean, nullable=False),
    Column("box", JSON),
    Column("doubts", String(100), nullable=False, server_default=""),
    Column("clock_slack_s", Float, nullable=False, server_default="0"),
    Column("place_id", String(130)),
    Column("attended_s", Float),
)
Index("observations_at_place", OBSERVATIONS.c.camera_id, OBSERVATIONS.c.place_id)
Index("observations_in_time", OBSERVATIONS.c.group, OBSERVATIONS.c.last_seen_at)
_ADD = insert(OBSERVATIONS).inline().execution_options(**UNAWAITED)
_FORGET = (
    delete(OBSERVATIONS).where(OBSERVATIONS.c.incident_id == bindparam("of_incident")).execution_options(**UNAWAITED)
)

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


def replace_parts(connection: Connection, parts: Sequence[Observation], new: Container[str] = ()) -> None:
    """Stores the parts of some incidents in place of those they had; `new` incidents had none."""
    known = sorted({part.incident_id for part in parts if part.incident_id not in new})
    if known:
        connection.execute(_FORGET, [{"of_incident": incident_id} for incident_id in known])
    if parts:
        connection.execute(_ADD, [_columns(part) for part in parts])


def seen_since(connection: Connection, instant: datetime) -> list[tuple[Observation, ...]]:
    """Incident by incident, everything whose last sighting is not older than `instant`."""
    return _incidents(connection, OBSERVATIONS.c.last_seen_at >= instant)


def seen_between(
    connection: Connection, group: KindGroup, earliest: datetime, latest: datetime
) -> list[tuple[Observation, ...]]:
    """Incident by incident, everything of `group` that was there at some time between both."""
    was_there = (OBSERVATIONS.c.last_seen_at >= earliest) & (OBSERVATIONS.c.first_seen_at <= latest)
    return _incidents(connection, (OBSERVATIONS.c.group == group) & was_there)


def at_place(connection: Connection, like: Observation, newest: int) -> list[tuple[Observation, ...]]:
    """The `newest` incidents that the same camera saw at the same named place."""
    query = select(OBSERVATIONS.c.incident_id).where(
        OBSERVATIONS.c.node_id == like.node_id,
        OBSERVATIONS.c.camera_id == like.camera_id,
        OBSERVATIONS.c.place_id == like.place_id,
        OBSERVATIONS.c.group == like.group,
    )
    found = query.order_by(OBSERVATIONS.c.last_seen_at.desc(), OBSERVATIONS.c.incident_id).limit(newest)
    ids = [row.incident_id for row in connection.execute(found)]
    return _incidents(connection, OBSERVATIONS.c.incident_id.in_(ids))


def nearest(
    connection: Connection, group: KindGroup, place: Point, reach_m: float, since: datetime, but_nodes: Iterable[str]
) -> Observation | None:
    """The sighting of `group` since `since` that lies nearest, within a square of `reach_m` each way; never one of
    `but_nodes`. It reads all of that time's: for a question now and then, not for every event.
    """
    east, north = OBSERVATIONS.c.east_m, OBSERVATIONS.c.north_m
    distance = (east - place.east_m) * (east - place.east_m) + (north - place.north_m) * (north - place.north_m)
    query = select(OBSERVATIONS).where(
        OBSERVATIONS.c.group == group,
        OBSERVATIONS.c.last_seen_at >= since,
        east.between(place.east_m - reach_m, place.east_m + reach_m),
        north.between(place.north_m - reach_m, place.north_m + reach_m),
        OBSERVATIONS.c.node_id.not_in(sorted(but_nodes)),
    )
    row = connection.execute(query.order_by(distance, OBSERVATIONS.c.incident_id).limit(1)).first()
    return None if row is None else to_observation(row._mapping)


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


def to_observation(row: RowMapping) -> Observation:
    """A row of `OBSERVATIONS` as the domain knows it."""
    position = None
    if row["east_m"] is not None:
        covariance = Covariance(row["ee_m2"], row["en_m2"], row["nn_m2"])
        position = Position(Point(row["east_m"], row["north_m"]), covariance)
    return Observation(
        incident_id=IncidentId(row["incident_id"]),
        revision=int(row["revision"]),
        node_id=NodeId(row["node_id"]),
        camera_id=CameraId(row["camera_id"]),
        seen=Seen(row["seen"]),
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        is_gone=bool(row["is_gone"]),
        position=position,
        zones=tuple(row["zones"]),
        peak=float(row["peak"]),
        part=int(row["part"]),
        looks=int(row["looks"]),
        box=None if row["box"] is None else BoxNorm.model_validate(row["box"]),
        is_confirmed=bool(row["is_confirmed"]),
        doubts=frozenset(Doubt(name) for name in row["doubts"].split()),
        clock_slack_s=float(row["clock_slack_s"]),
        place_id=row["place_id"],
        attended_s=row["attended_s"],
    )


def _incidents(connection: Connection, condition: ColumnElement[bool]) -> list[tuple[Observation, ...]]:
    ids = select(OBSERVATIONS.c.incident_id).where(condition)
    query = select(OBSERVATIONS).where(OBSERVATIONS.c.incident_id.in_(ids))
    parts: dict[str, list[Observation]] = defaultdict(list)
    for row in connection.execute(query.order_by(OBSERVATIONS.c.incident_id, OBSERVATIONS.c.part)):
        parts[row.incident_id].append(to_observation(row._mapping))
    return [tuple(own) for own in parts.values()]


def _columns(observation: Observation) -> dict[str, object]:
    position = observation.position
    return {
        "incident_id": observation.incident_id,
        "part": observation.part,
        "revision": observation.revision,
        "node_id": observation.node_id,
        "camera_id": observation.camera_id,
        "seen": observation.seen,
        "group": observation.group,
        "first_seen_at": observation.first_seen_at,
        "last_seen_at": observation.last_seen_at,
        "is_gone": observation.is_gone,
        "east_m": position.point.east_m if position else None,
        "north_m": position.point.north_m if position else None,
        "ee_m2": position.covariance.ee_m2 if position else None,
        "en_m2": position.covariance.en_m2 if position else None,
        "nn_m2": position.covariance.nn_m2 if position else None,
        "zones": list(observation.zones),
        "peak": observation.peak,
        "looks": observation.looks,
        "is_confirmed": observation.is_confirmed,
        "box": observation.box.model_dump() if observation.box else None,
        "doubts": " ".join(sorted(observation.doubts)),
        "clock_slack_s": observation.clock_slack_s,
        "place_id": observation.place_id,
        "attended_s": observation.attended_s,
    }


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
