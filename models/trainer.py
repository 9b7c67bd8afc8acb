"""ultralytics' training loop with our model, our loss and our mosaics."""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-subclassing-any, allow-untyped-calls, disable-error-code="import-not-found, index, union-attr"

from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import torch
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from models.partial import OneSourceDataset, StreetModel
from models.plan import TrainingPlan

SNAPSHOT_BATCHES = 50
"""Every so many batches the averaged weights are kept: a run cut short in a long epoch still gives a model."""

_KIN_OF_NEW = ("vendor_cart", "stall")
"""What an added class starts from: both stand on the pavement with wares; the first model knows them."""


def run(plan: TrainingPlan, start: Path, data_yaml: Path, known: Mapping[str, tuple[str, ...]]) -> Path:
    """Trains, or goes on training after a kill; the path of the finished plain weights."""
    last = plan.run_dir / "ultralytics" / "weights" / "last.pt"
    settings = _settings(plan, start, data_yaml)
    if last.exists():
        settings |= {"model": str(last), "resume": str(last)}
    trainer = StreetTrainer(plan, known, settings)
    trainer.epochs = trainer.args.epochs = plan.epochs  # a resumed run follows the plan's word, not its own memory
    trainer.add_callback("on_train_start", lambda _: torch.set_num_threads(plan.threads))
    trainer.add_callback("on_train_batch_end", _keep_snapshot)
    trainer.train()
    finished = plan.run_dir / "weights.pt"
    keep_plain(trainer.best if trainer.best.exists() else last, finished)
    return finished


def keep_plain(checkpoint: Path, out: Path) -> None:
    """Writes the checkpoint's averaged model in half precision as a plain ultralytics model, free of our code."""
    found: Any = cast(Any, torch.load)(checkpoint, map_location="cpu", weights_only=False)
    plain: Any = (found.get("ema") or found["model"]).float()
    for ours in ("criterion", "known_by_source", "bfloat16"):
        plain.__dict__.pop(ours, None)
        plain._modules.pop(ours, None)
    plain.__class__ = (
        DetectionModel  # building one anew would give another head: its width follows the first model's 80
    )
    plain.args = {"task": "detect", "imgsz": 640}
    torch.save({"model": plain.half().eval(), "train_args": plain.args, "epoch": -1}, out)


class StreetTrainer(DetectionTrainer):
    """Trains a `StreetModel` on a mixture of partly labelled sources."""

    def __init__(self, plan: TrainingPlan, known: Mapping[str, tuple[str, ...]], overrides: dict[str, Any]) -> None:
        self._plan = plan
        self._known_by_source = {
            name: torch.tensor([float(label in classes) for label in plan.labels]) for name, classes in known.items()
        }
        super().__init__(overrides=overrides)

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> StreetModel:  # noqa: ARG002
        model = StreetModel(cfg, nc=len(self._plan.labels), ch=3, verbose=False)
        model.known_by_source = self._known_by_source
        model.bfloat16 = self._plan.bfloat16
        model.names = dict(enumerate(self._plan.labels))
        if weights is not None:
            model.load(weights, verbose=False)
            _copy_class_rows(weights, model)
        return model

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        if mode != "train":
            return super().build_dataset(img_path, mode, batch)
        return OneSourceDataset(
            img_path=img_path,
            imgsz=self.args.imgsz,
            batch_size=batch,
            augment=True,
            hyp=self.args,
            cache=self.args.cache or None,
            stride=32,
            data=self.data,
            task="detect",
        )


def _settings(plan: TrainingPlan, start: Path, data_yaml: Path) -> dict[str, Any]:
    return {
        "model": str(start),
        "data": str(data_yaml),
        "project": str(plan.run_dir),
        "name": "ultralytics",
        "exist_ok": True,
        "device": "cpu",
        "seed": plan.seed,
        "epochs": plan.epochs,
        "batch": plan.batch,
        "nbs": plan.batch,  # a step per batch: few pictures, no time to accumulate
        "imgsz": plan.image_px,
        "optimizer": "AdamW",
        "lr0": plan.learning_rate,
        "lrf": 0.02,
        "cos_lr": True,
        "warmup_epochs": 0.15,
        "warmup_bias_lr": 0.0,
        "scale": 0.5,
        "mosaic": 1.0,
        "close_mosaic": 1,
        "cache": "ram",
        "amp": False,  # ultralytics' own is for CUDA; bfloat16 is ours
        "plots": False,
        "deterministic": False,
    }


def _copy_class_rows(source: Any, model: StreetModel) -> None:
    """Copies each known class's score channel by name; a new class starts as the mean of its kin."""
    old = {label: index for index, label in source.names.items()}
    with torch.no_grad():
        for old_branch, branch in zip(source.model[-1].cv3, model.model[-1].cv3, strict=True):
            before, after = old_branch[-1], branch[-1]
            for index, label in model.names.items():
                rows = [old[label]] if label in old else [old[kin] for kin in _KIN_OF_NEW if kin in old]
                if rows:
                    after.weight[index] = before.weight[rows].mean(dim=0)
                    after.bias[index] = before.bias[rows].mean(dim=0)


def _keep_snapshot(trainer: Any) -> None:
    trainer.batches_done = getattr(trainer, "batches_done", 0) + 1
    if trainer.batches_done % SNAPSHOT_BATCHES == 0:
        partial = trainer.wdir / "snapshot.pt.part"
        torch.save({"ema": deepcopy(trainer.ema.ema).half(), "batches": trainer.batches_done}, partial)
        partial.replace(trainer.wdir / "snapshot.pt")
