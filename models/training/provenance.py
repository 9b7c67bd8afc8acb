"""What a run was made from: written once, before anything is trained, and never silently rewritten.

A run that goes on must be the same run: the same pictures and labels, the same plan, the same starting weights. On
what machine and with which version of the code it went on stands in ``starts.jsonl``, a line for each start.
"""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from contract.errors import UsageError
from datasets.whole_file import write_whole_json
from models.machine import code_version, instruction_sets, package_versions, processor
from models.mixture import known_labels
from models.plan import MACHINE_FIELDS, TrainingPlan
from models.training.dataset import source_sha256, together
from models.training.sources import CheckedSource

PROVENANCE_FILE = "provenance.json"
STARTS_FILE = "starts.jsonl"
FORMAT = "xunjie-training/1"


def provenance(plan: TrainingPlan, sources: Sequence[CheckedSource], weights: dict[str, str]) -> dict[str, Any]:
    """What this run is made from, as ``provenance.json`` says it.

    Args:
        plan: the run's.
        sources: its sources, checked.
        weights: sha256 of the weights it reads: ``start``, and ``pseudo`` where another model boxes.
    """
    entries = [_entry(plan, checked) for checked in sources]
    return {
        "format": FORMAT,
        "name": plan.name,
        "dataset_sha256": together([entry["sha256"] for entry in entries]),
        "sources": entries,
        "weights_sha256": weights,
        "plan": plan.model_dump(mode="json"),
        "seed": plan.seed,
        **_circumstances(plan),
    }


def keep_or_compare(run_dir: Path, fresh: dict[str, Any]) -> None:
    """Writes ``provenance.json`` for a new run; for one that goes on, makes sure that it is the same.

    Raises:
        UsageError: something changed under the run; the message names it.
    """
    path = run_dir / PROVENANCE_FILE
    if not path.exists():
        write_whole_json(path, fresh)
        return
    kept = _read(path)
    changed = _changed(kept, fresh)
    if changed:
        raise UsageError(
            f"{path}: this run was begun with another {'; another '.join(changed)}; undo the change, or give the plan "
            "another name (its `start` may be this run's weights)"
        )


def note_start(plan: TrainingPlan, from_batch: int) -> None:
    """Adds a line to ``starts.jsonl``: when, where and with what this start of the run works."""
    line = json.dumps({"from_batch": from_batch, **_circumstances(plan)}, ensure_ascii=False)
    with (plan.run_dir / STARTS_FILE).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _entry(plan: TrainingPlan, checked: CheckedSource) -> dict[str, Any]:
    return {
        "name": checked.name,
        "folder": checked.source.folder.as_posix(),
        "licence": checked.folder.licence,
        "sha256": source_sha256(checked.folder),
        "known": known_labels(plan, checked),
        "train_shown_per_epoch": len(checked.train) * checked.source.repeat,
        "train_pictures": len(checked.train),
        "val_pictures": len(checked.val),
        "held_out": sorted(picture.path.name for picture in checked.val),
    }


def _circumstances(plan: TrainingPlan) -> dict[str, Any]:
    return {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "code": code_version(),
        "environment": {
            "packages": package_versions(),
            "processor": processor(),
            "instruction_sets": instruction_sets(),
            "device": plan.device,
            "threads": plan.threads,
        },
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(
            f"{path}: not JSON ({error}); a damaged run can't go on, give the plan another name"
        ) from error
    if kept.get("format") != FORMAT:
        raise UsageError(f"{path}: written by another version of this program; give the plan another name")
    return kept


def _changed(kept: dict[str, Any], fresh: dict[str, Any]) -> list[str]:
    """What differs, in words: sources by name, fields of the plan, weights."""
    fresh = json.loads(json.dumps(fresh))  # as if read back: tuples are lists, numbers as keys are text
    before = {entry["name"]: entry for entry in kept["sources"]}
    sources = [
        f"content of {entry['folder']}"
        for entry in fresh["sources"]
        if entry["name"] in before and entry["sha256"] != before[entry["name"]]["sha256"]
    ]
    held = [
        f"choice of pictures held back of {entry['folder']}"
        for entry in fresh["sources"]
        if entry["name"] in before and entry["held_out"] != before[entry["name"]]["held_out"]
    ]
    fields = sorted(kept["plan"].keys() | fresh["plan"].keys())
    plan = [
        f"plan ({field})"
        for field in fields
        if field not in MACHINE_FIELDS and kept["plan"].get(field) != fresh["plan"].get(field)
    ]
    weights = [
        f"{name} weights file"
        for name in sorted(kept["weights_sha256"].keys() | fresh["weights_sha256"].keys())
        if kept["weights_sha256"].get(name) != fresh["weights_sha256"].get(name)
    ]
    return [*sources, *(held if not sources else ()), *plan, *weights]
