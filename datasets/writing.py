"""Writes the parts of the folder form; the caller makes the folder appear as a whole (`datasets.replacing`)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from datasets.folder import LabelledBox, Split
from datasets.label_text import line_of_box


def write_labels(root: Path, stem: str, boxes: Sequence[LabelledBox], classes: Sequence[str]) -> None:
    """``labels/<stem>.txt``, empty where there is nothing."""
    lines = "".join(f"{line_of_box(box, classes.index)}\n" for box in boxes)
    (root / "labels" / f"{stem}.txt").write_text(lines, encoding="utf-8")


def write_source_facts(
    root: Path, name: str, classes: Sequence[str], exhaustive_for: Sequence[str], licence: str, origin: str
) -> None:
    """``source.json``."""
    facts = {
        "name": name,
        "origin": origin,
        "licence_as_stated": licence,
        "classes": list(classes),
        "exhaustive_for": list(exhaustive_for),
    }
    text = json.dumps(facts, indent=1, ensure_ascii=False)
    (root / "source.json").write_text(text + "\n", encoding="utf-8")


def write_split(root: Path, half_by_stem: Mapping[str, Split]) -> None:
    """``split.json``, where anything was split."""
    if half_by_stem:
        text = json.dumps(dict(half_by_stem), indent=1, sort_keys=True, ensure_ascii=False)
        (root / "split.json").write_text(text + "\n", encoding="utf-8")
