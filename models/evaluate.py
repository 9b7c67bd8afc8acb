"""Judges a model folder through the very detector and replay that the node runs: every step on one page.

Matching and precision are `models.ap`'s, which pictures count `models.judging`'s, the rest stands in
`models.evaluation`, one question a module.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from contract.errors import PermanentError, UsageError
from contract.manifest import Engine, read_manifest
from edge.capture.clip import read_facts
from edge.settings import ROOT, load_policies, load_replay
from models.ap import Weights
from models.evaluation.agreement import FRAME_EVERY_S, Agreement, agree
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
from models.evaluation.clips import Clip
from models.evaluation.compare import Comparison, compare
from models.evaluation.events import EventVerdict
from models.evaluation.eyes import Eye, Viewed, view
from models.evaluation.references import Reference
from models.evaluation.runtime import Runtime, runtime
from models.evaluation.slices import Slice, slices
from models.evaluation.watching import watch
from models.judging import Judged, pictures_hash

DEFAULT_REPLAY = ROOT / "configs" / "edge" / "replay.yaml"


class Progress(Protocol):
    """Where the work's progress is told."""

    def begin(self, step: str, total: float) -> Callable[[float], None]:
        """A step of `total` units begins; the function given back is called with the units done since its last call."""
        ...


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
class Wanted:
    """What is to be judged: pictures, clips, agreement with `reference`; each may be absent."""

    pictures: tuple[Judged, ...] = ()
    clips: tuple[Clip, ...] = ()
    reference: Reference | None = None
    replay_config: Path = DEFAULT_REPLAY
    looking: Looking = field(default_factory=Looking)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that was found."""

    pictures: PictureVerdict | None
    events: EventVerdict | None
    agreement: Agreement | None
    runtime: Runtime


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


def open_eyes(model: Path, wanted: Wanted) -> OpenEyes:
    """The models, opened and checked as a node would, if they can judge anything of what is wanted.

    Raises:
        UsageError: nothing is given, nothing of it can be judged, or a folder is no intact model or lacks the variant.
        PermanentError: no variant works on this machine.
    """
    _require_judgeable(wanted, tuple(entry.label for entry in read_manifest(model).classes))
    looking = wanted.looking
    this = Eye(model, looking.engine, looking.threads)
    if looking.against is None:
        return OpenEyes(this, None)
    return OpenEyes(this, Eye(looking.against, looking.against_engine or looking.engine, looking.threads))


def evaluate(wanted: Wanted, eyes: OpenEyes, progress: Progress) -> Evaluation:
    """Pictures, then clips, then agreement.

    Raises:
        UsageError: a picture is unreadable, or not one clip can be read.
        PermanentError: the replay's folder can't be written.
    """
    verdict = _judge(wanted.pictures, eyes, wanted.looking, progress) if wanted.pictures else None
    events = _watch(wanted, eyes.this, progress) if wanted.clips else None
    viewed = verdict.viewed if verdict is not None else ()
    agreement = None
    if wanted.reference is not None:
        agreement = _agree(wanted, wanted.reference, eyes.this, viewed, events, progress)
    return Evaluation(verdict, events, agreement, runtime(eyes.this))


def _require_judgeable(wanted: Wanted, labels: Sequence[str]) -> None:
    """Says before an hour of looking that nothing would come of it; `labels` are the model's."""
    if not (wanted.pictures or wanted.clips):
        raise UsageError("nothing to judge on: give --dataset FOLDER or --clips FOLDER")
    if wanted.clips or wanted.reference is not None or judged_labels(wanted.pictures, labels):
        return
    sources = ", ".join(sorted({picture.source for picture in wanted.pictures}))
    strangers = ", ".join(unknown_labels(wanted.pictures, labels)) or "nothing"
    raise UsageError(
        f"{sources}: no class can be judged: source.json speaks of {strangers}, the model knows "
        f"{', '.join(labels)}; correct exhaustive_for, or map labels with --rename OLD=NEW"
    )


def _judge(pictures: Sequence[Judged], eyes: OpenEyes, looking: Looking, progress: Progress) -> PictureVerdict:
    done = progress.begin("looking at pictures", len(pictures))
    viewed = view(pictures, eyes.all, lambda: done(1))
    weights = resample([entry.scene for entry in pictures], looking.resamples, looking.seed)
    thresholds = eyes.this.thresholds
    labels = judged_labels(pictures, tuple(thresholds))
    reports = tuple(class_report(viewed, label, thresholds[label], weights) for label in labels)
    return PictureVerdict(
        viewed=viewed,
        dataset_sha256=pictures_hash(pictures),
        classes=reports,
        partial=_partial(viewed, labels, weights),
        unknown=unknown_labels(pictures, tuple(thresholds)),
        false_per_image=false_per_image(viewed, reports, weights),
        fire_alarms=fire_alarms(viewed, weights),
        slices=slices(viewed, reports, weights, eyes.this.manifest.input),
        comparison=None if eyes.other is None else compare(viewed, reports, eyes.all, weights),
    )


def _partial(viewed: Sequence[Viewed], labels: Sequence[str], weights: Weights) -> dict[str, tuple[int, Measured]]:
    found = {label: partial_recall(viewed, label, weights) for label in labels}
    return {label: entry for label, entry in found.items() if entry is not None}


def _watch(wanted: Wanted, eye: Eye, progress: Progress) -> EventVerdict:
    settings = load_replay(wanted.replay_config)
    done = progress.begin("watching clips, seconds", _length_s(wanted.clips))
    return watch(wanted.clips, eye.shipped, settings, load_policies(settings.policies), done)


def _agree(
    wanted: Wanted,
    reference: Reference,
    eye: Eye,
    viewed: Sequence[Viewed],
    events: EventVerdict | None,
    progress: Progress,
) -> Agreement:
    whole = {report.name for report in events.clips if report.fault is None} if events is not None else set()
    clips = [clip for clip in wanted.clips if clip.path.name in whole]
    done = progress.begin(f"agreeing with {reference.name}", len(viewed) + _length_s(clips) / FRAME_EVERY_S)
    looking = wanted.looking
    return agree(eye, reference, viewed, clips, looking.resamples, looking.seed, lambda: done(1))


def _length_s(clips: Sequence[Clip]) -> float:
    """What the containers say; what they don't say, or can't, is found out while watching."""
    total = 0.0
    for clip in clips:
        try:
            total += read_facts(clip.path).length_s or 0.0
        except PermanentError:
            continue
    return total
