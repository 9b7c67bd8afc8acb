"""Small sources, written as a test needs them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Line = str


def scene(seed: int, width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """A picture of chance (height, width, 3): every seed looks like nothing else."""
    random = np.random.default_rng(seed)
    coarse = random.integers(40, 255, (8, 12, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def write_picture(path: Path, pixels: NDArray[np.uint8]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def write_source(
    root: Path,
    labels_by_stem: Mapping[str, Sequence[Line]],
    classes: Sequence[str] = ("smoke", "flame"),
    exhaustive_for: Sequence[str] = ("smoke",),
    split: Mapping[str, str] | None = None,
    scenes: Mapping[str, str] | None = None,
    first_seed: int = 0,
) -> Path:
    """A source of PNG pictures, each of its own look."""
    for folder in ("images", "labels"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number, (stem, lines) in enumerate(labels_by_stem.items()):
        write_picture(root / "images" / f"{stem}.png", scene(first_seed + number))
        (root / "labels" / f"{stem}.txt").write_text("".join(f"{line}\n" for line in lines))
    facts = {"name": root.name, "licence_as_stated": "CC0", "classes": list(classes)}
    (root / "source.json").write_text(json.dumps({**facts, "exhaustive_for": list(exhaustive_for)}))
    for name, content in (("split.json", split), ("scenes.json", scenes)):
        if content is not None:
            (root / name).write_text(json.dumps(content))
    return root
