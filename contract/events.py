"""The one message an edge node sends about a finding: a CloudEvents 1.0 envelope around an `IncidentEvent`.

Readers ignore unknown fields (an older central must not choke on a newer node); writers never reuse a name.
Every field is bounded: a message comes from a cabinet on a street corner.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, model_validator

from contract.clock import format_rfc3339
from contract.ids import NAME_PATTERN, SHA256_PATTERN, UUID_PATTERN
from contract.taxonomy import Seen

CONTENT_TYPE = "application/cloudevents+json"
MAX_EVENT_BYTES = 64 * 1024
"""A node refuses to enqueue more; central dead-letters more."""


def _require_offset(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("needs an offset, as in 2026-07-01T08:00:00Z")
    return instant


Instant = Annotated[
    datetime,
    AfterValidator(_require_offset),
    PlainSerializer(format_rfc3339, return_type=str, when_used="json"),
]
"""An aware datetime; on the wire RFC 3339, UTC, milliseconds, ``Z``."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Uuid = Annotated[str, Field(pattern=UUID_PATTERN)]
Sha256 = Annotated[str, Field(pattern=SHA256_PATTERN)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class WireModel(BaseModel):
    """Frozen; unknown fields are ignored by readers."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class IncidentState(StrEnum):
    """Where in its life an incident stands when the event is sent."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


class ClockState(StrEnum):
    """How far the node's clock can be trusted; an unsynchronised clock makes evidence patrol-only (DOMAIN §6)."""

    SYNCHRONISED = "synchronised"
    UNSYNCHRONISED = "unsynchronised"
    UNKNOWN = "unknown"


class CameraCondition(StrEnum):
    """What a camera's own pictures say about it. Anything but ``clear`` makes a finding one for a person to look at."""

    CLEAR = "clear"
    FROZEN = "frozen"
    BLACK = "black"
    BLURRED = "blurred"
    COVERED = "covered"
    MOVED = "moved"
    GLARE = "glare"
    FOG = "fog"


class EvidenceRole(StrEnum):
    """Which moment of an incident a picture shows; ``context`` is the whole scene, ``clip`` a short film."""

    LEAD_UP = "lead_up"
    CONFIRMATION = "confirmation"
    LATEST = "latest"
    CONTEXT = "context"
    CLIP = "clip"


class EvidenceState(StrEnum):
    """Why an event names less evidence than its node took: the disk's budget, or a disk that refuses."""

    SHED = "shed"
    UNWRITABLE = "unwritable"


class BoxNorm(WireModel):
    """An axis-aligned box in shares of the picture's width and height, origin top left."""

    x1: Share
    y1: Share
    x2: Share
    y2: Share

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.x1 >= self.x2 or self.y1 >= self.y2:
            raise ValueError(f"box must have x1 < x2 and y1 < y2, got {self.x1, self.y1, self.x2, self.y2}")
        return self


class GroundPoint(WireModel):
    """A point on the ground in CGCS2000 degrees (WGS-84 to within the use made of it), with its uncertainty.

    The covariance is over (east, north) in square metres: ``ee``, ``en``, ``nn``.
    """

    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    ee_m2: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False)]
    en_m2: Annotated[float, Field(ge=-1e8, le=1e8, allow_inf_nan=False)]
    nn_m2: Annotated[float, Field(gt=0, le=1e8, allow_inf_nan=False)]

    @model_validator(mode="after")
    def _is_covariance(self) -> Self:
        if self.ee_m2 * self.nn_m2 <= self.en_m2**2:
            raise ValueError("covariance is not positive definite")
        return self


class EvidenceRef(WireModel):
    """A picture or clip kept on the node and uploaded by its hash. Pixels are redacted before they leave the node.

    `manifest_sha256` names the signed manifest that vouches for it and for the sealed original.
    """

    sha256: Sha256
    role: EvidenceRole
    media_type: Literal["image/jpeg", "video/mp4"]
    size_bytes: Annotated[int, Field(gt=0, le=16 * 1024 * 1024)]
    width_px: Annotated[int, Field(gt=0, le=16384)]
    height_px: Annotated[int, Field(gt=0, le=16384)]
    captured_at: Instant
    box: BoxNorm
    redaction: Annotated[str, Field(max_length=64)]
    manifest_sha256: Sha256 | None = None


