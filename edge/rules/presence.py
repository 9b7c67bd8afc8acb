"""Tracks → incidents: when a thing is present, still there, and gone.

The window is cut into slots of `look_every_s`. A slot counts at most once, by its best look, against the number of
slots the window *should* hold. So a dropped frame can only ever delay an incident, never open one, and dwell is
seconds of capture time whatever the frame rate (a frame count would stretch when frames drop). What nobody saw for as
long as a gone thing takes to be gone starts over, watched or not: an early glimpse vouches for nothing after a gap.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import ceil, floor
from types import MappingProxyType

from contract.events import IncidentState
from contract.taxonomy import Seen
from edge.rules.boxes import share_of_smaller
from edge.rules.policy import PresencePolicy
from edge.rules.track import TrackedLook
from edge.values import Box, Incident, ScoreSummary, Track

NOBODY_ASKED: Mapping[int, float] = MappingProxyType({})
PROMISING_SLOTS = 2
"""More: the lead-up picture shows less of the beginning. Fewer: every flicker is encoded (7 ms at 1080p)."""

SAME_PLACE_SHARE = 0.5
"""Two boxes of one kind that cover each other this much are at one place, for the cool-down."""


@dataclass(frozen=True, slots=True)
class _Cooling:
    """A place where something was gone at `since`."""

    seen: Seen
    box: Box
    until: datetime


@dataclass(slots=True)
class _Record:
    """What is remembered of one track. `since`: when it began to be seen without a gap that would have ended it."""

    since: datetime
    seen_at: datetime
    best_by_slot: dict[int, float] = field(default_factory=dict)
    looks: int = 0
    positive_looks: int = 0
    total: float = 0.0
    peak: float = 0.0
    latest: float = 0.0
    revision: int = 0
    told_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.revision > 0

    def summary(self) -> ScoreSummary:
        mean = self.total / max(1, self.positive_looks)
        return ScoreSummary(self.latest, mean, self.peak, self.looks, self.positive_looks)


class Presence:
    """One camera's confirmation. Not thread-safe: one writer.

    `slowest_look_s` is the camera's own cadence: slots are never shorter, or a slow camera could never confirm.
    """

    def __init__(self, presence: Mapping[Seen, PresencePolicy], slowest_look_s: float) -> None:
        self._presence = presence
        self._slowest_look_s = slowest_look_s
        self._records: dict[int, _Record] = {}
        self._cooling: list[_Cooling] = []

    def is_promising(self, track_id: int) -> bool:
        """Whether the track is not open but was seen in two slots: noise seldom comes twice."""
        record = self._records.get(track_id)
        return record is not None and not record.is_open and len(record.best_by_slot) >= PROMISING_SLOTS

    def is_open(self, track_id: int) -> bool:
        """Whether the track is an incident by now."""
        record = self._records.get(track_id)
        return record is not None and record.is_open

    def open_ids(self) -> frozenset[int]:
        """The tracks that are incidents by now."""
        return frozenset(track_id for track_id, record in self._records.items() if record.is_open)

    def step(
        self,
        look: TrackedLook,
        at: datetime,
        beliefs: Mapping[int, float] = NOBODY_ASKED,
        outdone: Collection[int] = frozenset(),
    ) -> tuple[Incident, ...]:
        """The incidents that opened, stayed (at most one a minute) or closed with this look.

        Args:
            look: the camera's tracks after the look.
            at: capture time of the look.
            beliefs: how sure the second stage is of a track, 0..1, by its id; a track that is none of them has not
                been judged yet and does not open where the policy asks for a belief.
            outdone: the tracks in whose place something else is seen, see `edge.rules.rivals`: they don't open now.
        """
        self._cooling = [place for place in self._cooling if place.until > at]
        incidents: list[Incident] = []
        for track in look.live:
            record = self._records.setdefault(track.track_id, _Record(since=at, seen_at=at))
            policy = self._presence[track.seen]
            slot_s = max(policy.look_every_s, self._slowest_look_s, track.seen_every_s)
            # A slow camera's looks come up to two slots apart without anything having been missed.
            longest_gap_s = max(policy.gone_after_s, 2 * slot_s)
            if track.score is not None:
                _start_over_after(record, longest_gap_s, at)
            _note(record, track, slot=floor(at.timestamp() / slot_s))
            state = _decide(record, track, policy, slot_s, at)
            if state is IncidentState.OPENED and not self._may_open(track, policy, beliefs, outdone):
                continue
            if state is not None:
                incidents.append(_tell(record, track, state, at))
        for track in look.lost:
            gone = self._records.pop(track.track_id, None)
            if gone is not None and gone.is_open:
                incidents.append(_tell(gone, track, IncidentState.CLOSED, at))
                cool_down = timedelta(seconds=self._presence[track.seen].cool_down_s)
                self._cooling.append(_Cooling(track.seen, track.box_norm, at + cool_down))
        return tuple(incidents)

    def _may_open(
        self, track: Track, policy: PresencePolicy, beliefs: Mapping[int, float], outdone: Collection[int]
    ) -> bool:
        if track.track_id in outdone:
            return False
        if policy.least_belief > 0 and beliefs.get(track.track_id, 0.0) < policy.least_belief:
            return False
        return not any(
            place.seen is track.seen and share_of_smaller(place.box, track.box_norm) >= SAME_PLACE_SHARE
            for place in self._cooling
        )


def _start_over_after(record: _Record, longest_gap_s: float, at: datetime) -> None:
    if not record.is_open and (at - record.seen_at).total_seconds() >= longest_gap_s:
        record.since = at
        record.best_by_slot.clear()
    record.seen_at = at


def _note(record: _Record, track: Track, slot: int) -> None:
    record.looks += 1
    if track.score is None:
        return
    record.positive_looks += 1
    record.total += track.score
    record.peak = max(record.peak, track.score)
    record.latest = track.score
    if not record.is_open:  # the window has done its work once it opens; a stall may then stand for weeks
        record.best_by_slot[slot] = max(record.best_by_slot.get(slot, 0.0), track.score)


def _decide(record: _Record, track: Track, policy: PresencePolicy, slot_s: float, at: datetime) -> IncidentState | None:
    """What this look changes, or None."""
    if track.score is None:
        return None
    if record.told_at is not None:
        is_due = (at - record.told_at).total_seconds() >= policy.update_every_s
        return IncidentState.UPDATED if is_due else None
    return IncidentState.OPENED if _is_present(record, policy, slot_s, at) else None


def _is_present(record: _Record, policy: PresencePolicy, slot_s: float, at: datetime) -> bool:
    slots = max(1, ceil(policy.present_after_s / slot_s))
    newest = floor(at.timestamp() / slot_s)
    for slot in [slot for slot in record.best_by_slot if slot <= newest - slots]:
        del record.best_by_slot[slot]
    if (at - record.since).total_seconds() < policy.present_after_s:
        return False
    needed = policy.share * slots
    scores = record.best_by_slot.values()
    return len(scores) >= needed and sum(scores) >= needed * policy.confirm_score


def _tell(record: _Record, track: Track, state: IncidentState, at: datetime) -> Incident:
    record.revision += 1
    record.told_at = at
    return Incident(replace(track, first_seen_at=record.since), state, record.revision, record.summary())
