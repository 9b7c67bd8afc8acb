"""What Open311 answers: kinds, requests, discovery. What only a client of its own may see is left out for others."""

from datetime import datetime

from central.api.open311_forms import Record
from central.domain.georeport import FollowedRequest, Service, notes_of, openness_of
from central.services.georeport import Client
from contract.clock import format_rfc3339

SHOWN_DIGITS = 4
"""Of a degree: ten metres. Where exactly somebody stood is theirs."""


def service_record(service: Service) -> Record:
    """One kind that may be reported."""
    return {
        "service_code": service.code,
        "service_name": service.zh,
        "description": service.en,
        "metadata": False,
        "type": "realtime",
        "keywords": f"{service.zh},{service.en},{service.kind}",
        "group": "城市管理 / city management",
    }


def request_of(one: FollowedRequest, reader: Client | None) -> Record:
    """One request as `reader` may see it; None is everybody."""
    request = one.request
    is_own = reader is not None and reader.name == request.key_name
    shown: Record = {
        "service_request_id": request.request_id,
        "status": openness_of(one.state).value,
        "status_notes": notes_of(one.state),
        "service_name": request.kind.value,
        "service_code": request.code,
        "agency_responsible": one.department,
        "service_notice": None,
        "requested_datetime": _at(request.requested_at),
        "updated_datetime": _at(one.updated_at),
        "expected_datetime": None,
        "lat": request.lat if is_own else _rounded(request.lat),
        "long": request.lon if is_own else _rounded(request.lon),
    }
    if is_own:
        shown |= {"description": request.description, "address": request.address, "media_url": request.media_url}
    return shown


def discovery_of(url: str, contact: str) -> Record:
    """Where the service is and what it speaks."""
    base = url.rstrip("/")
    endpoint: Record = {
        "specification": "http://wiki.open311.org/GeoReport_v2",
        "url": f"{base}/open311/v2",
        "changeset": "2026-11-23T00:00:00Z",
        "type": "production",
        "formats": [{"format": "application/json"}, {"format": "text/xml"}],
    }
    return {
        "changeset": "2026-11-23T00:00:00Z",
        "contact": contact,
        "key_service": contact,
        "endpoints": [endpoint],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, SHOWN_DIGITS)


def _at(instant: datetime) -> str:
    return format_rfc3339(instant)
