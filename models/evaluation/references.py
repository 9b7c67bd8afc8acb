"""The pretrained nets that a model is compared with, brought to one form: boxes of people, vehicles and cycles."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.manifest import Engine
from edge.detect.choose import open_detector, open_variant

LABELS = ("person", "vehicle", "cycle")

CONFIDENT = 0.5
"""The net's score from which its box is taken as true. Lower: its errors count as truths."""

DOUBTFUL = 0.1
"""Below this the net says there is nothing. Between the two it doubts, and nobody is judged by it."""

COCO_LABELS: Mapping[str, str] = {
    "person": "person",
    "bicycle": "cycle",
    "motorcycle": "cycle",
    "car": "vehicle",
    "bus": "vehicle",
    "truck": "vehicle",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One box of the pretrained net, score 0..1, xyxy in 0..1."""

    label: str
    score: float
    box: tuple[float, float, float, float]


class Reference(Protocol):
    """The net that is agreed with."""

    @property
    def name(self) -> str: ...

    def boxes(self, frame: NDArray[np.uint8]) -> tuple[Said, ...]:
        """Its boxes of `LABELS` in `frame` (height, width, 3) BGR, down to `DOUBTFUL`."""
        ...


def open_reference(path: Path, threads: int, engine: Engine | None = None) -> Reference:
    """The net at `path`: a model folder (`engine`: which variant), or ultralytics weights with COCO's or our labels.

    Raises:
        UsageError: neither, weights nobody vouches for, or the bench's packages are missing.
    """
    if path.is_dir():
        return _FolderReference(path, threads, engine)
    if path.suffix != ".pt":
        raise UsageError(f"--agree-with {path}: give a model folder or weights (.pt)")
    return _WeightsReference(path)


class _FolderReference:
    """A model folder of our own."""

    def __init__(self, folder: Path, threads: int, engine: Engine | None) -> None:
        checked = open_detector(folder, engine, threads)
        manifest = checked.manifest
        low = tuple(entry.model_copy(update={"threshold": DOUBTFUL}) for entry in manifest.classes)
        variant = next(entry for entry in manifest.variants if entry.engine is checked.engine)
        self._detector = open_variant(folder, manifest.model_copy(update={"classes": low}), variant, threads)
        self.name = f"{manifest.name} {manifest.version}"
        checked.close()

    def boxes(self, frame: NDArray[np.uint8]) -> tuple[Said, ...]:
        found = self._detector.detect(frame)
        return tuple(Said(box.label, box.score, box.box_norm) for box in found if box.label in LABELS)


class _WeightsReference:
    """A checkpoint run by ultralytics, at the 640 px it was trained at."""

    def __init__(self, path: Path) -> None:
        from models.torch_env import prepare
        from models.trust import require_known

        self.name = f"{path.name} {require_known(path)[:12]}"
        prepare()
        import torch
        from ultralytics.models import YOLO

        torch.set_num_threads(1)
        self._model: Any = YOLO(path)
        names: dict[int, str] = self._model.names
        self._label_by_class = {
            number: COCO_LABELS.get(name, name)
            for number, name in names.items()
            if COCO_LABELS.get(name, name) in LABELS
        }

    def boxes(self, frame: NDArray[np.uint8]) -> tuple[Said, ...]:
        wanted = sorted(self._label_by_class)
        (result,) = self._model.predict(frame, imgsz=640, conf=DOUBTFUL, classes=wanted, device="cpu", verbose=False)
        said = []
        for number, score, box in zip(
            result.boxes.cls.tolist(), result.boxes.conf.tolist(), result.boxes.xyxyn.tolist(), strict=True
        ):
            x1, y1, x2, y2 = box
            said.append(Said(self._label_by_class[int(number)], float(score), (x1, y1, x2, y2)))
        return tuple(said)