class Confidence(WireModel):
    """The detector's scores over the incident's life so far."""

    latest: Share
    mean: Share
    peak: Share
    looks: Annotated[int, Field(ge=1)]
    positive_looks: Annotated[int, Field(ge=1)]


class ModelRef(WireModel):
    """Which model saw it: the manifest's name and version and the weight file's hash."""

    name: Annotated[str, Field(max_length=64)]
    version: Annotated[str, Field(max_length=64)]
    sha256: Sha256


class IncidentEvent(WireModel):
    """One revision of one incident at one camera. Times are capture times.

    `clock_offset_ms` is how far the node's clock was from its time source when it was last compared (positive: ahead).
    `place_id` names what stays where it is, a board on a wall; `preset` where a turning camera looked.
    `attended_s` is the longest time so far for which somebody, whoever it was, stayed with it: 0 where nobody did,
    absent where the node can't tell. It may fall when a node starts again; readers keep the largest.
    """

    node_id: Name
    stream_id: Uuid
    seq: Annotated[int, Field(ge=1, le=2**53)]
    boot_id: Uuid
    incident_id: Uuid
    revision: Annotated[int, Field(ge=1, le=2**31)]
    state: IncidentState
    seen: Seen
    camera_id: Name
    track_id: Annotated[int, Field(ge=1)]
    zones: Annotated[tuple[Name, ...], Field(max_length=32)] = ()
    first_seen_at: Instant
    last_seen_at: Instant
    box: BoxNorm
    ground: GroundPoint | None = None
    confidence: Confidence
    model: ModelRef
    config_version: Annotated[str, Field(max_length=64)]
    clock_state: ClockState
    clock_offset_ms: Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)] | None = None
    camera_condition: CameraCondition | None = None
    place_id: Name | None = None
    preset: Name | None = None
    evidence: Annotated[tuple[EvidenceRef, ...], Field(max_length=8)] = ()
    evidence_state: EvidenceState | None = None
    attended_s: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        if self.first_seen_at > self.last_seen_at:
            raise ValueError("first_seen_at lies after last_seen_at")
        return self


class Event(WireModel):
    """The CloudEvents 1.0 envelope, JSON format."""

    specversion: Literal["1.0"] = "1.0"
    id: Uuid
    source: Annotated[str, Field(pattern=r"^/node/[A-Za-z0-9._-]{1,64}$")]
    type: Annotated[str, Field(pattern=r"^xunjie\.incident\.(opened|updated|closed)\.v1$")]
    subject: Uuid
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    traceparent: Annotated[str, Field(max_length=64)] | None = None
    data: IncidentEvent

    @model_validator(mode="after")
    def _agrees_with_data(self) -> Self:
        if self.subject != self.data.incident_id:
            raise ValueError("subject differs from data.incident_id")
        if self.source != f"/node/{self.data.node_id}":
            raise ValueError("source differs from data.node_id")
        if self.type != event_type(self.data.state):
            raise ValueError("type differs from data.state")
        return self

    def to_wire(self) -> bytes:
        """UTF-8 JSON without optional empty fields; the same event gives the same bytes."""
        return self.model_dump_json(exclude_none=True).encode()


def event_type(state: IncidentState) -> str:
    """The CloudEvents type of an event in `state`."""
    return f"xunjie.incident.{state}.v1"


def wrap(data: IncidentEvent, event_id: str, time: datetime) -> Event:
    """The envelope around `data`; `time` is the capture time of the look that caused the event."""
    return Event(
        id=event_id,
        source=f"/node/{data.node_id}",
        type=event_type(data.state),
        subject=data.incident_id,
        time=time,
        data=data,
    )
