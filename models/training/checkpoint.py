"""The state a run goes on from: one file, replaced whole, its hash noted before it takes its place."""

# torch is partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-untyped-calls, disable-error-code="import-not-found"

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from ultralytics.utils.torch_utils import convert_optimizer_state_dict_to_fp16

from datasets.whole_file import sha256_of, write_whole
from models.training.head import plain
from models.trust import remember, require_known


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a run is: whole epochs, and batches of the next one."""

    epochs: int
    batches: int

    def in_all(self, per_epoch: int) -> int:
        """Batches since the run began."""
        return self.epochs * per_epoch + self.batches


def save_state(trainer: Any, path: Path, reached: Reached) -> None:
    """Writes what ultralytics needs to go on (averaged weights, optimizer) and how far the run is.

    Args:
        trainer: ultralytics' trainer in its loop.
        path: the checkpoint, two folders below the run folder.
        reached: what was shown so far.
    """
    content = {
        "epoch": reached.epochs - 1,  # ultralytics: the last whole one, from 0
        "batches": reached.batches,
        "best_fitness": None,
        "model": None,
        "ema": plain(trainer.ema.ema),
        "updates": trainer.ema.updates,
        "optimizer": convert_optimizer_state_dict_to_fp16(deepcopy(trainer.optimizer.state_dict())),
        "scaler": trainer.scaler.state_dict(),
        "train_args": vars(trainer.args),
    }
    save_known(path.parents[2], path, content)


def save_known(run_dir: Path, path: Path, content: dict[str, Any]) -> None:
    """Writes a pickle that `models.trust` knows as this run's own."""

    def write(part: Path) -> None:
        torch.save(content, part)
        remember(run_dir, path, sha256_of(part))

    write_whole(path, write, durable=True)


def load_state(path: Path) -> dict[str, Any]:
    """A checkpoint's content.

    Raises:
        UsageError: its hash is not that of the file which the run wrote.
    """
    require_known(path)
    content: dict[str, Any] = cast(Any, torch.load)(path, map_location="cpu", weights_only=False)
    return content


def reached_by(content: dict[str, Any]) -> Reached:
    """How far the run was when it was written; ultralytics' own checkpoints know whole epochs only."""
    return Reached(int(content["epoch"]) + 1, int(content.get("batches", 0)))


def keep_plain(checkpoint: Path, out: Path) -> None:
    """Writes the checkpoint's averaged model as a plain ultralytics model, for export."""
    found = load_state(checkpoint)
    model = plain(found.get("ema") or found["model"])
    model.args = {"task": "detect", "imgsz": 640}
    save_known(out.parent, out, {"model": model.eval(), "train_args": model.args, "epoch": -1})
