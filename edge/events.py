"""Incident → event: the wire form of what the rules decided, with ids, place and evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contract.events import ClockState, Confidence, Event, EvidenceRef, GroundPoint, IncidentEvent, ModelRef, wrap
from contract.ids import CameraId, IncidentId, NodeId, StreamId, derived_entropy, uuid7
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


@dataclass(frozen=True, slots=True)
class Sender:
    """What every event of this run has in common."""

    node_id: NodeId
    boot_id: str
    model: ModelRef
    config_version: str
    clock_state: ClockState


@dataclass(frozen=True, slots=True)
class Finding:
    """One incident with everything the wire wants to know about it."""

    incident: Incident
    incident_id: IncidentId
    camera_id: CameraId
    zones: tuple[str, ...]
    ground: GroundPoint | None
    evidence: tuple[EvidenceRef, ...]
    at: datetime


def build_event(finding: Finding, sender: Sender, event_id: str, stream_id: StreamId, seq: int) -> Event:
    """The event of one finding; scores are rounded to three decimals, which is finer than they mean anything."""
    track, summary = finding.incident.track, finding.incident.summary
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
        zones=finding.zones,
        first_seen_at=track.first_seen_at,
        last_seen_at=track.last_seen_at,
        box=to_wire_box(track.box_norm),
        ground=finding.ground,
        confidence=Confidence(
            latest=round(summary.latest, 3),
            mean=round(summary.mean, 3),
            peak=round(summary.peak, 3),
            looks=summary.looks,
            positive_looks=summary.positive_looks,
        ),
        model=sender.model,
        config_version=sender.config_version,
        clock_state=sender.clock_state,
        evidence=finding.evidence,
    )
    return wrap(data, event_id, finding.at)
