"""Signs, boards and banners: a look-up in the permit register by place and kind. Whether the size fits, a person says.

Nothing on a picture tells a licence: what matches no entry is a lead and never a violation by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from central.domain.judgement.facts import permit_facts, shop_facts
from central.domain.judgement.scene import Scene, place_names, shops_of
from central.domain.judgement.verdicts import Judgement, Lawful, Meaning
from central.domain.law import Law
from central.domain.reasons import Reason
from central.domain.registers.permits import Permit, PermitKind
from central.domain.registers.shops import Shop
from contract.taxonomy import KindGroup, Seen, Violation

UNSEEN_FOR = timedelta(hours=26)
"""Boards are looked at by daylight only; one that was there yesterday is taken to hang still."""
SIGNS = frozenset({PermitKind.SHOP_SIGN})
KIND_BY_SEEN: Mapping[Seen, tuple[Violation, frozenset[PermitKind]]] = {
    Seen.BILLBOARD: (Violation.ILLEGAL_AD, frozenset({PermitKind.ADVERT})),
    Seen.SIGN: (Violation.ILLEGAL_SIGN, SIGNS),
    Seen.BANNER: (Violation.ILLEGAL_BANNER, frozenset({PermitKind.BANNER, PermitKind.ADVERT})),
}
"""What a thing is without a permit, and which permits let it hang. The first that is seen counts."""


def meaning_of(scene: Scene, law: Law) -> Meaning | Judgement:
    """What a sign, board or banner means where it hangs."""
    if _is_removed(scene):
        return Meaning(Violation.AD_DAMAGED, (Reason("board_removed"),), is_certain=False)
    kind, kinds = next(found for seen, found in KIND_BY_SEEN.items() if seen in scene.seen)
    permits = _permits(scene, law)
    exempt = [permit for permit in permits if permit.is_public_service and permit.is_in_force(scene.day)]
    fitting = [permit for permit in permits if permit.kind in kinds]
    for permit in (*exempt, *(permit for permit in fitting if permit.is_in_force(scene.day))):
        rule = "public_service" if permit.is_public_service else "permit"
        reason = Reason("public_service" if rule == "public_service" else "permit_valid", permit_facts(permit))
        return Lawful(rule, (reason,), permit.permit_id)
    shops = shops_of(scene.case, law, scene.day)
    if shops:
        return _at_shop(scene, law, shops[0], kind, fitting)
    return _without(scene, law, kind, permits, fitting)


def _at_shop(scene: Scene, law: Law, shop: Shop, kind: Violation, fitting: Sequence[Permit]) -> Meaning | Judgement:
    """One shop, one sign (一店一牌), unless the register allows it more."""
    own = law.registers.permits_of_shop(shop.shop_id, scene.day, SIGNS)
    before = _signs_before(scene, shop, own)
    facts = shop_facts(shop)
    if before >= shop.signs_allowed:
        reason = Reason("sign_too_many", {**facts, "count": before + 1, "allowed": shop.signs_allowed})
        instead = None if kind is Violation.ILLEGAL_SIGN else kind
        return Meaning(Violation.ILLEGAL_SIGN, (reason,), instead_of=instead)
    free = next((permit for permit in own if not permit.places), None)
    if free is not None and kind is Violation.ILLEGAL_SIGN:
        return Lawful("permit", (Reason("permit_valid", permit_facts(free)),), free.permit_id)
    dated = _dated(scene, kind, fitting)
    if dated is not None:
        return dated
    reason = Reason("shop_sign_unregistered", facts)
    return Meaning(kind, (reason,), is_certain=False)


def _without(scene: Scene, law: Law, kind: Violation, permits: Sequence[Permit], fitting: Sequence[Permit]) -> Meaning:
    dated = _dated(scene, kind, fitting)
    if dated is not None:
        return dated
    if permits:
        reason = Reason("permit_of_other_kind", {**permit_facts(permits[0]), "kind": permits[0].kind.value})
    elif law.registers.permits:
        reason = Reason("no_permit_found")
    else:
        reason = Reason("no_register_yet")
    return Meaning(kind, (reason,), is_certain=False)


def _dated(scene: Scene, kind: Violation, fitting: Iterable[Permit]) -> Meaning | None:
    """What a permit says whose days are over, or have not come."""
    ended = [permit for permit in fitting if permit.validity.has_ended(scene.day)]
    if ended:
        latest = max(ended, key=lambda permit: (permit.validity.last, permit.permit_id))
        return Meaning(kind, (Reason("permit_expired", permit_facts(latest)),))
    coming = [permit for permit in fitting if not permit.is_in_force(scene.day)]
    if coming:
        return Meaning(kind, (Reason("permit_not_yet", permit_facts(coming[0])),))
    return None


def _signs_before(scene: Scene, shop: Shop, own: Iterable[Permit]) -> int:
    """How many signs the shop had before this one: those permitted elsewhere, and those that hang without one."""
    here = {name for member in scene.case.members for name in place_names(member)}
    elsewhere = sum(bool(permit.places) and all(p.place_id not in here for p in permit.places) for permit in own)
    hanging = sum(
        shop.shop_id in other.shop_ids and other.was_there(scene.at, UNSEEN_FOR) and other.came_before(scene.case)
        for other in scene.near
        if other.group is KindGroup.SIGNAGE
    )
    return elsewhere + hanging


def _permits(scene: Scene, law: Law) -> list[Permit]:
    """Permits of any date for the case's places in the picture, or for where it stands, in the order of their ids."""
    if not law.registers.permits:
        return []
    found = {
        permit.permit_id: permit
        for member in scene.case.members
        for name in place_names(member)
        for permit in law.permits_of_place(member.camera_id, name)
    }
    if not found and scene.place is not None:
        found = {permit.permit_id: permit for permit in law.permits_at(scene.place.point, _HANGING)}
    return [found[permit_id] for permit_id in sorted(found)]


def _is_removed(scene: Scene) -> bool:
    """Whether all that is told is that a known board is not there any more."""
    return all((member.place_id or "").rpartition("/")[2].startswith("removed-") for member in scene.case.members)


_HANGING = frozenset({PermitKind.ADVERT, PermitKind.SHOP_SIGN, PermitKind.BANNER})
