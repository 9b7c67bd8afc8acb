"""An invented district's ground: areas, zones, roads, shops, permits, cameras and who answers for what.

Its code is Zhangdian's and it lies where Zhangdian lies; every name is invented and says so (虚构).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from central.demo.lattice import (
    CITY,
    COMMUNITIES,
    COMMUNITY_M,
    DISTRICT,
    GRID_M,
    GRIDS,
    STREET_M,
    STREETS,
    Corner,
    Lattice,
    beside,
    street_code,
)
from central.demo.staff import DEPARTMENTS, officer_of
from central.domain.registers.zones import ZoneKind
from central.services.registers_base import Register
from contract.plane import Origin, Point

Row = dict[str, object]


_ZONES = {
    ZoneKind.VENDOR_GUIDE_ZONE: (
        "疏导区",
        "vendor guide zone",
        ("05-01..10-15 daily 16:00-23:30", "daily 16:00-21:30"),
    ),
    ZoneKind.BBQ_SITE: ("烧烤大院", "barbecue yard", ("daily 16:00-23:59",)),
    ZoneKind.CONVENIENCE_MARKET: ("便民市场", "convenience market", ("daily 05:30-19:00",)),
    ZoneKind.RECYCLING_ZONE: ("废品回收点", "recycling point", ("daily 07:00-18:00",)),
    ZoneKind.VENDOR_CLUSTER: ("摊点群", "stall cluster", ("daily 06:00-22:00",)),
}

_KINDS = (
    ZoneKind.VENDOR_GUIDE_ZONE,
    ZoneKind.BBQ_SITE,
    ZoneKind.CONVENIENCE_MARKET,
    ZoneKind.RECYCLING_ZONE,
    ZoneKind.VENDOR_CLUSTER,
    ZoneKind.BBQ_SITE,
)


@dataclass(frozen=True, slots=True)
class Lawful:
    """A zone where something stands lawfully while it is open."""

    kind: ZoneKind
    point: Point
    corner: Corner


@dataclass(frozen=True, slots=True)
class Ground:
    """Rows for every register, in the order in which they are put there, and what the month's story needs of them."""

    rows: tuple[tuple[Register, tuple[Row, ...]], ...]
    corners: tuple[Corner, ...]
    lawful: tuple[Lawful, ...]


def make_ground(seed: int, origin: Origin, today: date) -> Ground:
    """The district of `seed`, with plaques and permits around `today`; some have run out."""
    rng = random.Random(f"ground/{seed}")
    lattice = Lattice(origin)
    corners = tuple(lattice.corners(rng))
    making = _Making(lattice, today)
    lawful = tuple(making.lawful(corners))
    rows: tuple[tuple[Register, tuple[Row, ...]], ...] = (
        (Register.AREAS, tuple(making.areas())),
        (Register.CAMERAS, tuple(making.cameras(corners))),
        (Register.ZONES, tuple(making.zones(lawful))),
        (Register.ROADS, tuple(making.roads())),
        (Register.MERCHANTS, tuple(making.merchants())),
        (Register.SHOPS, tuple(making.shops(corners))),
        (Register.FRONTAGES, tuple(making.frontages(corners))),
        (Register.PERMITS, tuple(making.permits(corners))),
        (Register.DUTIES, tuple(making.duties())),
    )
    return Ground(rows, corners, lawful)


