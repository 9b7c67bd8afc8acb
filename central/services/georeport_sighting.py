"""A report with a place → an event like a camera's, waiting for the associator of the district whose place it is."""

from central.domain.byhand import SEEN_BY_KIND
from central.domain.districts import District, told_name
from central.domain.georeport import StoredRequest
from central.services.parse import digest_of
from central.store.inbox import InboxEvent
from contract.events import (
    BoxNorm,
    ClockState,
    Confidence,
    Event,
    GroundPoint,
    IncidentEvent,
    IncidentState,
    ModelRef,
    wrap,
)
from contract.ids import derived_entropy, uuid7

_WHOLE = BoxNorm(x1=0.0, y1=0.0, x2=1.0, y2=1.0)
_NO_MODEL = ModelRef(name="people", version="1", sha256="0" * 64)


def sighting(stored: StoredRequest, ground: GroundPoint, district: District) -> InboxEvent:
    """The row for the inbox; the same one for the same request."""
    event = _event(stored, told_name(district, stored.request_id.replace("-", "")[-16:]), ground)
    payload = event.to_wire()
    data = event.data
    return InboxEvent(
        event_id=event.id,
        node_id=data.node_id,
        stream_id=data.stream_id,
        seq=data.seq,
        digest=digest_of(payload),
        payload=payload,
        received_at=stored.requested_at,
        incident_id=data.incident_id,
        revision=data.revision,
        district=district,
    )


def _event(stored: StoredRequest, told: str, ground: GroundPoint) -> Event:
    """One look of somebody's own; each stands under a camera name of its own, so two of them never rule each other out.

    Whoever tells of a thing does not see it go: the incident is never closed (see `PEOPLE_NODES`).
    """
    data = IncidentEvent(
        node_id=stored.source,
        stream_id=stored.request_id,
        seq=1,
        boot_id=stored.request_id,
        incident_id=stored.request_id,
        revision=1,
        state=IncidentState.OPENED,
        seen=SEEN_BY_KIND[stored.kind],
        camera_id=told,
        track_id=1,
        first_seen_at=stored.requested_at,
        last_seen_at=stored.requested_at,
        box=_WHOLE,
        ground=ground,
        confidence=Confidence(latest=1.0, mean=1.0, peak=1.0, looks=1, positive_looks=1),
        model=_NO_MODEL,
        config_version="open311",
        clock_state=ClockState.SYNCHRONISED,
    )
    event_id = uuid7(stored.requested_at, derived_entropy("service request", stored.request_id))
    return wrap(data, event_id, stored.requested_at)
