"""Two models on the same pictures: differences over the same resamples, and what may be said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.ap import Weights
from models.evaluation.bootstrap import Measured, measured
from models.evaluation.classes import ClassReport, places, sample
from models.evaluation.eyes import Eye, Viewed
from models.evaluation.figures import Metric

LESS_IS_BETTER = frozenset({Metric.FALSE_PER_IMAGE})


class Verdict(StrEnum):
    """What the interval of a difference allows to say."""

    BETTER = "better"
    WORSE = "worse"
    OPEN = "no difference shown"


@dataclass(frozen=True, slots=True)
class Difference:
    """`difference` is this model's number less the other's, resample by resample."""

    this: float
    other: float
    difference: Measured
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """`by_label` holds the classes that both models know; the rest stand in `only_this` and `only_other`."""

    other_name: str
    other_engine: str
    by_label: Mapping[str, Mapping[Metric, Difference]]
    only_this: tuple[str, ...]
    only_other: tuple[str, ...]


def compare(
    viewed: Sequence[Viewed], reports: Sequence[ClassReport], eyes: Sequence[Eye], weights: Weights
) -> Comparison:
    """The first of `eyes` against the second; of classes that no picture is exhaustive for, only recall."""
    this, other = eyes[0], eyes[1]
    by_label = {
        report.label: difference_of(viewed, report, weights) for report in reports if report.label in other.thresholds
    }
    manifest = other.manifest
    return Comparison(
        other_name=f"{manifest.name} {manifest.version}",
        other_engine=other.shipped.engine.value,
        by_label=by_label,
        only_this=tuple(label for label in this.thresholds if label not in other.thresholds),
        only_other=tuple(label for label in other.thresholds if label not in this.thresholds),
    )


def difference_of(viewed: Sequence[Viewed], report: ClassReport, weights: Weights) -> dict[Metric, Difference]:
    """What one class's report, of the first model that looked, owes to it: the second model's numbers taken off."""
    found = places([entry.picture for entry in viewed], report.label)
    numbers = found.exhaustive or found.partial
    theirs = sample([viewed[number] for number in numbers], report.label, eye=1)
    drawn = weights[:, numbers]
    metrics = tuple(report.measured)
    ours_resampled, theirs_resampled = report.sample.figures(drawn, metrics), theirs.figures(drawn, metrics)
    ours_points, theirs_points = report.sample.points(metrics), theirs.points(metrics)
    differences = {}
    for metric in metrics:
        resampled = ours_resampled[metric] - theirs_resampled[metric]
        difference = measured(ours_points[metric] - theirs_points[metric], resampled)
        verdict = _verdict(difference, metric)
        differences[metric] = Difference(ours_points[metric], theirs_points[metric], difference, verdict)
    return differences


def _verdict(difference: Measured, metric: Metric) -> Verdict:
    sign = -1 if metric in LESS_IS_BETTER else 1
    if sign * difference.low > 0 and sign * difference.high > 0:
        return Verdict.BETTER
    if sign * difference.low < 0 and sign * difference.high < 0:
        return Verdict.WORSE
    return Verdict.OPEN
