"""The law of one site as values: its registers, and what each violation is called, coded, based on and allowed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntEnum, StrEnum
from functools import cached_property

from central.domain.registers.names import ALWAYS_VALID, Names
from central.domain.registers.permits import Permit, PermitKind
from central.domain.registers.seasons import Hours
from central.domain.registers.shops import Frontage
from central.domain.registers.snapshot import NO_REGISTERS, Registers
from central.domain.registers.zones import Zone, ZoneKind
from contract.plane import Point
from contract.taxonomy import Seen, Violation

__all__ = [
    "TRADE_ZONES",
    "Code",
    "Law",
    "Names",
    "NeededRegister",
    "Needs",
    "Recheck",
    "Severity",
    "ViolationRule",
    "Zone",
    "ZoneKind",
]

TRADE_ZONES = frozenset({ZoneKind.VENDOR_GUIDE_ZONE, ZoneKind.VENDOR_CLUSTER, ZoneKind.CONVENIENCE_MARKET})
"""Where the county lets people trade during the zone's hours."""
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""A node may tell any time; the calendar ends before the year 10000, and seasons look a year back."""


class Severity(IntEnum):
    """How urgently a person should look; the console's colour."""

    CALM = 0
    NOTICE = 1
    WARNING = 2
    URGENT = 3


class NeededRegister(StrEnum):
    """A register without which a violation can't be told from what is allowed."""

    PERMITS = "permits"
    FRONTAGES = "frontages"


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be registered before something is this violation: a zone of one of the kinds, and all the registers."""

    zones: frozenset[ZoneKind] = frozenset()
    registers: frozenset[NeededRegister] = frozenset()

    def missing_in(self, registers: Registers) -> tuple[str, ...]:
        """What the site's registers lack of it, in words of the registers; kinds of which one would do, with ``|``."""
        found = [] if not self.zones or registers.has_zones_of(self.zones) else ["|".join(sorted(self.zones))]
        has = {
            NeededRegister.PERMITS: bool(registers.permits),
            NeededRegister.FRONTAGES: bool(registers.frontages),
        }
        return (*found, *(name for name in sorted(self.registers) if not has[name]))


@dataclass(frozen=True, slots=True)
class Code:
    """A violation's code and the standard it is taken from; never one without the other."""

    standard: str
    code: str


@dataclass(frozen=True, slots=True)
class Recheck:
    """When a handled scene counts as clear: so many looks in a row without it, this far apart."""

    looks: int
    every: timedelta


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
    hours: Hours
    remind_first: timedelta | None
    legal_basis: Names | None = None
    needs: Needs = Needs()
    recheck: Recheck | None = None


@dataclass(frozen=True)
class Law:
    """Everything the judge may know besides the cases.

    `compound_reach_m`: a stall this near explains the smoke. `cooking_goods`: the words by which a zone's or a
    permit's goods allow a grill. `legal_review`: who checked the legal bases, "" while nobody has. `needs_somebody`:
    what is trade only while somebody stays with it; `left_alone`: what a cart is without, None for nothing.
    """

    violations: Mapping[Violation, ViolationRule]
    timezone: tzinfo
    registers: Registers = NO_REGISTERS
    compound_reach_m: float = 15.0
    version: str = "1"
    cooking_goods: frozenset[str] = frozenset()
    legal_review: str = ""
    needs_somebody: frozenset[Seen] = frozenset({Seen.CART, Seen.PARASOL, Seen.TABLE})
    left_alone: Violation | None = Violation.PILED_GOODS

    @property
    def zones(self) -> tuple[Zone, ...]:
        return self.registers.zones

    @cached_property
    def missing(self) -> Mapping[Violation, tuple[str, ...]]:
        """What the registers lack of what each violation needs."""
        return {kind: rule.needs.missing_in(self.registers) for kind, rule in self.violations.items()}

    @cached_property
    def goods_matter(self) -> bool:
        """Whether any stall's permit is for some goods only."""
        return any(permit.goods for permit in self.registers.permits)

    @cached_property
    def zones_run_out(self) -> bool:
        """Whether any zone has a last day; else nobody need ask which zones were here once."""
        return any(zone.validity.last is not None for zone in self.zones)

    def cameras_of_shop(self, shop_id: str) -> frozenset[str]:
        """The cameras on whose pictures the shop's front is."""
        return self._cameras_by_shop.get(shop_id, frozenset())

    def shop_in_picture(
        self, camera_id: str, spots: Sequence[tuple[float, float]], preset: str, day: date
    ) -> str | None:
        """The id of the shop whose frontage holds the first of the spots that one holds, 0..1 of the picture."""
        for x, y in spots:
            for west, north, east, south, front in self._fronts.get(camera_id, ()):
                is_near = west <= x <= east and north <= y <= south
                if is_near and front.preset in {"", preset} and front.shows(x, y) and front.is_in_force(day):
                    return front.shop_id
        return None

    @cached_property
    def _fronts(self) -> Mapping[str, tuple[tuple[float, float, float, float, Frontage], ...]]:
        """Each camera's frontages with their bounds: most spots lie outside most of them."""
        found: dict[str, tuple[tuple[float, float, float, float, Frontage], ...]] = {}
        for front in self.registers.frontages:
            if front.region_norm:
                xs, ys = [corner[0] for corner in front.region_norm], [corner[1] for corner in front.region_norm]
                bounded = (min(xs), min(ys), max(xs), max(ys), front)
                found[front.camera_id] = (*found.get(front.camera_id, ()), bounded)
        return found

    @cached_property
    def _cameras_by_shop(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for front in self.registers.frontages:
            found[front.shop_id] = found.get(front.shop_id, frozenset()) | {front.camera_id}
        return found

    def local(self, instant: datetime) -> datetime:
        """Wall time at the site."""
        return min(max(instant, EARLIEST), LATEST).astimezone(self.timezone)

    def codes_of(self, kind: Violation, day: date) -> tuple[Code, ...]:
        """Its codes as the registered tables have them on `day`, else as the catalogue has them."""
        listed = self.registers.codes_of(kind, day) if self.registers.codes else ()
        return tuple(Code(entry.standard, entry.code) for entry in listed) or self.violations[kind].codes

    def permits_of_place(self, camera_id: str, place_id: str) -> tuple[Permit, ...]:
        """Every permit of a region of the camera's picture: in force, run out, or not yet begun."""
        return self._dated(self._undated.permits_of_place(camera_id, place_id, _ANY_DAY))

    def permits_at(self, point: Point, kinds: frozenset[PermitKind]) -> tuple[Permit, ...]:
        """Every permit whose geometry holds `point`, whenever it is in force."""
        return self._dated(self._undated.permits_at(point, _ANY_DAY, kinds))

    def _dated(self, found: tuple[Permit, ...]) -> tuple[Permit, ...]:
        return tuple(self._permits_by_id[permit.permit_id] for permit in found)

    @cached_property
    def _permits_by_id(self) -> Mapping[str, Permit]:
        return {permit.permit_id: permit for permit in self.registers.permits}

    @cached_property
    def _undated(self) -> Registers:
        """The permits without their dates, so that the register's own indexes find those that ran out as well."""
        return Registers(permits=tuple(replace(permit, validity=ALWAYS_VALID) for permit in self.registers.permits))


_ANY_DAY = date(2000, 1, 1)
