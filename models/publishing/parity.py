"""Whether a model says the same in every form it is published in: torch's own, ONNX, OpenVINO in float and in INT8.

Float forms are compared anchor by anchor on the raw output, INT8 box by box as a node would report them.
"""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-untyped-calls, disable-error-code="import-not-found"

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import PermanentError
from contract.manifest import Engine, ModelInput, ModelManifest, ModelVariant
from datasets.picture import safe_read_picture
from edge.detect.choose import open_variant
from edge.detect.golden import iou
from edge.detect.letterbox import Letterbox
from edge.values import Detection

LEAST_SCORE = 0.05
"""Anchors below it in both forms report nothing; their boxes may be anything."""

MOST_SCORE_DIFFERENCE = 0.01
MOST_BOX_DIFFERENCE_PX = 1.0
"""Between float forms. Rounding gives some 0.0001 and 0.01 px; a wrong layout, colour order or scale gives far more."""

SAME_BOX_IOU = 0.5

Blob = NDArray[np.float32]
"""(1, 3, height, width) RGB 0..1, or the output (1, 4 + classes, anchors)."""


def parity(folder: Path, manifest: ModelManifest, weights: Path, pictures: Sequence[Path]) -> dict[str, float]:
    """The differences, by name, for the manifest.

    Args:
        folder: the model's files.
        manifest: names the variants to compare.
        weights: the ``.pt`` they were made from, hash checked.
        pictures: the same few every time.

    Raises:
        PermanentError: a float form differs from torch by more than rounding explains.
    """
    frames = [safe_read_picture(path) for path in pictures]
    blobs = [_blob(frame, manifest.input) for frame in frames]
    by_engine = {variant.engine: variant for variant in manifest.variants}
    onnx = folder / by_engine[Engine.ONNX_FP32].files[0].path
    expected = [_torch(weights)(blob) for blob in blobs]
    told: dict[str, float] = {"pictures": float(len(pictures))}
    for name, run in (("onnx", _onnx(onnx)), ("openvino_fp32", _openvino(onnx))):
        differences = np.array([_difference(run(blob), raw) for blob, raw in zip(blobs, expected, strict=True)])
        score, box_px = differences.max(axis=0).tolist()
        if score > MOST_SCORE_DIFFERENCE or box_px > MOST_BOX_DIFFERENCE_PX:
            raise PermanentError(f"{onnx}: {name} differs from torch by {score:.3f} in score and {box_px:.2f} px")
        told |= {f"{name}_most_score": round(score, 5), f"{name}_most_box_px": round(box_px, 3)}
    if Engine.OPENVINO_INT8 in by_engine:
        told |= _int8(folder, manifest, by_engine, frames)
    return told


def _difference(found: Blob, expected: Blob) -> tuple[float, float]:
    """Largest difference of any score, and of any side of a box that would be reported, in pixels."""
    score = float(np.abs(found[0, 4:] - expected[0, 4:]).max())
    reported = np.maximum(found[0, 4:], expected[0, 4:]).max(axis=0) >= LEAST_SCORE
    sides = np.abs(found[0, :4, reported] - expected[0, :4, reported])
    return score, float(sides.max(initial=0.0))


def _int8(
    folder: Path,
    manifest: ModelManifest,
    by_engine: dict[Engine, ModelVariant],
    frames: Sequence[NDArray[np.uint8]],
) -> dict[str, float]:
    detectors = [
        open_variant(folder, manifest, by_engine[engine], 1) for engine in (Engine.OPENVINO_FP32, Engine.OPENVINO_INT8)
    ]
    looks = [(detectors[0].detect(frame), detectors[1].detect(frame)) for frame in frames]
    for detector in detectors:
        detector.close()
    pairs = [_same(box, int8) for fp32, int8 in looks for box in fp32]
    drifts = [abs(found.score - box.score) for box, found in pairs if found is not None]
    back = [_same(box, fp32)[1] is not None for fp32, int8 in looks for box in int8]
    return {
        "int8_boxes_kept": _share([found is not None for _, found in pairs]),
        "int8_boxes_in_fp32": _share(back),
        "int8_most_score": round(max(drifts, default=0.0), 3),
    }


def _same(box: Detection, others: Sequence[Detection]) -> tuple[Detection, Detection | None]:
    near = [other for other in others if other.label == box.label and iou(other.box_norm, box.box_norm) >= SAME_BOX_IOU]
    return box, max(near, key=lambda other: iou(other.box_norm, box.box_norm), default=None)


def _share(marks: Sequence[bool]) -> float:
    return round(sum(marks) / len(marks), 3) if marks else 1.0


def _blob(frame: NDArray[np.uint8], model_input: ModelInput) -> Blob:
    letterbox = Letterbox(model_input)
    letterbox.place(frame)
    return np.asarray(cv2.dnn.blobFromImage(letterbox.tensor[0], scalefactor=1 / 255.0, swapRB=True), np.float32)


def _torch(weights: Path) -> Callable[[Blob], Blob]:
    import torch
    from ultralytics.models import YOLO

    model: Any = YOLO(weights).model
    model = model.float().eval()

    def run(blob: Blob) -> Blob:
        with torch.no_grad():
            found = model(torch.from_numpy(blob))
        return np.asarray((found[0] if isinstance(found, (tuple, list)) else found).numpy(), np.float32)

    return run


def _onnx(path: Path) -> Callable[[Blob], Blob]:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda blob: np.asarray(session.run(None, {name: blob})[0], np.float32)


def _openvino(path: Path) -> Callable[[Blob], Blob]:
    import openvino as ov

    compiled = ov.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1})
    return lambda blob: np.asarray(compiled({0: blob})[0], np.float32)
