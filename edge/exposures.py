"""Which pictures and films an incident gets: the place before, the lead-up, the confirmation, the latest, a film.

Pictures are chosen when the look is taken; searching them for people and keeping them is the locker's.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from contract.events import EvidenceRole, IncidentState
from contract.ids import CameraId, IncidentId
from edge.evidence.filming import Films
from edge.evidence.locker import Shot
from edge.evidence.pictures import Shutter
from edge.evidence.scene_memory import SceneMemory
from edge.evidence_settings import EvidenceSettings
from edge.rules.presence import Presence
from edge.values import Incident, Track


class Exposures:
    """One camera's pictures that an incident may ask for later. Not thread-safe: one writer."""

    def __init__(self, camera_id: CameraId, evidence: EvidenceSettings, films: Films | None) -> None:
        self._camera_id = camera_id
        self._clips_of = evidence.clips_of
        self._films = films
        self._scenes = SceneMemory(timedelta(seconds=evidence.context_every_s))
        self._lead_ups: dict[int, Shot] = {}

    def note_scene(self, shutter: Shutter, at: datetime) -> None:
        """Keeps this look's whole picture if it is time for one."""
        self._scenes.note(shutter, at)

    def note_lead_ups(self, tracks: Iterable[Track], presence: Presence, shutter: Shutter) -> None:
        """A track gets its lead-up picture as soon as it is more than a flicker."""
        for track in tracks:
            is_new = track.score is not None and track.track_id not in self._lead_ups
            if is_new and presence.is_promising(track.track_id):
                self._lead_ups[track.track_id] = _shot(shutter, track, EvidenceRole.LEAD_UP)

    def forget(self, track_id: int) -> None:
        """What was kept of a track that is lost."""
        self._lead_ups.pop(track_id, None)

    def shots(self, incident: Incident, incident_id: IncidentId, shutter: Shutter) -> list[Shot]:
        """The place before, lead-up and confirmation when it opens, the latest while it stays, a film when done."""
        track = incident.track
        match incident.state:
            case IncidentState.OPENED:
                before = self._scenes.before(track.first_seen_at)
                lead_up = self._lead_ups.pop(track.track_id, None)
                self._want_film(track, incident_id)
                return [
                    *([] if before is None else [Shot(before, track.box_norm, EvidenceRole.CONTEXT)]),
                    *([] if lead_up is None else [lead_up]),
                    _shot(shutter, track, EvidenceRole.CONFIRMATION),
                ]
            case IncidentState.UPDATED:
                return [_shot(shutter, track, EvidenceRole.LATEST), *self._film(track, incident_id)]
            case IncidentState.CLOSED:
                return self._film(track, incident_id)

    def _want_film(self, track: Track, incident_id: IncidentId) -> None:
        if self._films is not None and track.seen in self._clips_of:
            self._films.want(incident_id, self._camera_id)

    def _film(self, track: Track, incident_id: IncidentId) -> list[Shot]:
        film = None if self._films is None else self._films.take(incident_id)
        return [] if film is None else [Shot(film, track.box_norm, EvidenceRole.CLIP)]


def _shot(shutter: Shutter, track: Track, role: EvidenceRole) -> Shot:
    return Shot(shutter.negative(), track.latest_box_norm, role)
