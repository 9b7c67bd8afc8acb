"""The pictures a model is judged on, and which classes each picture can judge."""

import json
from dataclasses import dataclass
from pathlib import Path

from contract.errors import UsageError
from models.ap import Box
from models.pictures import picture_paths
from models.plan import TrainingPlan


@dataclass(frozen=True, slots=True)
class Judged:
    """One picture: `known` are the classes whose every object is boxed; `truths` are (label, box xyxy in 0..1)."""

    path: Path
    known: frozenset[str]
    truths: tuple[tuple[str, Box], ...]


def folder_pictures(folder: Path) -> tuple[Judged, ...]:
    """A data folder's pictures; only the classes its source.json calls exhaustive are judged.

    Raises:
        UsageError: no source.json, or no pictures.
    """
    try:
        facts = json.loads((folder / "source.json").read_bytes())
    except OSError as error:
        raise UsageError(f"{folder}: no source.json ({error.strerror}); give a folder of labelled pictures") from error
    labels: list[str] = facts["classes"]
    known = frozenset(facts["exhaustive_for"])
    return tuple(_judged(path, folder / "labels", labels, known) for path in picture_paths(folder / "images"))


def held_out(plan: TrainingPlan) -> dict[str, tuple[Judged, ...]]:
    """The pictures that a training run kept back, by source.

    Raises:
        UsageError: the run has not laid its pictures out yet.
    """
    try:
        provenance = json.loads((plan.run_dir / "provenance.json").read_bytes())
        val = [Path(line) for line in (plan.run_dir / "val.txt").read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise UsageError(f"{plan.run_dir}: no run laid out here; train by this plan first") from error
    known_by_source = {entry["name"]: frozenset(entry["known"]) for entry in provenance["sources"]}
    by_source: dict[str, list[Judged]] = {}
    for path in val:
        folder = path.parent.parent
        judged = _judged(path, folder / "labels", list(plan.labels), known_by_source[folder.name])
        by_source.setdefault(folder.name, []).append(judged)
    return {name: tuple(pictures) for name, pictures in by_source.items()}


def _judged(path: Path, label_folder: Path, labels: list[str], known: frozenset[str]) -> Judged:
    text = label_folder / f"{path.stem}.txt"
    lines = text.read_text(encoding="utf-8").splitlines() if text.exists() else []
    return Judged(path, known, tuple(_truth(line, labels) for line in lines if line.strip()))


def _truth(line: str, labels: list[str]) -> tuple[str, Box]:
    number, *rest = line.split()
    x, y, width, height = (float(part) for part in rest)
    return labels[int(number)], (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
