"""What a case means there and then: lawful, a violation, still too short, or a question for a person. Pure.

First the meaning (zones, kinds together), then the hours, then the legal dwell in event time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from central.domain.geometry import Position, distance_m, fuse
from central.domain.law import TRADE_ZONES, Code, Law, Severity, Zone, ZoneKind
from central.domain.reasons import Reason
from central.domain.values import CaseSnapshot, Doubt
from contract.taxonomy import KindGroup, Seen, Violation

SERIOUS = frozenset({Doubt.CAMERA_MOVED, Doubt.CAMERA_BLIND, Doubt.CAMERA_DULL})
"""Doubts about what is there at all; an unsure clock leaves that alone."""
TRADERS = frozenset({Seen.STALL, Seen.CART})
FURNITURE = frozenset({Seen.PARASOL, Seen.TABLE})
VAGUE = frozenset({Seen.SMOKE, Seen.PARASOL, Seen.TABLE})
"""Things whose foot point says little; they place a case only when nothing better does."""


@dataclass(frozen=True, slots=True)
class Lawful:
    """Allowed there and then: kept for the record, nobody is sent."""

    rule: str
    reasons: tuple[Reason, ...]
    kind: Literal["lawful"] = "lawful"


@dataclass(frozen=True, slots=True)
class Breach:
    """A violation that has lasted longer than the law allows; a person reviews it."""

    violation: Violation
    severity: Severity
    codes: tuple[Code, ...]
    dwell: timedelta
    legal_dwell: timedelta
    reasons: tuple[Reason, ...]
    kind: Literal["violation"] = "violation"


@dataclass(frozen=True, slots=True)
class Observing:
    """Not long enough yet, or nothing by itself; `violation` is what it would be."""

    violation: Violation | None
    dwell: timedelta
    legal_dwell: timedelta | None
    reasons: tuple[Reason, ...]
    kind: Literal["observing"] = "observing"


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """The rules can't tell; `suggested` is what it may be."""

    suggested: Violation | None
    reasons: tuple[Reason, ...]
    kind: Literal["needs_person"] = "needs_person"


