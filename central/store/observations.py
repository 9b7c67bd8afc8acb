"""Incidents as their newest revision tells them."""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.types import BigInteger, Boolean

from central.domain.geometry import Covariance, Position
from central.domain.values import Doubt, Observation
from central.store.database import METADATA, UtcInstant
from central.store.pipelining import UNAWAITED
from contract.events import BoxNorm
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
