"""A camera's boards against its baseline: looks → a draft, or differences that are incidents with a place.

One look in ten minutes, by daylight only. A difference is believed when three of the last four such looks show it and
given up when two do not; so a van before a shop is no missing sign.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from contract.events import IncidentState
from contract.ids import CameraId
from contract.taxonomy import Seen
from edge.baseline.boards import SIGNAGE, Acceptance, Baseline, Board, difference, is_daylight, look_of
from edge.rules.boxes import iou
from edge.values import Box, Detection, Incident, ScoreSummary, Track

LOOK_EVERY = timedelta(minutes=10)
DRAFT_LOOKS = 6
"""Daylight looks that make a draft: an hour. Fewer and whoever parks there at noon hides a sign."""
DRAFT_SHARE = 0.5
SAME_IOU = 0.4
CHANGED = 0.3
"""Difference of looks from which a board is another one (`boards.difference`)."""
NEEDED, OF = 3, 4
"""So many of the last so many looks make a difference an incident."""
CLEAR = 2
"""Looks without it that end it."""
LEAST_SCORE = 0.45
FIRST_TRACK_ID = 1_000_000
"""Boards' tracks are numbered from here, so that they never meet those of `edge.rules.track`."""


@dataclass(slots=True)
class _Difference:
    """Something that may be otherwise than accepted."""

    place_id: str
    seen: Seen
    box: Box
    track_id: int
    since: datetime
    shown: deque[bool] = field(default_factory=lambda: deque(maxlen=OF))
    scores: list[float] = field(default_factory=list)
    revision: int = 0
    last_at: datetime | None = None


class SignWatch:
    """One camera's boards. Not thread-safe: one writer."""

    def __init__(self, camera_id: CameraId, preset: str | None = None, baseline: Baseline | None = None) -> None:
        """`baseline`: what is accepted, or a draft; None: a draft is begun."""
        self._camera_id = camera_id
        self._preset = preset
        self.baseline = baseline
        self._due_at: datetime | None = None
        self._looks = 0
        self._draft: list[tuple[Seen, Box, NDArray[np.float32], int]] = []
        self._differences: dict[str, _Difference] = {}
        self._next_track = FIRST_TRACK_ID
        self._next_new = 1

    def step(self, detections: Sequence[Detection], image: NDArray[np.uint8], at: datetime) -> tuple[Incident, ...]:
        """Takes one look, if it is time for one and day; `image` is (H, W, 3) BGR, the picture the boxes are of."""
        if (self._due_at is not None and at < self._due_at) or not is_daylight(image):
            return ()
        self._due_at = at + LOOK_EVERY
        boards = [(entry, look_of(image, entry.box_norm)) for entry in detections if _is_board(entry)]
        if self.baseline is None:
            self._note_draft(boards)
            return ()
        if self.baseline.acceptance is Acceptance.DRAFT:
            return ()
        return tuple(self._compare(self.baseline, boards, at))

    def _note_draft(self, boards: Sequence[tuple[Detection, NDArray[np.float32]]]) -> None:
        self._looks += 1
        for entry, look in boards:
            assert isinstance(entry.means, Seen)
            same = [k for k, known in enumerate(self._draft) if iou(known[1], entry.box_norm) >= SAME_IOU]
            if same:
                seen, box, known_look, count = self._draft[same[0]]
                self._draft[same[0]] = (seen, box, known_look, count + 1)
            else:
                self._draft.append((entry.means, entry.box_norm, look, 1))
        if self._looks >= DRAFT_LOOKS:
            self.baseline = self._drafted()

    def _drafted(self) -> Baseline:
        kept = [entry for entry in self._draft if entry[3] >= DRAFT_SHARE * self._looks]
        boards = tuple(
            Board(
                place_id=f"board-{number}",
                seen=seen,
                box=(round(box[0], 4), round(box[1], 4), round(box[2], 4), round(box[3], 4)),
                look=tuple(round(value, 3) for value in look.tolist()),
                share=min(1.0, count / self._looks),
            )
            for number, (seen, box, look, count) in enumerate(sorted(kept, key=lambda entry: entry[1]), start=1)
        )
        return Baseline(
            camera_id=self._camera_id,
            preset=self._preset,
            acceptance=Acceptance.DRAFT,
            looks=self._looks,
            boards=boards,
        )

    def _compare(
        self, baseline: Baseline, boards: Sequence[tuple[Detection, NDArray[np.float32]]], at: datetime
    ) -> list[Incident]:
        now: dict[str, tuple[Seen, Box, float]] = {}
        for board in baseline.boards:
            there = [(entry, look) for entry, look in boards if iou(entry.box_norm, board.box) >= SAME_IOU]
            if not there:
                now[f"removed-{board.place_id}"] = (board.seen, board.box, 1.0)
            elif min(difference(look, board.look) for _, look in there) >= CHANGED:
                now[f"changed-{board.place_id}"] = (board.seen, board.box, there[0][0].score)
        for entry, _ in boards:
            known = any(iou(entry.box_norm, board.box) >= SAME_IOU for board in baseline.boards)
            if not known and entry.score >= LEAST_SCORE and isinstance(entry.means, Seen):
                now[self._place_of_new(entry.box_norm)] = (entry.means, entry.box_norm, entry.score)
        return self._settled(now, at)

    def _place_of_new(self, box: Box) -> str:
        for place_id, known in self._differences.items():
            if place_id.startswith("new-") and iou(known.box, box) >= SAME_IOU:
                return place_id
        self._next_new += 1
        return f"new-{self._next_new - 1}"

    def _settled(self, now: dict[str, tuple[Seen, Box, float]], at: datetime) -> list[Incident]:
        for place_id, (seen, box, _) in now.items():
            if place_id not in self._differences:
                self._differences[place_id] = _Difference(place_id, seen, box, self._next_track, at)
                self._next_track += 1
        incidents = []
        for place_id, known in list(self._differences.items()):
            shown = now.get(place_id)
            known.shown.append(shown is not None)
            if shown is not None:
                known.scores.append(shown[2])
                known.last_at = at
            state = _state(known)
            if state is not None:
                known.revision += 1
                incidents.append(_incident(known, state))
            if state is IncidentState.CLOSED or not any(known.shown):
                del self._differences[place_id]
        return incidents


def _is_board(entry: Detection) -> bool:
    return isinstance(entry.means, Seen) and entry.means in SIGNAGE


def _state(known: _Difference) -> IncidentState | None:
    latest = list(known.shown)
    if known.revision == 0:
        return IncidentState.OPENED if sum(latest) >= NEEDED else None
    return IncidentState.CLOSED if len(latest) >= CLEAR and not any(latest[-CLEAR:]) else None


def _incident(known: _Difference, state: IncidentState) -> Incident:
    track = Track(
        track_id=known.track_id,
        seen=known.seen,
        box_norm=known.box,
        latest_box_norm=known.box,
        score=known.scores[-1],
        first_seen_at=known.since,
        last_seen_at=known.last_at or known.since,
        place_id=known.place_id,
    )
    mean = sum(known.scores) / len(known.scores)
    looks = len(known.scores)
    return Incident(
        track,
        state,
        known.revision,
        ScoreSummary(known.scores[-1], mean, max(known.scores), max(looks, len(known.shown)), looks),
    )
