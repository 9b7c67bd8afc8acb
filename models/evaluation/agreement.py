"""How far a model agrees with a pretrained net on people, vehicles and cycles.

That is agreement, not accuracy: nobody boxed these things in the pictures at hand, and the net errs too. Its confident
boxes are taken as true. Where it doubts, finding something is neither right nor wrong.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.ids import CameraId
from datasets.picture import safe_read_picture
from edge.capture.clip import ClipCamera
from edge.values import Detection
from models.ap import IOUS, Look
from models.evaluation.bootstrap import Measured, resample
from models.evaluation.clips import Clip
from models.evaluation.eyes import Sight, Viewed
from models.evaluation.figures import Metric, Sample, match
from models.evaluation.references import CONFIDENT, LABELS, Reference, Said
from models.evaluation.watching import START

FRAME_EVERY_S = 1.0
"""Clip frames looked at: more of them show the same people again."""


class Looker(Protocol):
    """The model that is judged, as `models.evaluation.eyes.Eye` opens it."""

    @property
    def thresholds(self) -> Mapping[str, float]: ...

    def look(self, frame: NDArray[np.uint8]) -> Sight: ...


@dataclass(frozen=True, slots=True)
class LabelAgreement:
    """One class. `strict_f1` counts as false what the net doubts; `best_f1` is at `best_threshold`, not the shipped."""

    instances: int
    f1: Measured
    precision: float
    recall: float
    strict_f1: float
    best_f1: float
    best_threshold: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """`by_source` holds the same for each folder and each clip."""

    reference: str
    pictures: int
    by_label: Mapping[str, LabelAgreement]
    by_source: Mapping[str, Mapping[str, LabelAgreement]]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What both say of one picture; pictures of one `scene` are resampled together."""

    source: str
    scene: str
    said: tuple[Said, ...]
    sight: Sight


def agree(
    eye: Looker,
    reference: Reference,
    viewed: Sequence[Viewed],
    clips: Sequence[Clip],
    resamples: int,
    seed: int,
    on_picture: Callable[[], None],
) -> Agreement:
    """Compares on pictures that were seen already, and on a frame a second of each clip.

    Raises:
        UsageError: there is no picture at all, or one is unreadable.
        PermanentError: a clip can't be read.
    """
    pairs = [*_of_pictures(reference, viewed, on_picture), *_of_clips(eye, reference, clips, on_picture)]
    if not pairs:
        raise UsageError("--agree-with: nothing to agree on; give --dataset or --clips")
    labels = [label for label in LABELS if label in eye.thresholds]
    sources = sorted({pair.source for pair in pairs})
    return Agreement(
        reference=reference.name,
        pictures=len(pairs),
        by_label={label: _agreement(pairs, label, resamples, seed) for label in labels},
        by_source={
            source: {
                label: _agreement([pair for pair in pairs if pair.source == source], label, resamples, seed)
                for label in labels
            }
            for source in sources
        },
    )


def _of_pictures(reference: Reference, viewed: Sequence[Viewed], on_picture: Callable[[], None]) -> Iterator[_Pair]:
    for entry in viewed:
        said = reference.boxes(safe_read_picture(entry.picture.path))
        yield _Pair(entry.picture.source, entry.picture.scene, said, entry.sights[0])
        on_picture()


def _of_clips(
    eye: Looker, reference: Reference, clips: Sequence[Clip], on_picture: Callable[[], None]
) -> Iterator[_Pair]:
    for clip in clips:
        name = clip.path.name
        for frame in ClipCamera(CameraId("clip"), clip.path, START, FRAME_EVERY_S).frames():
            yield _Pair(name, name, reference.boxes(frame.image), eye.look(frame.image))
            on_picture()


def _agreement(pairs: Sequence[_Pair], label: str, resamples: int, seed: int) -> LabelAgreement:
    curve = [_look(pair, pair.sight.curve, label) for pair in pairs]
    shipped = [_look(pair, pair.sight.shipped, label) for pair in pairs]
    sample = match(curve, shipped, IOUS[:1])
    metrics = (Metric.F1, Metric.PRECISION, Metric.RECALL)
    figures = sample.measured(resample([pair.scene for pair in pairs], resamples, seed), metrics)
    strict = match(
        [Look(look.truths, look.founds) for look in curve], [Look(look.truths, look.founds) for look in shipped]
    )
    best_f1, best_threshold = _best(sample)
    return LabelAgreement(
        instances=sample.instances,
        f1=figures[Metric.F1],
        precision=figures[Metric.PRECISION].value,
        recall=figures[Metric.RECALL].value,
        strict_f1=strict.points((Metric.F1,))[Metric.F1],
        best_f1=best_f1,
        best_threshold=best_threshold,
    )


def _look(pair: _Pair, detections: Sequence[Detection], label: str) -> Look:
    said = [entry for entry in pair.said if entry.label == label]
    return Look(
        truths=tuple(entry.box for entry in said if entry.score >= CONFIDENT),
        founds=tuple((found.score, found.box_norm) for found in detections if found.label == label),
        ignored=tuple(entry.box for entry in said if entry.score < CONFIDENT),
    )


def _best(sample: Sample) -> tuple[float, float]:
    """The best F1 that any threshold gives, and that threshold; nan without a true or a found box."""
    marks = sample.half_marks
    if not sample.instances or not marks.score.size:
        return float("nan"), float("nan")
    found = np.arange(1, marks.score.size + 1)
    f1 = 2 * np.cumsum(marks.right) / (found + sample.instances)
    best = int(f1.argmax())
    return float(f1[best]), float(marks.score[best])
