"""Incident → event: the wire form of what the rules decided, with ids, place and evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contract.events import (
    CameraCondition,
    ClockState,
    Confidence,
    Event,
    EvidenceRef,
    EvidenceState,
    GroundPoint,
    IncidentEvent,
    ModelRef,
    wrap,
)
from contract.ids import CameraId, IncidentId, NodeId, StreamId, derived_entropy, uuid7
from edge.clock.reading import ClockReading
from edge.evidence.pictures import to_wire_box
from edge.values import Incident

BuildEvent = Callable[[StreamId, int], Event]
"""Given the stream and the next sequence number, the event: both exist only once the book has a row for it."""


class EventBook(Protocol):
    """Where events are written down before anything is said."""

    def append(self, build: BuildEvent) -> Event:
        """Numbers, builds and stores one event; when it returns, the event is on disk.

        Raises:
            PermanentError: the event is too large; the message names the field.
        """
        ...


class Ids(Protocol):
    """How ids are minted."""

    def mint(self, at: datetime, *parts: str) -> str:
        """A UUIDv7 for `at`; `parts` say what it names."""
        ...


class RandomIds:
    """The live node's: entropy from the operating system."""

    def mint(self, at: datetime, *parts: str) -> str:  # noqa: ARG002  # the port's signature
        return uuid7(at)


class DerivedIds:
    """A replay's: the same clip, configuration and model give the same ids."""

    def __init__(self, *seed: str) -> None:
        self._seed = seed

    def mint(self, at: datetime, *parts: str) -> str:
        return uuid7(at, derived_entropy(*self._seed, *parts))


class Circumstances(Protocol):
    """What changes while a node runs and stands in its events. Asked on the look thread; answers at once."""

    def clock_reading(self) -> ClockReading: ...

    def to_wall(self, captured_at: datetime) -> datetime:
        """A capture time, which never jumps, as the wall clock tells it now."""
        ...

    def condition(self, camera_id: CameraId) -> CameraCondition | None:
        """What the camera's own pictures say about it; None where nobody looks."""
        ...


@dataclass(frozen=True, slots=True)
class SameThroughout:
    """A replay's: the clock is the clip's, nobody watches the camera."""

    clock_state: ClockState

    def clock_reading(self) -> ClockReading:
        return ClockReading(self.clock_state)

    def to_wall(self, captured_at: datetime) -> datetime:
        return captured_at

    def condition(self, camera_id: CameraId) -> CameraCondition | None:  # noqa: ARG002  # the port's signature
        return None


@dataclass(frozen=True, slots=True)
class Sender:
    """What every event of this run has in common. Without `around`, `clock_state` is all that is known of the clock."""

    node_id: NodeId
    boot_id: str
    model: ModelRef
    config_version: str
    clock_state: ClockState
    around: Circumstances | None = None

    @property
    def circumstances(self) -> Circumstances:
        return self.around or SameThroughout(self.clock_state)


@dataclass(frozen=True, slots=True)
class Finding:
    """One incident with everything the wire wants to know about it.

    Times are capture times but for the evidence's: those are in wall time already, as its signed manifest says them.
    """

    incident: Incident
    incident_id: IncidentId
    camera_id: CameraId
    zones: tuple[str, ...]
    ground: GroundPoint | None
    evidence: tuple[EvidenceRef, ...]
    at: datetime
    evidence_state: EvidenceState | None = None
    preset: str | None = None
    attended_s: float | None = None


def build_event(finding: Finding, sender: Sender, event_id: str, stream_id: StreamId, seq: int) -> Event:
    """The event of one finding, in wall time; a camera that was moved knows no place on the ground.

    Scores are rounded to three decimals, which is finer than they mean anything.
    """
    track, summary = finding.incident.track, finding.incident.summary
    around = sender.circumstances
    reading, condition = around.clock_reading(), around.condition(finding.camera_id)
    at = around.to_wall(finding.at)
    data = IncidentEvent(
        node_id=sender.node_id,
        stream_id=stream_id,
        seq=seq,
        boot_id=sender.boot_id,
        incident_id=finding.incident_id,
        revision=finding.incident.revision,
        state=finding.incident.state,
        seen=track.seen,
        camera_id=finding.camera_id,
        track_id=track.track_id,
        place_id=track.place_id,
        preset=finding.preset,
        zones=finding.zones,
        first_seen_at=around.to_wall(track.first_seen_at),
        last_seen_at=around.to_wall(track.last_seen_at),
        box=to_wire_box(track.box_norm),
        ground=None if condition is CameraCondition.MOVED else finding.ground,
        confidence=Confidence(
            latest=round(summary.latest, 3),
            mean=round(summary.mean, 3),
            peak=round(summary.peak, 3),
            looks=summary.looks,
            positive_looks=summary.positive_looks,
        ),
        model=sender.model,
        config_version=sender.config_version,
        clock_state=reading.state,
        clock_offset_ms=reading.offset_ms,
        camera_condition=condition,
        evidence=finding.evidence,
        evidence_state=finding.evidence_state,
        attended_s=_attended_s(finding),
    )
    return wrap(data, event_id, at)


def _attended_s(finding: Finding) -> float | None:
    """Never longer than the thing itself was there: who waited for it to come is not counted."""
    if finding.attended_s is None:
        return None
    track = finding.incident.track
    return round(min(finding.attended_s, (track.last_seen_at - track.first_seen_at).total_seconds()), 1)
