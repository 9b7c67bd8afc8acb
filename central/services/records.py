"""What is written beside a case as JSON, and read back: the judgement and the links. Frozen pydantic, both ways."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from central.domain.deadlines import Stage
from central.domain.judgement.verdicts import Breach, Judgement, Lawful, NeedsPerson, Observing
from central.domain.law import Law, Names, Severity
from central.domain.reasons import Reason, sentence
from central.domain.registers.cameras import EvidenceGrade
from central.domain.values import Link
from central.domain.workflow import Action, RejectReason, Role
from central.domain.workflow_words import Condition, Source
from central.domain.worktime import TimeUnit
from contract.plane import Point
from contract.taxonomy import Seen, Violation


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Sentence(_Record):
    """One text in both languages of the console."""

    zh: str
    en: str


class CodeRecord(_Record):
    """A violation's code, with the standard it is from."""

    standard: str
    code: str


class ReasonRecord(_Record):
    """One reason as data."""

    code: str
    facts: dict[str, str | int] = {}


class EvidenceGradeRecord(_Record):
    """What a judgement's pictures may be used for, and why no more."""

    grade: EvidenceGrade = EvidenceGrade.PATROL_ONLY
    because: tuple[ReasonRecord, ...] = ()


class JudgementRecord(_Record):
    """A judgement as it is kept. `suggested` is what the rules lean to where they don't decide.

    `instead_of`: what it would have been at first sight. `needs`: what the registers lack for deciding it. `permit_id`
    is the permit that makes it lawful. `judged_at`: the event time it speaks of, earlier than the last sighting where
    an earlier judgement stands.
    """

    verdict: Literal["lawful", "violation", "observing", "needs_person"]
    violation: Violation | None = None
    suggested: Violation | None = None
    severity: int = 0
    rule: str | None = None
    law_version: str
    codes: tuple[CodeRecord, ...] = ()
    dwell_s: float = 0.0
    legal_dwell_s: float | None = None
    reasons: tuple[ReasonRecord, ...] = ()
    sentence: Sentence
    instead_of: Violation | None = None
    legal_basis: Sentence | None = None
    needs: tuple[str, ...] = ()
    permit_id: str | None = None
    evidence: EvidenceGradeRecord = EvidenceGradeRecord()
    judged_at: datetime | None = None


class LinkRecord(_Record):
    """Why an incident belongs to its case. `distance` in standard deviations, `gap_s` negative for an overlap;
    the places are the two positions compared, metres east and north of the site's origin, the shifts what was taken
    off them because the cameras are known to err by it.

    ``track`` is only found in old records.
    """

    basis: Literal["first", "track", "ground", "view", "picture", "place", "overlap", "person"]
    rule: str
    score: float = 1.0
    with_incident: str | None = None
    distance: float | None = None
    distance_m: float | None = None
    gate: float | None = None
    gap_s: float | None = None
    place_m: tuple[float, float] | None = None
    with_place_m: tuple[float, float] | None = None
    shift_m: tuple[float, float] | None = None
    with_shift_m: tuple[float, float] | None = None


class MembershipRecord(_Record):
    """Which incident opened, joined or left a case, and why."""

    incident_id: str
    node_id: str
    camera_id: str
    seen: Seen
    link: LinkRecord | None = None


class ProposalRecord(_Record):
    """Another case that this one may be one with, though neither may change by itself."""

    other_case_id: str


class OpeningRecord(_Record):
    """Which redacted picture's original somebody asked for or saw, and why."""

    sha256: str
    reason: str


class AssignmentRecord(_Record):
    """Who shall see to the case; null: nobody in particular any more."""

    person: str | None
    note: str = ""


class ActionRecord(_Record):
    """What was said with an action, and which of the case's facts it `changed`: name → before and after."""

    reason: RejectReason | None = None
    note: str = ""
    kind: Violation | None = None
    condition: Condition | None = None
    department: str | None = None
    limit: tuple[float, TimeUnit] | None = None
    changed: dict[str, tuple[str | None, str | None]] = {}


