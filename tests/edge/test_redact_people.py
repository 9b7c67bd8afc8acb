"""People in pictures that are kept: found in tiles, at a score at which nobody would be reported, and in their walk."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.manifest import ModelClass
from contract.taxonomy import Context, Seen
from edge.detect.faint import FAINT_SCORES, faint
from edge.evidence.people import PeopleFinder, tiles
from edge.evidence.redact import RedactionMemory
from edge.values import Box, Detection
from tests.edge.fakes import MANIFEST, ScriptedDetector, at, saw


@given(st.integers(64, 4000), st.integers(64, 4000))
def test_tiles_cover_the_picture_and_overlap(width: int, height: int) -> None:
    spans = list(tiles(width, height))
    for axis, size in ((0, width), (1, height)):
        edges = sorted({(span[axis], span[axis + 2]) for span in spans})
        assert edges[0][0] == 0 and edges[-1][1] == size
        assert all(later[0] < earlier[1] for earlier, later in pairwise(edges))


class SeesBright(ScriptedDetector):
    """A person wherever a tile is bright in its middle fifth."""

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        height, width = frame.shape[:2]
        rows, columns = np.nonzero(frame[:, :, 0] > 200)
        if not len(rows) or (rows.max() - rows.min()) < height / 8:
            return ()  # too small to be seen in the whole picture
        box = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        return (saw(Context.PERSON, box, 0.02),)


def test_who_is_too_small_for_the_whole_picture_is_found_in_a_tile() -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    image[40:80, 40:55] = 255  # 40 px of 360: a ninth of the picture, a fifth of a tile
    regions = PeopleFinder(SeesBright())(image)
    assert regions
    covered = [box for box in regions if box[0] <= 40 / 640 and box[1] <= 40 / 360 and box[2] >= 55 / 640]
    assert covered and covered[0][3] >= 80 / 360


def test_faint_thresholds_touch_people_and_vehicles_only() -> None:
    classes = (
        ModelClass(label="stall", means=Seen.STALL, threshold=0.25),
        ModelClass(label="person", means=Context.PERSON, threshold=0.2),
        ModelClass(label="vehicle", means=Context.VEHICLE, threshold=0.05),
    )
    lowered = faint(MANIFEST.model_copy(update={"classes": classes})).classes
    assert [entry.threshold for entry in lowered] == [0.25, FAINT_SCORES[Context.PERSON], 0.05]


def person(x: float) -> Detection:
    return saw(Context.PERSON, (x, 0.3, x + 0.06, 0.6))


def covers(regions: tuple[Box, ...], x: float) -> bool:
    return any(box[0] <= x and box[2] >= x + 0.06 for box in regions)


def test_a_walker_whom_the_detector_loses_is_hidden_where_his_walk_takes_him() -> None:
    """0.03 of the picture in half a second; two looks later he is beside both boxes that were seen."""
    memory = RedactionMemory(timedelta(seconds=2))
    memory.note([person(0.20)], at(0.0))
    memory.note([person(0.23)], at(0.5))
    assert covers(memory.note([], at(1.0)), 0.26)
    assert covers(memory.note([], at(1.5)), 0.29)
    assert memory.note([], at(3.0)) == ()


def test_who_stands_still_is_hidden_once() -> None:
    memory = RedactionMemory(timedelta(seconds=2))
    memory.note([person(0.2)], at(0.0))
    assert len(memory.note([person(0.2)], at(0.5))) == 1


@pytest.mark.parametrize("far", [0.5, 0.9])
def test_two_people_are_not_taken_for_one_fast_one(far: float) -> None:
    memory = RedactionMemory(timedelta(seconds=2))
    memory.note([person(0.05)], at(0.0))
    memory.note([person(far)], at(0.5))
    regions = memory.note([], at(1.0))
    assert len(regions) == 2, "both where they were, nobody flung on"
