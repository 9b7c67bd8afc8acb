"""Redaction: people and the plates of vehicles become coarse blocks before any picture leaves the node.

Whole person boxes and the lower half of vehicle boxes, at the detector's low threshold, held over time because a
detector blinks. It can only hide whom the detector found: see the model card for how many that is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.taxonomy import Context
from edge.rules.boxes import grown, iou
from edge.values import Box, Detection

REDACTION_VERSION = "pixelate-1"
BLOCKS = 6
"""Blocks along a region's shorter side: a face gets one or two. More and a known person may be recognised."""
EXPLAINED_IOU = 0.5
EXPLAINED_TIMES = 2.0
"""A person box that something else fills by this much at this many times its score is that other thing: at the low
threshold a flame often comes with a faint person box, and blocks over the flame would hide the finding itself."""
MARGIN = 0.08
"""A box is widened by this share: detectors cut off hair and feet."""


class RedactionMemory:
    """One camera's regions to hide: this look's and those of the last `hold` (a person does not vanish in a blink)."""

    def __init__(self, hold: timedelta) -> None:
        self._hold = hold
        self._regions: list[tuple[datetime, Box]] = []

    def note(self, detections: Iterable[Detection], at: datetime) -> tuple[Box, ...]:
        """Takes one look; gives every region to hide in it."""
        self._regions = [(seen_at, box) for seen_at, box in self._regions if at - seen_at <= self._hold]
        self._regions.extend((at, region) for region in _regions(tuple(detections)))
        return tuple(box for _, box in self._regions)


def _regions(detections: Sequence[Detection]) -> Iterator[Box]:
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
    is_stronger = other.means is not Context.PERSON and other.score >= EXPLAINED_TIMES * person.score
    return is_stronger and iou(other.box_norm, person.box_norm) >= EXPLAINED_IOU


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
