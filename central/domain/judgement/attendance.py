"""Whether somebody stays with a cart, a parasol or a table: only then is it trade (DOMAIN §7b).

A stall is trade by itself: its goods lie on the public way. What stands before a shop is the shop's, watched or not.
Nodes that can't see people say nothing of them; then the thing's own staying decides, as before, and a reason says so.
"""

from dataclasses import replace
from datetime import timedelta

from central.domain.judgement.scene import FURNITURE, TRADERS, Scene
from central.domain.judgement.verdicts import Judgement, Lawful, Meaning, Observing
from central.domain.law import Law
from central.domain.reasons import Reason
from contract.taxonomy import Seen, Violation

UNASKED = frozenset({Violation.SHOP_OVERFLOW})


def stay_of(scene: Scene) -> timedelta | None:
    """The longest time for which somebody stayed with it, by whichever camera saw most; None where none can tell."""
    told = [member.attended_s for member in scene.case.members if member.attended_s is not None]
    return timedelta(seconds=max(told)) if told else None


def is_staffed(scene: Scene, law: Law) -> bool:
    """Whether parasol or table have somebody with them for as long as the law allows."""
    stay = stay_of(scene)
    is_asked = not scene.seen.isdisjoint(law.needs_somebody & FURNITURE)
    return is_asked and stay is not None and stay >= law.violations[Violation.ROAD_OCCUPATION].legal_dwell


def with_somebody(found: Meaning | Judgement, scene: Scene, law: Law) -> Meaning | Judgement:
    """What `found` is once it is asked who was there."""
    if Seen.STALL in scene.seen or scene.seen.isdisjoint(law.needs_somebody) or not _is_trade(found):
        return found
    assert isinstance(found, Meaning | Observing)
    stay = stay_of(scene)
    if stay is None:
        return replace(found, reasons=(*found.reasons, Reason("attendance_unknown")))
    violation = found.violation or Violation.ROAD_OCCUPATION
    legal = law.violations[violation].legal_dwell
    if scene.dwell < legal:
        return found
    stay = min(stay, scene.dwell)
    facts: dict[str, str | int] = {"attended_s": int(stay.total_seconds()), "legal_s": int(legal.total_seconds())}
    if stay < legal:
        return _left_alone(found, scene, law, Reason("nobody_stays", facts))
    reasons = (*found.reasons, Reason("somebody_stays", facts))
    if isinstance(found, Observing):
        return Meaning(violation, reasons, stayed=stay)
    is_certain = found.is_certain or (scene.seen.isdisjoint(TRADERS) and violation is Violation.ROAD_OCCUPATION)
    return replace(found, reasons=reasons, stayed=stay, is_certain=is_certain)


def _is_trade(found: Meaning | Judgement) -> bool:
    match found:
        case Lawful():
            return False
        case Meaning():
            return found.violation not in UNASKED
        case _:
            return all(reason.code != "furniture_beside_fire" for reason in found.reasons)


def _left_alone(found: Meaning | Observing, scene: Scene, law: Law, why: Reason) -> Meaning | Observing:
    """A cart is in the way even without its vendor, which is for a person to see; furniture is no case of its own."""
    reasons = (*found.reasons, why)
    if law.left_alone is None or Seen.CART not in scene.seen:
        return Observing(None, scene.dwell, None, reasons)
    return Meaning(law.left_alone, reasons, is_certain=False, instead_of=found.violation)
