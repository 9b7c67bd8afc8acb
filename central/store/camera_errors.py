"""What was learnt about where cameras place things, run by run; the newest counts."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Column, Connection, Integer, Table, Text, delete, func, insert, select

from central.domain.alarms import CalibrationAlarm
from central.domain.registration import Registration, Shift
from central.domain.views import Tie, View
from central.store.database import METADATA, ROW_ID, UtcInstant

KEPT = 400
"""Runs that are kept, about a year of nights."""

CAMERA_ERRORS = Table(
    "camera_errors",
    METADATA,
    Column("id", ROW_ID, primary_key=True, autoincrement=True),
    Column("at", UtcInstant, nullable=False),
    Column("sightings", Integer, nullable=False),
    Column("known", Text, nullable=False),
    Column("alarms", Text, nullable=False),
    sqlite_autoincrement=True,
)

_NEWEST = select(func.coalesce(func.max(CAMERA_ERRORS.c.id), 0))


@dataclass(frozen=True, slots=True)
class Learnt:
    """The outcome of one run over `sightings` sightings; `run_id` grows."""

    run_id: int
    at: datetime
    known: Registration
    alarms: tuple[CalibrationAlarm, ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    a: str
    b: str
    variance_m2: float


@dataclass(frozen=True, slots=True)
class _Known:
    """A registration as JSON can hold it."""

    shifts: dict[str, tuple[Shift, ...]]
    pairs: tuple[_Pair, ...]
    bias_m: float | None
    views: dict[str, tuple[Tie, ...]] = field(default_factory=dict)


_KNOWN = TypeAdapter(_Known)
_ALARMS = TypeAdapter(tuple[CalibrationAlarm, ...])


def add(
    connection: Connection, at: datetime, sightings: int, known: Registration, alarms: Iterable[CalibrationAlarm]
) -> None:
    """Adds a run and forgets the oldest beyond `KEPT`."""
    pairs = tuple(_Pair(a, b, variance) for (a, b), variance in sorted(known.variance_m2.items()))
    views = {camera: view.ties for camera, view in known.views.items()}
    text = _KNOWN.dump_json(_Known(dict(known.shifts), pairs, known.bias_m, views)).decode()
    row = {"at": at, "sightings": sightings, "known": text, "alarms": _ALARMS.dump_json(tuple(alarms)).decode()}
    connection.execute(insert(CAMERA_ERRORS).values(row))
    connection.execute(delete(CAMERA_ERRORS).where(CAMERA_ERRORS.c.id <= newest_id(connection) - KEPT))


def newest_id(connection: Connection) -> int:
    """The newest run's id, 0 before the first."""
    return int(connection.execute(_NEWEST).scalar_one())


def newest(connection: Connection) -> Learnt | None:
    row = connection.execute(select(CAMERA_ERRORS).order_by(CAMERA_ERRORS.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    known = _KNOWN.validate_json(row.known)
    variance = {(pair.a, pair.b): pair.variance_m2 for pair in known.pairs}
    views = {camera: View(ties) for camera, ties in known.views.items()}
    registration = Registration(known.shifts, variance, known.bias_m, views)
    return Learnt(int(row.id), row.at, registration, _ALARMS.validate_json(row.alarms))
