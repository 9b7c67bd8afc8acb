"""Turns ultralytics weights into an ONNX file that is the same bytes every time."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.errors import UsageError
from contract.manifest import ModelInput
from models.torch_env import prepare

OPSET = 17
"""Fixed: the newest that every OpenVINO and ONNX Runtime of the last three years reads."""


def to_onnx(weights: Path, model_input: ModelInput, out: Path) -> tuple[str, ...]:
    """Writes `out` with a static input and no notes about the run; the model's labels by output channel.

    Raises:
        UsageError: no such weights file (ultralytics would try to fetch it), or no detection model in it.
    """
    if not weights.is_file():
        raise UsageError(f"{weights}: no such weights file; give a .pt that `python -m models train` wrote")
    prepare()
    from ultralytics.models import YOLO

    weights, out = weights.resolve(), out.resolve()
    with tempfile.TemporaryDirectory() as scratch, inside(Path(scratch)):
        copy = Path(scratch) / "weights.pt"  # the exporter writes beside its input
        shutil.copyfile(weights, copy)
        model = YOLO(copy)
        if model.task != "detect":
            raise UsageError(f"{weights}: a {model.task} model; this runtime reads detection models")
        size = (model_input.height_px, model_input.width_px)
        exported = model.export(format="onnx", imgsz=size, opset=OPSET, simplify=True, dynamic=False, verbose=False)
        _strip(Path(scratch) / exported, out)
        return tuple(model.names[index] for index in sorted(model.names))


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """ultralytics drops files into the working directory: let that be a scratch folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _strip(source: Path, out: Path) -> None:
    """Copies the graph without metadata: the exporter writes the date, and hashes would never agree."""
    import onnx

    model = onnx.load(source)
    del model.metadata_props[:]
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.save(model, out)
