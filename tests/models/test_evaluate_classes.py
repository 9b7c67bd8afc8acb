"""What is said of classes, parts of the pictures, two models and the worst pictures, from hand-made sights."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.manifest import ModelInput
from models.ap import Look
from models.evaluation.bootstrap import measured, resample
from models.evaluation.classes import (
    ClassReport,
    class_report,
    fire_alarms,
    judged_labels,
    partial_recall,
    unknown_labels,
)
from models.evaluation.compare import Verdict, difference_of
from models.evaluation.counts import rate, share
from models.evaluation.curves import curve
from models.evaluation.eyes import Viewed
from models.evaluation.figures import Metric, match
from models.evaluation.slices import slices
from models.evaluation.targets import Standing, at_least, at_most
from models.evaluation.thresholds import suggest
from models.evaluation.worst import boxes_of, worst_pictures
from tests.models.sights import HERE, THERE, as_they_are, picture, saw

INPUT = ModelInput(width_px=640, height_px=384)
LABELS = ("smoke", "flame", "stall")


def test_a_picture_that_is_not_exhaustive_costs_nothing() -> None:
    """A found flame where flames were never boxed is neither right nor wrong."""
    viewed = [
        picture([("flame", HERE)], saw(("flame", 0.9, HERE))),
        picture([], saw(("flame", 0.9, HERE)), known=["stall"]),
    ]
    report = class_report(viewed, "flame", 0.25, as_they_are(viewed))
    assert (report.pictures, report.instances, report.is_exhaustive) == (1, 1, True)
    assert report.measured[Metric.PRECISION].value == 1.0
    assert report.measured[Metric.FALSE_PER_IMAGE].value == 0.0


def test_where_only_some_are_boxed_recall_alone_is_told() -> None:
    viewed = [picture([("stall", HERE), ("stall", THERE)], saw(("stall", 0.9, HERE)))]
    report = class_report(viewed, "stall", 0.25, as_they_are(viewed))
    assert not report.is_exhaustive
    assert set(report.measured) == {Metric.RECALL, Metric.RECALL30}
    assert report.measured[Metric.RECALL].value == 0.5
    told = partial_recall(viewed, "stall", as_they_are(viewed))
    assert told is not None
    assert (told[0], told[1].value) == (2, 0.5)
    assert partial_recall(viewed, "smoke", as_they_are(viewed)) is None


def test_what_the_model_has_no_word_for_is_listed() -> None:
    pictures = [picture([("poster", HERE), ("flame", HERE)], known=["flame", "kiosk"]).picture]
    assert judged_labels(pictures, LABELS) == ("flame",)
    assert unknown_labels(pictures, LABELS) == {"kiosk": 0, "poster": 1}


def test_a_false_alarm_is_smoke_or_flame_where_neither_is() -> None:
    """Pictures with fire, and pictures not exhaustive for both, say nothing about it."""
    viewed = [
        picture([], saw(("flame", 0.9, HERE), ("smoke", 0.5, THERE), ("smoke", 0.1, HERE))),
        picture([]),
        picture([("flame", HERE)], saw(("smoke", 0.9, THERE))),
        picture([], saw(("flame", 0.9, HERE)), known=["flame"]),
    ]
    told = fire_alarms(viewed, as_they_are(viewed))
    assert told is not None
    assert (told[0], told[1].value) == (2, 1.0)
    assert fire_alarms(viewed[2:], as_they_are(viewed[2:])) is None


def test_no_false_alarm_on_few_pictures_proves_little() -> None:
    viewed = [picture([])] * 10
    told = fire_alarms(viewed, as_they_are(viewed))
    assert told is not None
    assert told[1].value == 0.0
    assert told[1].high == pytest.approx(0.369, abs=1e-3)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    """A share of 0.7 measured on 60 pictures, 300 times over: 95 % of the intervals, give or take."""
    chance = np.random.default_rng(5)
    covered = 0
    for repetition in range(300):
        hits = (chance.random(60) < 0.7).astype(float)
        weights = resample([str(number) for number in range(60)], 300, seed=repetition)
        found = measured(float(hits.mean()), weights @ hits / weights.sum(axis=1))
        covered += found.low <= 0.7 <= found.high
    assert 0.91 <= covered / 300 <= 0.98


def test_pictures_of_one_scene_are_drawn_together() -> None:
    weights = resample(["a", "b", "a", "c"], 50, seed=3)
    assert weights.shape == (50, 4)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] + weights[:, 1] + weights[:, 3] == 3).all()
    assert (weights == resample(["a", "b", "a", "c"], 50, seed=3)).all()


def test_too_few_numbers_give_no_interval() -> None:
    found = measured(0.5, np.array([np.nan] * 8 + [0.4, 0.6]))
    assert found.value == 0.5
    assert math.isnan(found.low)


def test_a_class_never_found_has_no_certain_interval() -> None:
    looks = [Look((HERE,), ())] * 17
    found = match(looks, looks).measured(np.ones((5, 17)))
    assert found[Metric.RECALL].high == pytest.approx(0.195, abs=1e-3)
    assert math.isnan(found[Metric.AP50].high)
    assert found[Metric.FALSE_PER_IMAGE].high == pytest.approx(3.689 / 17, abs=1e-3)


def test_exact_intervals_of_counts() -> None:
    """Garwood's and Clopper's, against tables."""
    found = rate(5, 1.0)
    assert found.low == pytest.approx(1.623, abs=1e-3)
    assert found.high == pytest.approx(11.668, abs=1e-3)
    assert rate(300, 10.0).value == 30.0
    assert math.isnan(rate(0, 0.0).value)
    assert share(4, 4).low == pytest.approx(0.025**0.25)
    assert math.isnan(share(0, 0).value)


def flames(viewed: list[Viewed]) -> list[ClassReport]:
    return [class_report(viewed, "flame", 0.25, as_they_are(viewed))]


def dusk() -> list[Viewed]:
    return [
        picture([("flame", HERE)], saw(("flame", 0.9, HERE)), source="a", brightness=30),
        picture([("flame", HERE)], saw(), source="a", brightness=150),
        picture(
            [("flame", HERE)], saw(), source="b", brightness=30, attributes={"light": ("day",), "weather": ("rain",)}
        ),
    ]


def test_slices_tell_light_source_and_attributes_apart() -> None:
    """A stated light beats the measured one."""
    viewed = dusk()
    by_name = {entry.name: entry for entry in slices(viewed, flames(viewed), as_they_are(viewed), INPUT)}
    pictures = {name: entry.pictures for name, entry in by_name.items() if not name.startswith("size:")}
    assert pictures == {"light:day": 2, "light:night": 1, "source:a": 2, "source:b": 1, "weather:rain": 1}
    assert by_name["light:night"].by_label["flame"].measured[Metric.RECALL].value == 1.0
    assert by_name["light:day"].by_label["flame"].measured[Metric.RECALL].value == 0.0


def test_small_things_are_judged_among_themselves() -> None:
    """Sizes are those at the model's input: 0.04 of 1920 px is 26 px of 640. The large flame's miss costs nothing."""
    small = (0.1, 0.1, 0.14, 0.165)
    sight = saw(("flame", 0.9, small), ("flame", 0.8, (0.3, 0.3, 0.9, 0.9)))
    viewed = [picture([("flame", small), ("flame", THERE)], sight, size_px=(1920, 1080))]
    by_name = {entry.name: entry.by_label for entry in slices(viewed, flames(viewed), as_they_are(viewed), INPUT)}
    few = by_name["size:small"]["flame"]
    assert (few.instances, few.measured[Metric.PRECISION].value, few.measured[Metric.RECALL].value) == (1, 1.0, 1.0)
    assert by_name["size:large"]["flame"].measured[Metric.RECALL].value == 0.0
    assert "size:medium" not in by_name


def test_a_difference_is_paired_and_judged_by_its_interval() -> None:
    """This model finds what the other misses in nearly every picture, and boxes more for nothing."""
    good, poor = saw(("flame", 0.9, HERE), ("flame", 0.3, THERE)), saw()
    even = saw(("flame", 0.9, HERE))
    viewed = [picture([("flame", HERE)], good, poor, name=f"{n}.jpg") for n in range(20)]
    viewed += [picture([("flame", HERE)], even, even, name=f"even{n}.jpg") for n in range(5)]
    weights = resample([entry.picture.scene for entry in viewed], 200, seed=1)
    report = class_report(viewed, "flame", 0.25, weights)
    found = difference_of(viewed, report, weights)
    assert found[Metric.RECALL].difference.value == pytest.approx(0.8)
    assert found[Metric.RECALL].verdict is Verdict.BETTER
    assert found[Metric.FALSE_PER_IMAGE].difference.value == pytest.approx(0.8)
    assert found[Metric.FALSE_PER_IMAGE].verdict is Verdict.WORSE
    narrow = found[Metric.RECALL].difference
    assert 0.6 < narrow.low < 0.8 < narrow.high < 0.96


def test_a_model_does_not_differ_from_itself() -> None:
    sight = saw(("flame", 0.9, HERE))
    viewed = [picture([("flame", HERE), ("flame", THERE)], sight, sight, name=f"{n}.jpg") for n in range(5)]
    weights = resample([entry.picture.scene for entry in viewed], 50, seed=1)
    found = difference_of(viewed, class_report(viewed, "flame", 0.25, weights), weights)
    assert {entry.verdict for entry in found.values()} == {Verdict.OPEN}
    assert found[Metric.AP50].difference.value == 0.0


def test_targets_are_shown_only_by_the_worse_end_of_the_interval() -> None:
    found = measured(0.7, np.linspace(0.6, 0.8, 101))
    assert at_least(found, 0.55) is Standing.SHOWN
    assert at_least(found, 0.65) is Standing.REACHED
    assert at_least(found, 0.75) is Standing.MISSED
    assert at_most(found, 0.75) is Standing.REACHED
    assert at_least(measured(float("nan"), np.array([0.5])), 0.5) is Standing.UNKNOWN


def test_thresholds_of_fire_keep_the_false_alarm_budget() -> None:
    """Flames at 0.5, junk of 0.3 on pictures without fire: cut between. Smoke without one true box is left alone."""
    viewed = [picture([("flame", HERE)], saw(("flame", 0.5, HERE)), name=f"{n}.jpg") for n in range(5)]
    viewed += [picture([], saw(("flame", 0.3, THERE)), name=f"none{n}.jpg") for n in range(5)]
    reports = [class_report(viewed, label, 0.25, as_they_are(viewed)) for label in ("flame", "smoke")]
    suggested = suggest(viewed, reports)
    assert set(suggested) == {"flame"}
    assert 0.3 < suggested["flame"].threshold <= 0.5
    assert suggested["flame"].recall == 1.0
    assert suggested["flame"].false_per_empty == 0.0


def test_every_box_is_missed_false_or_found() -> None:
    sight = saw(("flame", 0.9, HERE), ("flame", 0.6, (0.4, 0.4, 0.5, 0.5)), ("flame", 0.1, THERE))
    entry = picture([("flame", HERE), ("flame", THERE)], sight)
    assert [(box.kind, box.score) for box in boxes_of(entry, "flame")] == [
        ("missed", None),
        ("found", 0.9),
        ("false", 0.6),
    ]
    assert boxes_of(picture([], sight, known=[]), "flame") == ()


def test_the_worst_pictures_take_turns_between_classes(tmp_path: Path) -> None:
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for path in paths:
        cv2.imwrite(str(path), np.full((48, 800, 3), 90, np.uint8))
    viewed = [
        picture([("flame", HERE), ("flame", THERE)], name=str(paths[0])),
        picture([("flame", HERE)], saw(("flame", 0.9, HERE)), name=str(paths[1])),
        picture([("flame", HERE)], name=str(paths[2])),
        picture([], saw(("smoke", 0.4, THERE)), name=str(paths[3])),
    ]
    worst = worst_pictures(viewed, ["flame", "smoke"], 9)
    assert [entry.name for entry in worst] == ["0.png", "3.png", "2.png"]
    assert (worst[0].count("missed"), worst[1].count("false"), worst[0].width_px) == (2, 1, 560)
    assert [entry.name for entry in worst_pictures(viewed, ["flame", "smoke"], 1)] == ["0.png"]


def test_a_curve_ends_at_the_whole_recall() -> None:
    looks = [Look((HERE, THERE), ((0.9, HERE), (0.5, (0.4, 0.0, 0.5, 0.1)), (0.4, THERE)))]
    points = curve(match(looks, looks).half_marks, 2)
    assert [(point.recall, point.precision) for point in points] == [
        (0.5, 1.0),
        (0.5, 0.5),
        (1.0, pytest.approx(2 / 3)),
    ]
    assert curve(match([Look((), ())], [Look((), ())]).half_marks, 0) == ()
