"""When a camera should be looked at more often: while smoke or fire that is new at its place may be coming up.

A wish is a value; whether there is room for it the schedule decides (`edge.schedule`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contract.ids import CameraId
from contract.taxonomy import Seen
from edge.rules.boxes import intersection
from edge.rules.policy import PresencePolicy
from edge.rules.presence import Presence
from edge.rules.track import TrackedLook
from edge.values import Box, Track

AGAIN_AFTER = timedelta(seconds=300)
"""A place that was watched closely is left alone for so long: a lamp that looks like fire would hold a camera all
night. What begins to burn there meanwhile is confirmed at the patrol's pace."""


@dataclass(frozen=True, slots=True)
class Wish:
    """`camera_id` should be watched closely until then, or no longer if `is_over`; `why` is for the log."""

    camera_id: CameraId
    until: datetime
    why: str
    is_over: bool = False


@dataclass(frozen=True, slots=True)
class _Watched:
    box: Box
    since: datetime


class Wishes:
    """One camera's wishes. Not thread-safe: one writer."""

    def __init__(self, camera_id: CameraId, presence: Mapping[Seen, PresencePolicy]) -> None:
        self._camera_id = camera_id
        self._presence = presence
        self._places: list[_Watched] = []
        self._asking: set[int] = set()

    def step(self, look: TrackedLook, presence: Presence, at: datetime) -> Wish | None:
        """The wish that this look gives rise to: one per place and `AGAIN_AFTER`; its end when all that was watched for
        is confirmed or gone."""
        self._places = [place for place in self._places if at - place.since < AGAIN_AFTER]
        wish = None
        for track in look.live:
            policy = self._presence[track.seen]
            if policy.attention_s <= 0 or not _is_worth_it(track, policy, presence) or self._was_watched(track):
                continue
            self._places.append(_Watched(track.latest_box_norm, at))
            self._asking.add(track.track_id)
            until = at + timedelta(seconds=policy.attention_s)
            if wish is None or until > wish.until:
                wish = Wish(self._camera_id, until, f"{track.seen} may be there")
        return wish or self._end(look, presence, at)

    def _end(self, look: TrackedLook, presence: Presence, at: datetime) -> Wish | None:
        live = {track.track_id for track in look.live}
        still = {track_id for track_id in self._asking & live if not presence.is_open(track_id)}
        is_over = bool(self._asking) and not still
        self._asking = still
        return Wish(self._camera_id, at, "confirmed or gone", is_over=True) if is_over else None

    def _was_watched(self, track: Track) -> bool:
        return any(intersection(track.latest_box_norm, place.box) > 0 for place in self._places)


def _is_worth_it(track: Track, policy: PresencePolicy, presence: Presence) -> bool:
    if track.score is None or presence.is_open(track.track_id):
        return False
    return track.score >= policy.confirm_score or presence.is_promising(track.track_id)
