"""How high a thing would have to be to fill its box: what no stall on that spot can be is no stall.

From the camera's surveyed pose where there is one, else from the people it has seen: their feet's row and their height
say how many pixels a metre has there.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import atan, inf, radians, tan
from statistics import median
from typing import Protocol

from contract.taxonomy import Context, Seen
from edge.rules.places import CameraPose
from edge.rules.policy import PresencePolicy
from edge.values import Box, Detection, Thing

PERSON_M = 1.68
LEAST_PEOPLE = 12
"""People seen in a band of rows before it is believed."""
BANDS = 12
"""Bands of rows, top to bottom. Fewer mix near and far, more wait longer for people."""
KEPT_PEOPLE = 60
POSED_SLACK = 1.25
LEARNED_SLACK = 1.35
"""A height may miss the policy's range by this factor: boxes are loose, a kerb's ground is not the road's, and a band's
people are not all as far away. Wider (1.6) took sheets thrown over goods for parasols."""
HORIZON_RAD = radians(1.0)
"""A foot nearer to the horizon than this lies so far away that its height is a guess."""
SKY_RAD = radians(-2.0)
"""A foot this far above the horizon stands on no ground: a board, a lamp, an awning. Nearer, a street may climb."""
BORDER = 0.01
"""Boxes that end at the picture's border are cut and say nothing of height."""
WIDE = 16 / 9
"""Width for height of nearly every street camera's picture."""


class Perspective(Protocol):
    """How large things are. `slack`: the factor by which a height may miss a policy's range."""

    @property
    def slack(self) -> float: ...

    def height_m(self, box: Box) -> float | None:
        """The height of something that stands on the ground and fills `box` (shares of the picture).

        None where nobody can say; infinite where nothing can stand.
        """
        ...


@dataclass(frozen=True, slots=True)
class PosedPerspective:
    """By the camera's surveyed pose."""

    pose: CameraPose

    @property
    def slack(self) -> float:
        return POSED_SLACK

    def height_m(self, box: Box) -> float | None:
        foot, top = self._below_horizon_rad(box[3]), self._below_horizon_rad(box[1])
        if foot <= HORIZON_RAD:
            return inf if foot <= SKY_RAD else None
        reach = self.pose.height_m / tan(foot)
        return self.pose.height_m - reach * tan(top)

    def _below_horizon_rad(self, row: float) -> float:
        half_high = tan(radians(self.pose.fov_deg) / 2) / self.pose.aspect
        return radians(self.pose.tilt_deg) + atan((2 * row - 1) * half_high)


class LearnedPerspective:
    """By the people seen so far. Not thread-safe: one writer."""

    def __init__(self) -> None:
        self._heights: list[deque[float]] = [deque(maxlen=KEPT_PEOPLE) for _ in range(BANDS)]

    @property
    def slack(self) -> float:
        return LEARNED_SLACK

    def note(self, detections: Iterable[Detection]) -> None:
        """Takes in the people of one look whose whole height shows."""
        for detection in detections:
            _, y1, _, y2 = detection.box_norm
            if detection.means is Context.PERSON and detection.score >= 0.5 and y1 > BORDER and y2 < 1 - BORDER:
                self._heights[_band(y2)].append(y2 - y1)

    def height_m(self, box: Box) -> float | None:
        heights = self._heights[_band(box[3])]
        if len(heights) < LEAST_PEOPLE:
            return None
        return (box[3] - box[1]) / median(heights) * PERSON_M


def plausible(
    things: Sequence[Thing],
    perspective: Perspective,
    presence: Mapping[Seen, PresencePolicy],
    aspect: float = WIDE,
) -> tuple[Thing, ...]:
    """The things that are as high and as wide as their kind can be; where nobody can say, they stay.

    Args:
        things: of one look.
        perspective: how large things are.
        presence: says what is plausible, by kind.
        aspect: width of the picture for its height.
    """
    return tuple(
        thing
        for thing in things
        if _is_shaped(thing.box_norm, presence[thing.seen], aspect) and _fits(thing, perspective, presence[thing.seen])
    )


def _is_shaped(box: Box, policy: PresencePolicy, aspect: float) -> bool:
    is_cut = min(box[0], box[1]) <= BORDER or max(box[2], box[3]) >= 1 - BORDER
    if policy.shape is None or is_cut or box[3] <= box[1]:
        return True
    least, most = policy.shape
    return least <= (box[2] - box[0]) * aspect / (box[3] - box[1]) <= most


def _fits(thing: Thing, perspective: Perspective, policy: PresencePolicy) -> bool:
    if policy.height_m is None:
        return True
    height_m = perspective.height_m(thing.box_norm)
    if height_m is None:
        return True
    least, most = policy.height_m
    is_cut = thing.box_norm[1] <= BORDER or thing.box_norm[3] >= 1 - BORDER
    return (is_cut or height_m >= least / perspective.slack) and height_m <= most * perspective.slack


def _band(row: float) -> int:
    return min(BANDS - 1, max(0, int(row * BANDS)))