class _Making:
    """Writes the rows of one register after the other."""

    def __init__(self, lattice: Lattice, today: date) -> None:
        self._lattice, self._today = lattice, today

    def areas(self) -> Iterator[Row]:
        yield {"code": CITY, "name_zh": "示例市（虚构）", "name_en": "Example City (invented)"}
        width, height = 3 * STREET_M[0] / 2, STREET_M[1]
        yield self._area(
            DISTRICT, "示例区（虚构）", "Example District (invented)", Point(-width, -height), (2 * width, 2 * height)
        )
        for street, (zh, en) in enumerate(STREETS):
            code, at = street_code(street), self._lattice.street_at(street)
            yield self._area(code, f"{zh}街道（虚构）", f"{en} Street (invented)", at, STREET_M)
            for community in range(COMMUNITIES):
                place = Point(at.east_m + community * COMMUNITY_M, at.north_m)
                own = f"{code}{community + 1:03d}"
                name = f"{zh}第{'一二三'[community]}社区（虚构）", f"{en} community {community + 1} (invented)"
                yield self._area(own, *name, place, (COMMUNITY_M, STREET_M[1]))
                for grid in range(GRIDS):
                    corner = Point(place.east_m, place.north_m + grid * GRID_M)
                    name = f"{zh}{community + 1}-{grid + 1}网格", f"{en} grid {community + 1}-{grid + 1}"
                    yield self._area(f"{own}{grid + 1:03d}", *name, corner, (COMMUNITY_M, GRID_M))

    def lawful(self, corners: tuple[Corner, ...]) -> Iterator[Lawful]:
        """One place for each kind a street is asked to have, some 60 m beside a camera's own corner."""
        for number, corner in enumerate(corners):
            yield Lawful(_KINDS[number % len(_KINDS)], beside(corner.point, 60.0, 0.0), corner)

    def cameras(self, corners: tuple[Corner, ...]) -> Iterator[Row]:
        for number, corner in enumerate(corners, start=1):
            lat, lon = self._lattice.degrees(corner.point)
            is_reviewed = number % 6 == 0
            yield {
                "id": corner.camera_id,
                "number": f"37030300081320{number:06d}",
                "name_zh": f"示例{number}号点（虚构）",
                "name_en": f"example point {number} (invented)",
                "lon": lon,
                "lat": lat,
                "place_text": f"示例路{number * 10}号路口（虚构）",
                "area_code": corner.grid,
                "node_id": corner.node_id,
                "evidence_grade": "penalty_reviewed" if is_reviewed else "patrol_only",
                "review": "示例审核〔2026〕1号（虚构）" if is_reviewed else "",
                "published_place": "示例区公告（虚构）" if is_reviewed else "",
                "valid_from": (self._today - timedelta(days=400)).isoformat(),
            }

    def zones(self, lawful: tuple[Lawful, ...]) -> Iterator[Row]:
        width, height = 3 * STREET_M[0] / 2, STREET_M[1]
        whole = self._lattice.rings(Point(-width, -height), (2 * width, 2 * height))
        for name, kind, zh in (("built-up", "built_up_area", "建成区"), ("bbq-ban", "bbq_ban_area", "露天烧烤禁止区")):
            yield {
                "id": f"demo-{name}",
                "kind": kind,
                "name_zh": f"示例{zh}（虚构）",
                "name_en": f"example {kind.replace('_', ' ')} (invented)",
                "rings": whole,
                "area_code": DISTRICT,
            }
        for number, place in enumerate(lawful, start=1):
            yield self._zone(number, place)

    def roads(self) -> Iterator[Row]:
        for street, (zh, en) in enumerate(STREETS):
            at = self._lattice.street_at(street)
            yield {
                "id": f"demo-road-{street + 1}",
                "name_zh": f"{zh}大街（虚构）",
                "name_en": f"{en} Avenue (invented)",
                "road_class": "main" if street % 2 == 0 else "secondary",
                "rings": self._lattice.rings(Point(at.east_m, at.north_m + 790), (STREET_M[0], 24)),
                "area_code": street_code(street),
            }

    def merchants(self) -> Iterator[Row]:
        for number in range(1, 31):
            is_hardship = number % 9 == 0
            yield {
                "id": f"demo-merchant-{number}",
                "name": f"示例商户{number}（虚构）",
                "area_code": street_code(number % len(STREETS)),
                "is_hardship": is_hardship,
                "hardship_note": "示例帮扶（虚构）" if is_hardship else "",
            }

    def shops(self, corners: tuple[Corner, ...]) -> Iterator[Row]:
        for number in range(1, 61):
            corner = corners[number % len(corners)]
            lat, lon = self._lattice.degrees(beside(corner.point, -30.0, 4.0 * (number % 5)))
            yield {
                "id": f"demo-shop-{number}",
                "name_zh": f"示例商铺{number}（虚构）",
                "name_en": f"example shop {number} (invented)",
                "lon": lon,
                "lat": lat,
                "area_code": corner.grid,
                "merchant_id": f"demo-merchant-{number % 30 + 1}",
                "hours": ["daily 08:00-21:30"],
            }

    def frontages(self, corners: tuple[Corner, ...]) -> Iterator[Row]:
        """One shop a camera has its two signs in the picture: one of them is more than the rule allows."""
        for number, corner in enumerate(corners, start=1):
            yield {
                "id": f"demo-front-{number}",
                "camera_id": corner.camera_id,
                "shop_id": f"demo-shop-{number}",
                "place_ids": ["sign-1", "sign-2"],
            }

    def permits(self, corners: tuple[Corner, ...]) -> Iterator[Row]:
        """For every third corner's first board; every fifth permit has run out."""
        for number, corner in enumerate(corners, start=1):
            if number % 3 == 0:
                continue
            ends = self._today + timedelta(days=-10 if number % 5 == 0 else 200 + number)
            yield {
                "id": f"demo-permit-{number}",
                "kind": "advert",
                "holder": f"示例广告公司{number % 4 + 1}（虚构）",
                "places": [f"{corner.camera_id}/board-1"],
                "board": ("wall", "pillar", "roof", "free_standing")[number % 4],
                "width_m": 6.0,
                "height_m": 3.0,
                "valid_from": (ends - timedelta(days=730)).isoformat(),
                "valid_to": ends.isoformat(),
                "area_code": corner.grid,
            }

    def duties(self) -> Iterator[Row]:
        """An officer a community by day, one a street in the evening; one community has a gap, as real ones do."""
        for street in range(len(STREETS)):
            for community in range(COMMUNITIES):
                code = f"{street_code(street)}{community + 1:03d}"
                if (street, community) == (len(STREETS) - 1, COMMUNITIES - 1):
                    continue
                yield self._duty(code, officer_of(street, community), street, "daily 07:00-19:00")
            yield self._duty(street_code(street), officer_of(street, COMMUNITIES), street, "daily 19:00-24:00")

    def _duty(self, target: str, person: str, street: int, shift: str) -> Row:
        return {
            "id": f"demo-duty-{target}",
            "scope": "area",
            "target": target,
            "person": person,
            "post": "网格员",
            "department": DEPARTMENTS[street % len(DEPARTMENTS)],
            "backup": officer_of((street + 1) % len(STREETS), 0),
            "shift": [shift],
        }

    def _zone(self, number: int, place: Lawful) -> Row:
        zh, en, hours = _ZONES[place.kind]
        ends = self._today + timedelta(days=-20 if number % 11 == 0 else 100 + 7 * number)
        corner = Point(place.point.east_m - 15, place.point.north_m - 12)
        return {
            "id": f"demo-zone-{number}",
            "kind": place.kind.value,
            "name_zh": f"示例{zh}{number}（虚构）",
            "name_en": f"example {en} {number} (invented)",
            "rings": self._lattice.rings(corner, (30, 24)),
            "hours": list(hours),
            "capacity": 8 + number % 20,
            "plaque": f"示例牌{number:03d}",
            "plaque_from": (ends - timedelta(days=365)).isoformat(),
            "plaque_to": ends.isoformat(),
            "holder": "示例管理处（虚构）",
            "area_code": place.corner.grid,
        }

    def _area(self, code: str, zh: str, en: str, corner: Point, size_m: tuple[float, float]) -> Row:
        return {"code": code, "name_zh": zh, "name_en": en, "rings": self._lattice.rings(corner, size_m)}
