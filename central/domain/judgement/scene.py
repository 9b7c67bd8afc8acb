"""What the rules look at: one case with its place, its zones, its local time and what stood around it then."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite

from central.domain.geometry import Position, distance_m, fuse
from central.domain.law import TRADE_ZONES, Law, Zone, ZoneKind
from central.domain.registers.shops import Shop
from central.domain.values import CaseSnapshot, Observation
from contract.ids import CaseId
from contract.plane import Point
from contract.taxonomy import KindGroup, Seen

VAGUE = frozenset({Seen.SMOKE, Seen.PARASOL, Seen.TABLE})
"""Things whose foot point says little; they place a case only when nothing better does."""
TRADERS = frozenset({Seen.STALL, Seen.CART})
FURNITURE = frozenset({Seen.PARASOL, Seen.TABLE})


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another case, as far as it may explain this one. `shop_ids`: whose frontage it hangs at (signs and boards)."""

    case_id: CaseId
    group: KindGroup
    seen: frozenset[Seen]
    point: Point | None
    first_seen_at: datetime
    last_seen_at: datetime
    is_gone: bool = False
    shop_ids: frozenset[str] = frozenset()

    def was_there(self, at: datetime, silence: timedelta) -> bool:
        """Whether it was there at `at`; who is not known to be gone may have been silent for `silence`."""
        if self.first_seen_at > at:
            return False
        return self.last_seen_at >= (at if self.is_gone else at - silence)

    def came_before(self, case: CaseSnapshot) -> bool:
        """Who came first keeps its right; of two that came together, the lower id."""
        return (self.first_seen_at, self.case_id) < (case.first_seen_at, case.case_id)


@dataclass(frozen=True, slots=True)
class Scene:
    """One case, looked at: there from `since` to `at` in event time. `local` is the site's wall time at `at`."""

    case: CaseSnapshot
    seen: frozenset[Seen]
    since: datetime
    at: datetime
    local: datetime
    day: date
    place: Position | None
    zones: tuple[Zone, ...]
    past_zones: tuple[Zone, ...]
    near: Sequence[Neighbour]

    @property
    def dwell(self) -> timedelta:
        return self.at - self.since

    def zone_of(self, kinds: Collection[ZoneKind]) -> Zone | None:
        """The zone of `kinds` that speaks most for whoever is there; which is listed first does not matter."""
        found = [zone for zone in self.zones if zone.kind in kinds]
        if len(found) > 1:
            return min(found, key=self._favour)
        return found[0] if found else None

    def past_zone_of(self, kinds: Collection[ZoneKind]) -> Zone | None:
        """A zone of `kinds` that was there, and ran out."""
        return min((zone for zone in self.past_zones if zone.kind in kinds), key=_name, default=None)

    def beside(self, group: KindGroup, seen: frozenset[Seen], reach_m: float) -> Iterator[Neighbour]:
        """Cases of `group` that show something of `seen` within `reach_m`."""
        if self.place is None:
            return
        for other in self.near:
            if other.group is not group or other.point is None or other.seen.isdisjoint(seen):
                continue
            if distance_m(self.place.point, other.point) <= reach_m:
                yield other

    def _favour(self, zone: Zone) -> tuple[bool, bool, bool, str]:
        """Last of all something that may be traded in any goods, so that the choice is the kindest one."""
        is_closed, is_limited = not zone.hours.is_open(self.local), bool(zone.goods)
        return not zone.has_valid_plaque(self.day), is_closed, is_limited, zone.zone_id


def scene_of(case: CaseSnapshot, near: Sequence[Neighbour], law: Law, moment: datetime | None = None) -> Scene:
    """The case as the rules see it at its last sighting, or as they saw it at `moment`, if that was earlier."""
    since, at = case.first_seen_at, case.last_seen_at
    if moment is not None and moment < at:
        at = max(since, moment)
    local, place = law.local(at), place_of(case)
    day = local.date()
    zones = _zones(case, place, law, day)
    past: tuple[Zone, ...] = ()
    if place is not None and law.zones_run_out and not any(zone.kind in TRADE_ZONES for zone in zones):
        past = law.registers.past_zones_at(place.point, day)
    return Scene(case, case.seen, since, at, local, day, place, zones, past, near)


def place_of(case: CaseSnapshot) -> Position | None:
    """Where the case is: its solid things' fused position, or its vague things' when it has no other."""
    positions = [member.position for member in case.members if member.position is not None]
    if len(positions) > 1:
        solid = [member.position for member in case.members if member.position and member.seen not in VAGUE]
        found = fuse(solid or positions)
    else:
        found = positions[0] if positions else None
    if found is None or not isfinite(found.point.east_m) or not isfinite(found.point.north_m):
        return None
    return found


def _zones(case: CaseSnapshot, place: Position | None, law: Law, day: date) -> tuple[Zone, ...]:
    """The zones in force that hold the case: by its position, or without one by the names its cameras gave."""
    if place is not None:
        return law.registers.zones_at(place.point, day)
    named = sorted({name for member in case.members for name in member.zones})
    found = (law.registers.zone(name) for name in named)
    return tuple(zone for zone in found if zone is not None and zone.is_in_force(day))


def shops_of(case: CaseSnapshot, law: Law, day: date) -> tuple[Shop, ...]:
    """The shops at whose frontage the case's sightings are: by the place's name, else by where in the picture."""
    if not law.registers.frontages:
        return ()
    found = {shop.shop_id: shop for member in case.members if (shop := _shop(member, law, day)) is not None}
    return tuple(found[shop_id] for shop_id in sorted(found))


def _shop(member: Observation, law: Law, day: date) -> Shop | None:
    for name in place_names(member):
        shop = law.registers.shop_of_place(member.camera_id, name, day)
        if shop is not None:
            return shop
    if member.box is None:
        return None
    preset = (member.place_id or "").rpartition("/")[0]
    middle = (member.box.x1 + member.box.x2) / 2
    spots = ((middle, (member.box.y1 + member.box.y2) / 2), (middle, member.box.y2))  # goods stand before the front
    shop_id = law.shop_in_picture(member.camera_id, spots, preset, day)
    return None if shop_id is None else law.registers.shop(shop_id)


def place_names(member: Observation) -> tuple[str, ...]:
    """The sighting's place and what it may be registered as: without its preset, and without what the baseline's
    difference put before it.

    A camera reports ``changed-board-3`` for another picture on the known board ``board-3``.
    """
    if member.place_id is None:
        return ()
    preset, _, own = member.place_id.rpartition("/")
    bare = own.removeprefix("changed-").removeprefix("removed-")
    names = (member.place_id, f"{preset}/{bare}" if preset else bare, own, bare)
    return tuple(dict.fromkeys(names))


def neighbour_of(case: CaseSnapshot, law: Law) -> Neighbour:
    """`case` as others see it."""
    place = place_of(case)
    shops: tuple[Shop, ...] = ()
    if case.group is KindGroup.SIGNAGE:
        shops = shops_of(case, law, law.local(case.last_seen_at).date())
    return Neighbour(
        case.case_id,
        case.group,
        case.seen,
        None if place is None else place.point,
        case.first_seen_at,
        case.last_seen_at,
        all(member.is_gone for member in case.members),
        frozenset(shop.shop_id for shop in shops),
    )


def _name(zone: Zone) -> str:
    return zone.zone_id
