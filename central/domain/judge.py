"""What a case means there and then: lawful, a violation, still too short, or a question for a person. Pure.

The rules of its kind group say what it is (`central.domain.judgement`); then the hours, the legal dwell in event time
and what the registers lack decide; then whether its cameras can be trusted, and what their pictures prove.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from central.domain.judgement import fire, signage, trade, waste
from central.domain.judgement.grading import evidence_of
from central.domain.judgement.scene import Neighbour, Scene, scene_of
from central.domain.judgement.verdicts import Breach, Judgement, Meaning, NeedsPerson
from central.domain.judgement.weighing import weigh
from central.domain.law import Law
from central.domain.reasons import Reason
from central.domain.values import CaseSnapshot, Doubt
from contract.taxonomy import KindGroup

SERIOUS = frozenset({Doubt.CAMERA_MOVED, Doubt.CAMERA_BLIND, Doubt.CAMERA_DULL})
"""Doubts about what is there at all; an unsure clock leaves that alone."""


def judge(case: CaseSnapshot, near: Sequence[Neighbour], law: Law) -> Judgement:
    """The judgement on `case` at the event time of its last sighting.

    Whoever's cameras are all in doubt goes to a person, with the doubts as reasons; one sound camera is enough.

    Args:
        case: the case.
        near: other cases of the same time that may explain it; the order does not matter.
        law: registers, hours and dwells.
    """
    return judge_scene(scene_of(case, near, law), law)


def judge_scene(scene: Scene, law: Law) -> Judgement:
    """The same for a case whose place and zones are known already."""
    case = scene.case
    verdict = _plainly(scene, law)
    doubts = doubts_of(case)
    if doubts:
        if isinstance(verdict, Breach) and all(member.doubts & SERIOUS for member in case.members):
            verdict = NeedsPerson(
                verdict.violation, verdict.reasons, instead_of=verdict.instead_of, evidence=verdict.evidence
            )
        verdict = replace(verdict, reasons=(*verdict.reasons, *doubts))
    return verdict


def doubts_of(case: CaseSnapshot) -> tuple[Reason, ...]:
    """What speaks against trusting the case's cameras, each camera's doubt once."""
    found = {(doubt, member.camera_id) for member in case.members for doubt in member.doubts}
    return tuple(Reason(doubt.value, {"camera": camera}) for doubt, camera in sorted(found))


def _plainly(scene: Scene, law: Law) -> Judgement:
    match scene.case.group:
        case KindGroup.FIRE:
            found = fire.meaning_of(scene, law)
        case KindGroup.TRADE:
            found = trade.meaning_of(scene, law)
        case KindGroup.SIGNAGE:
            found = signage.meaning_of(scene, law)
        case KindGroup.WASTE:
            found = waste.meaning_of(scene)
    if isinstance(found, Meaning):
        return weigh(found, scene, law)
    return replace(found, evidence=evidence_of(scene, law, timedelta(0)))
