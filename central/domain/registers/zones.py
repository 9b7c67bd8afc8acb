"""Zones on the ground: what a polygon means there, when it is open, whose it is and how much it holds (DOMAIN §1)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from central.domain.registers.names import ALWAYS_VALID, Names, Validity
from central.domain.registers.seasons import Hours
from central.domain.registers.shapes import Ring, Shape
from contract.plane import Point


class ZoneKind(StrEnum):
    """What a polygon on the ground means (DOMAIN §1)."""

    VENDOR_GUIDE_ZONE = "vendor_guide_zone"
    VENDOR_CLUSTER = "vendor_cluster"
    CONVENIENCE_MARKET = "convenience_market"
    RECYCLING_ZONE = "recycling_zone"
    BBQ_SITE = "bbq_site"
    BBQ_BAN_AREA = "bbq_ban_area"
    BUILT_UP_AREA = "built_up_area"


PLAQUED = frozenset(set(ZoneKind) - {ZoneKind.BBQ_BAN_AREA, ZoneKind.BUILT_UP_AREA})
"""Kinds that are managed by a plaque (挂牌): somebody holds them, and the plaque runs out."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A named area in local metres with its opening hours in local time.

    `polygon` is its outline; `further` are more rings, holes or separate parts by the even-odd rule. `capacity`: how
    many stalls its plaque allows, None where it names no number. `goods`: what may be traded, empty for anything.
    `plaque_validity` is the plaque's own, where it differs from the zone's.
    """

    zone_id: str
    kind: ZoneKind
    names: Names
    polygon: Ring
    hours: Hours
    further: tuple[Ring, ...] = ()
    capacity: int | None = None
    plaque: str = ""
    plaque_validity: Validity = ALWAYS_VALID
    holder: str = ""
    goods: frozenset[str] = frozenset()
    validity: Validity = ALWAYS_VALID
    area_code: str = ""

    @property
    def shape(self) -> Shape:
        return Shape((self.polygon, *self.further))

    def holds(self, point: Point) -> bool:
        return self.shape.holds(point)

    def is_in_force(self, day: date) -> bool:
        """Whether the zone exists on the local `day`; its plaque is another question."""
        return self.validity.holds(day)

    def has_valid_plaque(self, day: date) -> bool:
        """Whether its plaque, if it has one, holds on `day`."""
        return self.plaque_validity.holds(day)

    def is_open(self, local: datetime) -> bool:
        """Whether it is in force and open at the local wall time."""
        return self.is_in_force(local.date()) and self.hours.is_open(local)
