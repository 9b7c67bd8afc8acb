"""What INT8 costs each class against FP32 on the same pictures, and whether that may ship."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from contract.errors import PermanentError
from contract.manifest import Engine, Int8Drop
from models.evaluation.bootstrap import resample
from models.evaluation.classes import class_report, judged_labels
from models.evaluation.compare import compare
from models.evaluation.eyes import Eye, view
from models.evaluation.figures import Metric
from models.judging import Judged
from models.machine import REPOSITORY
from models.publishing.held_back import ONEDNN_LIMIT, WITHOUT_VNNI, can_go_without_vnni, usable_sets

MOST_DROP = 0.03
"""Highest upper bound of a class's AP50 drop. More is a class that a person would notice to be worse."""

LEAST_INSTANCES = 100
"""Classes with fewer boxes have intervals wider than the limit whatever INT8 does: told, not gated."""

RESAMPLES, SEED = 1000, 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """`worst` is the gated class with the highest upper bound, None where no class has boxes enough."""

    may_ship: bool
    worst: Int8Drop | None

    @property
    def told(self) -> str:
        """One sentence."""
        if self.worst is None:
            return f"no class has {LEAST_INSTANCES} boxes: INT8's drop is told, not gated"
        points = f"{100 * self.worst.drop:.1f} points, at most {100 * (self.worst.high or 0):.1f}"
        return f"worst class {self.worst.label} ({points}, {'+'.join(self.worst.instruction_sets)})"


def judge(drops: Sequence[Int8Drop]) -> Verdict:
    """Whether INT8 may ship: no class with boxes enough drops by more than allowed, on any instruction set."""
    gated = [drop for drop in drops if drop.instances >= LEAST_INSTANCES and drop.high is not None]
    worst = max(gated, key=lambda drop: drop.high or 0.0, default=None)
    return Verdict(worst is None or (worst.high or 0.0) <= MOST_DROP, worst)


def measure_here(model: Path, pictures: Sequence[Judged], on_picture: Callable[[], None]) -> tuple[Int8Drop, ...]:
    """The drop of every class that the pictures judge, with all that this process may use of the processor.

    Raises:
        UsageError: the folder is no model with both variants, or a picture is unreadable.
    """
    eyes = [Eye(model, engine, threads=1) for engine in (Engine.OPENVINO_FP32, Engine.OPENVINO_INT8)]
    viewed = view(pictures, eyes, on_picture)
    for eye in eyes:
        eye.close()
    weights = resample([picture.scene for picture in pictures], RESAMPLES, SEED)
    thresholds = eyes[0].thresholds
    reports = [
        class_report(viewed, label, thresholds[label], weights) for label in judged_labels(pictures, tuple(thresholds))
    ]
    sets = usable_sets()
    by_label = compare(viewed, reports, eyes, weights).by_label
    return tuple(
        Int8Drop(
            label=report.label,
            instances=report.instances,
            fp32_ap50=round(found.this, 4),
            int8_ap50=round(found.other, 4),
            drop=round(found.difference.value, 4),
            low=_rounded(found.difference.low),
            high=_rounded(found.difference.high),
            instruction_sets=sets,
        )
        for report in reports
        if (found := by_label[report.label].get(Metric.AP50)) is not None and found.this == found.this
    )


def measure_without_vnni(model: Path, arguments: Sequence[str]) -> tuple[Int8Drop, ...]:
    """The same as an older processor would compute it; nothing where this one has nothing to be held back from.

    Args:
        model: the folder.
        arguments: what `python -m models drop` must be told to judge on the same pictures.

    Raises:
        PermanentError: the other process failed.
    """
    if not can_go_without_vnni():
        return ()
    command = [
        sys.executable,
        "-m",
        "models",
        "drop",
        "--model",
        str(model.resolve()),
        *arguments,
        "--json",
        "--no-gate",
    ]
    environment = os.environ | {ONEDNN_LIMIT: WITHOUT_VNNI}
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise PermanentError(f"{model}: INT8 can't be measured without VNNI: {said[-1] if said else 'no message'}")
    return tuple(Int8Drop.model_validate(entry) for entry in json.loads(done.stdout)["drops"])


def _rounded(value: float) -> float | None:
    return round(value, 4) if value == value else None
