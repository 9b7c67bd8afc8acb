"""What the judge may say of a case, and the meaning that the rules of a kind group hand on to be weighed."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from central.domain.law import Code, Names, Severity
from central.domain.reasons import Reason
from central.domain.registers.cameras import EvidenceGrade
from central.domain.registers.seasons import Hours
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the pictures behind a judgement may be used for; `because` says why no more (DOMAIN §6)."""

    grade: EvidenceGrade = EvidenceGrade.PATROL_ONLY
    because: tuple[Reason, ...] = ()


PATROL_ONLY = Evidence()


@dataclass(frozen=True, slots=True)
class Lawful:
    """Allowed there and then: kept for the record, nobody is sent. `permit_id` and `zone_id` are what allows it."""

    rule: str
    reasons: tuple[Reason, ...]
    permit_id: str | None = None
    zone_id: str | None = None
    evidence: Evidence = PATROL_ONLY
    kind: Literal["lawful"] = "lawful"


@dataclass(frozen=True, slots=True)
class Breach:
    """A violation that has lasted longer than the law allows; a person reviews it.

    `instead_of`: what it would have been at first sight, where the registers make something else of it.
    """

    violation: Violation
    severity: Severity
    codes: tuple[Code, ...]
    dwell: timedelta
    legal_dwell: timedelta
    reasons: tuple[Reason, ...]
    legal_basis: Names | None = None
    instead_of: Violation | None = None
    evidence: Evidence = PATROL_ONLY
    kind: Literal["violation"] = "violation"


@dataclass(frozen=True, slots=True)
class Observing:
    """Not long enough yet, or nothing by itself; `violation` is what it would be."""

    violation: Violation | None
    dwell: timedelta
    legal_dwell: timedelta | None
    reasons: tuple[Reason, ...]
    instead_of: Violation | None = None
    evidence: Evidence = PATROL_ONLY
    kind: Literal["observing"] = "observing"


@dataclass(frozen=True, slots=True)
class NeedsPerson:
    """The rules can't tell; `suggested` is what it may be, `needs` what the registers lack for saying so."""

    suggested: Violation | None
    reasons: tuple[Reason, ...]
    needs: tuple[str, ...] = ()
    instead_of: Violation | None = None
    evidence: Evidence = PATROL_ONLY
    kind: Literal["needs_person"] = "needs_person"


Judgement = Lawful | Breach | Observing | NeedsPerson


@dataclass(frozen=True, slots=True)
class Meaning:
    """What it is, before hours and dwell.

    `counts_always`: whatever the violation's hours say; `hours`: instead of them. `closed_for` shortens the dwell (a
    zone that closed while it stood there), and so does `stayed`: for how long somebody was with it. What is not
    `is_certain` is for a person.
    """

    violation: Violation
    reasons: tuple[Reason, ...]
    is_certain: bool = True
    counts_always: bool = False
    hours: Hours | None = None
    closed_for: timedelta | None = None
    instead_of: Violation | None = None
    stayed: timedelta | None = None
