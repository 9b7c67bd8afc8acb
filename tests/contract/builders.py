"""Contract values that differ from case to case in the one field a test is about."""

from datetime import UTC, datetime, timedelta
from typing import Any

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
from contract.taxonomy import Seen

T0 = datetime(2026, 7, 1, 10, 0, tzinfo=UTC)


def uuid_of(*parts: str) -> str:
    return uuid7(T0, derived_entropy(*parts))


def evidence_ref(role: EvidenceRole = EvidenceRole.CONFIRMATION, mark: str = "a") -> EvidenceRef:
    return EvidenceRef(
        sha256=mark * 64,
        role=role,
        media_type="image/jpeg",
        size_bytes=81234,
        width_px=1920,
        height_px=1080,
        captured_at=T0 + timedelta(seconds=12, milliseconds=345),
        box=BoxNorm(x1=0.25, y1=0.5, x2=0.375, y2=0.75),
        redaction="pixelate-1",
    )


def incident_event(**changes: Any) -> IncidentEvent:
    """A plain `opened` stall; `changes` replace fields by name."""
    fields: dict[str, Any] = {
        "node_id": "node-1",
        "stream_id": uuid_of("stream"),
        "seq": 1,
        "boot_id": uuid_of("boot"),
        "incident_id": uuid_of("incident"),
        "revision": 1,
        "state": IncidentState.OPENED,
        "seen": Seen.STALL,
        "camera_id": "cam-1",
        "track_id": 3,
        "first_seen_at": T0,
        "last_seen_at": T0 + timedelta(seconds=60),
        "box": BoxNorm(x1=0.25, y1=0.5, x2=0.375, y2=0.75),
        "confidence": Confidence(latest=0.61, mean=0.57, peak=0.82, looks=13, positive_looks=11),
        "model": ModelRef(name="street-yolo11n", version="1.0.0", sha256="d" * 64),
        "config_version": "0123456789ab",
        "clock_state": ClockState.SYNCHRONISED,
    }
    return IncidentEvent(**(fields | changes))


def event(**changes: Any) -> Event:
    data = incident_event(**changes)
    return wrap(data, uuid_of("event", str(data.seq), str(data.revision)), data.last_seen_at)


def ground_point() -> GroundPoint:
    return GroundPoint(lat=36.8135, lon=118.0548, ee_m2=1.25, en_m2=-0.125, nn_m2=2.5)
