"""Things → tracks: which thing of this look is which thing of the looks before.

Made for what stands still: a track's box follows slowly (time constant `FOLLOW_S`), so a stall stays itself behind a
passing bus and a passing van never becomes a stall. Ids belong to one camera's tracker; ages are seconds of capture
time, so it works at five looks a second and at one every five seconds.

A look may show only a part of the picture (a tile, `edge.tiles`). It says nothing of what lies elsewhere; and what only
tiles have ever shown is too small for the whole picture, so whole looks don't count against it either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import exp

import numpy as np

from contract.taxonomy import Seen
from edge.rules.boxes import affinities, area, blend, intersection, shares_of_smaller
from edge.rules.policy import PresencePolicy
from edge.values import Box, Thing, Track

FOLLOW_S = 8.0
"""How fast a track's box follows what it matches. Shorter: a slow vehicle drags it along; longer: a stall that is
being set up is boxed too small for a while."""
MIN_AFFINITY = 0.35
"""Overlap plus nearness (each 0..1) below which a thing is not this track. Lower: neighbours swap identities."""
MAX_LOOK_GAP_S = 10.0
"""One look vouches for at most this much absence: a camera that was away proves nothing about the time between."""
SAME_SHARE = 0.8
"""Two tracks of one kind whose boxes cover each other this much are one thing; the younger is dropped."""
INSIDE_SHARE = 0.9
"""A tile vouches for the absence of a thing whose box lies this far inside it."""
MAX_TRACKS = 200
"""Per camera; beyond it the faintest new things are not followed (a camera full of noise must not eat the node)."""


@dataclass(slots=True)
class _State:
    track_id: int
    seen: Seen
    box: Box
    latest_box: Box
    first_seen_at: datetime
    last_seen_at: datetime
    looked_at: datetime
    is_far: bool
    tile_gap_s: float = 0.0
    absent_s: float = 0.0
    score: float | None = None

    def snapshot(self) -> Track:
        return Track(
            self.track_id,
            self.seen,
            self.box,
            self.latest_box,
            self.score,
            self.first_seen_at,
            self.last_seen_at,
            self.tile_gap_s if self.is_far else 0.0,
        )


@dataclass(frozen=True, slots=True)
class TrackedLook:
    """All tracks after one look: those alive (matched or not) and those given up."""

    live: tuple[Track, ...]
    lost: tuple[Track, ...]


class Tracker:
    """One camera's tracks. Not thread-safe: one writer."""

    def __init__(self, presence: Mapping[Seen, PresencePolicy]) -> None:
        self._presence = presence
        self._states: list[_State] = []
        self._next_id = 1
        self._last_look_at: datetime | None = None

    def step(self, things: Sequence[Thing], at: datetime, tile: Box | None = None, round_s: float = 0.0) -> TrackedLook:
        """Takes one look.

        Args:
            things: what it shows.
            at: its capture time, which must not go back.
            tile: the part of the picture it was; None: the whole.
            round_s: seconds until that tile is looked at again.

        Raises:
            ValueError: `at` lies before the last look.
        """
        if self._last_look_at is not None and at < self._last_look_at:
            raise ValueError(f"look at {at} after one at {self._last_look_at}")
        self._last_look_at = at
        matches = self._match(things)
        for state in self._states:
            thing = matches.get(state.track_id)
            if thing is not None:
                _meet(state, thing, at, is_whole=tile is None)
            elif _is_in_sight(state, tile):
                _miss(state, at, MAX_LOOK_GAP_S if tile is None else max(MAX_LOOK_GAP_S, round_s))
            else:
                state.score = None
        taken = set(map(id, matches.values()))
        self._begin([thing for thing in things if id(thing) not in taken], at, tile is not None, round_s)
        lost = self._give_up()
        return TrackedLook(tuple(state.snapshot() for state in self._states), tuple(state.snapshot() for state in lost))

    def _match(self, things: Sequence[Thing]) -> dict[int, Thing]:
        """Greedy by affinity, older track first on a tie: deterministic for the same looks."""
        pairs: list[tuple[float, int, int]] = []
        for seen in {thing.seen for thing in things}:
            states = [state for state in self._states if state.seen is seen]
            indices = [index for index, thing in enumerate(things) if thing.seen is seen]
            found = affinities([state.box for state in states], [things[index].box_norm for index in indices])
            pairs += [
                (float(found[row, column]), states[row].track_id, indices[column])
                for row, column in np.argwhere(found >= MIN_AFFINITY).tolist()
            ]
        matches: dict[int, Thing] = {}
        taken: set[int] = set()
        for _, track_id, index in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
            if track_id not in matches and index not in taken:
                matches[track_id] = things[index]
                taken.add(index)
        return matches

    def _begin(self, things: Sequence[Thing], at: datetime, is_far: bool, round_s: float) -> None:
        for thing in things:
            if len(self._states) >= MAX_TRACKS:
                return
            box, gap_s = thing.box_norm, round_s if is_far else 0.0
            state = _State(self._next_id, thing.seen, box, box, at, at, at, is_far, gap_s, score=thing.score)
            self._states.append(state)
            self._next_id += 1

    def _give_up(self) -> list[_State]:
        """Tracks absent for long enough, and younger doubles of a thing already followed."""
        lost = [state for state in self._states if state.absent_s >= self._presence[state.seen].gone_after_s]
        lost_ids = {state.track_id for state in lost}
        alive = [state for state in self._states if state.track_id not in lost_ids]
        doubles = _doubles(alive)
        self._states = [state for state in alive if state.track_id not in doubles]
        return lost + [state for state in alive if state.track_id in doubles]


def _is_in_sight(state: _State, tile: Box | None) -> bool:
    """Whether a look that shows nothing of the track says that it isn't there."""
    if tile is None:
        return not state.is_far
    return intersection(state.box, tile) >= INSIDE_SHARE * area(state.box)


def _meet(state: _State, thing: Thing, at: datetime, *, is_whole: bool) -> None:
    elapsed_s = (at - state.looked_at).total_seconds()
    state.box = blend(state.box, thing.box_norm, 1.0 - exp(-max(elapsed_s, 0.05) / FOLLOW_S))
    state.latest_box = thing.box_norm
    state.score = thing.score
    state.absent_s = 0.0
    state.last_seen_at = state.looked_at = at
    # What the whole look shows once, it can be asked for: from now on its silence counts again.
    state.is_far = state.is_far and not is_whole


def _miss(state: _State, at: datetime, longest_gap_s: float) -> None:
    state.score = None
    state.absent_s += min((at - state.looked_at).total_seconds(), longest_gap_s)
    state.looked_at = at


def _doubles(states: Sequence[_State]) -> set[int]:
    """Ids of tracks that follow a thing which an older track of their kind follows already; `states` old to young."""
    doubles: set[int] = set()
    # Only a track that was met or begun in this look has moved onto another.
    for seen in {state.seen for state in states if state.score is not None}:
        same = [state for state in states if state.seen is seen]
        covered = shares_of_smaller([state.box for state in same]) >= SAME_SHARE
        for younger, state in enumerate(same):
            olders = np.flatnonzero(covered[younger, :younger]).tolist()
            if any(same[older].track_id not in doubles for older in olders):
                doubles.add(state.track_id)
    return doubles
