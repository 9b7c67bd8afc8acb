"""Garbage and bins: exposed, overflowing, or the disorder of a recycling point."""

from central.domain.judgement.facts import zone_facts
from central.domain.judgement.scene import Scene
from central.domain.judgement.verdicts import Meaning
from central.domain.law import ZoneKind
from central.domain.reasons import Reason
from contract.taxonomy import Seen, Violation


def meaning_of(scene: Scene) -> Meaning:
    """What garbage or a full bin means at its place."""
    if Seen.BIN_OVERFLOW in scene.seen:
        return Meaning(Violation.BIN_OVERFLOW, (Reason("bin_overflowing"),))
    recycling = scene.zone_of({ZoneKind.RECYCLING_ZONE})
    if recycling is None:
        return Meaning(Violation.EXPOSED_GARBAGE, (Reason("garbage_exposed"),))
    reasons = (Reason("garbage_in_recycling_zone", zone_facts(recycling)),)
    return Meaning(Violation.SCRAP_DISORDER, reasons, is_certain=False, instead_of=Violation.EXPOSED_GARBAGE)
