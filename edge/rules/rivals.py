"""Whether something else has been seen in a thing's place all along: then it does not open.

`edge.rules.contest` decides within one look and lets through what wins every other look: a lantern is a stall now and
a board then. Here the whole window counts. Presence asks before it opens anything; what is open is not asked again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil, floor

from contract.taxonomy import GROUP_BY_SEEN, Context, KindGroup, Seen
from edge.rules.boxes import ious
from edge.rules.contest import PERSON_IOU, PERSON_TIMES, SAME_PLACE_IOU
from edge.rules.policy import PresencePolicy
from edge.rules.track import TrackedLook
from edge.values import Detection, Track

OUTDONE_SHARE = 0.6
"""Of what a thing's group scored over the window: something else that scored more has the place. On tuning streets
(18.9 camera-hours) 25 -> 16 false solid things and 124 -> 122 of 171 found; 0.4: 14 and 121, 0.3: 14 and 119."""
_PLUMES = (Seen.SMOKE, Seen.FLAME)


@dataclass(slots=True)
class _Slot:
    """The best scores of one slot of the window: the thing's own group's, and anything else's."""

    number: int
    own: float = 0.0
    other: float = 0.0


@dataclass(slots=True)
class _Window:
    slots: list[_Slot] = field(default_factory=list)

    def note(self, number: int, count: int, own: float, other: float) -> None:
        """Adds a look to its slot and forgets what is older than `count` slots."""
        if not self.slots or self.slots[-1].number != number:
            self.slots = [slot for slot in self.slots if slot.number > number - count]
            self.slots.append(_Slot(number))
        newest = self.slots[-1]
        newest.own, newest.other = max(newest.own, own), max(newest.other, other)

    def is_outdone(self) -> bool:
        own, other = sum(slot.own for slot in self.slots), sum(slot.other for slot in self.slots)
        return other > OUTDONE_SHARE * own


class Rivals:
    """One camera's. Not thread-safe: one writer."""

    def __init__(self, presence: Mapping[Seen, PresencePolicy], slowest_look_s: float) -> None:
        self._presence = presence
        self._slowest_look_s = slowest_look_s
        self._windows: dict[int, _Window] = {}

    def step(
        self, look: TrackedLook, detections: Sequence[Detection], at: datetime, is_open: Collection[int]
    ) -> frozenset[int]:
        """The ids of the things that something else outdoes.

        Args:
            look: the camera's tracks after the look.
            detections: all that it shows, before any contest.
            at: its capture time; must not go back.
            is_open: ids of the tracks that are incidents already.
        """
        asked = [track for track in look.live if _is_asked(track) and track.track_id not in is_open]
        self._windows = {track.track_id: self._windows.get(track.track_id, _Window()) for track in asked}
        overlaps = ious([_place(track) for track in asked], [found.box_norm for found in detections]).tolist()
        for track, row in zip(asked, overlaps, strict=True):
            own, other = _scores(track, detections, row)
            policy = self._presence[track.seen]
            slot_s = max(policy.look_every_s, self._slowest_look_s, track.seen_every_s)
            number, count = floor(at.timestamp() / slot_s), max(1, ceil(policy.present_after_s / slot_s))
            self._windows[track.track_id].note(number, count, own, other)
        return frozenset(track_id for track_id, window in self._windows.items() if window.is_outdone())


def _is_asked(track: Track) -> bool:
    """Solid things only: burning rubbish is both, and boards are compared with a baseline."""
    return track.seen not in _PLUMES and GROUP_BY_SEEN[track.seen] is not KindGroup.SIGNAGE


def _place(track: Track) -> tuple[float, float, float, float]:
    return track.box_norm if track.score is None else track.latest_box_norm


def _scores(track: Track, detections: Sequence[Detection], overlaps: Sequence[float]) -> tuple[float, float]:
    """The best scores in the track's place: of its group (a parasol speaks for its stall), and of the rest."""
    own, other = track.score or 0.0, 0.0
    for found, overlap in zip(detections, overlaps, strict=True):
        if found.means is Context.PERSON:
            other = max(other, found.score / PERSON_TIMES) if overlap >= PERSON_IOU else other
        elif overlap < SAME_PLACE_IOU or found.means in _PLUMES or found.means is track.seen:
            continue
        elif isinstance(found.means, Seen) and GROUP_BY_SEEN[found.means] is GROUP_BY_SEEN[track.seen]:
            own = max(own, found.score)
        else:
            other = max(other, found.score)
    return own, other
