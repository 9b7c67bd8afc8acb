"""Whom nobody is to be called about for a while: a camera, a place, a kind, or several of these at once. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import hypot

from central.domain.registers.snapshot import Registers
from contract.plane import Point
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class Silence:
    """What it names must all fit; what it leaves None fits everything. `place` is in the site's metres."""

    silence_id: int
    reason: str
    expires_at: datetime
    camera_id: str | None = None
    zone_id: str | None = None
    kind: Violation | None = None
    place: Point | None = None
    radius_m: float | None = None

    def __post_init__(self) -> None:
        if all(named is None for named in (self.camera_id, self.zone_id, self.kind, self.place)):
            raise ValueError("a silence names a camera, a zone, a kind or a place with a radius")
        if (self.place is None) is not (self.radius_m is None):
            raise ValueError("a silence of a place needs a point and a radius")


@dataclass(frozen=True, slots=True)
class KeptSilence:
    """A silence with who made it and who ended it early."""

    silence: Silence
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None


def area_of(silence: Silence, registers: Registers) -> str | None:
    """Where what it names lies, by the registers: of the place, else the zone, else the camera; None if nowhere."""
    if silence.place is not None:
        return _area_at(silence.place, registers)
    zone = registers.zone(silence.zone_id) if silence.zone_id else None
    if zone is not None and zone.area_code:
        return zone.area_code
    camera = registers.camera(silence.camera_id) if silence.camera_id else None
    if camera is None:
        return None
    return camera.area_code or (None if camera.point is None else _area_at(camera.point, registers))


def _area_at(point: Point, registers: Registers) -> str | None:
    found = registers.areas_at(point)
    return found[-1].code if found else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a silence is asked about."""

    cameras: frozenset[str]
    zones: frozenset[str]
    kind: Violation | None
    place: Point | None


def covers(silence: Silence, finding: Finding) -> bool:
    """Whether nobody is to be called about `finding`.

    A case seen by several cameras is silenced only where all of them are.
    """
    if silence.camera_id is not None and finding.cameras != {silence.camera_id}:
        return False
    if silence.zone_id is not None and silence.zone_id not in finding.zones:
        return False
    if silence.kind is not None and silence.kind is not finding.kind:
        return False
    return silence.place is None or _is_within(silence, finding.place)


def silence_over(silences: Iterable[Silence], finding: Finding, at: datetime) -> Silence | None:
    """The silence in force at `at` that covers `finding` for longest."""
    found = [one for one in silences if one.expires_at > at and covers(one, finding)]
    return max(found, key=lambda one: (one.expires_at, -one.silence_id), default=None)


def _is_within(silence: Silence, place: Point | None) -> bool:
    if place is None or silence.place is None or silence.radius_m is None:
        return False
    return hypot(place.east_m - silence.place.east_m, place.north_m - silence.place.north_m) <= silence.radius_m
