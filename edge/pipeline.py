"""The node's half of the flow, one step a line: frame → detections → things → tracks → incidents → events.

Start reading here. `look` is called once per look, by one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from contract.events import Event, EvidenceRef, EvidenceRole, IncidentState
from contract.ids import CameraId, IncidentId
from edge.detect.port import Detector
from edge.events import EventBook, Finding, Ids, Sender, build_event
from edge.evidence.pictures import Picture, PictureFolder, take_picture
from edge.evidence.redact import RedactionMemory
from edge.rules.gather import gather
from edge.rules.places import CameraPose, Zone, zones_of
from edge.rules.policy import Policies
from edge.rules.presence import Presence
from edge.rules.track import TrackedLook, Tracker
from edge.settings import EvidenceSettings
from edge.values import Box, Frame, Incident, Track


@dataclass(frozen=True, slots=True)
class View:
    """What is fixed about one camera."""

    camera_id: CameraId
    look_every_s: float
    zones: tuple[Zone, ...] = ()
    pose: CameraPose | None = None


class _Memory:
    """What is remembered of one camera between looks."""

    def __init__(self, view: View, policies: Policies, hold: timedelta) -> None:
        self.view = view
        self.tracker = Tracker(policies.presence)
        self.presence = Presence(policies.presence, view.look_every_s)
        self.redaction = RedactionMemory(hold)
        self.lead_ups: dict[int, Picture] = {}
        self.incident_ids: dict[int, IncidentId] = {}


class Pipeline:
    """All cameras of a node over one detector."""

    def __init__(
        self,
        detector: Detector,
        policies: Policies,
        views: Sequence[View],
        evidence: EvidenceSettings,
        pictures: PictureFolder,
        book: EventBook,
        sender: Sender,
        ids: Ids,
    ) -> None:
        self._detector = detector
        self._policies = policies
        self._evidence = evidence
        self._pictures = pictures
        self._book = book
        self._sender = sender
        self._ids = ids
        hold = timedelta(seconds=evidence.redact_hold_s)
        self._memories = {view.camera_id: _Memory(view, policies, hold) for view in views}

    def look(self, frame: Frame) -> tuple[Event, ...]:
        """Everything one frame leads to; the events are on disk when this returns.

        Raises:
            KeyError: the frame is of no camera of this node.
            PermanentError: the disk refuses evidence or event.
        """
        memory = self._memories[frame.camera_id]
        detections = self._detector.detect(frame.image)
        hide = memory.redaction.note(detections, frame.captured_at)
        things = gather(detections, self._policies)
        tracked = memory.tracker.step(things, frame.captured_at)
        incidents = memory.presence.step(tracked, frame.captured_at)
        self._remember_lead_ups(memory, tracked, frame, hide)
        events = tuple(self._write(memory, incident, frame, hide) for incident in incidents)
        self._forget(memory, tracked)
        return events

    def _write(self, memory: _Memory, incident: Incident, frame: Frame, hide: tuple[Box, ...]) -> Event:
        evidence = self._keep_evidence(memory, incident, frame, hide)
        finding = self._locate(memory, incident, frame, evidence)
        event_id = self._ids.mint(frame.captured_at, finding.incident_id, str(incident.revision))
        return self._book.append(partial(build_event, finding, self._sender, event_id))

    def _keep_evidence(
        self, memory: _Memory, incident: Incident, frame: Frame, hide: tuple[Box, ...]
    ) -> tuple[EvidenceRef, ...]:
        """Lead-up and confirmation when it opens, the latest view while it stays, nothing once it is gone."""
        pictures: list[Picture] = []
        match incident.state:
            case IncidentState.OPENED:
                lead_up = memory.lead_ups.pop(incident.track.track_id, None)
                pictures.extend([] if lead_up is None else [lead_up])
                pictures.append(self._picture(incident.track, frame, hide, EvidenceRole.CONFIRMATION))
            case IncidentState.UPDATED:
                pictures.append(self._picture(incident.track, frame, hide, EvidenceRole.LATEST))
            case IncidentState.CLOSED:
                pass
        for picture in pictures:
            self._pictures.keep(picture)
        return tuple(picture.ref for picture in pictures)

    def _locate(self, memory: _Memory, incident: Incident, frame: Frame, evidence: tuple[EvidenceRef, ...]) -> Finding:
        track, view = incident.track, memory.view
        incident_id = memory.incident_ids.setdefault(
            track.track_id,
            IncidentId(self._ids.mint(track.first_seen_at, view.camera_id, str(track.track_id))),
        )
        policy = self._policies.presence[track.seen]
        ground = None
        if view.pose is not None and policy.base_height_m is not None:
            ground = view.pose.ground_point(track.box_norm, policy.base_height_m, policy.half_depth_m)
        return Finding(
            incident=incident,
            incident_id=incident_id,
            camera_id=view.camera_id,
            zones=zones_of(track.box_norm, view.zones),
            ground=ground,
            evidence=evidence,
            at=frame.captured_at,
        )

    def _remember_lead_ups(self, memory: _Memory, tracked: TrackedLook, frame: Frame, hide: tuple[Box, ...]) -> None:
        """A track gets its lead-up picture at its second sighting: a first is often noise, not worth the encoding."""
        for track in tracked.live:
            is_second = track.score is not None and track.first_seen_at < frame.captured_at
            if is_second and track.track_id not in memory.lead_ups and track.track_id not in memory.incident_ids:
                memory.lead_ups[track.track_id] = self._picture(track, frame, hide, EvidenceRole.LEAD_UP)

    def _forget(self, memory: _Memory, tracked: TrackedLook) -> None:
        for track in tracked.lost:
            memory.lead_ups.pop(track.track_id, None)
            memory.incident_ids.pop(track.track_id, None)

    def _picture(self, track: Track, frame: Frame, hide: tuple[Box, ...], role: EvidenceRole) -> Picture:
        return take_picture(frame, track.box_norm, hide, role, self._evidence)
