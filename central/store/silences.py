"""Silences: until when, where and of what kind nobody is to be called. They end, and none is deleted."""

from datetime import datetime

from sqlalchemy import Column, Connection, Float, Integer, RowMapping, String, Table, bindparam, insert, select, update

from central.domain.silence import KeptSilence, Silence
from central.store.database import METADATA, UtcInstant
from contract.plane import Point
from contract.taxonomy import Violation

SILENCES = Table(
    "silences",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("camera_id", String(64)),
    Column("zone_id", String(64)),
    Column("kind", String(32)),
    Column("east_m", Float),
    Column("north_m", Float),
    Column("radius_m", Float),
    Column("reason", String(500), nullable=False),
    Column("made_by", String(64), nullable=False),
    Column("made_at", UtcInstant, nullable=False),
    Column("expires_at", UtcInstant, nullable=False),
    Column("ended_at", UtcInstant),
    Column("ended_by", String(64)),
    sqlite_autoincrement=True,
)
_ACTIVE = (
    select(SILENCES)
    .where(SILENCES.c.ended_at.is_(None), SILENCES.c.expires_at > bindparam("now", type_=UtcInstant()))
    .order_by(SILENCES.c.id)
)
"""Asked for every batch of events."""


def add(connection: Connection, silence: Silence, made_by: str, now: datetime) -> int:
    """Writes it and gives its id; the silence's own is not looked at."""
    place = silence.place
    values = {
        "camera_id": silence.camera_id,
        "zone_id": silence.zone_id,
        "kind": silence.kind,
        "east_m": place.east_m if place else None,
        "north_m": place.north_m if place else None,
        "radius_m": silence.radius_m,
        "reason": silence.reason,
        "made_by": made_by,
        "made_at": now,
        "expires_at": silence.expires_at,
    }
    made = connection.execute(insert(SILENCES).values(values).returning(SILENCES.c.id))
    return int(made.scalar_one())


def end(connection: Connection, silence_id: int, by: str, now: datetime) -> bool:
    """Ends it early; False when it is over already or there is none."""
    is_it = (SILENCES.c.id == silence_id, SILENCES.c.ended_at.is_(None), SILENCES.c.expires_at > now)
    return connection.execute(update(SILENCES).where(*is_it).values(ended_at=now, ended_by=by)).rowcount > 0


def active(connection: Connection, now: datetime) -> tuple[Silence, ...]:
    """Those in force, the oldest first."""
    return tuple(_silence(row._mapping) for row in connection.execute(_ACTIVE, {"now": now}))


def newest(connection: Connection, limit: int) -> list[KeptSilence]:
    """All of them, over or not, the newest first."""
    rows = connection.execute(select(SILENCES).order_by(SILENCES.c.id.desc()).limit(limit))
    return [_kept(row._mapping) for row in rows]


def find(connection: Connection, silence_id: int) -> KeptSilence | None:
    row = connection.execute(select(SILENCES).where(SILENCES.c.id == silence_id)).first()
    return None if row is None else _kept(row._mapping)


def _kept(row: RowMapping) -> KeptSilence:
    return KeptSilence(_silence(row), row["made_by"], row["made_at"], row["ended_at"], row["ended_by"])


def _silence(row: RowMapping) -> Silence:
    place = None if row["east_m"] is None else Point(row["east_m"], row["north_m"])
    return Silence(
        silence_id=row["id"],
        reason=row["reason"],
        expires_at=row["expires_at"],
        camera_id=row["camera_id"],
        zone_id=row["zone_id"],
        kind=Violation(row["kind"]) if row["kind"] else None,
        place=place,
        radius_m=row["radius_m"],
    )
