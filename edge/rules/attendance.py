"""Whether somebody stays with a cart or a table: seconds, never who. A parked cart alone is no street trade.

Somebody stays where, over a window, most looks show a person's box near the thing and at about one spot: whoever walks
past is metres away by the next look. Nobody is followed, and nothing of a person is kept but at which spots beside the
thing feet stood within the window. As in `presence` the window is cut into slots that should all hold looks, so a
dropped look only ever delays a stay.

What it can't tell: a queue from a vendor, a vendor whom the stall hides from one whom nobody sees, and on a pavement
where somebody passes every few seconds, walkers from one who stays.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil, floor, isfinite

from contract.taxonomy import Context, Seen
from edge.rules.boxes import area, intersection, iou
from edge.rules.perspective import PERSON_M, Perspective
from edge.rules.policy import AttendancePolicy, PresencePolicy
from edge.rules.track import INSIDE_SHARE, TrackedLook
from edge.values import Box, Detection, Track

ASPECT = 16 / 9
BEHIND_M = 1.4
"""How much higher in the picture than the thing's foot a person's box may end: who stands behind it hides its legs.
Higher takes in the pavement behind."""
BEFORE_M = 0.8
"""How much lower: who stands before it. Higher takes in the other lane."""
SAME_BOX = 0.6
"""A person's box that fills the thing's own box by this much is the thing, seen as a person."""
SAME_SPOT = 0.25
"""Of a stay's reach: spots of one slot this near to each other are kept as one."""


@dataclass(slots=True)
class _Spot:
    """Feet, in metres right and down the picture from its corner at the thing's scale; in how many looks."""

    x_m: float
    y_m: float
    looks: int = 1

    def is_within(self, reach_m: float, other: "_Spot") -> bool:
        return abs(self.x_m - other.x_m) <= reach_m and abs(self.y_m - other.y_m) <= reach_m


@dataclass(slots=True)
class _Slot:
    number: int
    begins_at: datetime
    looks: int = 0
    spots: list[_Spot] = field(default_factory=list)

    def share_at(self, spot: _Spot, reach_m: float) -> float:
        """Share of the slot's looks that show somebody there."""
        there = sum(other.looks for other in self.spots if other.is_within(reach_m, spot))
        return min(1.0, there / self.looks)


@dataclass(slots=True)
class _Record:
    """One thing's. `where`: the spot at which most looks of the window show somebody."""

    slots: deque[_Slot] = field(default_factory=deque)
    watched: int = 0
    where: _Spot | None = None
    since: datetime | None = None
    longest_s: float = 0.0


class Attendance:
    """One camera's. Not thread-safe: one writer."""

    def __init__(
        self,
        policy: AttendancePolicy,
        presence: Mapping[Seen, PresencePolicy],
        slowest_look_s: float,
        perspective: Perspective,
    ) -> None:
        """`perspective` says how large a metre is; where it can't, the thing's own kind does."""
        self._policy, self._presence, self._perspective = policy, presence, perspective
        self._slowest_look_s = slowest_look_s
        self._records: dict[int, _Record] = {}
        self._lost: tuple[Track, ...] = ()

    def stayed_s(self, track_id: int) -> float | None:
        """The longest time so far for which somebody stayed with it; None where that can't be told.

        What a look gives up is still known until the next.
        """
        record = self._records.get(track_id)
        if record is None or record.watched < self._policy.least_slots:
            return None
        return record.longest_s

    def step(self, look: TrackedLook, detections: Sequence[Detection], at: datetime, tile: Box | None = None) -> None:
        """Takes one look.

        Args:
            look: the camera's tracks after it.
            detections: all that it shows, people among it.
            at: its capture time; must not go back.
            tile: the part of the picture it was; None: the whole.
        """
        for track in self._lost:
            self._records.pop(track.track_id, None)
        self._lost = look.lost
        people = [found for found in detections if found.means is Context.PERSON]
        looked_at = 1.0 if tile is None else tile[3] - tile[1]
        for track in look.live:
            if track.seen not in self._policy.of or not _is_in_sight(track, tile):
                continue
            metre = self._metre(track)
            if metre is None or PERSON_M * metre < self._policy.least_height * looked_at:
                continue
            near = [_spot(person.box_norm, metre) for person in people if self._is_near(person, track, metre)]
            if track.score is not None or near:  # else something stands before both
                record = self._records.setdefault(track.track_id, _Record())
                self._note(record, track, near, at)

    def _metre(self, track: Track) -> float | None:
        """How much of the picture's height a metre takes at the thing's foot."""
        high = track.box_norm[3] - track.box_norm[1]
        height_m = self._perspective.height_m(track.box_norm)
        if height_m is not None and isfinite(height_m) and height_m > 0:
            return high / height_m
        usual = self._presence[track.seen].height_m
        return None if usual is None else 2 * high / sum(usual)

    def _is_near(self, person: Detection, track: Track, metre: float) -> bool:
        own, thing = person.box_norm, track.latest_box_norm
        gap = max(0.0, own[0] - thing[2], thing[0] - own[2])
        lower = own[3] - thing[3]
        if gap * ASPECT > self._policy.reach_m * metre or not -BEHIND_M * metre <= lower <= BEFORE_M * metre:
            return False
        return track.score is None or person.score > track.score or iou(own, thing) < SAME_BOX

    def _note(self, record: _Record, track: Track, near: Sequence[_Spot], at: datetime) -> None:
        slot_s = max(self._policy.slot_s, self._slowest_look_s, track.seen_every_s)
        number, count = floor(at.timestamp() / slot_s), max(1, ceil(self._policy.window_s / slot_s))
        if not record.slots or record.slots[-1].number != number:
            record.slots.append(_Slot(number, at))
            record.watched += 1
        while record.slots[0].number <= number - count:
            record.slots.popleft()
        newest = record.slots[-1]
        newest.looks += 1
        for spot in near:
            _add(newest, spot, SAME_SPOT * self._policy.still_m)
        self._decide(record, near, count, at)

    def _decide(self, record: _Record, near: Sequence[_Spot], slots: int, at: datetime) -> None:
        """Begins, goes on with or ends a stay at the spot that was held most."""
        reach_m = self._policy.still_m
        candidates = [*near, record.where] if record.where is not None else [*near]
        if not candidates:
            return
        shares = [sum(slot.share_at(spot, reach_m) for slot in record.slots) for spot in candidates]
        held = max(shares)
        record.where = candidates[shares.index(held)]
        if record.since is None:
            if held < self._policy.begins_share * slots:
                return
            record.since = next(slot.begins_at for slot in record.slots if slot.share_at(record.where, reach_m) > 0)
        if any(spot.is_within(reach_m, record.where) for spot in near):
            record.longest_s = max(record.longest_s, (at - record.since).total_seconds())
        if held < self._policy.ends_share * len(record.slots):
            record.since = record.where = None


def _add(slot: _Slot, spot: _Spot, reach_m: float) -> None:
    for known in slot.spots:
        if known.is_within(reach_m, spot):
            known.looks += 1
            return
    slot.spots.append(spot)


def _is_in_sight(track: Track, tile: Box | None) -> bool:
    return tile is None or intersection(track.box_norm, tile) >= INSIDE_SHARE * area(track.box_norm)


def _spot(box: Box, metre: float) -> _Spot:
    return _Spot((box[0] + box[2]) / 2 * ASPECT / metre, box[3] / metre)
