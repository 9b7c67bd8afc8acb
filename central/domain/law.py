"""The law of one site as values: zones on the ground, and what each violation is called, coded and allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import IntEnum, StrEnum

from central.domain.hours import WeeklyHours
from contract.plane import Point, contains
from contract.taxonomy import Violation


class ZoneKind(StrEnum):
    """What a polygon on the ground means (DOMAIN §1)."""

    VENDOR_GUIDE_ZONE = "vendor_guide_zone"
    VENDOR_CLUSTER = "vendor_cluster"
    CONVENIENCE_MARKET = "convenience_market"
    RECYCLING_ZONE = "recycling_zone"
    BBQ_SITE = "bbq_site"
    BBQ_BAN_AREA = "bbq_ban_area"
    BUILT_UP_AREA = "built_up_area"


TRADE_ZONES = frozenset({ZoneKind.VENDOR_GUIDE_ZONE, ZoneKind.VENDOR_CLUSTER, ZoneKind.CONVENIENCE_MARKET})
"""Where the county lets people trade during the zone's hours."""


class Severity(IntEnum):
    """How urgently a person should look; the console's colour."""

    CALM = 0
    NOTICE = 1
    WARNING = 2
    URGENT = 3


@dataclass(frozen=True, slots=True)
class Names:
    """One thing's name in both languages of the console."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon in local metres with its opening hours in local time."""

    zone_id: str
    kind: ZoneKind
    names: Names
    polygon: tuple[Point, ...]
    hours: WeeklyHours

    def holds(self, point: Point) -> bool:
        return contains([(corner.east_m, corner.north_m) for corner in self.polygon], point.east_m, point.north_m)


@dataclass(frozen=True, slots=True)
class Code:
    """A violation's code and the standard it is taken from; never one without the other."""

    standard: str
    code: str


@dataclass(frozen=True, slots=True)
class ViolationRule:
    """What is said about one violation (DOMAIN §2 and §7b).

    legal_dwell: how long the thing may be there before it counts, in event time.
    hours: when it counts at all, in local time.
    remind_first: how long after a reminder it is left alone; None when it is never reminded.
    """

    kind: Violation
    names: Names
    codes: tuple[Code, ...]
    severity: Severity
    legal_dwell: timedelta
    hours: WeeklyHours
    remind_first: timedelta | None


@dataclass(frozen=True, slots=True)
class Law:
    """Everything the judge may know besides the cases. `compound_reach_m`: a stall this near explains the smoke."""

    zones: tuple[Zone, ...]
    violations: Mapping[Violation, ViolationRule]
    timezone: tzinfo
    compound_reach_m: float = 15.0
    version: str = "1"

    def local(self, instant: datetime) -> datetime:
        return instant.astimezone(self.timezone)
