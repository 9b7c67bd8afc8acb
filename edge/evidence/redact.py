"""Redaction: people and the plates of vehicles become coarse blocks before any picture leaves the node.

Whole person boxes and the lower half of vehicle boxes, at the detector's low threshold, held over time because a
detector blinks, and carried on in their walk. A picture that is kept is searched once more, finer: `people`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Context, Seen
from edge.rules.boxes import grown, iou, nearness, share_of_smaller
from edge.values import Box, Detection

REDACTION_VERSION = "pixelate-4"
BLOCKS = 6
"""Blocks along a region's shorter side: a face gets one or two. More and a known person may be recognised."""
EXPLAINED_IOU = 0.5
EXPLAINED_TIMES = 2.0
"""A person box that something else fills by this much at this many times its score is that other thing: at the low
threshold a flame often comes with a faint person box, and blocks over the flame would hide the finding itself."""
FAINT = 0.05
FAINT_SHARE = 0.5
FAINT_TIMES = 10.0
"""A person box fainter than `FAINT` that shares this much of the smaller box with a finding this many times surer is
the finding's: kept pictures are searched down to 0.004, and without this a fire or a stall is nothing but blocks. A
person the model half believes in stays hidden, in front of a stall too."""
SAME_NEARNESS = 0.3
"""Regions of two looks with centres this near (1: the same, 0: a box size apart) are one walker. Too low and a walker's
speed is taken from his neighbour, too high and a quick one is not followed."""
MARGIN = 0.2
"""A box is widened by this share: detectors cut off hair and feet, and a faint box sits askew. At 0.08 twice as many
people stay a quarter in sight (15 streets); higher hides what stands beside them."""


@dataclass(frozen=True, slots=True)
class _Region:
    """What was hidden at one look; `moves` is its centre's speed in shares of the picture a second, if known."""

    seen_at: datetime
    box: Box
    moves: tuple[float, float] | None = None


class RedactionMemory:
    """One camera's regions to hide: this look's and those of the last `hold` (a person does not vanish in a blink).

    A region that was followed from one look to the next is also hidden where its walk would have taken it by now.
    """

    def __init__(self, hold: timedelta) -> None:
        self._hold = hold
        self._regions: list[_Region] = []

    def note(self, detections: Iterable[Detection], at: datetime) -> tuple[Box, ...]:
        """Takes one look; gives every region to hide in it."""
        held = [region for region in self._regions if at - region.seen_at <= self._hold]
        latest = max((region.seen_at for region in held), default=at)
        before = [region for region in held if region.seen_at == latest < at]
        fresh = [_Region(at, box, _speed(box, before, at)) for box in regions_to_hide(tuple(detections))]
        self._regions = [*held, *fresh]
        return tuple(dict.fromkeys(box for region in self._regions for box in _where(region, at)))


def _where(region: _Region, at: datetime) -> Iterator[Box]:
    """Where it was, and where it would be now."""
    yield region.box
    if region.moves is not None and at > region.seen_at:
        elapsed_s = (at - region.seen_at).total_seconds()
        dx, dy = region.moves[0] * elapsed_s, region.moves[1] * elapsed_s
        x1, y1, x2, y2 = region.box
        yield (x1 + dx, y1 + dy, x2 + dx, y2 + dy)


def _speed(box: Box, before: Sequence[_Region], at: datetime) -> tuple[float, float] | None:
    """How fast it moves, from the nearest region of the look before; None when none is near enough to be the same."""
    near = max(before, key=lambda region: nearness(region.box, box), default=None)
    if near is None or nearness(near.box, box) < SAME_NEARNESS:
        return None
    elapsed_s = (at - near.seen_at).total_seconds()
    dx = (box[0] + box[2] - near.box[0] - near.box[2]) / 2
    dy = (box[1] + box[3] - near.box[1] - near.box[3]) / 2
    return dx / elapsed_s, dy / elapsed_s


def regions_to_hide(detections: Sequence[Detection]) -> Iterator[Box]:
    """People whole and a little more, vehicles' lower halves; shares of the picture."""
    for detection in detections:
        x1, y1, x2, y2 = detection.box_norm
        match detection.means:
            case Context.PERSON:
                if not any(_explains(other, detection) for other in detections):
                    yield grown(detection.box_norm, MARGIN)
            case Context.VEHICLE:
                yield (x1, (y1 + y2) / 2, x2, y2)
            case _:
                pass


def _explains(other: Detection, person: Detection) -> bool:
    if other.means is Context.PERSON or other.score < EXPLAINED_TIMES * person.score:
        return False
    if iou(other.box_norm, person.box_norm) >= EXPLAINED_IOU:
        return True
    is_faint = person.score < FAINT and other.score >= FAINT_TIMES * person.score and isinstance(other.means, Seen)
    return is_faint and share_of_smaller(other.box_norm, person.box_norm) >= FAINT_SHARE


def redacted(image: NDArray[np.uint8], regions: Sequence[Box]) -> NDArray[np.uint8]:
    """`image` (H, W, 3) with `regions` (0..1) pixelated, a copy; `image` itself when there is nothing to hide."""
    if not regions:
        return image
    result = image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in regions:
        left, right = max(0, int(x1 * width)), min(width, int(np.ceil(x2 * width)))
        top, bottom = max(0, int(y1 * height)), min(height, int(np.ceil(y2 * height)))
        if right - left < 2 or bottom - top < 2:
            continue
        region = result[top:bottom, left:right]
        size = min(right - left, bottom - top) / BLOCKS
        blocks = (max(1, round((right - left) / size)), max(1, round((bottom - top) / size)))
        small = cv2.resize(region, blocks, interpolation=cv2.INTER_AREA)
        result[top:bottom, left:right] = cv2.resize(
            small, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST
        )
    return result
