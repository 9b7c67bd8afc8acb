"""Makes a model folder from weights: ONNX, INT8 if it costs little, golden boxes, parity, manifest, card.

FP32 has no file of its own: OpenVINO reads the ONNX file, which keeps a version under 15 MB.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contract.manifest import MANIFEST_FILE, Engine, ModelInput, ModelManifest, ModelVariant
from datasets.whole_file import sha256_of
from edge.detect.golden import GOLDEN_HASH
from models.card import card
from models.classes import model_classes
from models.publishing.attempts import ORDER, Attempt
from models.publishing.calibration import Calibration
from models.publishing.folder import CARD_FILE, listed, made_whole
from models.publishing.golden import GOLDEN_PICTURE, write_golden
from models.publishing.int8 import Judges, OnStep, Tried, make_int8, with_int8
from models.publishing.parity import parity
from models.to_onnx import OPSET, to_onnx

LICENCE = "AGPL-3.0"
PARITY_PICTURES = 6
"""Of the calibration list, beside the golden picture: enough to meet every class, a second's work."""


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What to publish, and under which name. `weights` are known (`models.trust`) to the caller.

    Without `calibration` there is no INT8; without `judges` its drop is not measured.
    """

    weights: Path
    out: Path
    name: str
    version: str
    input: ModelInput
    calibration: Calibration | None = None
    judges: Judges | None = None
    attempts: tuple[Attempt, ...] = ORDER
    try_all: bool = False
    golden: Path | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)
    with_weights: bool = False


def export(
    plan: ExportPlan, on_step: OnStep, on_picture: Callable[[], None]
) -> tuple[ModelManifest, tuple[Tried, ...]]:
    """Writes the model folder; its manifest, and the INT8 settings that were tried. An existing card is left as it is.

    Raises:
        UsageError: weights, calibration or golden pictures are missing or unfit.
        PermanentError: the float forms disagree, or INT8 can't be measured.
    """
    with made_whole(plan.out) as folder:
        on_step("weights → ONNX", None)
        manifest = _float_manifest(plan, folder)
        tried: tuple[Tried, ...] = ()
        if plan.calibration is not None:
            tried = make_int8(
                folder, manifest, plan.attempts, plan.calibration, plan.judges, plan.try_all, on_step, on_picture
            )
            manifest = _told_of_int8(manifest, folder, tried)
        if plan.with_weights:
            shutil.copyfile(plan.weights, folder / "weights.pt")
        if plan.golden is not None:
            on_step("golden boxes", None)
            hashed = {GOLDEN_HASH: write_golden(folder, plan.golden, manifest)}
            manifest = manifest.model_copy(update={"provenance": manifest.provenance | hashed})
        on_step("parity", None)
        manifest = manifest.model_copy(update={"parity": _parity(plan, folder, manifest)})
        (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
        if not (folder / CARD_FILE).exists():
            (folder / CARD_FILE).write_text(card(manifest), encoding="utf-8")
    return manifest, tried


def _float_manifest(plan: ExportPlan, folder: Path) -> ModelManifest:
    onnx_path = folder / "model.onnx"
    labels = to_onnx(plan.weights, plan.input, onnx_path)
    made = {"weights_sha256": sha256_of(plan.weights), "onnx_opset": str(OPSET)}
    if plan.calibration is not None:
        made |= {"calibration": plan.calibration.told, "calibration_sha256": plan.calibration.sha256}
    return ModelManifest(
        name=plan.name,
        version=plan.version,
        licence=LICENCE,
        input=plan.input,
        classes=model_classes(labels, dict(plan.thresholds)),
        variants=(
            ModelVariant(engine=Engine.OPENVINO_FP32, files=(listed(onnx_path),)),
            ModelVariant(engine=Engine.ONNX_FP32, files=(listed(onnx_path),)),
        ),
        metrics=dict(plan.metrics),
        provenance=dict(plan.provenance) | made,
    )


def _told_of_int8(manifest: ModelManifest, folder: Path, tried: tuple[Tried, ...]) -> ModelManifest:
    """The manifest with INT8, or with the reason why there is none; either way with the drops of the last attempt."""
    chosen = tried[-1]
    if chosen.may_ship:
        manifest = with_int8(manifest, folder)
    told = {"int8": chosen.told if chosen.may_ship else f"refused: {chosen.told}"}
    others = "; ".join(entry.told for entry in tried[:-1])
    if others:
        told["int8_also_tried"] = others
    return manifest.model_copy(update={"int8_drops": chosen.drops, "provenance": manifest.provenance | told})


def _parity(plan: ExportPlan, folder: Path, manifest: ModelManifest) -> dict[str, float]:
    pictures = [folder / GOLDEN_PICTURE] if plan.golden is not None else []
    pictures += plan.calibration.pictures[:PARITY_PICTURES] if plan.calibration is not None else ()
    return parity(folder, manifest, plan.weights, pictures) if pictures else {}
