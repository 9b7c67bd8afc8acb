"""Trains the street detector by a plan: questions the sources, keeps the books, lays the pictures out, trains.

Everything lies under ``runs/<name>``: ``provenance.json`` (what it was made from), ``starts.jsonl`` (where and when it
ran), ``mix/`` (pictures), ``ultralytics/`` (results.csv, the checkpoint), ``losses.csv`` and ``curves.html``,
``checkpoints.json`` (hashes of what it wrote), ``weights.pt`` (the plain model, for export). Started again after a
kill it goes on from the last checkpoint.
"""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from contract.errors import UsageError
from datasets.whole_file import write_whole_text
from models.mixture import LaidOut, lay_out
from models.plan import REPOSITORY, TrainingPlan
from models.pseudo import pseudo_boxes
from models.torch_env import prepare
from models.training.provenance import keep_or_compare, provenance
from models.training.sources import CheckedSource, check_sources
from models.trust import require_known

OnStep = Callable[[str, int | None], None]
"""Told what comes next, and how many pictures it has, None if it isn't counted in pictures."""


def train(
    plan: TrainingPlan,
    trusted: Collection[str],
    on_step: OnStep,
    on_picture: Callable[[], None],
    on_batch: Callable[[int, int], None],
) -> Path:
    """Runs the plan to its end; the path of the finished weights. The callbacks only tell how far it is.

    Raises:
        UsageError: a source or the starting weights are missing, malformed, unknown, or changed since the run began.
        Interrupted: the user asked for the end; the state is kept.
    """
    prepare()
    on_step("checking sources", None)
    weights = _weights_sha256(plan, trusted)
    sources = check_sources(plan)
    keep_or_compare(plan.run_dir, provenance(plan, sources, weights))
    parts = lay_out_all(plan, sources, on_step, on_picture)
    data_yaml = write_lists(plan, parts)
    on_step("training", None)
    from models.trainer import run

    return run(plan, REPOSITORY / plan.start, data_yaml, on_batch)


def finish(plan: TrainingPlan) -> Path:
    """Makes ``weights.pt`` of what the run has learned so far, and trains no further; its path.

    Raises:
        UsageError: the run has no checkpoint yet, or not one that it wrote.
    """
    prepare()
    from models.trainer import last_checkpoint
    from models.training.checkpoint import keep_plain

    checkpoint, finished = last_checkpoint(plan.run_dir), plan.run_dir / "weights.pt"
    if not checkpoint.exists():
        raise UsageError(f"{checkpoint}: the run has kept no state yet; train by this plan first")
    keep_plain(checkpoint, finished)
    return finished


def _weights_sha256(plan: TrainingPlan, trusted: Collection[str]) -> dict[str, str]:
    found = {"start": require_known(REPOSITORY / plan.start, trusted)}
    if plan.pseudo is not None:
        found["pseudo"] = require_known(REPOSITORY / plan.pseudo.weights, trusted)
    return found


def lay_out_all(
    plan: TrainingPlan, sources: Sequence[CheckedSource], on_step: OnStep, on_picture: Callable[[], None]
) -> list[LaidOut]:
    pseudo = pseudo_boxes(plan.pseudo, plan.labels) if plan.pseudo is not None else None
    parts = []
    for checked in sources:
        on_step(f"laying out {checked.name}", len(checked.train) + len(checked.val))
        out = plan.run_dir / "mix" / checked.name
        parts.append(lay_out(plan, checked, out, None if checked.boxes_all else pseudo, on_picture))
    return parts


def write_lists(plan: TrainingPlan, parts: list[LaidOut]) -> Path:
    """The lists of pictures and the file that tells ultralytics, and our trainer in any process, about them."""
    from models.trainer import STREET_KEY

    for name, paths in (
        ("train", [path for part in parts for path in part.train]),
        ("val", [path for part in parts for path in part.val]),
    ):
        write_whole_text(plan.run_dir / f"{name}.txt", "".join(f"{path}\n" for path in paths))
    data_yaml = plan.run_dir / "data.yaml"
    facts: dict[str, Any] = {
        "path": str(plan.run_dir),
        "train": "train.txt",
        "val": "val.txt",
        "names": dict(enumerate([*plan.labels, *(f"doubtful {label}" for label in plan.labels)])),
        STREET_KEY: {
            "plan": plan.model_dump(mode="json"),
            "known": {part.name: list(part.known) for part in parts},
        },
    }
    write_whole_text(data_yaml, yaml.safe_dump(facts, allow_unicode=True))
    return data_yaml
