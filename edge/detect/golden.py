"""A model's own check: one packaged picture and the boxes it must give, whatever machine it runs on.

INT8 on a CPU without VNNI can saturate: scores then sink or boxes jump, silently. This catches it before the first
look, at the price of one inference.
"""

import hashlib
from pathlib import Path

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from contract.errors import UsageError
from contract.events import BoxNorm, Sha256, Share
from contract.manifest import ModelManifest
from contract.problems import first_problem
from edge.detect.port import Detector
from edge.values import Detection

GOLDEN_FILE = "golden.json"
GOLDEN_HASH = "golden_sha256"
"""The manifest's provenance entry with the golden file's hash; that file holds its picture's."""

MIN_IOU = 0.6
"""Quantisation moves a good box by a pixel or two; saturation throws it elsewhere."""

MAX_SCORE_DRIFT = 0.2
"""Difference of score between instruction sets that is still the same model. Measured INT8 against FP32: about 0.05."""


class GoldenBox(BaseModel):
    """A box the model must give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str
    score: Share
    box_norm: BoxNorm


class Golden(BaseModel):
    """The picture, a file beside this one, and its boxes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    picture: str
    picture_sha256: Sha256
    boxes: tuple[GoldenBox, ...]


def read_golden(folder: Path, manifest: ModelManifest) -> Golden | None:
    """The model folder's golden picture and boxes, or nothing if its manifest names none.

    Raises:
        UsageError: the file or its picture is missing, malformed, or not the one that the manifest means.
    """
    expected = manifest.provenance.get(GOLDEN_HASH)
    if expected is None:
        return None
    path = folder / GOLDEN_FILE
    content = _read(path, expected)
    try:
        golden = Golden.model_validate_json(content)
    except ValidationError as error:
        problem = first_problem(error, "golden")
        raise UsageError(f"{path}: not a golden file: {problem}; export the model again") from error
    _read(folder / golden.picture, golden.picture_sha256)
    return golden


def check(detector: Detector, golden: Golden, folder: Path) -> tuple[str, ...]:
    """What `detector` gets wrong on the golden picture, as sentences; empty if it passes.

    Raises:
        UsageError: the picture is missing or unreadable.
    """
    frame = cv2.imread(str(folder / golden.picture))
    if frame is None:
        raise UsageError(f"{folder / golden.picture}: the golden picture is unreadable; fetch the model again")
    found = detector.detect(np.asarray(frame, np.uint8))
    return tuple(fault for box in golden.boxes for fault in _faults(box, found))


def _read(path: Path, sha256: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{path}: the model's check is unreadable ({error.strerror}); fetch the model again"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UsageError(f"{path}: not the file that the manifest means; fetch the model again")
    return content


def _faults(expected: GoldenBox, found: tuple[Detection, ...]) -> tuple[str, ...]:
    same = [box for box in found if box.label == expected.label and iou(box.box_norm, _corners(expected)) >= MIN_IOU]
    if not same:
        return (f"{expected.label} at score {expected.score:.2f} is missing",)
    best = max(same, key=lambda box: box.score)
    if abs(best.score - expected.score) > MAX_SCORE_DRIFT:
        return (f"{expected.label} scores {best.score:.2f} instead of {expected.score:.2f}",)
    return ()


def _corners(box: GoldenBox) -> tuple[float, float, float, float]:
    return (box.box_norm.x1, box.box_norm.y1, box.box_norm.x2, box.box_norm.y2)


def iou(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Overlap of two xyxy boxes, 0..1.

    >>> iou((0.0, 0.0, 0.5, 1.0), (0.0, 0.0, 1.0, 1.0))
    0.5
    """
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    overlap = width * height
    return overlap / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - overlap)
