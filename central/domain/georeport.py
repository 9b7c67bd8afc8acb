"""What citizens and hotlines report (Open311 GeoReport v2): parameters → a report, a case's state → their words. Pure.

Names, telephone numbers and addresses of people, which the standard also knows, are not looked at and never kept.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from central.domain.law import Law
from central.domain.workflow import FINAL, CaseState
from central.domain.workflow_words import Source
from contract.taxonomy import Violation

LONGEST_SPAN = timedelta(days=90)
MOST_REQUESTS = 1000
MAX_DESCRIPTION, MAX_ADDRESS, MAX_URL = 1000, 300, 1000
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


def read_report(said: Mapping[str, str], law: Law, now: datetime) -> Report:
    """The report in the parameters of a POST.

    Raises:
        BadReport: the message names the parameter and the remedy.
    """
    if not said.get("service_code"):
        raise BadReport(f"service_code: is missing; write it as {LISTED}:06029")
    try:
        service = service_of(said["service_code"].strip(), law, now)
    except BadReport as error:
        raise BadReport(str(error)) from error
    lat, lon = _degrees(said)
    address = clean(said.get("address_string", ""))
    if not address and said.get("address_id"):
        address = f"address_id {clean(said['address_id'])}"
    if lat is None and not address:
        raise BadReport("lat, long: say where, by lat and long in WGS-84 degrees, by address_string or by address_id")
    media = clean(said.get("media_url", ""))
    if media and not media.lower().startswith(("https://", "http://")):
        raise BadReport("media_url: write an address that begins with https://")
    description = clean(said.get("description", ""))
    for name, value, most in (
        ("address_string", address, MAX_ADDRESS),
        ("description", description, MAX_DESCRIPTION),
        ("media_url", media, MAX_URL),
    ):
        if len(value) > most:
            raise BadReport(f"{name}: has {len(value)} characters, {most} is the most")
    return Report(service.kind, service.code, lat, lon, address, description, media)


def read_wanted(said: Mapping[str, str], law: Law, now: datetime) -> Wanted:
    """What the parameters of a list ask for; the last 90 days unless they say otherwise.

    Raises:
        BadReport: the message names the parameter and the remedy.
    """
    start, end = _instant(said, "start_date"), _instant(said, "end_date")
    until = end or (min(now, start + LONGEST_SPAN) if start else now)
    since = start or until - LONGEST_SPAN
    if since > until:
        raise BadReport("start_date: lies after end_date")
    if until - since > LONGEST_SPAN:
        raise BadReport(f"start_date, end_date: span {(until - since).days} days; {LONGEST_SPAN.days} are the most")
    words = _parts(said.get("status", ""))
    unknown = sorted(set(words) - set(Openness))
    if unknown:
        raise BadReport(f"status: {unknown[0][:40]!r} is none; open and closed are")
    kinds = frozenset(service_of(code, law, now).kind for code in _parts(said.get("service_code", "")))
    ids = tuple(_parts(said.get("service_request_id", "")))[:MOST_REQUESTS]
    return Wanted(ids, kinds, frozenset(Openness(word) for word in words), since, until)


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


def clean(text: str) -> str:
    """`text` without control characters (XML knows most of them not), white space at its ends, and lone surrogates."""
    return "".join(char for char in text if char in "\n\t" or _is_plain(char)).strip()


def _is_plain(char: str) -> bool:
    number = ord(char)
    return number >= 0x20 and not 0x7F <= number < 0xA0 and not 0xD800 <= number < 0xE000 and number & 0xFFFE != 0xFFFE


def _degrees(said: Mapping[str, str]) -> tuple[float | None, float | None]:
    given = [said.get(name, "").strip() for name in ("lat", "long")]
    if not any(given):
        return None, None
    found = []
    for name, text, most in zip(("lat", "long"), given, (90.0, 180.0), strict=True):
        try:
            value = float(text) if len(text) <= 40 else math.nan
        except ValueError:
            value = math.nan
        if not abs(value) <= most:
            raise BadReport(f"{name}: {text[:40]!r} is no number of degrees up to {most:g}; lat is north, long is east")
        found.append(value)
    return found[0], found[1]


def _instant(said: Mapping[str, str], name: str) -> datetime | None:
    text = said.get(name, "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        return min(max(found, _EARLIEST), _LATEST)
    except (ValueError, OverflowError) as error:
        raise BadReport(f"{name}: {text[:40]!r} is no date; write it as 2026-07-01T00:00:00Z") from error


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()][:MOST_REQUESTS]


_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
_S = CaseState
_NOTES = (
    ({_S.OBSERVING, _S.SUPPRESSED, _S.PENDING_REVIEW}, "待人工核实 / waits for a person to look"),
    ({_S.REJECTED_FALSE_ALARM, _S.NOT_REGISTERED, _S.CANCELLED}, "经核实不予立案 / looked into, no case was filed"),
    ({_S.CLOSED, _S.FORCED_CLOSED}, "已结案 / handled and closed"),
    ({_S.SELF_CORRECTED}, "当事人已自行改正 / put right by themselves"),
    ({_S.CONFIRMED, _S.REMINDED, _S.REPORTED, _S.ACCEPTED, _S.VERIFYING}, "已受理 / taken up"),
)
