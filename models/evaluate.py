"""Judges a model folder on labelled pictures through the very detector that the node runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from contract.errors import UsageError
from contract.manifest import Engine, ModelManifest, read_manifest
from edge.detect.choose import open_variant
from models.ap import ClassScore, Look, class_score, marks
from models.judging import Judged

LEAST_SCORE = 0.01
"""Curves need the poor boxes too; the manifest's thresholds are looked at afterwards."""

RECALL_WEIGHT_BY_LABEL = {"smoke": 2.0, "flame": 2.0, "grill": 2.0, "person": 3.0, "vehicle": 2.0}
"""How much dearer a miss is than a false box; 1 for the rest. Several looks must agree before fire is reported, so a
false look is cheap; a person or a plate that is missed is one that is not blurred."""

FINE_STEPS = np.arange(0.10, 0.41, 0.01)
"""Thresholds tried. Above 0.4 a half-hidden stall is lost for minutes; time, not the score, removes false boxes."""


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """What a class does at the score where the node cuts; overlap 0.5."""

    threshold: float
    precision: float
    recall: float
    false_per_picture: float


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class on all pictures that can judge it."""

    pictures: int
    score: ClassScore
    cut: AtThreshold


def looks_by_label(
    folder: Path, engine: Engine, pictures: Sequence[Judged], on_picture: Callable[[], None]
) -> dict[str, list[Look]]:
    """Every class's true and found boxes on the pictures that can judge it.

    Raises:
        UsageError: a damaged model folder, a variant that it lacks, or an unreadable picture.
    """
    manifest = read_manifest(folder)
    variants = [variant for variant in manifest.variants if variant.engine is engine]
    if not variants:
        raise UsageError(f"{folder}: has no variant {engine}")
    detector = open_variant(folder, _with_low_thresholds(manifest), variants[0], threads=2)
    looks: dict[str, list[Look]] = {entry.label: [] for entry in manifest.classes}
    for picture in pictures:
        frame = cv2.imread(str(picture.path))
        if frame is None:
            raise UsageError(f"{picture.path}: unreadable picture")
        found = detector.detect(np.asarray(frame, np.uint8))
        for label in picture.known & looks.keys():
            truths = tuple(box for named, box in picture.truths if named == label)
            founds = tuple((entry.score, entry.box_norm) for entry in found if entry.label == label)
            looks[label].append(Look(truths, founds))
        on_picture()
    detector.close()
    return looks


def report(looks: dict[str, list[Look]], threshold_by_label: dict[str, float]) -> dict[str, ClassReport]:
    """Scores by label, for the labels that some picture can judge."""
    return {
        label: ClassReport(len(entries), class_score(entries), at_threshold(entries, threshold_by_label[label]))
        for label, entries in looks.items()
        if entries
    }


def at_threshold(looks: list[Look], threshold: float) -> AtThreshold:
    """Precision (nan without a box) and recall (nan without a true box) where the node cuts."""
    scores, right = marks(looks, 0.5)
    kept = scores >= threshold
    hits, found = int(right[kept].sum()), int(kept.sum())
    truths = sum(len(look.truths) for look in looks)
    return AtThreshold(
        threshold=threshold,
        precision=hits / found if found else float("nan"),
        recall=hits / truths if truths else float("nan"),
        false_per_picture=(found - hits) / len(looks),
    )


def suggest(looks: dict[str, list[Look]]) -> dict[str, float]:
    """Thresholds by label, for the labels that have a true box: where misses and false boxes weigh as they should."""
    return {
        label: best_threshold(entries, RECALL_WEIGHT_BY_LABEL.get(label, 1.0))
        for label, entries in looks.items()
        if any(look.truths for look in entries)
    }


def best_threshold(looks: list[Look], recall_weight: float) -> float:
    """The score that gives the best F-measure, where recall counts `recall_weight` times as much as precision."""
    weight = recall_weight**2

    def quality(threshold: float) -> float:
        cut = at_threshold(looks, threshold)
        below = weight * cut.precision + cut.recall
        return (1 + weight) * cut.precision * cut.recall / below if below > 0 else 0.0

    return round(float(max(FINE_STEPS, key=quality)), 2)


def _with_low_thresholds(manifest: ModelManifest) -> ModelManifest:
    low = tuple(entry.model_copy(update={"threshold": LEAST_SCORE}) for entry in manifest.classes)
    return manifest.model_copy(update={"classes": low, "nms_iou": 0.6})
