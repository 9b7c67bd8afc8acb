"""What is said of each class: full numbers where every object is boxed, recall alone where only some are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.ap import Look, Weights
from models.evaluation.bootstrap import Measured, measured
from models.evaluation.counts import rate
from models.evaluation.eyes import Viewed
from models.evaluation.figures import Metric, Sample, match
from models.judging import Judged

FIRE = frozenset({"smoke", "flame"})
"""Together one alarm: people are called for either."""


@dataclass(frozen=True, slots=True)
class ClassReport:
    """One class. `pictures` are those that can judge it: with none, `is_exhaustive` is false and only recall counts."""

    label: str
    threshold: float
    pictures: int
    instances: int
    is_exhaustive: bool
    measured: Mapping[Metric, Measured]
    sample: Sample


@dataclass(frozen=True, slots=True)
class Places:
    """Which of the pictures say something of a class, by their number: all of it, or only that some are there."""

    exhaustive: tuple[int, ...]
    partial: tuple[int, ...]


def places(pictures: Sequence[Judged], label: str) -> Places:
    """Pictures that can judge `label`, and others that box some of it."""
    exhaustive = tuple(number for number, picture in enumerate(pictures) if label in picture.known)
    partial = tuple(
        number
        for number, picture in enumerate(pictures)
        if label not in picture.known and any(named == label for named, _ in picture.truths)
    )
    return Places(exhaustive, partial)


def judged_labels(pictures: Sequence[Judged], labels: Collection[str]) -> tuple[str, ...]:
    """Those of the model's `labels` that the pictures say anything of."""
    told = frozenset[str]().union(
        *(picture.known for picture in pictures), *({label for label, _ in picture.truths} for picture in pictures)
    )
    return tuple(label for label in labels if label in told)


def unknown_labels(pictures: Sequence[Judged], labels: Collection[str]) -> dict[str, int]:
    """Boxes by label, for labels that the model has no word for."""
    strangers = [label for picture in pictures for label, _ in picture.truths if label not in labels]
    named = {label for picture in pictures for label in picture.known if label not in labels}
    return {label: strangers.count(label) for label in sorted(named | set(strangers))}


def sample(viewed: Sequence[Viewed], label: str, eye: int) -> Sample:
    """The class `label` on `viewed`, as model number `eye` saw it."""
    curve = [_look(entry, label, eye, curve=True) for entry in viewed]
    return match(curve, [_look(entry, label, eye, curve=False) for entry in viewed])


def class_report(viewed: Sequence[Viewed], label: str, threshold: float, weights: Weights, eye: int = 0) -> ClassReport:
    """The report of one class; pictures that are not exhaustive for it count only if none is."""
    found = places([entry.picture for entry in viewed], label)
    is_exhaustive = bool(found.exhaustive)
    numbers = found.exhaustive or found.partial
    part = sample([viewed[number] for number in numbers], label, eye)
    metrics = tuple(Metric) if is_exhaustive else (Metric.RECALL, Metric.RECALL30)
    figures = part.measured(weights[:, numbers], metrics)
    return ClassReport(label, threshold, len(numbers), part.instances, is_exhaustive, figures, part)


def partial_recall(viewed: Sequence[Viewed], label: str, weights: Weights, eye: int = 0) -> tuple[int, Measured] | None:
    """Boxes and recall on the pictures that box only some of `label`; None where there is none."""
    numbers = places([entry.picture for entry in viewed], label).partial
    if not numbers:
        return None
    part = sample([viewed[number] for number in numbers], label, eye)
    return part.instances, part.measured(weights[:, numbers], (Metric.RECALL,))[Metric.RECALL]


def fire_alarms(viewed: Sequence[Viewed], weights: Weights, eye: int = 0) -> tuple[int, Measured] | None:
    """Pictures that truly hold neither smoke nor flame, and boxes of either per such picture at shipped thresholds."""
    numbers = tuple(
        number
        for number, entry in enumerate(viewed)
        if entry.picture.known >= FIRE and not any(label in FIRE for label, _ in entry.picture.truths)
    )
    if not numbers:
        return None
    false = np.array(
        [sum(found.label in FIRE for found in viewed[number].sights[eye].shipped) for number in numbers], np.float64
    )
    if not false.any():
        return len(numbers), rate(0, len(numbers))  # resamples of nothing would call it certain
    drawn = weights[:, numbers]
    with np.errstate(invalid="ignore"):
        return len(numbers), measured(float(false.mean()), (drawn @ false) / drawn.sum(axis=1))


def false_per_image(viewed: Sequence[Viewed], reports: Sequence[ClassReport], weights: Weights) -> Measured:
    """Wrong boxes of all judged classes per picture, at shipped thresholds."""
    false = np.zeros(len(viewed))
    pictures = [entry.picture for entry in viewed]
    for report in reports:
        if report.is_exhaustive:
            false[list(places(pictures, report.label).exhaustive)] += report.sample.false
    return measured(float(false.mean()), (weights @ false) / np.maximum(weights.sum(axis=1), 1))


def _look(entry: Viewed, label: str, eye: int, curve: bool) -> Look:
    sight = entry.sights[eye]
    detections = sight.curve if curve else sight.shipped
    founds = tuple((found.score, found.box_norm) for found in detections if found.label == label)
    return Look(entry.picture.boxes(label), founds)
