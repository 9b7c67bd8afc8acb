"""The ground of the map: areas, zones, permits and cameras as they stand, as GeoJSON.

Only what lies in the asker's district; what lies in no known district is everybody's.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.names import Names
from central.domain.registers.permits import Permit
from central.domain.registers.snapshot import Registers
from central.domain.registers.zones import Zone
from central.services.geojson import Drawing, Json, collection, feature
from central.services.sectors import sector
from central.store import fleet, nodes
from central.store.database import Database
from contract.bundle import CameraBlock, parse_bundle
from contract.clock import Clock
from contract.events import CameraCondition
from contract.plane import Origin
from contract.status import CameraState, CameraStatus, NodeState

HEALTH = {CameraState.LIVE: "good", CameraState.ENDED: "good", CameraState.STARTING: "poor", CameraState.STALE: "poor"}
"""How a camera's state is drawn; every other one is bad."""


class Atlas:
    """Reads; any thread."""

    def __init__(
        self,
        database: Database,
        registers: Callable[[Connection], Registers],
        origin: Origin,
        timezone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self._database, self._registers, self._clock = database, registers, clock
        self._origin, self._timezone, self._draw = origin, timezone, Drawing(origin)

    def areas(self, district: str) -> Json:
        """Outlines of every level, the largest first."""
        found = [area for area in self._current().areas if area.code.startswith(district)]
        return collection(
            feature(
                self._draw.rings(area.shape.rings), area.code, {"level": area.level.value, "name": _both(area.names)}
            )
            for area in sorted(found, key=lambda area: len(area.code))
            if area.shape is not None
        )

    def zones(self, district: str) -> Json:
        """Zones in force today; `is_open` says whether now."""
        local, registers = self._local(), self._current()
        return collection(
            self._zone(zone, local)
            for zone in registers.zones
            if zone.is_in_force(local.date()) and _is_of(_area_of(zone, registers), district)
        )

    def permits(self, district: str) -> Json:
        """Permits in force today that hold on the ground."""
        today = self._local().date()
        return collection(
            self._permit(permit)
            for permit in self._current().permits
            if permit.is_in_force(today) and (permit.point or permit.shape) and _is_of(permit.area_code, district)
        )

    def cameras(self, district: str) -> Json:
        """Every camera and how it stands: a sector where its view is known, else where it hangs, else no geometry."""
        today = self._local().date()
        with self._database.read() as connection:
            rows = {row.camera_id: row for row in self._registers(connection).cameras if row.validity.holds(today)}
            told = dict(_told(connection))
            blocks = dict(_blocks(connection))
        return collection(
            self._camera(name, rows.get(name), told.get(name), blocks.get(name))
            for name in sorted({*rows, *told, *_seeing(blocks)})
            if _is_of(rows[name].area_code if name in rows else "", district)
        )

    def _zone(self, zone: Zone, local: datetime) -> Json:
        facts = {
            "kind": zone.kind.value,
            "name": _both(zone.names),
            "hours": zone.hours.text,
            "is_open": zone.is_open(local),
            "capacity": zone.capacity,
        }
        return feature(self._draw.rings((zone.polygon, *zone.further)), zone.zone_id, facts)

    def _permit(self, permit: Permit) -> Json:
        shape = self._draw.rings(permit.shape.rings) if permit.shape else None
        last = permit.validity.last
        facts = {"kind": permit.kind.value, "until": None if last is None else last.isoformat()}
        return feature(shape or (self._draw.point(permit.point) if permit.point else None), permit.permit_id, facts)

    def _camera(
        self, name: str, row: RegisteredCamera | None, status: CameraStatus | None, block: CameraBlock | None
    ) -> Json:
        seen = sector(block, row, self._origin)
        at = (row.point if row else None) or (seen[0].eye if seen else None)
        point = self._draw.point(at) if at else None
        facts = {
            "name": _both(row.names) if row else {"zh": name, "en": name},
            "place": row.place if row else "",
            "at": point and point["coordinates"],
            "view": seen[1] if seen else None,
            "is_registered": row is not None,
            "state": status.state.value if status else None,
            "condition": status.condition.value if status and status.condition else None,
            "health": _health(status),
            "last_frame_at": status.last_frame_at.isoformat() if status and status.last_frame_at else None,
        }
        return feature(self._draw.sector(seen[0]) if seen else point, name, facts)

    def _current(self) -> Registers:
        with self._database.read() as connection:
            return self._registers(connection)

    def _local(self) -> datetime:
        return self._clock.now().astimezone(self._timezone)


def _told(connection: Connection) -> Iterator[tuple[str, CameraStatus]]:
    """What nodes say of their cameras now; one that is offline says nothing."""
    for node in nodes.every(connection):
        if node.status.state is NodeState.ONLINE:
            yield from ((str(camera.camera_id), camera) for camera in node.status.cameras)


def _blocks(connection: Connection) -> Iterator[tuple[str, CameraBlock]]:
    for stored in fleet.desired(connection).values():
        for camera in parse_bundle(stored.payload, f"version {stored.version}").cameras:
            yield str(camera.camera_id), camera


def _seeing(blocks: Mapping[str, CameraBlock]) -> set[str]:
    """Those whose view a bundle tells of."""
    return {name for name, block in blocks.items() if block.pose is not None or "calibration" in block.options}


def _health(status: CameraStatus | None) -> str:
    """``good``, ``poor``, ``bad``, or ``unknown`` where nobody tells."""
    if status is None:
        return "unknown"
    found = HEALTH.get(status.state, "bad")
    is_clear = status.condition in {None, CameraCondition.CLEAR}
    return found if is_clear or found != "good" else "poor"


def _area_of(zone: Zone, registers: Registers) -> str:
    grid = None if zone.area_code else registers.grid_at(zone.polygon[0])
    return grid.code if grid else zone.area_code


def _is_of(code: str, district: str) -> bool:
    return not code or code.startswith(district)


def _both(names: Names) -> Json:
    return {"zh": names.zh, "en": names.en}
