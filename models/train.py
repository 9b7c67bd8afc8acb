"""Trains the street detector by a plan: lays the pictures out, builds the model, runs, keeps the books.

Everything lies under ``runs/<name>``: ``mix/`` pictures, ``ultralytics/`` curves and checkpoints, ``provenance.json``,
``weights.pt`` (the plain model, for export). Started again after a kill it goes on from the last whole epoch.
"""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from contract.errors import UsageError
from models.mixture import LaidOut, boxes_all, lay_out
from models.plan import REPOSITORY, TrainingPlan
from models.pseudo import pseudo_boxes
from models.torch_env import prepare


def train(
    plan: TrainingPlan,
    on_step: Callable[[str], None],
    on_picture: Callable[[], None],
    on_batch: Callable[[int, int], None],
) -> Path:
    """Runs the plan to its end; the path of the finished weights. The callbacks only tell how far it is.

    Raises:
        UsageError: a source or the starting weights are missing or malformed.
    """
    start = REPOSITORY / plan.start
    if not start.is_file():
        raise UsageError(f"{start}: no such weights file to start from")
    prepare()
    parts = _lay_out_all(plan, on_step, on_picture)
    data_yaml = _write_lists(plan, parts)
    _write_provenance(plan, parts, start)
    on_step("training")
    from models.trainer import run

    return run(plan, start, data_yaml, {part.name: part.known for part in parts}, on_batch)


def _lay_out_all(plan: TrainingPlan, on_step: Callable[[str], None], on_picture: Callable[[], None]) -> list[LaidOut]:
    pseudo = pseudo_boxes(plan.pseudo, plan.labels) if plan.pseudo is not None else None
    parts = []
    for source in plan.sources:
        on_step(f"laying out {source.name}")
        out = plan.run_dir / "mix" / source.name
        parts.append(lay_out(plan, source, out, None if boxes_all(source) else pseudo, on_picture))
    return parts


def _write_lists(plan: TrainingPlan, parts: list[LaidOut]) -> Path:
    """The lists of pictures and the file that tells ultralytics about them."""
    for name, paths in (
        ("train", [path for part in parts for path in part.train]),
        ("val", [path for part in parts for path in part.val]),
    ):
        (plan.run_dir / f"{name}.txt").write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    data_yaml = plan.run_dir / "data.yaml"
    facts: dict[str, Any] = {
        "path": str(plan.run_dir),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate([*plan.labels, *(f"doubtful {label}" for label in plan.labels)])),
    }
    data_yaml.write_text(yaml.safe_dump(facts), encoding="utf-8")
    return data_yaml


def _write_provenance(plan: TrainingPlan, parts: list[LaidOut], start: Path) -> None:
    facts = {
        "plan": plan.model_dump(mode="json"),
        "start_sha256": hashlib.sha256(start.read_bytes()).hexdigest(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "sources": [
            {
                "name": part.name,
                "known": part.known,
                "train_shown_per_epoch": len(part.train),
                "train_pictures": len(set(part.train)),
                "val_pictures": len(part.val),
            }
            for part in parts
        ],
    }
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (plan.run_dir / "provenance.json").write_text(text + "\n", encoding="utf-8")