Judgement = Lawful | Breach | Observing | NeedsPerson


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What it is, before hours and dwell; `not_before` shortens the dwell (a zone that closed while it stood there)."""

    violation: Violation
    reason: Reason
    is_certain: bool = True
    counts_always: bool = False
    closed_for: timedelta | None = None


def judge(case: CaseSnapshot, near: Sequence[CaseSnapshot], law: Law) -> Judgement:
    """The judgement on `case` at the event time of its last sighting.

    Whoever's cameras are all in doubt goes to a person, with the doubts as reasons; one sound camera is enough.

    Args:
        case: the case.
        near: other cases of the same time; those within `law.compound_reach_m` may explain it.
        law: zones, hours and dwells.
    """
    verdict = _plainly(case, near, law)
    doubts = doubts_of(case)
    if not doubts:
        return verdict
    is_unsupported = all(member.doubts & SERIOUS for member in case.members)
    if isinstance(verdict, Breach) and is_unsupported:
        return NeedsPerson(verdict.violation, (*verdict.reasons, *doubts))
    return replace(verdict, reasons=(*verdict.reasons, *doubts))


def doubts_of(case: CaseSnapshot) -> tuple[Reason, ...]:
    """What speaks against trusting the case's cameras, each camera's doubt once."""
    found = {(doubt, member.camera_id) for member in case.members for doubt in member.doubts}
    return tuple(Reason(doubt.value, {"camera": camera}) for doubt, camera in sorted(found))


def _plainly(case: CaseSnapshot, near: Sequence[CaseSnapshot], law: Law) -> Judgement:
    match case.group:
        case KindGroup.FIRE:
            meaning = _fire(case, near, law)
        case KindGroup.TRADE:
            meaning = _trade(case, law)
        case KindGroup.SIGNAGE:
            return NeedsPerson(Violation.ILLEGAL_AD, (Reason("no_register_yet"),))
        case KindGroup.WASTE:
            kind = Violation.BIN_OVERFLOW if Seen.BIN_OVERFLOW in case.seen else Violation.EXPOSED_GARBAGE
            meaning = _Meaning(kind, Reason("garbage_needs_person"), is_certain=False)
    return meaning if not isinstance(meaning, _Meaning) else _weigh(meaning, case, law)


def place_of(case: CaseSnapshot) -> Position | None:
    """Where the case is: its solid things' fused position, or its vague things' when it has no other."""
    solid = [member.position for member in case.members if member.position and member.seen not in VAGUE]
    return fuse(solid or [member.position for member in case.members if member.position])


def zones_of(case: CaseSnapshot, law: Law) -> tuple[Zone, ...]:
    """The zones that hold the case: by its position, or without one by the names its cameras gave."""
    place = place_of(case)
    if place is not None:
        return tuple(zone for zone in law.zones if zone.holds(place.point))
    named = {name for member in case.members for name in member.zones}
    return tuple(zone for zone in law.zones if zone.zone_id in named)


def _fire(case: CaseSnapshot, near: Sequence[CaseSnapshot], law: Law) -> _Meaning | Judgement:
    zones = zones_of(case, law)
    flame_or_smoke = case.seen & {Seen.FLAME, Seen.SMOKE}
    recycling = _first(zones, {ZoneKind.RECYCLING_ZONE})
    if recycling is not None and flame_or_smoke:
        return _Meaning(Violation.WASTE_BURNING, Reason("fire_in_recycling_zone", _facts(recycling)))
    site = _first(zones, {ZoneKind.BBQ_SITE})
    if site is not None and site.hours.is_open(law.local(case.last_seen_at)):
        return Lawful("bbq_site", (Reason("inside_bbq_site", _facts(site)),))
    ban = _first(zones, {ZoneKind.BBQ_BAN_AREA}) or _first(zones, {ZoneKind.BUILT_UP_AREA})
    if ban is None:
        if place_of(case) is None and not zones:
            return _Meaning(Violation.OPEN_BBQ, Reason("no_ground_point"), is_certain=False, counts_always=True)
        code = "flame_alone" if Seen.FLAME in case.seen and Seen.GRILL not in case.seen else "fire_outside_ban_area"
        suggested = Violation.WASTE_BURNING if code == "flame_alone" else Violation.OPEN_BBQ
        return _Meaning(suggested, Reason(code), is_certain=False, counts_always=True)
    always = ban.kind is ZoneKind.BBQ_BAN_AREA
    if Seen.GRILL in case.seen:
        return _Meaning(Violation.OPEN_BBQ, Reason("grill_in_ban_area", _facts(ban)), counts_always=always)
    if _has_trade_beside(case, near, law):
        return _Meaning(Violation.OPEN_BBQ, Reason("smoke_with_trade", _facts(ban)), counts_always=always)
    if Seen.FLAME in case.seen:
        return _Meaning(Violation.WASTE_BURNING, Reason("flame_alone"), is_certain=False, counts_always=True)
    return _Meaning(Violation.OPEN_BBQ, Reason("smoke_alone", _facts(ban)), is_certain=False, counts_always=True)


def _trade(case: CaseSnapshot, law: Law) -> _Meaning | Judgement:
    if not case.seen & TRADERS:
        dwell = case.last_seen_at - case.first_seen_at
        return Observing(None, dwell, None, (Reason("furniture_alone"),))
    zones = zones_of(case, law)
    zone = _first(zones, TRADE_ZONES)
    if zone is not None:
        local = law.local(case.last_seen_at)
        if zone.hours.is_open(local):
            return Lawful("trade_zone", (Reason("inside_trade_zone", _facts(zone)),))
        closed_for = zone.hours.closed_for(local)
        reason = Reason("trade_zone_closed", _facts(zone))
        return _Meaning(Violation.NIGHT_MARKET, reason, counts_always=True, closed_for=closed_for)
    if place_of(case) is None and not zones and any(entry.kind in TRADE_ZONES for entry in law.zones):
        return _Meaning(Violation.ROAD_OCCUPATION, Reason("no_ground_point"), is_certain=False)
    if Seen.STALL in case.seen:
        return _Meaning(Violation.ROAD_OCCUPATION, Reason("stall_outside_zone"))
    return _Meaning(Violation.MOBILE_VENDOR, Reason("cart_outside_zone"))


def _weigh(meaning: _Meaning, case: CaseSnapshot, law: Law) -> Judgement:
    rule = law.violations[meaning.violation]
    if not meaning.counts_always and not rule.hours.is_open(law.local(case.last_seen_at)):
        reason = Reason("outside_enforcement_hours", {"hours": rule.hours.text})
        return Lawful("outside_enforcement_hours", (meaning.reason, reason))
    dwell = case.last_seen_at - case.first_seen_at
    if meaning.closed_for is not None:
        dwell = min(dwell, meaning.closed_for)
    facts = {"dwell_s": int(dwell.total_seconds()), "legal_s": int(rule.legal_dwell.total_seconds())}
    if dwell < rule.legal_dwell:
        short = Reason("dwell_short", facts)
        return Observing(meaning.violation, dwell, rule.legal_dwell, (meaning.reason, short))
    reasons = (meaning.reason, Reason("dwell_reached", facts))
    if not meaning.is_certain:
        return NeedsPerson(meaning.violation, reasons)
    return Breach(meaning.violation, rule.severity, rule.codes, dwell, rule.legal_dwell, reasons)


def _has_trade_beside(case: CaseSnapshot, near: Sequence[CaseSnapshot], law: Law) -> bool:
    place = place_of(case)
    if place is None:
        return False
    for other in near:
        if other.group is not KindGroup.TRADE or not other.seen & TRADERS:
            continue
        theirs = place_of(other)
        if theirs is not None and distance_m(place.point, theirs.point) <= law.compound_reach_m:
            return True
    return False


def _first(zones: Iterable[Zone], kinds: Iterable[ZoneKind]) -> Zone | None:
    wanted = frozenset(kinds)
    return next((zone for zone in zones if zone.kind in wanted), None)


def _facts(zone: Zone) -> dict[str, str | int]:
    return {"zone_id": zone.zone_id, "zone": zone.names.zh, "zone_en": zone.names.en, "hours": zone.hours.text}
