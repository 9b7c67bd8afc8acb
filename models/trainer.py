"""ultralytics' training loop with our model, our loss, our mosaics and our way of being interrupted."""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-subclassing-any, allow-untyped-calls, disable-error-code="import-not-found, union-attr, attr-defined"

import random
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from math import cos, pi
from pathlib import Path
from typing import Any, cast

import torch
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils import DEFAULT_CFG, RANK

from models.partial import OneSourceDataset, StreetModel
from models.plan import TrainingPlan
from models.training.checkpoint import Reached, keep_plain, load_state, reached_by, save_state
from models.training.curves import LOSSES_FILE, RATE, LossTable, write_curves
from models.training.head import fit_head
from models.training.interrupt import Interrupted, Stoppable
from models.training.order import begin_at, keep_order
from models.training.provenance import note_start

WARM_UP_EPOCHS = 0.1

STREET_KEY = "street"
"""Where ``data.yaml`` keeps the plan and what each source is silent about: ultralytics' DDP makes the trainer anew in
other processes, which know nothing but that file."""

OnBatch = Callable[[int, int], None]


def last_checkpoint(run_dir: Path) -> Path:
    """The state that a run goes on from."""
    return run_dir / "ultralytics" / "weights" / "last.pt"


def run(plan: TrainingPlan, start: Path, data_yaml: Path, on_batch: OnBatch) -> Path:
    """Trains, or goes on training after a kill; the path of the finished plain weights.

    The last averaged weights are taken, not ultralytics' best: its judge calls every box of an unlabelled class false.

    Args:
        plan: what to do.
        start: weights to start from, hash checked.
        data_yaml: names ultralytics the lists of pictures; holds our settings under `STREET_KEY`.
        on_batch: told the batches done and the batches in all; not with several devices.

    Raises:
        Interrupted: the user asked for the end; the state is kept.
    """
    last = last_checkpoint(plan.run_dir)
    settings = settings_of(plan, start, data_yaml)
    is_resumed = last.exists()
    if is_resumed:
        settings |= {"model": str(last), "resume": str(last)}
    if not is_resumed or reached_by(load_state(last)).epochs < plan.epochs:
        trainer = StreetTrainer(overrides=settings)
        with Stoppable() as stop:
            trainer.on_batch, trainer.stop_asked = on_batch, stop.asked
            trainer.train()
    finished = plan.run_dir / "weights.pt"
    keep_plain(last, finished)
    return finished


