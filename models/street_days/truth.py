"""The incidents truly there during a recording: what a person would have to be told of, and from when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Seen
from edge.rules.policy import Policies
from edge.values import Box
from models.street_days.script import ACT_MARK, TIMETABLES, street_act
from models.street_days.store import Recording

SEEN_BY_LABEL = {
    "smoke": Seen.SMOKE,
    "flame": Seen.FLAME,
    "grill": Seen.GRILL,
    "stall": Seen.STALL,
    "vendor_cart": Seen.CART,
    "parasol": Seen.PARASOL,
    "table": Seen.TABLE,
    "garbage_pile": Seen.GARBAGE,
}
"""Signs, billboards and banners are compared with the camera's baseline and not judged here."""
VISIBLE_SAMPLES_SHARE = 0.5
"""A thing that shows in fewer of its moments is one that a person would not expect to be found."""
LEAST_SIDE_PX = 12.0
LEAST_VISIBLE_SHARE = 0.4
"""On the picture of 640×360 that the detector sees whole, while it shows. What is smaller or more hidden is counted
apart: it is there and worth finding, but no fault of a rule (a tile scan is for it)."""
SAMPLE_S = 10.0


@dataclass(frozen=True, slots=True)
class TrueIncident:
    """One thing truly there. Times are seconds of the world; `begins_s` is when it was put there or lit.

    `boxes` (N, 4) and `visible` (N,) at `at_s` (N,): where it was and how much of it showed.
    `is_asked` says whether it must be found: it showed long enough to be confirmed.
    """

    identity: str
    seen: Seen
    begins_s: float
    at_s: NDArray[np.float64]
    boxes: NDArray[np.float32]
    visible: NDArray[np.float32]
    is_asked: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is large enough and open enough to be asked for without excuse."""
        shown = self.visible[self.visible > 0]
        return bool(shown.size) and self.least_side_px >= LEAST_SIDE_PX and float(shown.mean()) >= LEAST_VISIBLE_SHARE

    @property
    def least_side_px(self) -> float:
        """Median shorter side on the picture of 640×360 while it shows."""
        shown = self.boxes[self.visible > 0] if (self.visible > 0).any() else self.boxes
        sides = np.minimum((shown[:, 2] - shown[:, 0]) * 640, (shown[:, 3] - shown[:, 1]) * 360)
        return float(np.median(sides))

    def box_near(self, from_s: float, to_s: float) -> Box | None:
        """The box around it between two moments, or None if it was not there."""
        inside = (self.at_s >= from_s - SAMPLE_S) & (self.at_s <= to_s + SAMPLE_S)
        if not inside.any():
            return None
        x1, y1 = self.boxes[inside][:, :2].min(axis=0).tolist()
        x2, y2 = self.boxes[inside][:, 2:].max(axis=0).tolist()
        return (x1, y1, x2, y2)


def true_incidents(recordings: Sequence[Recording], policies: Policies) -> tuple[TrueIncident, ...]:
    """The incidents of one camera's consecutive recordings."""
    begins = _beginnings(recordings)
    at_s = np.concatenate([entry.objects.at_s for entry in recordings])
    identity = np.concatenate([entry.objects.identity for entry in recordings])
    label = np.concatenate([entry.objects.label for entry in recordings])
    visible = np.concatenate([entry.objects.visible for entry in recordings])
    boxes = np.concatenate([entry.objects.box for entry in recordings])
    ends_s = float(recordings[-1].looks_s[-1])
    return tuple(_incidents(at_s, identity, label, visible, boxes, begins, policies, ends_s))


def _beginnings(recordings: Sequence[Recording]) -> dict[str, tuple[float, float]]:
    spans: dict[str, tuple[float, float]] = {}
    for entry in recordings:
        for actor in street_act(entry.facts.seed, entry.facts.act, TIMETABLES[entry.facts.timetable]).world.actors:
            if ACT_MARK in actor.identity:
                spans[actor.identity] = (actor.schedule.from_s, actor.schedule.until_s)
    return spans


def _incidents(
    at_s: NDArray[np.float64],
    identity: NDArray[np.str_],
    label: NDArray[np.str_],
    visible: NDArray[np.float32],
    boxes: NDArray[np.float32],
    begins: dict[str, tuple[float, float]],
    policies: Policies,
    ends_s: float,
) -> Iterator[TrueIncident]:
    first_s = float(at_s[0]) if at_s.size else 0.0
    wanted = np.isin(label, list(SEEN_BY_LABEL))
    for name in dict.fromkeys(identity[wanted].tolist()):
        rows = np.flatnonzero(wanted & (identity == name))
        seen = SEEN_BY_LABEL[str(label[rows[0]])]
        begins_s, until_s = begins.get(name, (first_s, ends_s))
        within = at_s[rows] <= until_s
        shown = (visible[rows] > 0) & within
        policy = policies.presence.get(seen)
        shown_s = float(shown.sum()) * SAMPLE_S
        is_asked = (
            policy is not None
            and shown_s >= 1.5 * policy.present_after_s + SAMPLE_S
            and shown_s >= VISIBLE_SAMPLES_SHARE * (min(until_s, ends_s) - begins_s)
        )
        yield TrueIncident(name, seen, begins_s, at_s[rows], boxes[rows], visible[rows], is_asked)
