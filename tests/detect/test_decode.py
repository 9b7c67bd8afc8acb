"""Raw output becomes detections: thresholds per class, suppression within a class."""

import numpy as np
import pytest

from edge.detect.decode import MAX_DETECTIONS, Decoder
from edge.detect.letterbox import Placement
from tests.detect.builders import manifest, output

WHOLE = Placement(0, 12, 640, 360)


def test_each_class_has_its_own_threshold() -> None:
    """Smoke of 0.18 is kept, a person of 0.20 is not."""
    found = Decoder(manifest()).decode(output((100, 100, 40, 40, 0.18, 0), (400, 200, 40, 40, 0, 0.20)), WHOLE)
    assert [entry.label for entry in found] == ["smoke"]


def test_thin_smoke_is_not_lost_behind_a_poorer_claim() -> None:
    """The best class is sought among those above their thresholds: 0.20 of 0.25 must not hide 0.18 of 0.15."""
    found = Decoder(manifest()).decode(output((100, 100, 40, 40, 0.18, 0.20)), WHOLE)
    assert [(entry.label, round(entry.score, 2)) for entry in found] == [("smoke", 0.18)]


def test_double_boxes_of_one_class_become_one_and_other_classes_stay() -> None:
    """A person in smoke is two findings; two boxes of the same person are one, the surer one."""
    rows = output((100, 100, 40, 40, 0, 0.9), (102, 100, 40, 40, 0, 0.6), (100, 101, 40, 40, 0.5, 0))
    found = Decoder(manifest()).decode(rows, WHOLE)
    assert [(entry.label, round(entry.score, 2)) for entry in found] == [("person", 0.9), ("smoke", 0.5)]


def test_box_in_the_border_is_dropped() -> None:
    """Something found in the grey bar beside the picture lies nowhere on the street."""
    assert Decoder(manifest()).decode(output((100, 5, 40, 8, 0.9, 0)), WHOLE) == ()


def test_nothing_found_is_an_empty_answer() -> None:
    assert Decoder(manifest()).decode(output((100, 100, 40, 40, 0.01, 0.02)), WHOLE) == ()


def test_boxes_are_shares_of_the_frame() -> None:
    found = Decoder(manifest()).decode(output((320, 192, 320, 180, 0.9, 0)), WHOLE)
    assert found[0].box_norm == pytest.approx((0.25, 0.25, 0.75, 0.75))


def test_a_frame_full_of_noise_stays_bounded() -> None:
    """Thousands of candidates cost no more than a look can bear."""
    random = np.random.default_rng(1)
    rows = np.concatenate([random.uniform(20, 350, (5000, 2)), np.full((5000, 2), 6.0), np.full((5000, 2), 0.9)], 1)
    assert len(Decoder(manifest()).decode(rows.astype(np.float32).T[None], WHOLE)) <= MAX_DETECTIONS
