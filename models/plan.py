"""What a training run is told: the YAML file under configs/training, checked."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.errors import UsageError
from contract.problems import first_problem
from models.classes import STREET_LABELS

REPOSITORY = Path(__file__).resolve().parent.parent


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """One picture folder of the mixture; the YAML's comments say what each field does."""

    folder: Path
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    take: Annotated[int, Field(ge=1)] | None = None
    holdout: Literal["none", "split", "lock", "all"] | Annotated[int, Field(ge=0)] = "none"
    rename: dict[str, str] = {}
    absent: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Tells `runs/synth/train` from another folder called `train`."""
        return "-".join(self.folder.parts[-2:])


class Pseudo(_Strict):
    """A COCO model that boxes what the photographs' own labels leave out.

    Boxes of `least_score` and more are learned from. Boxes between `doubtful_score` and that are neither object nor
    background: no loss is taken there. `complete_for` are the labels whose absence counts as real afterwards.
    """

    weights: Path
    least_score: Annotated[float, Field(gt=0, lt=1)]
    doubtful_score: Annotated[float, Field(gt=0, lt=1)] | None = None
    label_by_coco_class: dict[int, str]
    complete_for: tuple[str, ...] = ("person", "vehicle", "cycle")

    @model_validator(mode="after")
    def _doubt_lies_below(self) -> Self:
        if self.doubtful_score is not None and self.doubtful_score >= self.least_score:
            raise ValueError("doubtful_score: must be less than least_score")
        return self


MACHINE_FIELDS = frozenset({"threads", "device", "workers", "bfloat16", "checkpoint_batches"})
"""What of a plan says how, not what: a run may be resumed on another machine."""


class TrainingPlan(_Strict):
    """A whole run.

    `fold` holds back that one of the lock's folds (from 0) in sources with ``holdout: lock``, to be judged on, and
    trains on the others. `device` is ``cpu``, a CUDA device's number, or several with commas (ultralytics' DDP);
    `workers` read pictures beside it and count only there. Every `checkpoint_batches` a state to resume from is kept.

    Pictures are shown as squares of `image_px`, or, where `image_height_px` is given, as frames of that width and
    height: the node's own form costs no grey margins. `mosaic_share` of them are pieced together from four; each is
    enlarged or shrunk by up to `scale`.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    runs: Path = Path("runs")
    start: Path
    seed: int = 1
    epochs: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)] = 16
    image_px: Annotated[int, Field(ge=64, le=1280, multiple_of=32)]
    image_height_px: Annotated[int, Field(ge=64, le=1280, multiple_of=32)] | None = None
    mosaic_share: Annotated[float, Field(ge=0, le=1)] = 0.6
    scale: Annotated[float, Field(ge=0, lt=1)] = 0.5
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.001
    last_rate_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    frozen_layers: Annotated[int, Field(ge=0, le=22)] = 0
    fold: Annotated[int, Field(ge=0, le=99)] | None = None
    device: Annotated[str, Field(pattern=r"^(cpu|\d+(,\d+)*)$")] = "cpu"
    workers: Annotated[int, Field(ge=0, le=64)] = 8
    threads: Annotated[int, Field(ge=1)] = 2
    bfloat16: bool = False
    checkpoint_batches: Annotated[int, Field(ge=1)] = 25
    labels: tuple[str, ...] = STREET_LABELS
    pseudo: Pseudo | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _words_agree(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels: two channels share a label")
        used = {label for source in self.sources for label in (*source.rename.values(), *source.absent)}
        if self.pseudo is not None:
            used |= {*self.pseudo.label_by_coco_class.values(), *self.pseudo.complete_for}
        if used - set(self.labels):
            raise ValueError(f"{', '.join(sorted(used - set(self.labels)))}: none of the plan's labels; correct it")
        return self

    @model_validator(mode="after")
    def _sources_are_told_apart(self) -> Self:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"sources: two are called {twice[0]} (a folder and its parent); rename one of the folders")
        if self.fold is not None and all(source.holdout != "lock" for source in self.sources):
            raise ValueError("fold: no source obeys the lock; give one `holdout: lock`")
        return self

    @property
    def run_dir(self) -> Path:
        """Where everything of this run lies."""
        return REPOSITORY / self.runs / self.name


def read_plan(path: Path) -> TrainingPlan:
    """The plan in `path`.

    Raises:
        UsageError: unreadable, malformed, or with unknown keys; the message names the field.
    """
    try:
        return TrainingPlan.model_validate(yaml.safe_load(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"{path}: can't read the training plan ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: not YAML: {error}") from error
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error, 'plan')}") from error
