"""ultralytics' training loop with our model, our loss and our mosaics."""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-subclassing-any, allow-untyped-calls, disable-error-code="import-not-found, index, union-attr"

from collections.abc import Callable, Mapping
from copy import deepcopy
from math import cos, log, pi
from pathlib import Path
from typing import Any, cast

import torch
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.nn.tasks import DetectionModel

from models.partial import OneSourceDataset, StreetModel
from models.plan import TrainingPlan

WARM_UP_EPOCHS = 0.1
SNAPSHOT_BATCHES = 25
"""Every so many batches the averaged weights are kept: a run cut short in a long epoch still gives a model."""

_KIN_BY_LABEL = {
    "vehicle": ("car", "bus", "truck"),
    "cycle": ("bicycle", "motorcycle"),
    "parasol": ("umbrella",),
    "table": ("dining table",),
    "vendor_cart": ("stall",),
    "grill": ("vendor_cart", "stall"),
    "banner": ("billboard", "shop_sign"),
}
"""What an added class starts from when the net at hand doesn't know it: COCO's words first, then our own."""


def run(
    plan: TrainingPlan,
    start: Path,
    data_yaml: Path,
    known: Mapping[str, tuple[str, ...]],
    on_batch: Callable[[int, int], None],
) -> Path:
    """Trains, or goes on training after a kill; the path of the finished plain weights.

    The last averaged weights are taken, not ultralytics' best: its judge calls every box of an unlabelled class false.

    Args:
        plan: what to do.
        start: weights to start from.
        data_yaml: names ultralytics the lists of pictures.
        known: by source, the classes whose absence is real.
        on_batch: told the batches done and the batches in all.
    """
    last = plan.run_dir / "ultralytics" / "weights" / "last.pt"
    settings = _settings(plan, start, data_yaml)
    if last.exists():
        settings |= {"model": str(last), "resume": str(last)}
    trainer = StreetTrainer(plan, known, settings)
    trainer.epochs = trainer.args.epochs = plan.epochs  # a resumed run follows the plan's word, not its own memory
    trainer.add_callback("on_train_start", lambda _: torch.set_num_threads(plan.threads))
    trainer.add_callback("on_train_batch_end", lambda run: on_batch(*_after_batch(run, plan.last_rate_share)))
    trainer.train()
    finished = plan.run_dir / "weights.pt"
    keep_plain(last, finished)
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
    torch.save(
        {"model": plain.half().eval().to(memory_format=torch.contiguous_format), "train_args": plain.args, "epoch": -1},
        out,
    )


class StreetTrainer(DetectionTrainer):
    """Trains a `StreetModel` on a mixture of partly labelled sources."""

    def __init__(self, plan: TrainingPlan, known: Mapping[str, tuple[str, ...]], overrides: dict[str, Any]) -> None:
        self._plan = plan
        self._known_by_source = {
            name: torch.tensor([float(label in classes) for label in plan.labels]) for name, classes in known.items()
        }
        super().__init__(overrides=overrides)

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> StreetModel:  # noqa: ARG002
        # the loaded net itself: one built anew for few classes has a narrower head, which would start from chance
        model: Any = deepcopy(weights).float()
        model.__class__ = StreetModel
        model.requires_grad_(True)
        model.criterion = None
        model.known_by_source = self._known_by_source
        model.bfloat16 = self._plan.bfloat16
        fit_head(model, self._plan.labels)
        model.to(memory_format=torch.channels_last)  # a fifth faster on a CPU in bfloat16
        return cast(StreetModel, model)

    def set_model_attributes(self) -> None:
        """Leaves the labels as `get_model` set them: the data's names count the doubtful classes too."""
        self.model.args = self.args

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
        "warmup_epochs": WARM_UP_EPOCHS,
        "warmup_bias_lr": 0.0,
        "freeze": plan.frozen_layers or None,
        "scale": 0.5,
        "mosaic": 0.6,  # the rest are whole pictures, as the node sees them, in every epoch: there are few epochs
        "close_mosaic": 0,
        "cache": "ram",
        "amp": False,  # ultralytics' own is for CUDA; bfloat16 is ours
        "plots": False,
        "val": False,  # its judge counts unlabelled things as false; `evaluate` judges afterwards
        "deterministic": False,
    }


def fit_head(model: Any, labels: tuple[str, ...]) -> None:
    """Gives the net one score channel per label: copied by name, or the mean of its kin, or a quiet guess."""
    head = model.model[-1]
    old = {label: index for index, label in model.names.items()}
    for branch, stride in zip(head.cv3, head.stride.tolist(), strict=True):
        before = branch[-1]
        after = torch.nn.Conv2d(before.in_channels, len(labels), 1)
        prior = log(5 / len(labels) / (640 / stride) ** 2)  # as ultralytics starts: a handful of things in a picture
        with torch.no_grad():
            after.weight.mul_(0.1)
            after.bias.fill_(prior)
            for index, label in enumerate(labels):
                rows = [old[kin] for kin in (label,) if kin in old] or [
                    old[kin] for kin in _KIN_BY_LABEL.get(label, ()) if kin in old
                ]
                if rows:
                    after.weight[index] = before.weight[rows].mean(dim=0)
                    after.bias[index] = before.bias[rows].mean(dim=0)
        branch[-1] = after
    head.nc, head.no = len(labels), len(labels) + 4 * head.reg_max
    model.nc = model.yaml["nc"] = len(labels)
    model.names = dict(enumerate(labels))


def _after_batch(trainer: Any, last_share: float) -> tuple[int, int]:
    """Sets the next batch's learning rate and keeps a snapshot now and then; batches done and batches in all.

    ultralytics steps its rate once per epoch, which is coarse for runs of two or three epochs: here it falls by a
    half cosine over all batches of the run.
    """
    per_epoch = len(trainer.train_loader)
    if getattr(trainer, "epoch_counted", None) != trainer.epoch:
        trainer.epoch_counted, trainer.batches_done = trainer.epoch, 0
    trainer.batches_done += 1
    done = trainer.epoch * per_epoch + trainer.batches_done
    if done > WARM_UP_EPOCHS * per_epoch:
        rate = trainer.args.lr0 * learning_rate_share(done / (trainer.epochs * per_epoch), last_share)
        for group in trainer.optimizer.param_groups:
            group["lr"] = rate
    if done % SNAPSHOT_BATCHES == 0:
        partial = trainer.wdir / "snapshot.pt.part"
        torch.save({"ema": deepcopy(trainer.ema.ema).half(), "batches": done}, partial)
        partial.replace(trainer.wdir / "snapshot.pt")
    return done, trainer.epochs * per_epoch


def learning_rate_share(done: float, last: float) -> float:
    """Share of the first learning rate when `done` (0..1) of the run is over: half a cosine down to `last`.

    >>> [round(learning_rate_share(done, 0.02), 2) for done in (0.0, 0.5, 1.0)]
    [1.0, 0.51, 0.02]
    """
    return last + (1 - last) * (1 + cos(pi * min(done, 1.0))) / 2
