"""Incidents that outlive the memory they were decided in: after a kill, a restart, other policies, a clock set back.

Central knows them as open, and this camera's tracks know nothing of them. If the same kind of thing is confirmed again
at the same place, the old incident goes on: same id, its own beginning, rising revisions. If the camera has looked for
as long as a thing that stands there takes to be confirmed again, and it was not, the incident ends: last seen when it
was last seen. A camera that is away ends nothing, however long: as with a node that ran through, only looks can tell
that something is gone, and a street nobody watched is no street that was cleared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from contract.events import Confidence, Event, IncidentState, wrap
from contract.ids import CameraId, IncidentId, StreamId
from contract.taxonomy import Seen
from edge.events import Sender
from edge.rules.boxes import share_of_smaller
from edge.rules.policy import PresencePolicy
from edge.values import Box, Incident, ScoreSummary, Track

SAME_PLACE_SHARE = 0.5
"""As for the cool-down: two boxes of one kind that cover each other this much are at one place."""
LOOKS_APART = 2.0
"""Times the camera's own cadence that one look vouches for at most: a camera that was away did not watch meanwhile."""

NOTHING_RESUMED: Mapping[int, Event] = MappingProxyType({})


class Stories(Protocol):
    """Where the newest word on every incident is kept that was opened and not closed."""

    def unfinished(self, camera_id: str | None = None) -> Sequence[Event]:
        """The last event of each, without its evidence; of one camera or of all."""
        ...


@dataclass(frozen=True, slots=True)
class Times:
    """How long a camera must look before what it does not see is gone.

    `tile_round_s`: a thing may be seen only this often (`edge.tiles`). `boards`: kinds that are compared by daylight
    and a few times an hour only.
    """

    presence: Mapping[Seen, PresencePolicy]
    look_every_s: float
    tile_round_s: float = 0.0
    boards: frozenset[Seen] = frozenset()

    def longest_step(self, seen: Seen) -> timedelta:
        policy = self.presence.get(seen)
        cadence_s = self.look_every_s if policy is None else max(self.look_every_s, policy.look_every_s)
        return timedelta(seconds=LOOKS_APART * cadence_s)

    def until_gone(self, seen: Seen) -> timedelta:
        """Confirmation, and the patience a thing already has that is hidden for a while."""
        if seen in self.boards:
            return timedelta(days=1)
        policy = self.presence.get(seen)
        if policy is None:  # nobody looks for it any more: nobody could ever see it go
            return timedelta(0)
        confirming_s = max(policy.present_after_s, self.look_every_s, self.tile_round_s)
        return timedelta(seconds=confirming_s + max(policy.gone_after_s, LOOKS_APART * self.tile_round_s))


@dataclass(slots=True)
class _Waiting:
    """An incident that nobody here has seen yet, and for how long its camera has looked in vain."""

    event: Event
    watched: timedelta = timedelta(0)

    @property
    def box(self) -> Box:
        box = self.event.data.box
        return (box.x1, box.y1, box.x2, box.y2)

    def is_at(self, track: Track) -> bool:
        same_kind = track.seen is self.event.data.seen
        return same_kind and share_of_smaller(self.box, track.box_norm) >= SAME_PLACE_SHARE


class Orphans:
    """One camera's. Not thread-safe: the look thread owns it."""

    def __init__(self, events: Iterable[Event], resumed: Mapping[int, Event] = NOTHING_RESUMED) -> None:
        """`events`: the last word on each incident that this camera's memory does not know; `resumed`: by track, what
        tracks that live on already go on with."""
        known = {event.subject for event in resumed.values()}
        self._waiting = [_Waiting(event) for event in events if event.subject not in known]
        self._resumed = dict(resumed)
        self._looked_at: datetime | None = None

    def id_of(self, track_id: int) -> IncidentId | None:
        """The incident that this track goes on with; None if it is one of its own."""
        event = self._resumed.get(track_id)
        return None if event is None else IncidentId(event.data.incident_id)

    def resumed_from(self, track_id: int) -> dict[int, Event]:
        """What tracks numbered `track_id` and more go on with."""
        return {key: event for key, event in self._resumed.items() if key >= track_id}

    def as_told(self, incident: Incident, shift: timedelta = timedelta(0)) -> Incident:
        """What this incident is to central: itself, or the next revision of the one it goes on with.

        `shift` is how far the wall clock, in which events are told, is ahead of capture time.
        """
        track = incident.track
        if incident.state is IncidentState.OPENED:
            match = next((waiting for waiting in self._waiting if waiting.is_at(track)), None)
            if match is not None:
                self._waiting.remove(match)
                self._resumed[track.track_id] = match.event
        event = self._resumed.get(track.track_id)
        if event is None:
            return incident
        return replace(
            incident,
            track=replace(track, first_seen_at=min(track.first_seen_at, event.data.first_seen_at - shift)),
            state=IncidentState.UPDATED if incident.state is IncidentState.OPENED else incident.state,
            revision=event.data.revision + incident.revision,
            summary=_together(event.data.confidence, incident.summary),
        )

    def forget(self, track_id: int) -> None:
        self._resumed.pop(track_id, None)

    def over(self, live: Sequence[Track], at: datetime, preset: str | None, times: Times) -> list[Event]:
        """The incidents that this look proves to be gone; each is given once.

        Args:
            live: the tracks after the look; what may still be confirmed at an incident's place keeps it waiting.
            at: the look's capture time.
            preset: where the camera looked.
            times: how long each kind takes here.
        """
        since = timedelta(0) if self._looked_at is None else at - self._looked_at
        self._looked_at = at
        gone: list[Event] = []
        for waiting in list(self._waiting):
            data = waiting.event.data
            if data.preset not in (None, preset):
                continue
            waiting.watched += min(since, times.longest_step(data.seen))
            is_expected = any(waiting.is_at(track) for track in live)
            if waiting.watched >= times.until_gone(data.seen) and not is_expected:
                self._waiting.remove(waiting)
                gone.append(waiting.event)
        return gone


def build_closing(last: Event, sender: Sender, event_id: str, at: datetime, stream_id: StreamId, seq: int) -> Event:
    """The end of an incident whose last word was `last`; `at` is the capture time of the look that decided.

    Everything about the thing stays as it was last told; who says so, and when, is of now.
    """
    around = sender.circumstances
    reading = around.clock_reading()
    told = {
        "stream_id": stream_id,
        "seq": seq,
        "boot_id": sender.boot_id,
        "revision": last.data.revision + 1,
        "state": IncidentState.CLOSED,
        "config_version": sender.config_version,
        "clock_state": reading.state,
        "clock_offset_ms": reading.offset_ms,
        "camera_condition": around.condition(CameraId(last.data.camera_id)),
        "evidence": (),
        "evidence_state": None,
    }
    return wrap(last.data.model_copy(update=told), event_id, around.to_wall(at))


def _together(before: Confidence, now: ScoreSummary) -> ScoreSummary:
    """The detector's scores over the whole life, the part before included."""
    positive = before.positive_looks + now.positive_looks
    total = before.mean * before.positive_looks + now.mean * now.positive_looks
    looks = before.looks + now.looks
    return ScoreSummary(now.latest, total / positive, max(before.peak, now.peak), looks, positive)
