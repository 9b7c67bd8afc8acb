"""Targets, and where a model stands towards them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from contract.configfile import Settings, load_yaml
from models.evaluation.bootstrap import Measured
from models.evaluation.classes import ClassReport
from models.evaluation.figures import Metric

if TYPE_CHECKING:
    from models.evaluate import Evaluation

DEFAULT_TARGETS = Path(__file__).with_name("targets.yaml")

Share = Annotated[float, Field(ge=0, le=1)]


class Targets(Settings):
    """The file's content; what it doesn't name is not asked for."""

    classes: Mapping[str, Mapping[Metric, Share]] = {}
    most_false_positives_per_negative: Annotated[float, Field(ge=0)] | None = None
    agreement_f1: Mapping[str, Share] = {}


class Standing(StrEnum):
    """`SHOWN`: even the worse end of the interval keeps the target. `REACHED`: the number does."""

    SHOWN = "shown"
    REACHED = "reached"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mark:
    """One target and where the model stands."""

    metric: str
    target: float
    standing: Standing


@dataclass(frozen=True, slots=True)
class Judgement:
    """Where the model stands: by class, in false alarms on pictures without fire, in agreement by class."""

    classes: Mapping[str, Sequence[Mark]]
    alarms: Mark | None
    agreement: Mapping[str, Mark]


def read_targets(path: Path) -> Targets:
    """The targets at `path`.

    Raises:
        UsageError: unreadable or malformed.
    """
    return load_yaml(path, Targets)


def judgement(evaluation: "Evaluation", targets: Targets) -> Judgement:
    """Every target that the evaluation says something about."""
    verdict, agreement = evaluation.pictures, evaluation.agreement
    alarms = None if verdict is None else verdict.fire_alarms
    most = targets.most_false_positives_per_negative
    by_label = {} if agreement is None else agreement.by_label
    return Judgement(
        classes={} if verdict is None else _class_marks(verdict.classes, targets),
        alarms=None
        if alarms is None or most is None
        else Mark("false_positives_per_negative", most, at_most(alarms[1], most)),
        agreement={
            label: Mark("f1", target, at_least(by_label[label].f1, target))
            for label, target in targets.agreement_f1.items()
            if label in by_label
        },
    )


def at_least(found: Measured, target: float) -> Standing:
    """Where a number stands that must not fall below `target`."""
    return _standing(found.value >= target, found.low >= target, found.value)


def at_most(found: Measured, target: float) -> Standing:
    """Where a number stands that must not rise above `target`."""
    return _standing(found.value <= target, found.high <= target, found.value)


def _class_marks(reports: Sequence[ClassReport], targets: Targets) -> dict[str, tuple[Mark, ...]]:
    """Marks by class; recall alone is no proof where not everything is boxed."""
    return {
        report.label: tuple(
            Mark(metric.value, target, at_least(report.measured[metric], target))
            for metric, target in targets.classes[report.label].items()
            if metric in report.measured
        )
        for report in reports
        if report.is_exhaustive and report.label in targets.classes
    }


def _standing(is_reached: bool, is_shown: bool, value: float) -> Standing:
    if value != value:
        return Standing.UNKNOWN
    if is_reached and is_shown:
        return Standing.SHOWN
    return Standing.REACHED if is_reached else Standing.MISSED
