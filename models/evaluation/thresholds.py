"""The thresholds that pictures suggest, class by class, from the class's own curve at overlap 0.5.

Each class has a goal: how much dearer a miss is than a false box (the F-measure's beta), and how many false boxes a
picture without the class may cost. Among the thresholds that keep the second, the best for the first is taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.evaluation.classes import FIRE, ClassReport, places
from models.evaluation.eyes import Viewed
from models.evaluation.figures import Sample


@dataclass(frozen=True, slots=True)
class Goal:
    """`beta`: recall counts this many times as much as precision. `most_false`: boxes per picture without the class.

    `highest`: no threshold above this is suggested.
    """

    beta: float = 1.0
    most_false: float | None = None
    highest: float = 0.40


HALF_HIDDEN = 0.40
"""Above this a half-hidden stall is lost for minutes; time, not the score, removes false boxes."""

GOALS: Mapping[str, Goal] = {
    "smoke": Goal(beta=2.0, most_false=0.025, highest=0.80),
    "flame": Goal(beta=2.0, most_false=0.025, highest=0.80),
    "grill": Goal(beta=2.0, most_false=0.05),
    "person": Goal(beta=3.0),
    "vehicle": Goal(beta=2.0),
    "cycle": Goal(beta=2.0),
}
"""Fire: several looks must agree before it is reported, so a miss is dearer than a false look; but half of the 0.05
false boxes per fireless picture that the node is allowed, for either of the two. A person or a plate that is missed is
one that is not blurred. The rest: a miss and a false box weigh the same."""

STEPS = np.round(np.arange(0.05, 0.81, 0.01), 2)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A threshold and what it gives. `false_per_empty` is nan if every picture holds the class.

    `keeps_goal` is false where even the highest threshold allowed lets too many false boxes through.
    """

    threshold: float
    precision: float
    recall: float
    false_per_empty: float
    keeps_goal: bool
    goal: Goal


def suggest(viewed: Sequence[Viewed], reports: Sequence[ClassReport]) -> dict[str, Suggestion]:
    """Suggestions by label, for the classes that the pictures can judge and hold, and the model finds at all."""
    suggested = {
        report.label: best_threshold(
            report.sample, _empty(viewed, report.label), GOALS.get(report.label, Goal(highest=HALF_HIDDEN))
        )
        for report in reports
        if report.is_exhaustive and report.instances
    }
    return {label: entry for label, entry in suggested.items() if entry.recall > 0}


def best_threshold(sample: Sample, is_empty: NDArray[np.bool_], goal: Goal) -> Suggestion:
    """The threshold for `goal`; `is_empty` (pictures,) says which hold none of the class."""
    steps = STEPS[goal.highest >= STEPS]
    tried = [_at(sample, is_empty, float(step), goal) for step in steps]
    kept = [entry for entry in tried if entry.keeps_goal]
    return max(kept, key=_quality) if kept else tried[-1]


def _at(sample: Sample, is_empty: NDArray[np.bool_], threshold: float, goal: Goal) -> Suggestion:
    marks = sample.half_marks
    passed = marks.score >= threshold
    hits, found = int((passed & marks.right).sum()), int(passed.sum())
    empties = int(is_empty.sum())
    false = int((passed & is_empty[marks.picture]).sum())
    false_per_empty = false / empties if empties else float("nan")
    return Suggestion(
        threshold=threshold,
        precision=hits / found if found else float("nan"),
        recall=hits / sample.instances,
        false_per_empty=false_per_empty,
        keeps_goal=goal.most_false is None or not false_per_empty > goal.most_false,
        goal=goal,
    )


def _quality(entry: Suggestion) -> float:
    weight = entry.goal.beta**2
    below = weight * entry.precision + entry.recall
    return (1 + weight) * entry.precision * entry.recall / below if below > 0 else 0.0


def _empty(viewed: Sequence[Viewed], label: str) -> NDArray[np.bool_]:
    """Which of the pictures that judge `label` hold none of it; a fire without boxed smoke may well smoke."""
    kin = FIRE if label in FIRE else {label}
    numbers = places([entry.picture for entry in viewed], label).exhaustive
    return np.array([not any(named in kin for named, _ in viewed[number].picture.truths) for number in numbers])
