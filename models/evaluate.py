"""Judges a model folder on labelled pictures through the very detector that the node runs: every step on one page.

Matching and precision are `models.ap`'s, which pictures count `models.judging`'s, the rest stands in
`models.evaluation`, one question a module.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from contract.manifest import Engine
from models.ap import Weights
from models.evaluation.bootstrap import Measured, resample
from models.evaluation.classes import (
    ClassReport,
    class_report,
    false_per_image,
    fire_alarms,
    judged_labels,
    partial_recall,
    unknown_labels,
)
from models.evaluation.compare import Comparison, compare
from models.evaluation.eyes import Eye, Viewed, view
from models.evaluation.runtime import Runtime, runtime
from models.evaluation.slices import Slice, slices
from models.judging import Judged, pictures_hash


@dataclass(frozen=True, slots=True)
class Looking:
    """How pictures are looked at and how sure the numbers are made. `engine` None: the node's own choice."""

    engine: Engine | None = None
    threads: int = 1
    resamples: int = 1000
    seed: int = 1
    against: Path | None = None
    against_engine: Engine | None = None


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """Everything said about a model on pictures.

    `partial` are boxes and recall by label on pictures that box only some of the class. `fire_alarms` are pictures
    without fire, and smoke or flame boxes per such picture. `unknown`: boxes by label that the model has no word for.
    """

    viewed: tuple[Viewed, ...]
    dataset_sha256: str
    classes: tuple[ClassReport, ...]
    partial: Mapping[str, tuple[int, Measured]]
    unknown: Mapping[str, int]
    false_per_image: Measured
    fire_alarms: tuple[int, Measured] | None
    slices: tuple[Slice, ...]
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class OpenEyes:
    """The model that is judged and, perhaps, the one it is compared with."""

    this: Eye
    other: Eye | None

    @property
    def all(self) -> tuple[Eye, ...]:
        return (self.this,) if self.other is None else (self.this, self.other)

    def close(self) -> None:
        for eye in self.all:
            eye.close()


def open_eyes(model: Path, looking: Looking) -> OpenEyes:
    """The models, opened and checked as a node would.

    Raises:
        UsageError: a folder is no intact model, or has no such variant.
        PermanentError: no variant works on this machine.
    """
    this = Eye(model, looking.engine, looking.threads)
    if looking.against is None:
        return OpenEyes(this, None)
    return OpenEyes(this, Eye(looking.against, looking.against_engine or looking.engine, looking.threads))


def require_judgeable(pictures: Sequence[Judged], eye: Eye) -> None:
    """Says before an hour of looking that nothing would come of it.

    Raises:
        UsageError: the pictures say nothing of any class that the model knows.
    """
    if judged_labels(pictures, eye.thresholds):
        return
    sources = ", ".join(sorted({picture.source for picture in pictures}))
    strangers = ", ".join(unknown_labels(pictures, eye.thresholds)) or "nothing"
    raise UsageError(
        f"{sources}: no class can be judged: source.json speaks of {strangers}, the model knows "
        f"{', '.join(eye.thresholds)}; correct exhaustive_for, or map labels with --rename OLD=NEW"
    )


def judge(
    pictures: Sequence[Judged], eyes: OpenEyes, looking: Looking, on_picture: Callable[[], None]
) -> PictureVerdict:
    """Looks at every picture and says what can be said.

    Raises:
        UsageError: a picture is unreadable.
    """
    viewed = view(pictures, eyes.all, on_picture)
    weights = resample([entry.scene for entry in pictures], looking.resamples, looking.seed)
    thresholds = eyes.this.thresholds
    labels = judged_labels(pictures, thresholds)
    reports = tuple(class_report(viewed, label, thresholds[label], weights) for label in labels)
    return PictureVerdict(
        viewed=viewed,
        dataset_sha256=pictures_hash(pictures),
        classes=reports,
        partial=_partial(viewed, labels, weights),
        unknown=unknown_labels(pictures, thresholds),
        false_per_image=false_per_image(viewed, reports, weights),
        fire_alarms=fire_alarms(viewed, weights),
        slices=slices(viewed, labels, weights, eyes.this.manifest.input),
        comparison=None if eyes.other is None else compare(viewed, reports, eyes.all, weights),
    )


def runtime_of(eyes: OpenEyes) -> Runtime:
    """What the judged model ran on."""
    return runtime(eyes.this)


def _partial(viewed: Sequence[Viewed], labels: Sequence[str], weights: Weights) -> dict[str, tuple[int, Measured]]:
    found = {label: partial_recall(viewed, label, weights) for label in labels}
    return {label: entry for label, entry in found.items() if entry is not None}
