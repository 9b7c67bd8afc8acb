"""Average precision counts as COCO does."""

import contextlib
import io
import math
from collections.abc import Sequence

import numpy as np
import pytest

from models.ap import IOUS, Box, Look, average_precisions, iou_matrix, mark
from models.evaluation.figures import Metric, match
from models.evaluation.thresholds import Goal, best_threshold

HERE = (0.1, 0.1, 0.3, 0.3)
THERE = (0.6, 0.6, 0.9, 0.9)


def points(looks: Sequence[Look]) -> dict[Metric, float]:
    """Every metric; the shipped threshold lets everything through."""
    return match(looks, looks).points()


def test_everything_found_exactly_scores_one() -> None:
    found = points([Look((HERE, THERE), ((0.9, HERE), (0.8, THERE)))])
    assert found[Metric.AP50] == pytest.approx(1.0)
    assert found[Metric.AP50_95] == pytest.approx(1.0)


def test_half_of_it_found_scores_about_half() -> None:
    """51 of the 101 recall points are reached."""
    assert points([Look((HERE, THERE), ((0.9, HERE),))])[Metric.AP50] == pytest.approx(51 / 101)


def test_a_second_box_of_one_thing_is_a_false_alarm() -> None:
    """Only the surest box takes a true one."""
    (marks,) = mark([Look((HERE,), ((0.8, HERE), (0.9, HERE)))], (0.5,))
    assert marks.right.tolist() == [True, False]
    assert marks.score.tolist() == [0.9, 0.8]


def test_a_false_box_surer_than_the_true_one_halves_precision() -> None:
    looks = [Look((HERE,), ((0.5, HERE),)), Look((), ((0.9, THERE),))]
    assert points(looks)[Metric.AP50] == pytest.approx(0.5)


def test_no_true_box_gives_no_score_rather_than_zero() -> None:
    """A class nobody could have found must not pull the mean down."""
    found = points([Look((), ((0.9, HERE),))])
    assert math.isnan(found[Metric.AP50])
    assert math.isnan(found[Metric.F1])
    assert found[Metric.FALSE_PER_IMAGE] == 1.0


def test_a_loose_box_counts_at_low_overlaps_only() -> None:
    """IoU 0.6: right at .50, .55 and .60, wrong above; IoU 0.4: right at .30 only."""
    whole = (0.0, 0.0, 1.0, 1.0)
    found = points([Look((whole,), ((0.9, (0.0, 0.0, 0.6, 1.0)),))])
    assert found[Metric.AP50] == pytest.approx(1.0)
    assert found[Metric.AP50_95] == pytest.approx(0.3, abs=0.11)
    looser = points([Look((whole,), ((0.9, (0.0, 0.0, 0.4, 1.0)),))])
    assert looser[Metric.AP30] == pytest.approx(1.0)
    assert looser[Metric.AP50] == 0.0


def test_agrees_with_a_counted_example() -> None:
    """Two true boxes; found: right, wrong, right: precision 1 up to half the recall, then two thirds."""
    looks = [Look((HERE, THERE), ((0.9, HERE), (0.8, (0.4, 0.0, 0.5, 0.1)), (0.7, THERE)))]
    assert points(looks)[Metric.AP50] == pytest.approx((51 * 1.0 + 50 * 2 / 3) / 101)


def test_a_thing_that_does_not_count_is_neither_missed_nor_false() -> None:
    """Found or not, it changes nothing; a box that takes nothing may be forgiven."""
    here = Look((HERE,), ((0.9, HERE),))
    with_doubt = Look((HERE,), ((0.95, THERE), (0.9, HERE)), ignored=(THERE,))
    forgiven = Look((HERE,), ((0.9, HERE), (0.95, THERE)), forgiven=(False, True))
    assert points([here]) == points([with_doubt]) == points([forgiven])


def test_a_picture_of_weight_two_counts_as_two() -> None:
    """What the bootstrap rests on."""
    one = Look((HERE, THERE), ((0.9, HERE), (0.4, (0.4, 0.0, 0.5, 0.1))))
    two = Look((HERE,), ((0.7, THERE), (0.6, HERE)))
    weighted = match([one, two], [one, two]).figures(np.array([[2.0, 1.0], [0.0, 3.0]]))
    assert weighted[Metric.AP50][0] == pytest.approx(points([one, one, two])[Metric.AP50])
    for metric, value in points([two, two, two]).items():
        assert weighted[metric][1] == pytest.approx(value)


def crowd(seed: int) -> tuple[list[list[Look]], int]:
    """Looks by class: true boxes, near misses with scores that tie, and junk."""
    chance = np.random.default_rng(seed)
    classes = 3
    by_class: list[list[Look]] = []
    for _ in range(classes):
        looks = []
        for _ in range(25):
            corner = chance.uniform(0, 0.7, (int(chance.integers(0, 6)), 2))
            truths = np.concatenate([corner, corner + chance.uniform(0.05, 0.3, corner.shape)], axis=1)
            near = np.repeat(truths, 2, axis=0) + chance.normal(0, 0.015, (2 * len(truths), 4))
            low = chance.uniform(0, 0.7, (3, 2))
            junk = np.concatenate([low, low + chance.uniform(0.05, 0.3, low.shape)], axis=1)
            boxes = np.concatenate([near, junk])
            scores = np.round(chance.uniform(0, 1, len(boxes)), 1)
            founds = tuple((float(score), as_box(box)) for score, box in zip(scores, boxes, strict=True))
            looks.append(Look(tuple(as_box(box) for box in truths), founds))
        by_class.append(looks)
    return by_class, classes


