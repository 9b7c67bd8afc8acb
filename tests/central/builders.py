"""Contract events for tests: a street in local metres, a few cameras, and incidents that live on it."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from contract.events import (
    BoxNorm,
    ClockState,
    Confidence,
    Event,
    EvidenceRef,
    EvidenceRole,
    GroundPoint,
    IncidentEvent,
    IncidentState,
    ModelRef,
    wrap,
)
from contract.ids import derived_entropy, uuid7
from contract.plane import Origin, Point
from contract.taxonomy import Seen

ORIGIN = Origin(36.8135, 118.0548)
T0 = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)
"""A Wednesday, 18:00 in Shanghai."""
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 20 + b"\xff\xd9"


def minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def uuid_of(*parts: str) -> str:
    """A UUID that depends on `parts` alone."""
    return uuid7(T0, derived_entropy(*parts))


def evidence_ref(content: bytes = JPEG, role: EvidenceRole = EvidenceRole.CONFIRMATION) -> EvidenceRef:
    return EvidenceRef(
        sha256=hashlib.sha256(content).hexdigest(),
        role=role,
        media_type="image/jpeg",
        size_bytes=len(content),
        width_px=640,
        height_px=360,
        captured_at=T0,
        box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.7),
        redaction="test/1",
    )


@dataclass
class Street:
    """Mints events; each node has one stream and numbers its events."""

    seqs: dict[str, int] = field(default_factory=dict)

    def event(
        self,
        name: str,
        seen: Seen,
        at: tuple[float, float] | None,
        *,
        revision: int = 1,
        first: datetime = T0,
        last: datetime | None = None,
        camera: str = "cam-1",
        node: str = "node-1",
        sigma_m: float = 1.0,
        state: IncidentState = IncidentState.UPDATED,
        evidence: tuple[EvidenceRef, ...] = (),
        zones: tuple[str, ...] = (),
    ) -> Event:
        """One revision of the incident called `name`; `at` is (east, north) in metres."""
        self.seqs[node] = seq = self.seqs.get(node, 0) + 1
        data = IncidentEvent(
            node_id=node,
            stream_id=uuid_of("stream", node),
            seq=seq,
            boot_id=uuid_of("boot", node),
            incident_id=uuid_of("incident", name),
            revision=revision,
            state=IncidentState.OPENED if revision == 1 and state is IncidentState.UPDATED else state,
            seen=seen,
            camera_id=camera,
            track_id=1,
            zones=zones,
            first_seen_at=first,
            last_seen_at=last or first,
            box=BoxNorm(x1=0.4, y1=0.4, x2=0.6, y2=0.7),
            ground=None if at is None else ground(at, sigma_m),
            confidence=Confidence(latest=0.8, mean=0.7, peak=0.9, looks=10, positive_looks=9),
            model=ModelRef(name="street", version="1", sha256="0" * 64),
            config_version="1",
            clock_state=ClockState.SYNCHRONISED,
            evidence=evidence,
        )
        return wrap(data, uuid_of("event", node, str(seq)), data.last_seen_at)


def ground(at: tuple[float, float], sigma_m: float) -> GroundPoint:
    lat, lon = ORIGIN.to_degrees(Point(*at))
    return GroundPoint(lat=lat, lon=lon, ee_m2=sigma_m**2, en_m2=0.0, nn_m2=sigma_m**2)
