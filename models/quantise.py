"""Makes the INT8 variant of an exported model by post-training quantisation (NNCF)."""

import logging
import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.manifest import ModelInput
from datasets.picture import safe_read_picture
from edge.detect.letterbox import Letterbox

_STAGE = re.compile(r"/model\.(\d+)/")
_BRANCH = re.compile(r"/model\.\d+/(one2one_)?cv\d\.")
"""The convolutions of a head, as ultralytics' exporter names their nodes."""


class Overflow(StrEnum):
    """Which layers give up half of the weights' range so that CPUs without VNNI can't saturate.

    All layers cost 6 % of the first model's sure boxes, the first layer 1 %; each node's self-test catches the rest.
    """

    FIRST_LAYER = "first-layer"
    ALL_LAYERS = "all-layers"
    NONE = "none"


class KeptFloat(StrEnum):
    """What of the last stage is not quantised.

    Decoding (pixel coordinates, score sigmoid) never is: 0..640 in 256 steps would cost 2.5 px on every box. The whole
    head, where a class drops too far: its score branches are the most sensitive layers, and a tenth of the work.
    """

    DECODING = "decoding"
    HEAD = "head"


def quantise(
    onnx_path: Path,
    out_xml: Path,
    pictures: tuple[Path, ...],
    model_input: ModelInput,
    overflow: Overflow,
    on_picture: Callable[[], None],
    kept_float: KeptFloat = KeptFloat.DECODING,
) -> None:
    """Writes `out_xml` and its ``.bin``; `on_picture` is called once per calibration picture."""
    import nncf
    import openvino as ov

    nncf.set_log_level(logging.ERROR)  # else a line for every operation that stays in float, by design
    model = ov.Core().read_model(onnx_path)
    dataset = nncf.Dataset(_Counted(pictures, on_picture), lambda path: _blob(path, model_input))
    quantised = nncf.quantize(
        model,
        dataset,
        subset_size=len(pictures),
        preset=nncf.QuantizationPreset.MIXED,
        target_device=nncf.TargetDevice.CPU,
        ignored_scope=nncf.IgnoredScope(names=_kept(model, kept_float)),
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=_overflow_fix(nncf, overflow)),
    )
    _forget_how_made(quantised)
    ov.save_model(quantised, out_xml, compress_to_fp16=False)


class _Counted:
    """The pictures, counted as they are read; NNCF iterates more than once."""

    def __init__(self, pictures: tuple[Path, ...], on_picture: Callable[[], None]) -> None:
        self._pictures = pictures
        self._on_picture = on_picture

    def __iter__(self) -> Iterator[Path]:
        for path in self._pictures:
            self._on_picture()
            yield path

    def __len__(self) -> int:
        return len(self._pictures)


def _blob(path: Path, model_input: ModelInput) -> NDArray[np.float32]:
    letterbox = Letterbox(model_input)
    letterbox.place(safe_read_picture(path))
    return np.asarray(cv2.dnn.blobFromImage(letterbox.tensor[0], scalefactor=1 / 255.0, swapRB=True), np.float32)


def _overflow_fix(nncf: Any, overflow: Overflow) -> Any:
    match overflow:
        case Overflow.FIRST_LAYER:
            return nncf.OverflowFix.FIRST_LAYER
        case Overflow.ALL_LAYERS:
            return nncf.OverflowFix.ENABLE
        case Overflow.NONE:
            return nncf.OverflowFix.DISABLE


def _kept(model: Any, kept_float: KeptFloat) -> list[str]:
    """The last stage's operations, all of them or those after its convolution branches (``cv2``, ``cv3``, ...)."""
    names = [node.get_friendly_name() for node in model.get_ordered_ops() if node.get_type_name() != "Constant"]
    stages = [int(found.group(1)) for name in names if (found := _STAGE.match(name))]
    stage = f"/model.{max(stages)}/"
    head = [name for name in names if name.startswith(stage)]
    return head if kept_float is KeptFloat.HEAD else [name for name in head if not _BRANCH.match(name)]


def _forget_how_made(model: Any) -> None:
    """Drops notes about the machine and the run, so that the same input gives the same bytes."""
    for key in list(model.get_rt_info()):
        del model.rt_info[key]