def as_box(row: np.ndarray) -> Box:
    x1, y1, x2, y2 = (float(value) for value in row)
    return (x1, y1, x2, y2)


def by_pycocotools(by_class: list[list[Look]]) -> list[tuple[float, float]]:
    """(AP50, AP50-95) by class, counted by the reference."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def coco_box(box: Box) -> list[float]:
        return [1000 * box[0], 1000 * box[1], 1000 * (box[2] - box[0]), 1000 * (box[3] - box[1])]

    truths: list[dict[str, object]] = []
    founds: list[dict[str, object]] = []
    for label, looks in enumerate(by_class, start=1):
        for image, look in enumerate(looks, start=1):
            for box in look.truths:
                x, y, width, height = coco_box(box)
                entry = {"image_id": image, "category_id": label, "bbox": [x, y, width, height], "iscrowd": 0}
                truths.append(entry | {"id": len(truths) + 1, "area": width * height})
            for score, box in look.founds:
                founds.append({"image_id": image, "category_id": label, "bbox": coco_box(box), "score": score})
    coco = COCO()
    coco.dataset = {
        "info": {},
        "images": [{"id": number + 1} for number in range(len(by_class[0]))],
        "categories": [{"id": number + 1} for number in range(len(by_class))],
        "annotations": truths,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        coco.createIndex()
        judge = COCOeval(coco, coco.loadRes(founds), "bbox")
        judge.evaluate()
        judge.accumulate()
    precision = judge.eval["precision"][:, :, :, 0, 2]  # overlap, recall point, class; all sizes, 100 boxes a picture
    return [(float(precision[0, :, k].mean()), float(precision[:, :, k].mean())) for k in range(len(by_class))]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agrees_with_pycocotools_on_the_same_boxes(seed: int) -> None:
    by_class, _ = crowd(seed)
    for looks, (ap50, ap50_95) in zip(by_class, by_pycocotools(by_class), strict=True):
        found = points(looks)
        assert found[Metric.AP50] == pytest.approx(ap50, abs=1e-3)
        assert found[Metric.AP50_95] == pytest.approx(ap50_95, abs=1e-3)
        assert 0.1 < ap50_95 < ap50 < 0.95


def test_overlap_of_many_with_many() -> None:
    shares = iou_matrix(np.array([[0, 0, 2, 2], [5, 5, 6, 6]], float), np.array([[1, 0, 3, 2]], float))
    assert shares[:, 0].tolist() == pytest.approx([1 / 3, 0.0])


def test_the_cut_counts_false_boxes_per_picture() -> None:
    curve = [Look((HERE,), ((0.9, HERE), (0.3, THERE))), Look((), ((0.5, HERE),))]
    shipped = [Look((HERE,), ((0.9, HERE),)), Look((), ((0.5, HERE),))]
    found = match(curve, shipped).points()
    told = (found[Metric.PRECISION], found[Metric.RECALL], found[Metric.FALSE_PER_IMAGE])
    assert told == (0.5, 1.0, 0.5)


def test_recall_weighs_the_threshold_down() -> None:
    """The more a miss costs, the lower the node cuts."""
    boxes = tuple((x / 10, 0.0, x / 10 + 0.05, 0.1) for x in range(6))
    founds = tuple((0.6 if k < 2 else 0.2, box) for k, box in enumerate(boxes))
    junk = tuple((0.25, (0.0, 0.5 + k / 20, 0.1, 0.53 + k / 20)) for k in range(6))
    sample = match([Look(boxes, founds + junk)], [Look(boxes, founds + junk)])
    full = np.array([False])
    dear = best_threshold(sample, full, Goal(beta=3.0))
    cheap = best_threshold(sample, full, Goal(beta=0.2))
    assert dear.threshold < cheap.threshold
    assert math.isnan(dear.false_per_empty)


def test_false_boxes_where_nothing_is_push_the_threshold_up() -> None:
    """The budget for pictures without the class comes before the best F-measure."""
    looks = [Look((HERE,), ((0.3, HERE),)), *[Look((), ((0.35, THERE),))] * 4]
    sample = match(looks, looks)
    is_empty = np.array([False, True, True, True, True])
    free = best_threshold(sample, is_empty, Goal())
    strict = best_threshold(sample, is_empty, Goal(most_false=0.1))
    assert free.threshold <= 0.3
    assert strict.threshold > 0.35
    assert strict.keeps_goal
    assert not best_threshold(sample, is_empty, Goal(most_false=0.1, highest=0.3)).keeps_goal


def test_precision_is_counted_at_every_overlap() -> None:
    """Ten overlaps for the mean, as COCO has them."""
    assert (IOUS[0], IOUS[-1], len(IOUS)) == (0.5, 0.95, 10)
    (marks,) = mark([Look((), ())], (0.5,))
    (found,) = average_precisions((marks,), np.zeros(1, np.intp), np.ones((1, 1)))
    assert math.isnan(found[0])
