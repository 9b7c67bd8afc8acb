"""The optional adapter: the same boxes as its own library gives, behind our port."""

import hashlib
import importlib
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import PermanentError
from contract.manifest import MANIFEST_FILE, Engine, ModelClass, ModelFile, ModelManifest, ModelVariant
from contract.taxonomy import Context, Seen
from edge.bench.baseline import make_importable
from edge.detect.choose import open_detector
from edge.detect.ultralytics import UltralyticsDetector
from edge.values import Backend
from tests.detect.builders import manifest


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network of two classes, saved as its library saves them."""
    if find_spec("torch") is None or find_spec("ultralytics") is None:
        pytest.skip("make setup-bench")
    os.environ.update(YOLO_OFFLINE="1", YOLO_AUTOINSTALL="0", YOLO_VERBOSE="false")
    make_importable()
    library: Any = importlib.import_module("ultralytics")
    model = library.YOLO("yolo11n.yaml")
    model.model.names = {number: f"c{number}" for number in range(80)}
    path = tmp_path_factory.mktemp("weights") / "plain.pt"
    model.save(str(path))
    return path


def test_a_weight_file_that_is_missing_never_reaches_the_network(tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="no such model"):
        UltralyticsDetector(tmp_path / "gone.pt", manifest(), Engine.ONNX_FP32)


def test_classes_that_are_not_the_manifests_are_refused(weights: Path) -> None:
    with pytest.raises(PermanentError, match="is none of the manifest's"):
        UltralyticsDetector(weights, manifest(), Engine.ONNX_FP32)


def test_boxes_are_those_of_the_library_as_shares_of_the_frame(weights: Path) -> None:
    classes = tuple(
        ModelClass(label=f"c{number}", means=Seen.STALL if number % 2 else Context.PERSON, threshold=0.001)
        for number in range(80)
    )
    detector = UltralyticsDetector(weights, manifest().model_copy(update={"classes": classes}), Engine.ONNX_FP32)
    found = detector.detect(np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8))
    assert [entry.score for entry in found] == sorted((entry.score for entry in found), reverse=True)
    for entry in found:
        assert 0 <= entry.box_norm[0] < entry.box_norm[2] <= 1
        assert 0 <= entry.box_norm[1] < entry.box_norm[3] <= 1
    detector.close()


def folder_of(weights: Path, folder: Path) -> Path:
    """A model folder whose only variant is for ultralytics."""
    folder.mkdir()
    shutil.copy(weights, folder / "box.pt")
    content = (folder / "box.pt").read_bytes()
    file = ModelFile(path="box.pt", sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    classes = tuple(ModelClass(label=f"c{number}", means=Seen.STALL, threshold=0.001) for number in range(80))
    model: ModelManifest = manifest().model_copy(
        update={"classes": classes, "variants": (ModelVariant(engine=Engine.ULTRALYTICS, files=(file,)),)}
    )
    (folder / MANIFEST_FILE).write_text(model.model_dump_json(), encoding="utf-8")
    return folder


@pytest.mark.parametrize("backend", [Backend.AUTO, Backend.ULTRALYTICS])
def test_a_folder_with_a_pt_opens_by_its_setting(weights: Path, backend: Backend, tmp_path: Path) -> None:
    """Also where nothing was set: it is all the folder has."""
    detector = open_detector(folder_of(weights, tmp_path / "model"), backend=backend)
    assert detector.engine is Engine.ULTRALYTICS
    detector.detect(np.zeros((180, 320, 3), np.uint8))
    detector.close()


def test_without_the_extra_the_remedy_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "any.pt"
    weights.write_bytes(b"weights")
    folder = folder_of(weights, tmp_path / "model")
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(PermanentError, match=r"ultralytics is not installed here: .*requirements/ultralytics.txt"):
        open_detector(folder, backend=Backend.ULTRALYTICS)
