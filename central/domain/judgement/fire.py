"""Smoke, flame and grills: barbecue in a ban area, waste burning, or the fume of a licensed barbecue site."""

from central.domain.judgement.facts import zone_facts
from central.domain.judgement.scene import TRADERS, Scene
from central.domain.judgement.verdicts import Judgement, Lawful, Meaning
from central.domain.law import Law, Zone, ZoneKind
from central.domain.reasons import Reason
from contract.taxonomy import KindGroup, Seen, Violation

BURNS = frozenset({Seen.FLAME, Seen.SMOKE})


def meaning_of(scene: Scene, law: Law) -> Meaning | Judgement:
    """What a case of fire and smoke means at its place."""
    recycling = scene.zone_of({ZoneKind.RECYCLING_ZONE})
    if recycling is not None and not scene.seen.isdisjoint(BURNS):
        return Meaning(Violation.WASTE_BURNING, (Reason("fire_in_recycling_zone", zone_facts(recycling)),))
    site = scene.zone_of({ZoneKind.BBQ_SITE})
    before: tuple[Reason, ...] = ()
    if site is not None:
        if not site.has_valid_plaque(scene.day):
            reasons = (Reason("plaque_expired", {**zone_facts(site), "plaque": site.plaque}),)
            return Meaning(Violation.OPEN_BBQ, reasons, is_certain=False, counts_always=True)
        if site.hours.is_open(scene.local):
            return _in_site(scene, site)
        before = (Reason("bbq_site_closed", zone_facts(site)),)
    else:
        past = scene.past_zone_of({ZoneKind.BBQ_SITE})
        if past is not None:
            before = (Reason("zone_ended", zone_facts(past)),)
    ban = scene.zone_of({ZoneKind.BBQ_BAN_AREA}) or scene.zone_of({ZoneKind.BUILT_UP_AREA})
    return _outside_ban(scene, law, before) if ban is None else _in_ban(scene, law, ban, before)


def _in_site(scene: Scene, site: Zone) -> Meaning | Judgement:
    """A licensed site may grill; whether its fume is too much is another matter."""
    if Seen.SMOKE not in scene.seen:
        return Lawful("bbq_site", (Reason("inside_bbq_site", zone_facts(site)),), zone_id=site.zone_id)
    reasons = (Reason("smoke_in_bbq_site", zone_facts(site)),)
    return Meaning(Violation.OIL_FUME, reasons, counts_always=True, instead_of=Violation.OPEN_BBQ)


def _in_ban(scene: Scene, law: Law, ban: Zone, before: tuple[Reason, ...]) -> Meaning:
    always = ban.kind is ZoneKind.BBQ_BAN_AREA
    facts = zone_facts(ban)
    if Seen.GRILL in scene.seen:
        reasons = (*before, Reason("grill_in_ban_area", facts))
        return Meaning(Violation.OPEN_BBQ, reasons, counts_always=always)
    if _has_trade_beside(scene, law):
        return Meaning(Violation.OPEN_BBQ, (*before, Reason("smoke_with_trade", facts)), counts_always=always)
    if Seen.FLAME in scene.seen:
        reasons = (*before, Reason("flame_alone"))
        return Meaning(Violation.WASTE_BURNING, reasons, is_certain=False, counts_always=True)
    return Meaning(Violation.OPEN_BBQ, (*before, Reason("smoke_alone", facts)), is_certain=False, counts_always=True)


def _outside_ban(scene: Scene, law: Law, before: tuple[Reason, ...]) -> Meaning | Judgement:
    """Where nobody drew a ban area nothing is a barbecue violation; fire without a grill may still burn waste."""
    if scene.place is None and not scene.zones:
        reasons = (*before, Reason("no_ground_point"))
        return Meaning(Violation.OPEN_BBQ, reasons, is_certain=False, counts_always=True)
    is_cooking = Seen.GRILL in scene.seen or _has_trade_beside(scene, law)
    if not is_cooking:
        code = "flame_alone" if Seen.FLAME in scene.seen else "smoke_outside_ban_area"
        reasons = (*before, Reason(code))
        return Meaning(Violation.WASTE_BURNING, reasons, is_certain=False, counts_always=True)
    reasons = (*before, Reason("fire_outside_ban_area"))
    if law.registers.has_zones_of(law.violations[Violation.OPEN_BBQ].needs.zones):
        return Lawful("outside_ban_area", reasons)
    return Meaning(Violation.OPEN_BBQ, reasons, is_certain=False, counts_always=True)


def _has_trade_beside(scene: Scene, law: Law) -> bool:
    return next(scene.beside(KindGroup.TRADE, TRADERS, law.compound_reach_m), None) is not None