class TaleRecord(_Record):
    """What somebody told who brought a case."""

    source: Source
    kind: Violation
    address: str = ""
    description: str = ""


class TimerRecord(_Record):
    """Who was told that a stage runs out, or that nobody has taken it up; or that it is due at another time now.

    `persons` are those of the roles `to` whose shift it was, where the register of responsibility knew them.
    """

    stage: Stage
    share: float | None = None
    level: int | None = None
    to: tuple[Role, ...] = ()
    persons: tuple[str, ...] = ()
    due_at: datetime | None = None
    due_before: datetime | None = None
    why: str = ""


class SilenceRecord(_Record):
    """Which silence kept the case from people."""

    silence_id: int
    reason: str
    expires_at: datetime


class SuggestionRecord(_Record):
    """A step that the cameras or the clock propose; a person takes it."""

    action: Action
    why: str
    looks: int | None = None


def judgement_record(judgement: Judgement, law: Law, dwell_s: float, at: datetime | None = None) -> JudgementRecord:
    """`judgement` as it is kept; `at` is the event time it was made for."""
    record = JudgementRecord(
        verdict=judgement.kind,
        law_version=law.version,
        reasons=_reasons(judgement.reasons),
        sentence=_sentences(judgement.reasons),
        dwell_s=dwell_s,
        evidence=EvidenceGradeRecord(grade=judgement.evidence.grade, because=_reasons(judgement.evidence.because)),
        judged_at=at,
    )
    return record.model_copy(update=_particulars(judgement))


def _particulars(judgement: Judgement) -> dict[str, object]:
    """What only this kind of verdict says."""
    match judgement:
        case Lawful():
            return {"rule": judgement.rule, "permit_id": judgement.permit_id}
        case Breach():
            return {
                "violation": judgement.violation,
                "severity": int(judgement.severity),
                "codes": tuple(CodeRecord(standard=code.standard, code=code.code) for code in judgement.codes),
                "legal_dwell_s": judgement.legal_dwell.total_seconds(),
                "legal_basis": _both(judgement.legal_basis),
                "instead_of": judgement.instead_of,
            }
        case Observing():
            legal_s = None if judgement.legal_dwell is None else judgement.legal_dwell.total_seconds()
            return {
                "suggested": judgement.violation,
                "legal_dwell_s": legal_s,
                "instead_of": judgement.instead_of,
            }
        case NeedsPerson():
            return {
                "suggested": judgement.suggested,
                "severity": int(Severity.NOTICE),
                "needs": judgement.needs,
                "instead_of": judgement.instead_of,
            }


def link_record(link: Link) -> LinkRecord:
    """`link` as it is kept."""
    return LinkRecord(
        basis=link.basis,
        rule=link.rule,
        score=round(link.score, 3),
        with_incident=link.with_incident,
        distance=None if link.distance is None else round(link.distance, 3),
        distance_m=None if link.distance_m is None else round(link.distance_m, 2),
        gate=link.gate,
        gap_s=None if link.gap is None else link.gap.total_seconds(),
        place_m=_pair(link.place),
        with_place_m=_pair(link.with_place),
        shift_m=_pair(link.shift),
        with_shift_m=_pair(link.with_shift),
    )


def _pair(point: Point | None) -> tuple[float, float] | None:
    return None if point is None else (round(point.east_m, 2), round(point.north_m, 2))


def _both(names: Names | None) -> Sentence | None:
    return None if names is None else Sentence(zh=names.zh, en=names.en)


def _reasons(reasons: tuple[Reason, ...]) -> tuple[ReasonRecord, ...]:
    return tuple(ReasonRecord(code=reason.code, facts=dict(reason.facts)) for reason in reasons)


def _sentences(reasons: tuple[Reason, ...]) -> Sentence:
    return Sentence(zh=sentence(reasons, "zh"), en=sentence(reasons, "en"))
