"""Rows of registers → the values that judgement works with: degrees become metres around the site's origin."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from central.domain.registers.areas import Area
from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.names import Validity
from central.domain.registers.permits import Permit, Place
from central.domain.registers.responsibility import Duty, Road
from central.domain.registers.seasons import Hours, parse_seasonal_hours
from central.domain.registers.shapes import Ring, Shape
from central.domain.registers.shops import Frontage, Merchant, Shop
from central.domain.registers.snapshot import Registers
from central.domain.registers.tables import ListedCode, ListedDay, ListedLimit
from central.domain.registers.zones import Zone
from central.domain.worktime import Limit
from central.services.registers_base import Register, Row
from central.services.registers_duty import CodeRow, DutyRow, HolidayRow, LimitRow
from central.services.registers_fields import Rings
from central.services.registers_ground import AreaRow, CameraRow, RoadRow, ZoneRow
from central.services.registers_trade import FrontageRow, MerchantRow, PermitRow, ShopRow
from contract.plane import Origin, Point

RowT = TypeVar("RowT", bound=Row)


def with_rows(registers: Registers, register: Register, rows: Iterable[Row], origin: Origin) -> Registers:
    """`registers` with these rows in place of the register's own."""
    there = _Ground(origin)
    match register:
        case Register.AREAS:
            return replace(registers, areas=tuple(there.area(row) for row in _only(AreaRow, rows)))
        case Register.CAMERAS:
            return replace(registers, cameras=tuple(there.camera(row) for row in _only(CameraRow, rows)))
        case Register.ZONES:
            return replace(registers, zones=tuple(there.zone(row) for row in _only(ZoneRow, rows)))
        case Register.PERMITS:
            return replace(registers, permits=tuple(there.permit(row) for row in _only(PermitRow, rows)))
        case Register.SHOPS:
            return replace(registers, shops=tuple(there.shop(row) for row in _only(ShopRow, rows)))
        case Register.FRONTAGES:
            return replace(registers, frontages=tuple(_frontage(row) for row in _only(FrontageRow, rows)))
        case Register.MERCHANTS:
            return replace(registers, merchants=tuple(_merchant(row) for row in _only(MerchantRow, rows)))
        case Register.ROADS:
            return replace(registers, roads=tuple(there.road(row) for row in _only(RoadRow, rows)))
        case Register.DUTIES:
            return replace(registers, duties=tuple(_duty(row) for row in _only(DutyRow, rows)))
        case Register.HOLIDAYS:
            days = (ListedDay(row.date, row.is_worked, row.name) for row in _only(HolidayRow, rows))
            return replace(registers, days=tuple(days))
        case Register.LIMITS:
            return replace(registers, limits=tuple(_limit(row) for row in _only(LimitRow, rows)))
        case Register.CODES:
            return replace(registers, codes=tuple(_code(row) for row in _only(CodeRow, rows)))


class _Ground:
    """Degrees around one origin."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin

    def area(self, row: AreaRow) -> Area:
        return Area(row.code, row.to_names(), self._shape(row.rings))

    def camera(self, row: CameraRow) -> RegisteredCamera:
        return RegisteredCamera(
            camera_id=row.id,
            names=row.to_names(),
            number=row.number,
            point=self._point(row.lon, row.lat),
            place=row.place_text,
            area_code=row.area_code,
            heading_deg=row.heading_deg,
            view_deg=row.view_deg,
            node_id=row.node_id,
            evidence_grade=row.evidence_grade,
            review=row.review,
            published_place=row.published_place,
            validity=row.to_validity(),
        )

    def zone(self, row: ZoneRow) -> Zone:
        outline, *further = self._rings(row.rings)
        return Zone(
            zone_id=row.id,
            kind=row.kind,
            names=row.to_names(),
            polygon=outline,
            hours=parse_seasonal_hours(row.hours),
            further=tuple(further),
            capacity=row.capacity,
            plaque=row.plaque,
            plaque_validity=Validity(row.plaque_from, row.plaque_to),
            holder=row.holder,
            goods=frozenset(row.goods),
            validity=row.to_validity(),
            area_code=row.area_code,
        )

    def permit(self, row: PermitRow) -> Permit:
        return Permit(
            permit_id=row.id,
            kind=row.kind,
            holder=row.holder,
            validity=row.to_validity(),
            places=tuple(read_place(text) for text in row.places),
            shape=self._shape(row.rings),
            point=self._point(row.lon, row.lat),
            radius_m=row.radius_m,
            board=row.board,
            is_public_service=row.is_public_service,
            shop_id=row.shop_id,
            hours=_hours(row.hours),
            goods=frozenset(row.goods),
            width_m=row.width_m,
            height_m=row.height_m,
            area_code=row.area_code,
        )

    def shop(self, row: ShopRow) -> Shop:
        return Shop(
            shop_id=row.id,
            names=row.to_names(),
            point=self._point(row.lon, row.lat),
            area_code=row.area_code,
            merchant_id=row.merchant_id,
            hours=_hours(row.hours),
            signs_allowed=row.signs_allowed,
            validity=row.to_validity(),
        )

    def road(self, row: RoadRow) -> Road:
        return Road(row.id, row.to_names(), row.road_class, self._shape(row.rings), row.area_code)

    def _point(self, lon: float | None, lat: float | None) -> Point | None:
        return None if lon is None or lat is None else self._origin.to_local(lat, lon)

    def _shape(self, rings: Rings) -> Shape | None:
        return Shape(self._rings(rings)) if rings else None

    def _rings(self, rings: Rings) -> tuple[Ring, ...]:
        to_local = self._origin.to_local
        return tuple(tuple(to_local(lat, lon) for lon, lat in ring) for ring in rings)


def read_place(text: str) -> Place:
    """``camera/place``, or a place name that is unique by itself."""
    camera, slash, place = text.partition("/")
    return Place(camera.strip(), place.strip()) if slash else Place("", camera.strip())


def _frontage(row: FrontageRow) -> Frontage:
    return Frontage(
        frontage_id=row.id,
        camera_id=row.camera_id,
        shop_id=row.shop_id,
        region_norm=row.region,
        place_ids=frozenset(row.place_ids),
        preset=row.preset,
        validity=row.to_validity(),
    )


def _merchant(row: MerchantRow) -> Merchant:
    return Merchant(row.id, row.name, row.licence, row.area_code, row.to_validity())


def _duty(row: DutyRow) -> Duty:
    return Duty(
        duty_id=row.id,
        scope=row.scope,
        target=row.target,
        person=row.person,
        post=row.post,
        department=row.department,
        backup=row.backup,
        shift=parse_seasonal_hours(row.shift or ("always",)),
        validity=row.to_validity(),
    )


def _limit(row: LimitRow) -> ListedLimit:
    return ListedLimit(row.profile, Limit(row.amount, row.unit), row.stage, row.kind, row.source)


def _code(row: CodeRow) -> ListedCode:
    return ListedCode(row.standard, row.kind, row.code, row.to_names(), row.to_validity())


def _hours(lines: tuple[str, ...]) -> Hours | None:
    return parse_seasonal_hours(lines) if lines else None


def _only(kind: type[RowT], rows: Iterable[Row]) -> Iterable[RowT]:
    return (row for row in rows if isinstance(row, kind))