class StreetTrainer(DetectionTrainer):
    """Trains a `StreetModel` on a mixture of partly labelled sources.

    Constructible from ultralytics' arguments alone, as its DDP does in every process.
    """

    on_batch: OnBatch | None = None
    stop_asked: Callable[[], bool] | None = None

    def __init__(self, cfg: Any = DEFAULT_CFG, overrides: dict[str, Any] | None = None, _callbacks: Any = None) -> None:
        super().__init__(cfg, overrides, _callbacks)
        street = self.data[STREET_KEY]
        self.plan = TrainingPlan.model_validate(street["plan"])
        self.epochs = self.args.epochs = self.plan.epochs
        self._known_by_source = {
            name: torch.tensor([float(label in classes) for label in self.plan.labels])
            for name, classes in street["known"].items()
        }
        self._begun = Reached(0, 0)
        self._batches_in_epoch = 0
        self._losses: LossTable | None = None

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> StreetModel:  # noqa: ARG002
        # the loaded net itself: one built anew for few classes has a narrower head, which would start from chance
        model: Any = deepcopy(weights).float()
        model.__class__ = StreetModel
        model.requires_grad_(True)
        model.criterion = None
        model.known_by_source = self._known_by_source
        model.bfloat16 = self.plan.bfloat16
        fit_head(model, self.plan.labels)
        model.to(memory_format=torch.channels_last)  # a fifth faster on a CPU in bfloat16
        return cast(StreetModel, model)

    def set_model_attributes(self) -> None:
        """Leaves the labels as `get_model` set them: the data's names count the doubtful classes too."""
        self.model.args = self.args

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> Any:
        if mode != "train":
            return super().build_dataset(img_path, mode, batch)
        return OneSourceDataset(
            height_px=self.plan.image_height_px,
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

    def get_dataloader(self, dataset_path: str, batch_size: int = 16, rank: int = 0, mode: str = "train") -> Any:
        loader: Any = super().get_dataloader(dataset_path, batch_size, rank, mode)
        if mode == "train" and rank == -1:
            keep_order(loader, self.plan.seed)
        return loader

    def resume_training(self, ckpt: dict[str, Any] | None) -> None:
        """Takes the run up where the checkpoint left it, in the middle of an epoch where one process trains."""
        if ckpt is None or not self.resume:
            return
        self._load_checkpoint_state(ckpt)
        reached = reached_by(ckpt)
        self._begun = Reached(reached.epochs, reached.batches if RANK == -1 else 0)
        self.start_epoch = reached.epochs
        random.seed(self.plan.seed + reached.in_all(len(self.train_loader)))  # not the augmentations of the beginning
        if RANK == -1:
            begin_at(self.train_loader, reached.epochs, reached.batches)

    def run_callbacks(self, event: str) -> None:
        """Ours first. Methods, not ultralytics' callbacks: those are pickled into every process of DDP."""
        match event:
            case "on_train_start":
                self._begin()
            case "on_train_batch_end":
                self._after_batch()
            case "on_train_epoch_end":
                self._batches_in_epoch = 0
                self._begun = Reached(self.epoch + 1, 0)
        super().run_callbacks(event)

    def validate(self) -> tuple[Any, None]:
        """Nothing: ultralytics' judge counts unlabelled things as false. `python -m models evaluate` judges."""
        return self.metrics, None

    def final_eval(self) -> None:
        """Nothing, as `validate`; nor is the last checkpoint stripped, `keep_plain` does that."""

    def save_model(self) -> bool:
        """The whole epoch's state."""
        save_state(self, self.last, Reached(self.epoch + 1, 0))
        write_curves(self.plan.run_dir, f"{self.plan.name}, {self.epoch + 1} of {self.epochs} epochs")
        return True

    def _begin(self) -> None:
        if self.device.type == "cpu":
            torch.set_num_threads(self.plan.threads)  # ultralytics takes one on a two-core machine
        self._batches_in_epoch = self._begun.batches
        done = self._begun.in_all(len(self.train_loader))
        if RANK in (-1, 0):
            self._losses = LossTable(self.plan.run_dir / LOSSES_FILE, done)
            note_start(self.plan, done)
        self._started, self._batches_at_start = time.monotonic(), done

    def _after_batch(self) -> None:
        """Sets the next batch's learning rate, writes down the losses, keeps the state now and then, or stops.

        ultralytics steps its rate once per epoch, which is coarse for runs of two or three epochs: here it falls by a
        half cosine over all batches of the run.
        """
        per_epoch = len(self.train_loader)
        self._batches_in_epoch += 1
        done, of = self.epoch * per_epoch + self._batches_in_epoch, self.epochs * per_epoch
        self._set_rate(done, per_epoch)
        if self._losses is not None:
            losses = {name: float(value) for name, value in self.loss_items.items()}
            rate = self.optimizer.param_groups[0]["lr"]
            self._losses.add({"batch": done, "epoch": self.epoch + 1, **losses, RATE: rate})
        asked = self.stop_asked is not None and self.stop_asked()
        if RANK == -1 and (asked or done % self.plan.checkpoint_batches == 0):
            save_state(self, self.last, Reached(self.epoch, self._batches_in_epoch))
        if self.on_batch is not None:
            self.on_batch(done, of)
        elif RANK == 0 and done % self.plan.checkpoint_batches == 0:
            rate = (done - self._batches_at_start) / (time.monotonic() - self._started)
            sys.stderr.write(f"batch {done} of {of}, {rate:.2f} batches/s, {(of - done) / rate / 60:.0f} min left\n")
        if asked:
            write_curves(self.plan.run_dir, f"{self.plan.name}, batch {done} of {of}")
            raise Interrupted(done, of)

    def _set_rate(self, done: int, per_epoch: int) -> None:
        if done > WARM_UP_EPOCHS * per_epoch:
            share = learning_rate_share(done / (self.epochs * per_epoch), self.plan.last_rate_share)
            for group in self.optimizer.param_groups:
                group["lr"] = self.args.lr0 * share


def settings_of(plan: TrainingPlan, start: Path, data_yaml: Path) -> dict[str, Any]:
    return {
        "model": str(start),
        "data": str(data_yaml),
        "project": str(plan.run_dir),
        "name": "ultralytics",
        "exist_ok": True,
        "device": plan.device,
        "workers": plan.workers,
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
        "scale": plan.scale,
        "mosaic": plan.mosaic_share,  # the rest are whole, as the node sees them, in every epoch: there are few epochs
        "close_mosaic": 0,
        "cache": "ram",
        "amp": False,  # scales losses for float16; ours is the forward pass in bfloat16, on every device
        "plots": False,
        "val": False,
        "deterministic": False,
    }


def learning_rate_share(done: float, last: float) -> float:
    """Share of the first learning rate when `done` (0..1) of the run is over: half a cosine down to `last`.

    >>> [round(learning_rate_share(done, 0.02), 2) for done in (0.0, 0.5, 1.0)]
    [1.0, 0.51, 0.02]
    """
    return last + (1 - last) * (1 + cos(pi * min(done, 1.0))) / 2
