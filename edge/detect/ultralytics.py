"""Whatever ultralytics loads (TensorRT, RKNN, a ``.pt``) behind the detector's port: an extra for boxes that need it.

Costs 3 to 8 ms and 230 MB more a look than the direct engines, so the default node never loads it. The library is
loaded by name: torch is no part of the node's requirements.
"""

import importlib
import threading
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.manifest import Engine, ModelClass, ModelManifest
from edge.values import Box, Detection


class UltralyticsDetector:
    """One model in ultralytics' own predictor, which serves one thread at a time: the others wait."""

    def __init__(self, model_path: Path, manifest: ModelManifest, engine: Engine) -> None:
        """Loads `model_path`; its class names must be the manifest's labels.

        Raises:
            PermanentError: ultralytics isn't installed, can't load the file, or its classes are others.
        """
        self._manifest = manifest
        self._engine = engine
        self._lock = threading.Lock()
        if not model_path.is_file() and not model_path.is_dir():
            raise PermanentError(f"{model_path}: no such model; check the path (ultralytics would try the network)")
        try:
            self._model: Any = importlib.import_module("ultralytics").YOLO(str(model_path), task="detect")
            names: dict[int, str] = dict(self._model.names)
        except ImportError as error:
            raise PermanentError(
                f"{model_path}: ultralytics is not installed here: install the box maker's "
                "torch, then pip install --no-deps -r requirements/ultralytics.txt"
            ) from error
        except (RuntimeError, OSError, ValueError, TypeError, AttributeError, KeyError) as error:
            raise PermanentError(f"{model_path}: ultralytics can't use this model: {error}") from error
        by_label = {entry.label: entry for entry in manifest.classes}
        unknown = sorted(set(names.values()) - set(by_label))
        if unknown:
            raise PermanentError(f"{model_path}: its class {unknown[0]!r} is none of the manifest's; check `classes`")
        self._classes: dict[int, ModelClass] = {number: by_label[name] for number, name in names.items()}
        self._least = min(entry.threshold for entry in manifest.classes)

    @property
    def manifest(self) -> ModelManifest:
        return self._manifest

    @property
    def engine(self) -> Engine:
        return self._engine

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        size = self._manifest.input
        with self._lock:
            (result,) = self._model.predict(
                frame,
                imgsz=(size.height_px, size.width_px),
                conf=self._least,
                iou=self._manifest.nms_iou,
                rect=False,
                verbose=False,
            )
        rows = zip(result.boxes.xyxyn.tolist(), result.boxes.conf.tolist(), result.boxes.cls.tolist(), strict=True)
        found = [self._detection(box, score, int(number)) for box, score, number in rows]
        return tuple(sorted((entry for entry in found if entry is not None), key=lambda entry: -entry.score))

    def close(self) -> None:
        del self._model

    def _detection(self, box: list[float], score: float, number: int) -> Detection | None:
        """One box, unless its own class wants more or it lies outside the picture."""
        entry = self._classes[number]
        x1, y1, x2, y2 = (min(1.0, max(0.0, value)) for value in box)
        corners: Box = (x1, y1, x2, y2)
        if score < entry.threshold or x2 <= x1 or y2 <= y1:
            return None
        return Detection(entry.label, entry.means, score, corners)
