"""Judges a recipe on small sources by folds: each picture by the one model that never saw its scene.

The shipped model is another one, trained on most of these pictures: folds say how well its recipe does on new ones.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from contract.errors import UsageError
from contract.manifest import Engine, ModelInput
from datasets.split_lock import read_lock
from models.evaluation.bootstrap import resample
from models.evaluation.classes import ClassReport, class_report, judged_labels
from models.evaluation.eyes import Eye, Viewed, view
from models.export import ExportPlan, export
from models.judging import Choice, Judged, folder_pictures
from models.plan import REPOSITORY, TrainingPlan
from models.train import OnStep, train
from models.training.lock import LOCK
from models.training.sources import CheckedSource, check_sources

RESAMPLES = 1000
SEED = 1


@dataclass(frozen=True, slots=True)
class Folds:
    """What all folds together say; `thresholds` in the reports are only where a class would start."""

    folds: int
    pictures: int
    classes: tuple[ClassReport, ...]


def fold_plan(plan: TrainingPlan, fold: int) -> TrainingPlan:
    """The plan of one fold, which lies beside the others under its own name."""
    return plan.model_copy(update={"name": f"{plan.name}-fold-{fold}", "fold": fold})


def judge_folds(
    plan: TrainingPlan,
    size: ModelInput,
    trusted: frozenset[str],
    on_step: OnStep,
    on_picture: Callable[[], None],
    on_batch: Callable[[int, int], None],
) -> Folds:
    """Trains a model per fold of the lock, or goes on where it was, and judges all held-out pictures together.

    Raises:
        UsageError: no source obeys the lock, or what `train` and `export` raise.
    """
    folds = read_lock(LOCK).folds
    seen: list[Viewed] = []
    thresholds: dict[str, float] = {}
    for fold in range(folds):
        of_fold = fold_plan(plan, fold)
        model = _trained(of_fold, size, trusted, on_step, on_picture, on_batch)
        pictures = _held_out(check_sources(of_fold))
        on_step(f"fold {fold}: looking", len(pictures))
        eye = Eye(model, Engine.OPENVINO_FP32, threads=1)
        seen += view(pictures, (eye,), on_picture)
        thresholds = eye.thresholds
        eye.close()
    pictures_seen = [entry.picture for entry in seen]
    weights = resample([entry.scene for entry in pictures_seen], RESAMPLES, SEED)
    labels = judged_labels(pictures_seen, thresholds)
    reports = tuple(class_report(seen, label, thresholds[label], weights) for label in labels)
    return Folds(folds, len(seen), reports)


def _trained(
    plan: TrainingPlan,
    size: ModelInput,
    trusted: frozenset[str],
    on_step: OnStep,
    on_picture: Callable[[], None],
    on_batch: Callable[[int, int], None],
) -> Path:
    """The fold's model folder; made once."""
    model = plan.run_dir / "model"
    if model.exists():
        return model
    weights = plan.run_dir / "weights.pt"
    if not weights.exists():
        train(plan, trusted, lambda step, total: on_step(f"fold {plan.fold}: {step}", total), on_picture, on_batch)
    export(ExportPlan(weights, model, plan.name, "0", size), on_step, on_picture)
    return model


def _held_out(sources: tuple[CheckedSource, ...]) -> tuple[Judged, ...]:
    """The fold's pictures as their owners labelled them; scenes are the lock's."""
    lock = read_lock(LOCK)
    judged: list[Judged] = []
    for source in sources:
        stems = frozenset(picture.path.stem for picture in source.val)
        if source.source.holdout != "lock" or not stems:
            continue
        choice = Choice(stems=stems, label_by_label=source.source.rename)
        for picture in folder_pictures(REPOSITORY / source.source.folder, choice):
            place = lock.find(source.folder.name, picture.path.stem)
            if place is None:
                raise UsageError(f"{picture.path}: not in the lock; run `python -m datasets split`")
            judged.append(replace(picture, scene=place.scene))
    return tuple(judged)
