"""All registers as they stood at one version, and the look-ups that judgement, workflow and figures ask. Pure.

Indexes are made when they are first asked for; two threads that ask at once make the same one twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

from central.domain.registers.areas import Area, AreaLevel, is_within, parent_of
from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.permits import Permit, PermitKind
from central.domain.registers.responsibility import Duty, DutyScope, Road
from central.domain.registers.shapes import Shape, ShapeIndex
from central.domain.registers.shops import Frontage, Merchant, Shop
from central.domain.registers.tables import ListedCode, ListedDay, ListedLimit
from central.domain.registers.zones import Zone, ZoneKind
from contract.plane import Point
from contract.taxonomy import Violation

Row = TypeVar("Row")
Key = TypeVar("Key")
_CIRCLE = ((1.0, 0.4142), (0.4142, 1.0), (-0.4142, 1.0), (-1.0, 0.4142),
           (-1.0, -0.4142), (-0.4142, -1.0), (0.4142, -1.0), (1.0, -0.4142))  # fmt: skip
"""An octagon around the circle: a permit given as a point holds a little more at its corners, never less."""


@dataclass(frozen=True)
class Registers:
    """One version of everything. Points and shapes are metres east and north of the site's origin.

    `version` grows with every change of any register and is 0 where the database has none; `days` are local days.
    """

    version: int = 0
    areas: tuple[Area, ...] = ()
    cameras: tuple[RegisteredCamera, ...] = ()
    zones: tuple[Zone, ...] = ()
    permits: tuple[Permit, ...] = ()
    shops: tuple[Shop, ...] = ()
    frontages: tuple[Frontage, ...] = ()
    merchants: tuple[Merchant, ...] = ()
    roads: tuple[Road, ...] = ()
    duties: tuple[Duty, ...] = ()
    days: tuple[ListedDay, ...] = ()
    limits: tuple[ListedLimit, ...] = ()
    codes: tuple[ListedCode, ...] = ()

    # zones

    def zones_at(self, point: Point, day: date) -> tuple[Zone, ...]:
        """The zones in force on the local `day` that hold `point`, in the register's order, open or not."""
        return tuple(zone for zone in map(self._zones_by_id.__getitem__, self._zone_index.at(point)) if
                     zone.validity.holds(day))  # fmt: skip

    def past_zones_at(self, point: Point, day: date) -> tuple[Zone, ...]:
        """The zones that hold `point` and had run out by `day`: why what stands there is not lawful any more."""
        found = map(self._zones_by_id.__getitem__, self._zone_index.at(point))
        return tuple(zone for zone in found if zone.validity.has_ended(day))

    def zone(self, zone_id: str) -> Zone | None:
        return self._zones_by_id.get(zone_id)

    def capacity(self, zone_id: str) -> int | None:
        """How many stalls the zone's plaque allows; None where it names no number or there is no such zone."""
        zone = self._zones_by_id.get(zone_id)
        return None if zone is None else zone.capacity

    def has_zones_of(self, kinds: Iterable[ZoneKind]) -> bool:
        """Whether any zone of these kinds is in the register at all."""
        return not self._zone_kinds.isdisjoint(kinds)

    # permits

    def permits_of_place(
        self, camera_id: str, place_id: str, day: date, kinds: frozenset[PermitKind] = frozenset(PermitKind)
    ) -> tuple[Permit, ...]:
        """The permits in force on `day` for a region of the camera's picture."""
        return _in_force(self._of_place(camera_id, place_id), day, kinds)

    def past_permits_of_place(self, camera_id: str, place_id: str, day: date) -> tuple[Permit, ...]:
        """Those that had run out by `day`."""
        return tuple(found for found in self._of_place(camera_id, place_id) if found.validity.has_ended(day))

    def permits_at(
        self, point: Point, day: date, kinds: frozenset[PermitKind] = frozenset(PermitKind)
    ) -> tuple[Permit, ...]:
        """The permits in force on `day` whose geometry holds `point`."""
        return _in_force((self._permits_by_id[name] for name in self._permit_index.at(point)), day, kinds)

    def permits_of_shop(
        self, shop_id: str, day: date, kinds: frozenset[PermitKind] = frozenset(PermitKind)
    ) -> tuple[Permit, ...]:
        """The permits in force on `day` that name the shop."""
        return _in_force(self._permits_by_shop.get(shop_id, ()), day, kinds)

    # shops

    def shop(self, shop_id: str) -> Shop | None:
        return self._shops_by_id.get(shop_id)

    def shop_of_place(self, camera_id: str, place_id: str, day: date) -> Shop | None:
        """The shop whose frontage carries that place name on the camera's picture."""
        for frontage in self._frontages_by_camera.get(camera_id, ()):
            if place_id in frontage.place_ids and frontage.validity.holds(day):
                return self._shops_by_id.get(frontage.shop_id)
        return None

    def shop_at(self, camera_id: str, x: float, y: float, day: date, preset: str = "") -> Shop | None:
        """The shop whose frontage holds (x, y), 0..1 of the camera's picture."""
        for frontage in self._frontages_by_camera.get(camera_id, ()):
            if frontage.preset in {"", preset} and frontage.shows(x, y) and frontage.validity.holds(day):
                return self._shops_by_id.get(frontage.shop_id)
        return None

    # cameras and areas

    def camera(self, camera_id: str) -> RegisteredCamera | None:
        return self._cameras_by_id.get(camera_id)

    def area(self, code: str) -> Area | None:
        return self._areas_by_code.get(code)

    def areas_at(self, point: Point) -> tuple[Area, ...]:
        """The drawn areas that hold `point`, the smallest (the unit grid) last."""
        found = [self._areas_by_code[code] for code in self._area_index.at(point)]
        return tuple(sorted(found, key=lambda area: len(area.code)))

    def grid_at(self, point: Point) -> Area | None:
        """The unit grid that holds `point`."""
        return next((area for area in reversed(self.areas_at(point)) if area.level is AreaLevel.GRID), None)

    def areas_within(self, code: str) -> tuple[Area, ...]:
        """The area itself and all below it; "" for all."""
        return tuple(area for area in self.areas if is_within(area.code, code))

    # responsibility

    def duties_at(self, local: datetime, area_code: str = "", point: Point | None = None) -> tuple[Duty, ...]:
        """Whose shift it is at a place: road sections first, then grid, community and so on upwards."""
        return tuple(duty for duty in self._duties_of(area_code, point) if duty.is_on(local))

    def department_at(self, local: datetime, area_code: str = "", point: Point | None = None) -> str | None:
        """The department that answers for a place: of whoever is on shift there, else of whoever answers at other
        hours; None where no duty of that day names one."""
        valid = [duty for duty in self._duties_of(area_code, point) if duty.validity.holds(local.date())]
        by_shift = sorted((duty for duty in valid if duty.department), key=lambda duty: not duty.is_on(local))
        return by_shift[0].department if by_shift else None

    def _duties_of(self, area_code: str, point: Point | None) -> Iterator[Duty]:
        """Everybody's who ever answers for the place, the nearest first."""
        if point is not None:
            for road_id in self._road_index.at(point):
                yield from self._duties_by_target.get((DutyScope.ROAD, road_id), ())
        code: str | None = area_code or None
        while code is not None:
            yield from self._duties_by_target.get((DutyScope.AREA, code), ())
            code = parent_of(code)

    # tables

    def codes_of(self, kind: Violation, day: date) -> tuple[ListedCode, ...]:
        """The codes of `kind` in every standard in force on `day`."""
        return tuple(found for found in self._codes_by_kind.get(kind, ()) if found.validity.holds(day))

    def limits_of(self, profile: str) -> tuple[ListedLimit, ...]:
        return tuple(found for found in self.limits if found.profile == profile)

    # indexes

    @cached_property
    def _zones_by_id(self) -> Mapping[str, Zone]:
        return {zone.zone_id: zone for zone in self.zones}

    @cached_property
    def _zone_kinds(self) -> frozenset[ZoneKind]:
        return frozenset(zone.kind for zone in self.zones)

    @cached_property
    def _zone_index(self) -> ShapeIndex[str]:
        return ShapeIndex((zone.zone_id, zone.shape) for zone in self.zones)

    @cached_property
    def _permits_by_id(self) -> Mapping[str, Permit]:
        return {permit.permit_id: permit for permit in self.permits}

    @cached_property
    def _permit_index(self) -> ShapeIndex[str]:
        drawn = ((permit.permit_id, _ground_of(permit)) for permit in self.permits)
        return ShapeIndex((name, shape) for name, shape in drawn if shape is not None)

    @cached_property
    def _permits_by_place(self) -> Mapping[tuple[str, str], tuple[Permit, ...]]:
        pairs = ((place, permit) for permit in self.permits for place in permit.places)
        grouped = _grouped(pairs, lambda pair: (pair[0].camera_id, pair[0].place_id))
        return {key: tuple(permit for _, permit in found) for key, found in grouped.items()}

    @cached_property
    def _permits_by_shop(self) -> Mapping[str, tuple[Permit, ...]]:
        return _grouped((permit for permit in self.permits if permit.shop_id), lambda permit: permit.shop_id)

    @cached_property
    def _shops_by_id(self) -> Mapping[str, Shop]:
        return {shop.shop_id: shop for shop in self.shops}

    @cached_property
    def _frontages_by_camera(self) -> Mapping[str, tuple[Frontage, ...]]:
        return _grouped(self.frontages, lambda frontage: frontage.camera_id)

    @cached_property
    def _cameras_by_id(self) -> Mapping[str, RegisteredCamera]:
        return {camera.camera_id: camera for camera in self.cameras}

    @cached_property
    def _areas_by_code(self) -> Mapping[str, Area]:
        return {area.code: area for area in self.areas}

    @cached_property
    def _area_index(self) -> ShapeIndex[str]:
        return ShapeIndex((area.code, area.shape) for area in self.areas if area.shape is not None)

    @cached_property
    def _road_index(self) -> ShapeIndex[str]:
        return ShapeIndex((road.road_id, road.shape) for road in self.roads if road.shape is not None)

    @cached_property
    def _duties_by_target(self) -> Mapping[tuple[DutyScope, str], tuple[Duty, ...]]:
        return _grouped(self.duties, lambda duty: (duty.scope, duty.target))

    @cached_property
    def _codes_by_kind(self) -> Mapping[Violation, tuple[ListedCode, ...]]:
        return _grouped(self.codes, lambda code: code.kind)

    def _of_place(self, camera_id: str, place_id: str) -> tuple[Permit, ...]:
        """A permit's place may leave the camera out, where the name alone is unique."""
        by_place = self._permits_by_place
        return (*by_place.get((camera_id, place_id), ()), *by_place.get(("", place_id), ()))


def _in_force(permits: Iterable[Permit], day: date, kinds: frozenset[PermitKind]) -> tuple[Permit, ...]:
    return tuple(permit for permit in permits if permit.kind in kinds and permit.validity.holds(day))


def _ground_of(permit: Permit) -> Shape | None:
    if permit.shape is not None:
        return permit.shape
    if permit.point is None:
        return None
    at, radius_m = permit.point, permit.radius_m
    return Shape((tuple(Point(at.east_m + x * radius_m, at.north_m + y * radius_m) for x, y in _CIRCLE),))


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, tuple[Row, ...]]:
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return {name: tuple(group) for name, group in found.items()}


NO_REGISTERS = Registers()
