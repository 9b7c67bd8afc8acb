"""A model folder's manifest: what the files are, what the model sees, how its output is to be read.

A model is a folder with ``manifest.json``, its weight files and a card (``MODEL.md``). A runtime trusts nothing in
the folder whose hash is not in the manifest.
"""

import hashlib
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from contract.errors import UsageError
from contract.events import ModelRef, Sha256, Share
from contract.problems import first_problem
from contract.taxonomy import Context, Seen

MANIFEST_FILE = "manifest.json"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Engine(StrEnum):
    """Which runtime a weight file is for, and in what precision."""

    OPENVINO_INT8 = "openvino-int8"
    OPENVINO_FP32 = "openvino-fp32"
    ONNX_FP32 = "onnx-fp32"
    ULTRALYTICS = "ultralytics"
    """Whatever ultralytics loads on the box it was made for: TensorRT, RKNN, a ``.pt``."""


def _require_inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError("must stay inside the model folder")
    return path


RelativePath = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_require_inside)]


class ModelFile(_Strict):
    """One file of the folder. OpenVINO weights are two files: the ``.xml`` is named, ``.bin`` is its companion."""

    path: RelativePath
    sha256: Sha256
    size_bytes: Annotated[int, Field(gt=0)]


class ModelVariant(_Strict):
    """The model in one runtime's format. `files[0]` is the one to open."""

    engine: Engine
    files: Annotated[tuple[ModelFile, ...], Field(min_length=1)]


class ModelClass(_Strict):
    """One output channel: the label it was trained under, what it means to us, and its detector threshold.

    `threshold` is low on purpose: confirmation over time, not one look, decides. Too high and thin smoke is never
    counted; too low and every look carries junk boxes.
    """

    label: Annotated[str, Field(min_length=1, max_length=64)]
    means: Seen | Context
    threshold: Share


class ModelInput(_Strict):
    """The input tensor: NCHW float32 RGB in 0..1, letterboxed with `fill` (0..255) when the shape differs."""

    height_px: Annotated[int, Field(gt=0, le=4096, multiple_of=32)]
    width_px: Annotated[int, Field(gt=0, le=4096, multiple_of=32)]
    fill: Annotated[int, Field(ge=0, le=255)] = 114


class Int8Drop(_Strict):
    """What INT8 costs one class: AP50 of FP32 less that of INT8 on the same pictures, in shares of 1.

    `low` and `high` bound the difference (95 %, paired bootstrap over pictures); None where too few boxes give any.
    `instruction_sets`: what the processor had, or was held to, when this was measured.
    """

    label: Annotated[str, Field(min_length=1, max_length=64)]
    instances: Annotated[int, Field(ge=0)]
    fp32_ap50: Share
    int8_ap50: Share
    drop: Annotated[float, Field(ge=-1, le=1)]
    low: Annotated[float, Field(ge=-1, le=1)] | None = None
    high: Annotated[float, Field(ge=-1, le=1)] | None = None
    instruction_sets: tuple[str, ...]


class ModelManifest(_Strict):
    """The whole manifest. `parity` says how far the variants agree on the same pictures: largest differences, shares.

    The output is YOLO's ``(1, 4 + classes, anchors)``: centre x, centre y, width, height in input pixels, then scores.
    """

    format: Annotated[str, Field(pattern=r"^xunjie-model/1$")] = "xunjie-model/1"
    name: Annotated[str, Field(min_length=1, max_length=64)]
    version: Annotated[str, Field(min_length=1, max_length=64)]
    licence: str
    input: ModelInput
    classes: Annotated[tuple[ModelClass, ...], Field(min_length=1)]
    nms_iou: Share = 0.5
    variants: Annotated[tuple[ModelVariant, ...], Field(min_length=1)]
    metrics: dict[str, float] = {}
    int8_drops: tuple[Int8Drop, ...] = ()
    parity: dict[str, float] = {}
    provenance: dict[str, str] = {}

    @model_validator(mode="after")
    def _has_unique_labels_and_engines(self) -> Self:
        if len({entry.label for entry in self.classes}) != len(self.classes):
            raise ValueError("classes: two classes share a label")
        if len({variant.engine for variant in self.variants}) != len(self.variants):
            raise ValueError("variants: two variants share an engine")
        return self

    def ref(self, engine: Engine) -> ModelRef:
        """How events name this model when it runs on `engine`: the hash of that variant's weights (its last file)."""
        variant = next(entry for entry in self.variants if entry.engine is engine)
        return ModelRef(name=self.name, version=self.version, sha256=variant.files[-1].sha256)


def read_manifest(folder: Path) -> ModelManifest:
    """The manifest of the model in `folder`, every listed file's size and hash checked.

    Raises:
        UsageError: no folder, no manifest, a malformed one, or a file that is missing or not the one meant.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = ModelManifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: can't read the model's manifest ({error.strerror}); give a model folder") from error
    except ValidationError as error:
        raise UsageError(f"{path}: {first_problem(error, 'manifest')}") from error
    for variant in manifest.variants:
        for entry in variant.files:
            _check_file(folder / entry.path, entry)
    return manifest


def _check_file(path: Path, entry: ModelFile) -> None:
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UsageError(f"{path}: listed in the manifest but unreadable ({error.strerror})") from error
    if found != entry.sha256:
        raise UsageError(
            f"{path}: sha256 is {found[:12]}…, the manifest says {entry.sha256[:12]}…; "
            "the file is damaged or was changed: fetch the model again"
        )
