"""What citizens and hotlines report (Open311 GeoReport v2): its values, and a case's state in their words. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central.domain.law import Law
from central.domain.workflow import FINAL, CaseState
from central.domain.workflow_words import Source
from contract.taxonomy import Violation

MOST_REQUESTS = 1000
PEOPLE_NODES = frozenset({Source.CITIZEN.value, Source.HOTLINE_12319.value, Source.HOTLINE_12345.value})
"""In place of a node's name: somebody told of it. Whoever tells of a thing never says that it is gone."""
LISTED = "47678.5"
"""The standard whose codes are offered; codes of the others are understood where they name one kind."""


class BadReport(Exception):
    """A parameter is wrong; `status` is the answer's (400 wrong, 403 not allowed, 404 unknown)."""

    def __init__(self, why: str, status: int = 400) -> None:
        super().__init__(why)
        self.status = status


class Openness(StrEnum):
    """The standard's two words."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Service:
    """One kind that may be reported. `code` names its standard: ``47678.5:06029``."""

    kind: Violation
    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody reports. Degrees are CGCS2000 (WGS-84); without them there is an address."""

    kind: Violation
    code: str
    lat: float | None
    lon: float | None
    address: str
    description: str
    media_url: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests a list shows. `ids` outdo all the rest; empty kinds and statuses are all."""

    ids: tuple[str, ...]
    kinds: frozenset[Violation]
    statuses: frozenset[Openness]
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request as it came. `digest` names what was said by whom; `made_case` a case that was opened for it alone."""

    request_id: str
    key_name: str
    source: str
    kind: Violation
    code: str
    requested_at: datetime
    lat: float | None
    lon: float | None
    address: str
    description: str
    media_url: str
    digest: str
    made_case: str | None = None


@dataclass(frozen=True, slots=True)
class FollowedRequest:
    """A request with its case as it is now; None until association has made one."""

    request: StoredRequest
    case_id: str | None
    state: CaseState | None
    department: str | None
    updated_at: datetime


def short_standard(standard: str) -> str:
    """A standard's name as it stands in a service code.

    >>> [short_standard(name) for name in ("GB/T 47678.5-2026", "GB/T 30428.2-2013", "CJ/T 214-2007")]
    ['47678.5', '30428.2', 'CJT214']
    """
    name = standard.removeprefix("GB/T ").rpartition("-")[0] or standard
    return name.replace("/", "").replace(" ", "")


def services(law: Law, now: datetime) -> tuple[Service, ...]:
    """What may be reported today, in the order of the catalogue."""
    day = law.local(now).date()
    return tuple(
        Service(kind, f"{LISTED}:{code.code}", rule.names.zh, rule.names.en)
        for kind, rule in law.violations.items()
        for code in law.codes_of(kind, day)
        if short_standard(code.standard) == LISTED
    )


def service_of(code: str, law: Law, now: datetime) -> Service:
    """The service that `code` names, in any of the standards.

    Raises:
        BadReport: it names no standard, or nothing that may be reported.
    """
    standard, colon, number = code.partition(":")
    if not colon:
        raise BadReport(f"service_code: {code[:40]!r} names no standard; write it as {LISTED}:06029")
    known, day = services(law, now), law.local(now).date()
    kinds = {
        kind
        for kind in law.violations
        for listed in law.codes_of(kind, day)
        if (short_standard(listed.standard), listed.code) == (standard, number)
    }
    fitting = [service for service in known if service.kind in kinds]
    if len(fitting) != 1:
        raise BadReport(f"service_code: {code[:40]!r} is not offered; GET services.json lists what is", 404)
    return fitting[0]


def openness_of(state: CaseState | None) -> Openness:
    """A report whose case is not made yet is open."""
    return Openness.CLOSED if state in FINAL else Openness.OPEN


def notes_of(state: CaseState | None) -> str:
    """Why a request has its status, in words for whoever reported; the case's inner state is nobody's outside."""
    if state is None:
        return "已收到 / received"
    for states, words in _NOTES:
        if state in states:
            return words
    return "处理中 / being worked on"


_S = CaseState
_NOTES = (
    ({_S.OBSERVING, _S.SUPPRESSED, _S.PENDING_REVIEW}, "待人工核实 / waits for a person to look"),
    ({_S.REJECTED_FALSE_ALARM, _S.NOT_REGISTERED, _S.CANCELLED}, "经核实不予立案 / looked into, no case was filed"),
    ({_S.CLOSED, _S.FORCED_CLOSED}, "已结案 / handled and closed"),
    ({_S.SELF_CORRECTED}, "当事人已自行改正 / put right by themselves"),
    ({_S.CONFIRMED, _S.REMINDED, _S.REPORTED, _S.ACCEPTED, _S.VERIFYING}, "已受理 / taken up"),
)
