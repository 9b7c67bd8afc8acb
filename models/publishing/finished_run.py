"""What a training run hands to publishing: weights, pictures to calibrate and to judge on, where all of it is from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract.errors import UsageError
from models.judging import Choice, Judged, folder_pictures
from models.plan import REPOSITORY, TrainingPlan
from models.training.provenance import FORMAT, PROVENANCE_FILE


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run folder with its weights.

    `train_by_source` are the pictures it was shown, as laid out; `provenance` goes into the manifest.
    """

    folder: Path
    weights: Path
    plan: TrainingPlan
    train_by_source: Mapping[str, tuple[Path, ...]]
    held_out: Mapping[Path, Choice]
    provenance: Mapping[str, str]

    def judged(self) -> tuple[Judged, ...]:
        """The pictures that it was never shown, with their sources' own labels under our names.

        Raises:
            UsageError: a source isn't there any more, or is faulty.
        """
        return tuple(picture for root, choice in self.held_out.items() for picture in folder_pictures(root, choice))


def read_run(folder: Path) -> FinishedRun:
    """The run in `folder`.

    Raises:
        UsageError: no run, an unfinished one, or one of another version of this program.
    """
    path = folder / PROVENANCE_FILE
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
        shown = (folder / "train.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: no training run to be read here ({error}); give a folder under runs/") from error
    if told.get("format") != FORMAT:
        raise UsageError(f"{path}: not in the form {FORMAT}; give --weights, --calibration and --validate instead")
    weights = folder / "weights.pt"
    if not weights.is_file():
        raise UsageError(f"{weights}: the run has no weights yet; finish it with `python -m models train`")
    plan = TrainingPlan.model_validate(told["plan"])
    by_source: dict[str, list[Path]] = {}
    for line in dict.fromkeys(shown):
        source, name = Path(line).parent.parent.name, Path(line).name
        by_source.setdefault(source, []).append(folder / "mix" / source / "images" / name)  # the run may have moved
    return FinishedRun(
        folder=folder,
        weights=weights,
        plan=plan,
        train_by_source={name: tuple(paths) for name, paths in by_source.items()},
        held_out=_held_out(plan, told),
        provenance=_provenance(plan, told),
    )


def _held_out(plan: TrainingPlan, told: dict[str, Any]) -> dict[Path, Choice]:
    names = {entry["name"]: entry["held_out"] for entry in told["sources"]}
    return {
        REPOSITORY / source.folder: Choice(
            stems=frozenset(Path(name).stem for name in names[source.name]), label_by_label=source.rename
        )
        for source in plan.sources
        if names[source.name]
    }


def _provenance(plan: TrainingPlan, told: dict[str, Any]) -> dict[str, str]:
    packages = told["environment"]["packages"]
    shown = ", ".join(f"{entry['name']} {entry['train_shown_per_epoch']}" for entry in told["sources"])
    return {
        "trained_by": f"plan {plan.name}",
        "plan": json.dumps(told["plan"], ensure_ascii=False, sort_keys=True),
        "dataset_sha256": told["dataset_sha256"],
        "started_from_sha256": told["weights_sha256"]["start"],
        "shown_per_epoch": shown,
        "code": told["code"],
        "trainer": f"ultralytics {packages.get('ultralytics', '?')}, torch {packages.get('torch', '?')}",
    }
