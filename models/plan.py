"""What a training run is told: the YAML file under configs/training, checked."""

from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.errors import UsageError
from models.classes import STREET_LABELS

REPOSITORY = Path(__file__).resolve().parent.parent


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Strict):
    """One picture folder of the mixture; the YAML's comments say what each field does."""

    folder: Path
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    take: Annotated[int, Field(ge=1)] | None = None
    holdout: Literal["none", "split", "all"] | Annotated[int, Field(ge=0)] = "none"
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


class TrainingPlan(_Strict):
    """A whole run."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    start: Path
    seed: int = 1
    epochs: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)] = 16
    image_px: Annotated[int, Field(ge=64, le=1280, multiple_of=32)]
    learning_rate: Annotated[float, Field(gt=0, lt=1)] = 0.001
    last_rate_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    frozen_layers: Annotated[int, Field(ge=0, le=22)] = 0
    threads: Annotated[int, Field(ge=1)] = 2
    bfloat16: bool = False
    labels: tuple[str, ...] = STREET_LABELS
    pseudo: Pseudo | None = None
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]

    @property
    def run_dir(self) -> Path:
        """Where everything of this run lies."""
        return REPOSITORY / "runs" / self.name


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
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path}: {where}: {first['msg']}") from error
