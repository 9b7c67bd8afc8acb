"""Makes a model folder from weights: ONNX, INT8, golden boxes, manifest, card.

FP32 has no file of its own: OpenVINO reads the ONNX file, which keeps a version under 15 MB.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from contract.errors import UsageError
from contract.manifest import MANIFEST_FILE, Engine, ModelFile, ModelInput, ModelManifest, ModelVariant
from edge.detect.choose import open_variant
from edge.detect.golden import GOLDEN_FILE, GOLDEN_HASH
from models.card import card
from models.classes import model_classes
from models.pictures import fair_sample
from models.quantise import Overflow, quantise
from models.to_onnx import OPSET, to_onnx

LICENCE = "AGPL-3.0"
GOLDEN_PICTURE = "golden.jpg"

GOLDEN_SCORE = 0.5
"""A golden box scores at least this: the check must not fail over a box that hangs by a hair on another CPU."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What to publish, and under which name."""

    weights: Path
    out: Path
    name: str
    version: str
    input: ModelInput
    calibration: Path | None = None
    calibration_count: int = 300
    overflow: Overflow = Overflow.FIRST_LAYER
    golden: Path | None = None
    thresholds: dict[str, float] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)
    with_weights: bool = False


def export(plan: ExportPlan, on_step: Callable[[str], None], on_picture: Callable[[], None]) -> ModelManifest:
    """Writes the model folder and gives its manifest; an existing card is left as it is.

    Raises:
        UsageError: weights, calibration or golden pictures are missing or unfit.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    on_step("weights → ONNX")
    onnx_path = plan.out / "model.onnx"
    labels = to_onnx(plan.weights, plan.input, onnx_path)
    variants = [
        ModelVariant(engine=Engine.OPENVINO_FP32, files=(_listed(onnx_path),)),
        ModelVariant(engine=Engine.ONNX_FP32, files=(_listed(onnx_path),)),
    ]
    if plan.calibration is not None:
        on_step("ONNX → INT8")
        xml_path = plan.out / "int8.xml"
        pictures = fair_sample(plan.calibration, plan.calibration_count)
        quantise(onnx_path, xml_path, pictures, plan.input, plan.overflow, on_picture)
        files = (_listed(xml_path), _listed(xml_path.with_suffix(".bin")))
        variants.insert(0, ModelVariant(engine=Engine.OPENVINO_INT8, files=files))
    if plan.with_weights:
        shutil.copyfile(plan.weights, plan.out / "weights.pt")
    manifest = ModelManifest(
        name=plan.name,
        version=plan.version,
        licence=LICENCE,
        input=plan.input,
        classes=model_classes(labels, plan.thresholds),
        variants=tuple(variants),
        metrics=plan.metrics,
        provenance=_provenance(plan),
    )
    if plan.golden is not None:
        on_step("golden boxes")
        hashed = {GOLDEN_HASH: _write_golden(plan.out, plan.golden, manifest)}
        manifest = manifest.model_copy(update={"provenance": manifest.provenance | hashed})
    (plan.out / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if not (plan.out / "CARD.md").exists():
        (plan.out / "CARD.md").write_text(card(manifest), encoding="utf-8")
    return manifest


def _provenance(plan: ExportPlan) -> dict[str, str]:
    made = {"weights_sha256": _sha256(plan.weights), "onnx_opset": str(OPSET)}
    if plan.calibration is not None:
        made |= {
            "calibration": f"{plan.calibration_count} pictures, evenly from each folder of {plan.calibration.name}",
            "int8_overflow_fix": plan.overflow.value,
        }
    return plan.provenance | made


def _write_golden(out: Path, picture: Path, manifest: ModelManifest) -> str:
    """Copies the picture, writes the boxes that the FP32 model gives on it, and gives that file's sha256."""
    import cv2
    import numpy as np

    frame = cv2.imread(str(picture))
    if frame is None:
        raise UsageError(f"{picture}: unreadable; give a .jpg of a street")
    if picture.resolve() != (out / GOLDEN_PICTURE).resolve():
        shutil.copyfile(picture, out / GOLDEN_PICTURE)
    fp32 = next(variant for variant in manifest.variants if variant.engine is Engine.OPENVINO_FP32)
    detector = open_variant(out, manifest, fp32, threads=1)
    boxes = [
        {
            "label": found.label,
            "score": round(found.score, 3),
            "box_norm": dict(zip(("x1", "y1", "x2", "y2"), (round(side, 4) for side in found.box_norm), strict=True)),
        }
        for found in detector.detect(np.asarray(frame, np.uint8))
        if found.score >= GOLDEN_SCORE
    ]
    detector.close()
    if not boxes:
        raise UsageError(f"{picture}: the model sees nothing on it for certain; give a fuller street as --golden")
    content = {"picture": GOLDEN_PICTURE, "picture_sha256": _sha256(out / GOLDEN_PICTURE), "boxes": boxes}
    (out / GOLDEN_FILE).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return _sha256(out / GOLDEN_FILE)


def _listed(path: Path) -> ModelFile:
    return ModelFile(path=path.name, sha256=_sha256(path), size_bytes=path.stat().st_size)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
