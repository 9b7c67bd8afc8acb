"""Average precision counts as COCO does."""

import math

import numpy as np
import pytest

from models.ap import Look, class_score, iou_matrix, marks
from models.evaluate import at_threshold, best_threshold

HERE = (0.1, 0.1, 0.3, 0.3)
THERE = (0.6, 0.6, 0.9, 0.9)


def test_everything_found_exactly_scores_one() -> None:
    score = class_score([Look((HERE, THERE), ((0.9, HERE), (0.8, THERE)))])
    assert score.ap50 == pytest.approx(1.0)
    assert score.ap == pytest.approx(1.0)
    assert score.truths == 2


def test_half_of_it_found_scores_about_half() -> None:
    """51 of the 101 recall points are reached."""
    assert class_score([Look((HERE, THERE), ((0.9, HERE),))]).ap50 == pytest.approx(51 / 101)


def test_a_second_box_of_one_thing_is_a_false_alarm() -> None:
    """Only the surest box takes a true one."""
    _, right = marks([Look((HERE,), ((0.8, HERE), (0.9, HERE)))], 0.5)
    assert right.tolist() == [True, False]


def test_a_false_box_surer_than_the_true_one_halves_precision() -> None:
    looks = [Look((HERE,), ((0.5, HERE),)), Look((), ((0.9, THERE),))]
    assert class_score(looks).ap50 == pytest.approx(0.5)


def test_no_true_box_gives_no_score_rather_than_zero() -> None:
    """A class nobody could have found must not pull the mean down."""
    assert math.isnan(class_score([Look((), ((0.9, HERE),))]).ap50)


def test_a_loose_box_counts_at_half_overlap_only() -> None:
    """IoU 0.6: right at .50, .55 and .60, wrong above."""
    wide = (0.0, 0.0, 0.6, 1.0)
    score = class_score([Look(((0.0, 0.0, 1.0, 1.0),), ((0.9, wide),))])
    assert score.ap50 == pytest.approx(1.0)
    assert score.ap == pytest.approx(0.3, abs=0.11)


def test_agrees_with_a_counted_example() -> None:
    """Two true boxes; found: right, wrong, right: precision 1 up to half the recall, then two thirds."""
    looks = [Look((HERE, THERE), ((0.9, HERE), (0.8, (0.4, 0.0, 0.5, 0.1)), (0.7, THERE)))]
    assert class_score(looks).ap50 == pytest.approx((51 * 1.0 + 50 * 2 / 3) / 101)


def test_overlap_of_many_with_many() -> None:
    shares = iou_matrix(np.array([[0, 0, 2, 2], [5, 5, 6, 6]], float), np.array([[1, 0, 3, 2]], float))
    assert shares[:, 0].tolist() == pytest.approx([1 / 3, 0.0])


def test_the_cut_counts_false_boxes_per_picture() -> None:
    looks = [Look((HERE,), ((0.9, HERE), (0.3, THERE))), Look((), ((0.5, HERE),))]
    cut = at_threshold(looks, 0.4)
    assert (cut.precision, cut.recall, cut.false_per_picture) == (0.5, 1.0, 0.5)


def test_recall_weighs_the_threshold_down() -> None:
    """The more a miss costs, the lower the node cuts."""
    boxes = tuple((x / 10, 0.0, x / 10 + 0.05, 0.1) for x in range(6))
    founds = tuple((0.6 if k < 2 else 0.2, box) for k, box in enumerate(boxes))
    junk = tuple((0.25, (0.0, 0.5 + k / 20, 0.1, 0.53 + k / 20)) for k in range(6))
    looks = [Look(boxes, founds + junk)]
    assert best_threshold(looks, recall_weight=3.0) < best_threshold(looks, recall_weight=0.2)
