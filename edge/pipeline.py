"""The node's half of the flow, one step a line: frame → detections → things → tracks → incidents → events.

Start reading here. `look` is called once per look, by one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from contract.errors import PermanentError
from contract.events import Event, EvidenceRef, EvidenceRole, IncidentState
from contract.ids import CameraId, IncidentId
from edge.detect.port import Detector
from edge.events import EventBook, Finding, Ids, Sender, build_event
from edge.evidence.pictures import Picture, PictureFolder, Shutter
from edge.evidence.redact import RedactionMemory
from edge.rules.gather import gather
from edge.rules.places import CameraPose, Zone, zones_of
from edge.rules.policy import Policies
from edge.rules.presence import Presence
from edge.rules.track import TrackedLook, Tracker
from edge.settings import EvidenceSettings
from edge.values import Frame, Incident, Track

_log = structlog.get_logger(__name__)


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
        self.lead_ups: dict[int, tuple[Picture, EvidenceRef]] = {}
        self.incident_ids: dict[int, IncidentId] = {}
        self.looked_at: datetime | None = None


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
        self._hold = timedelta(seconds=evidence.redact_hold_s)
        self._memories = {view.camera_id: _Memory(view, policies, self._hold) for view in views}

    def look(self, frame: Frame) -> tuple[Event, ...]:
        """Everything one frame leads to; the events are on disk when this returns.

        Raises:
            KeyError: the frame is of no camera of this node.
            PermanentError: the disk refuses the event.
        """
        memory = self._memory_at(frame)
        detections = self._detector.detect(frame.image)
        shutter = Shutter(frame, memory.redaction.note(detections, frame.captured_at), self._evidence)
        things = gather(detections, self._policies)
        tracked = memory.tracker.step(things, frame.captured_at)
        incidents = memory.presence.step(tracked, frame.captured_at)
        self._remember_lead_ups(memory, tracked, shutter)
        events = tuple(self._write(memory, incident, frame, shutter) for incident in incidents)
        self._forget(memory, tracked)
        return events

    def _memory_at(self, frame: Frame) -> _Memory:
        """The camera's memory; a new one if the clock was set back, since ages over that step mean nothing."""
        memory = self._memories[frame.camera_id]
        if memory.looked_at is not None and frame.captured_at < memory.looked_at:
            _log.warning("the clock went back; the camera's tracks start anew", camera_id=frame.camera_id)
            memory = self._memories[frame.camera_id] = _Memory(memory.view, self._policies, self._hold)
        memory.looked_at = frame.captured_at
        return memory

    def _write(self, memory: _Memory, incident: Incident, frame: Frame, shutter: Shutter) -> Event:
        evidence = self._keep_evidence(memory, incident, shutter)
        finding = self._locate(memory, incident, frame, evidence)
        event_id = self._ids.mint(frame.captured_at, finding.incident_id, str(incident.revision))
        return self._book.append(partial(build_event, finding, self._sender, event_id))

    def _keep_evidence(self, memory: _Memory, incident: Incident, shutter: Shutter) -> tuple[EvidenceRef, ...]:
        """Lead-up and confirmation when it opens, the latest view while it stays, nothing once it is gone."""
        track = incident.track
        shots: list[tuple[Picture, EvidenceRef]] = []
        match incident.state:
            case IncidentState.OPENED:
                lead_up = memory.lead_ups.pop(track.track_id, None)
                shots.extend([] if lead_up is None else [lead_up])
                shots.append(_shot(shutter, track, EvidenceRole.CONFIRMATION))
            case IncidentState.UPDATED:
                shots.append(_shot(shutter, track, EvidenceRole.LATEST))
            case IncidentState.CLOSED:
                pass
        return tuple(ref for picture, ref in shots if self._is_kept(picture, memory.view.camera_id))

    def _is_kept(self, picture: Picture, camera_id: CameraId) -> bool:
        """A disk that refuses a picture must not cost the event: it goes without."""
        try:
            self._pictures.keep(picture)
        except PermanentError as error:
            _log.error("a picture could not be kept; its event goes without it", camera_id=camera_id, reason=str(error))
            return False
        return True

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

    def _remember_lead_ups(self, memory: _Memory, tracked: TrackedLook, shutter: Shutter) -> None:
        """A track gets its lead-up picture as soon as it is more than a flicker."""
        for track in tracked.live:
            is_new = track.score is not None and track.track_id not in memory.lead_ups
            if is_new and memory.presence.is_promising(track.track_id):
                memory.lead_ups[track.track_id] = _shot(shutter, track, EvidenceRole.LEAD_UP)

    def _forget(self, memory: _Memory, tracked: TrackedLook) -> None:
        for track in tracked.lost:
            memory.lead_ups.pop(track.track_id, None)
            memory.incident_ids.pop(track.track_id, None)


def _shot(shutter: Shutter, track: Track, role: EvidenceRole) -> tuple[Picture, EvidenceRef]:
    picture = shutter.picture()
    return picture, picture.ref(track.latest_box_norm, role)
