"""The law of one site as values: zones on the ground, and what each violation is called, coded and allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import IntEnum

from central.domain.hours import WeeklyHours
from central.domain.registers.names import Names as Names
from central.domain.registers.zones import Zone as Zone
from central.domain.registers.zones import ZoneKind as ZoneKind
from contract.taxonomy import Violation

TRADE_ZONES = frozenset({ZoneKind.VENDOR_GUIDE_ZONE, ZoneKind.VENDOR_CLUSTER, ZoneKind.CONVENIENCE_MARKET})
"""Where the county lets people trade during the zone's hours."""


class Severity(IntEnum):
    """How urgently a person should look; the console's colour."""

    CALM = 0
    NOTICE = 1
    WARNING = 2
    URGENT = 3


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
