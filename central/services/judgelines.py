"""What `judge` prints: one line per case of a file, the judgement with its reasons, as data and in words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from pydantic import BaseModel, ConfigDict

from central.domain.judge import judge_scene
from central.domain.judgement.around import Around
from central.domain.judgement.scene import neighbour_of, scene_of
from central.domain.law import Law
from central.domain.reasons import Reason, sentence
from central.domain.values import CaseSnapshot, Observation
from central.services.records import CodeRecord, JudgementRecord, ReasonRecord, Sentence, judgement_record
from central.services.replaying import Placed
from contract.events import Instant
from contract.ids import CaseId
from contract.plane import Origin
from contract.taxonomy import KindGroup, Seen, Violation

Outcome = Literal["lawful", "violation", "reclassified", "observing", "needs_person"]


class BasisLine(BaseModel):
    """The rule that a notice would name. `reviewed_by` is empty while no lawyer has checked it."""

    model_config = ConfigDict(frozen=True)

    zh: str
    en: str
    reviewed_by: str


class JudgementLine(BaseModel):
    """One case, judged at the event time of its last sighting.

    `judgement` is ``reclassified`` for a violation that is another one than at first sight (`instead_of`). `kind` is
    the violation, None unless one is found; `suggested` what it may be or would become; codes, name and legal basis
    are those of either. `needs`: what the registers lack. Degrees are CGCS2000.
    """

    model_config = ConfigDict(frozen=True)

    case_id: str
    incidents: tuple[str, ...]
    cameras: tuple[str, ...]
    group: KindGroup
    seen: tuple[Seen, ...]
    first_seen_at: Instant
    last_seen_at: Instant
    lat: float | None
    lon: float | None
    judgement: Outcome
    kind: Violation | None
    suggested: Violation | None
    instead_of: Violation | None
    name: Sentence | None
    severity: int
    codes: tuple[CodeRecord, ...]
    legal_basis: BasisLine | None
    needs: tuple[str, ...]
    rule: str | None
    zone_id: str | None
    permit_id: str | None
    dwell_s: float
    legal_dwell_s: float | None
    evidence_grade: str
    evidence_because: tuple[ReasonRecord, ...]
    evidence_sentence: Sentence | None
    reasons: tuple[ReasonRecord, ...]
    sentence: Sentence
    law_version: str


def judged(placed: Iterable[Placed], law: Law, origin: Origin) -> Iterator[JudgementLine]:
    """A line for every case, in the order in which the cases began."""
    cases = cases_of(placed)
    around = Around(neighbour_of(case, law) for case in cases)
    for case in cases:
        scene = scene_of(case, (), law)
        scene = replace(scene, near=around.near(scene, law))
        verdict = judge_scene(scene, law)
        dwell_s = (case.last_seen_at - case.first_seen_at).total_seconds()
        place = None if scene.place is None else origin.to_degrees(scene.place.point)
        yield _line(case, judgement_record(verdict, law, dwell_s), law, place)


def cases_of(placed: Iterable[Placed]) -> list[CaseSnapshot]:
    """The cases that the sightings were put into, in (first seen, id) order."""
    members: dict[CaseId, list[Observation]] = defaultdict(list)
    for entry in placed:
        members[entry.case_id].append(entry.sighting)
    cases = [CaseSnapshot(case_id, own[0].group, tuple(own)) for case_id, own in members.items()]
    return sorted(cases, key=lambda case: (case.first_seen_at, case.case_id))


def _line(case: CaseSnapshot, record: JudgementRecord, law: Law, place: tuple[float, float] | None) -> JudgementLine:
    kind = record.violation or record.suggested
    rule = None if kind is None else law.violations[kind]
    basis = None if rule is None else rule.legal_basis
    codes = () if kind is None else law.codes_of(kind, law.local(case.last_seen_at).date())
    because = record.evidence.because
    return JudgementLine(
        case_id=case.case_id,
        incidents=tuple(sorted({member.incident_id for member in case.members})),
        cameras=tuple(sorted({f"{member.node_id}/{member.camera_id}" for member in case.members})),
        group=case.group,
        seen=tuple(sorted(case.seen)),
        first_seen_at=case.first_seen_at,
        last_seen_at=case.last_seen_at,
        lat=None if place is None else round(place[0], 7),
        lon=None if place is None else round(place[1], 7),
        judgement="reclassified" if record.verdict == "violation" and record.instead_of else record.verdict,
        kind=record.violation,
        suggested=record.suggested,
        instead_of=record.instead_of,
        name=None if rule is None else Sentence(zh=rule.names.zh, en=rule.names.en),
        severity=record.severity,
        codes=tuple(CodeRecord(standard=code.standard, code=code.code) for code in codes),
        legal_basis=None if basis is None else BasisLine(zh=basis.zh, en=basis.en, reviewed_by=law.legal_review),
        needs=record.needs,
        rule=record.rule,
        zone_id=next((str(r.facts["zone_id"]) for r in record.reasons if "zone_id" in r.facts), None),
        permit_id=record.permit_id,
        dwell_s=record.dwell_s,
        legal_dwell_s=record.legal_dwell_s,
        evidence_grade=record.evidence.grade,
        evidence_because=because,
        evidence_sentence=_both([Reason(entry.code, entry.facts) for entry in because]) if because else None,
        reasons=record.reasons,
        sentence=record.sentence,
        law_version=record.law_version,
    )


def _both(reasons: list[Reason]) -> Sentence:
    return Sentence(zh=sentence(reasons, "zh"), en=sentence(reasons, "en"))
