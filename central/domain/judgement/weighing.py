"""From a meaning to a verdict: does it count at this hour, has it lasted, is all registered that it rests upon?"""

from central.domain.judgement.grading import evidence_of
from central.domain.judgement.scene import Scene
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, Meaning, NeedsPerson, Observing
from central.domain.law import Law
from central.domain.reasons import Reason


def weigh(meaning: Meaning, scene: Scene, law: Law) -> Judgement:
    """The verdict on what the rules of its group made of the case."""
    rule = law.violations[meaning.violation]
    hours = meaning.hours or rule.hours
    legal, instead = rule.legal_dwell, meaning.instead_of
    evidence = evidence_of(scene, law, legal, is_attended=meaning.stayed is not None)
    if not meaning.counts_always and not hours.is_open(scene.local):
        reason = Reason("outside_enforcement_hours", {"hours": hours.text})
        return Lawful("outside_enforcement_hours", (*meaning.reasons, reason), evidence=evidence)
    dwell = min([scene.dwell, *(limit for limit in (meaning.closed_for, meaning.stayed) if limit is not None)])
    facts: dict[str, str | int] = {"dwell_s": int(dwell.total_seconds()), "legal_s": int(legal.total_seconds())}
    if dwell < legal:
        reasons = (*meaning.reasons, Reason("dwell_short", facts))
        return Observing(meaning.violation, dwell, legal, reasons, instead, evidence)
    reasons = (*meaning.reasons, Reason("dwell_reached", facts))
    missing = law.missing[meaning.violation]
    if missing:
        reasons = (*reasons, Reason("register_missing", {"needs": ", ".join(missing)}))
    if missing or not meaning.is_certain:
        return NeedsPerson(meaning.violation, reasons, missing, instead, evidence)
    codes = law.codes_of(meaning.violation, scene.day)
    return Breach(meaning.violation, rule.severity, codes, dwell, legal, reasons, rule.legal_basis, instead, evidence)
