"""Stalls, carts, parasols and tables: lawful in a zone or by a permit, else whose trade it is and where.

That somebody stays with a cart, a parasol or a table is asked last: `central.domain.judgement.attendance`.
"""

from datetime import timedelta

from central.domain.judgement.attendance import is_staffed, with_somebody
from central.domain.judgement.facts import permit_facts, shop_facts, zone_facts
from central.domain.judgement.fire import BURNS
from central.domain.judgement.scene import FURNITURE, TRADERS, Scene, shops_of
from central.domain.judgement.verdicts import Judgement, Lawful, Meaning, Observing
from central.domain.law import TRADE_ZONES, Law, Zone
from central.domain.reasons import Reason
from central.domain.registers.permits import Permit, PermitKind
from central.domain.registers.shops import Shop
from contract.taxonomy import KindGroup, Seen, Violation

STALL_PERMITS = frozenset({PermitKind.STALL})
SILENT_FOR = timedelta(seconds=150)
"""A node tells once a minute what stays, and a stall is gone after two: who was silent longer is not counted."""
COOKING = BURNS | {Seen.GRILL}


def meaning_of(scene: Scene, law: Law) -> Meaning | Judgement:
    """What a case of street trade means at its place and time."""
    return with_somebody(_unasked(scene, law), scene, law)


def _unasked(scene: Scene, law: Law) -> Meaning | Judgement:
    """The same without asking who was there."""
    is_trader = not scene.seen.isdisjoint(TRADERS) or is_staffed(scene, law)
    permits = _permits(scene, law)
    for permit in permits:
        if permit.is_in_force(scene.day) and _allows(permit, scene, law):
            return Lawful("stall_permit", (Reason("stall_permit", permit_facts(permit)),), permit.permit_id)
    before = _why_not(permits, scene)
    zone = scene.zone_of(TRADE_ZONES)
    if zone is not None:
        return _in_zone(scene, law, zone, before, is_trader)
    past = scene.past_zone_of(TRADE_ZONES)
    if past is not None:
        before = (*before, Reason("zone_ended", zone_facts(past)))
    shops = shops_of(scene.case, law, scene.day)
    if shops and Seen.CART not in scene.seen:
        return _at_shop(scene, law, shops[0], before)
    if scene.seen.isdisjoint(TRADERS):
        return _furniture(scene, law, before)
    if scene.place is None and not scene.zones and law.registers.has_zones_of(TRADE_ZONES):
        reasons = (*before, Reason("no_ground_point"))
        return Meaning(Violation.ROAD_OCCUPATION, reasons, is_certain=False)
    if Seen.STALL in scene.seen:
        return Meaning(Violation.ROAD_OCCUPATION, (*before, Reason("stall_outside_zone")))
    return Meaning(Violation.MOBILE_VENDOR, (*before, Reason("cart_outside_zone")))


def _in_zone(scene: Scene, law: Law, zone: Zone, before: tuple[Reason, ...], is_trader: bool) -> Meaning | Judgement:
    facts = zone_facts(zone)
    if not is_trader and not (zone.hours.is_open(scene.local) and zone.has_valid_plaque(scene.day)):
        return _alone(scene, Reason("furniture_alone"))
    is_cart = Seen.CART in scene.seen and Seen.STALL not in scene.seen
    first = Violation.MOBILE_VENDOR if is_cart else Violation.ROAD_OCCUPATION
    if not zone.has_valid_plaque(scene.day):
        reasons = (*before, Reason("plaque_expired", {**facts, "plaque": zone.plaque}))
        return Meaning(Violation.NIGHT_MARKET, reasons, is_certain=False, counts_always=True, instead_of=first)
    if not zone.hours.is_open(scene.local):
        closed_for = zone.hours.closed_for(scene.local)
        reasons = (*before, Reason("trade_zone_closed", facts))
        return Meaning(Violation.NIGHT_MARKET, reasons, counts_always=True, closed_for=closed_for, instead_of=first)
    if zone.goods and is_trader and zone.goods.isdisjoint(law.cooking_goods) and _cooks(scene, law):
        reasons = (*before, Reason("goods_not_allowed", {**facts, "goods": ", ".join(sorted(zone.goods))}))
        return Meaning(Violation.NIGHT_MARKET, reasons, is_certain=False, counts_always=True, instead_of=first)
    if zone.capacity is not None and is_trader:
        earlier = _came_earlier(scene, zone)
        if earlier >= zone.capacity:
            reasons = (*before, Reason("over_capacity", {**facts, "count": earlier + 1, "capacity": zone.capacity}))
            return Meaning(Violation.NIGHT_MARKET, reasons, is_certain=False, counts_always=True, instead_of=first)
    return Lawful("trade_zone", (Reason("inside_trade_zone", facts),), zone_id=zone.zone_id)


