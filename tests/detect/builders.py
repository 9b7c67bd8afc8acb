"""A small detector's manifest and raw outputs, written by hand."""

import numpy as np
from numpy.typing import NDArray

from contract.manifest import Engine, ModelClass, ModelFile, ModelInput, ModelManifest, ModelVariant
from contract.taxonomy import Context, Seen

INPUT = ModelInput(height_px=384, width_px=640)


def manifest(smoke: float = 0.15, person: float = 0.25) -> ModelManifest:
    """Two classes: smoke and person."""
    file = ModelFile(path="model.onnx", sha256="0" * 64, size_bytes=1)
    return ModelManifest(
        name="small",
        version="1",
        licence="AGPL-3.0",
        input=INPUT,
        classes=(
            ModelClass(label="smoke", means=Seen.SMOKE, threshold=smoke),
            ModelClass(label="person", means=Context.PERSON, threshold=person),
        ),
        variants=(ModelVariant(engine=Engine.ONNX_FP32, files=(file,)),),
    )


def output(*rows: tuple[float, float, float, float, float, float]) -> NDArray[np.float32]:
    """(1, 6, anchors) from rows of centre x, centre y, width, height in input pixels, smoke, person."""
    return np.array(rows, np.float32).reshape(-1, 6).T[None]
