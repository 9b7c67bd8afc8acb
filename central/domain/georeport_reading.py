"""The parameters of a request to Open311 → a report, or a question for a list. Pure.

Names, telephone numbers and addresses of people, which the standard also knows, are not looked at and never kept.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from central.domain.georeport import LISTED, MOST_REQUESTS, BadReport, Openness, Report, Wanted, service_of
from central.domain.law import Law

LONGEST_SPAN = timedelta(days=90)
MAX_DESCRIPTION, MAX_ADDRESS, MAX_URL = 1000, 300, 1000
_EARLIEST, _LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


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