def _came_earlier(scene: Scene, zone: Zone) -> int:
    """How many stalls that are in the zone now came before this one."""
    return sum(
        other.point is not None and zone.holds(other.point)
        for other in scene.near
        if other.group is KindGroup.TRADE
        and not other.seen.isdisjoint(TRADERS)
        and other.was_there(scene.at, SILENT_FOR)
        and other.came_before(scene.case)
    )


def _at_shop(scene: Scene, law: Law, shop: Shop, before: tuple[Reason, ...]) -> Meaning | Judgement:
    """What stands before a shop is the shop's, unless a permit lets it."""
    for permit in law.registers.permits_of_shop(shop.shop_id, scene.day, STALL_PERMITS):
        if _allows(permit, scene, law):
            return Lawful("stall_permit", (Reason("stall_permit", permit_facts(permit)),), permit.permit_id)
    reasons = (*before, Reason("goods_before_shop", shop_facts(shop)))
    first = Violation.ROAD_OCCUPATION if Seen.STALL in scene.seen else None
    return Meaning(Violation.SHOP_OVERFLOW, reasons, hours=shop.hours, instead_of=first)


def _furniture(scene: Scene, law: Law, before: tuple[Reason, ...]) -> Meaning | Judgement:
    """Parasol and table together are somebody's seats; one of them alone, or beside a fire, is no case of its own."""
    if next(scene.beside(KindGroup.FIRE, COOKING, law.compound_reach_m), None) is not None:
        return _alone(scene, Reason("furniture_beside_fire"))
    if scene.seen < FURNITURE:
        return _alone(scene, Reason("furniture_alone"))
    reasons = (*before, Reason("furniture_together"))
    return Meaning(Violation.ROAD_OCCUPATION, reasons, is_certain=False)


def _alone(scene: Scene, reason: Reason) -> Observing:
    return Observing(None, scene.dwell, None, (reason,))


def _permits(scene: Scene, law: Law) -> tuple[Permit, ...]:
    """Stall permits of this place, whenever they are in force, in the order of their ids."""
    if scene.place is None or not law.registers.permits:
        return ()
    return tuple(sorted(law.permits_at(scene.place.point, STALL_PERMITS), key=lambda permit: permit.permit_id))


def _allows(permit: Permit, scene: Scene, law: Law) -> bool:
    if permit.hours is not None and not permit.hours.is_open(scene.local):
        return False
    return not permit.goods or not permit.goods.isdisjoint(law.cooking_goods) or not _cooks(scene, law)


def _why_not(permits: tuple[Permit, ...], scene: Scene) -> tuple[Reason, ...]:
    """What the nearest thing to a permit lacks; at most one reason."""
    for permit in permits:
        if permit.is_in_force(scene.day):
            code = "permit_hours_or_goods"
        elif permit.validity.has_ended(scene.day):
            code = "permit_expired"
        else:
            code = "permit_not_yet"
        return (Reason(code, permit_facts(permit)),)
    return ()


def _cooks(scene: Scene, law: Law) -> bool:
    return next(scene.beside(KindGroup.FIRE, COOKING, law.compound_reach_m), None) is not None
