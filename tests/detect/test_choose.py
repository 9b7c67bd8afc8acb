"""A model folder is opened by its cheapest variant that works here, and never if it was tampered with."""

import hashlib
import json
import logging
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.errors import PermanentError, UsageError
from contract.manifest import Engine
from edge.detect.choose import open_detector
from edge.detect.golden import GOLDEN_FILE, GOLDEN_HASH, iou
from edge.values import Backend

ZOO = Path(__file__).resolve().parents[2] / "models" / "zoo" / "street-yolo11n"
FIRST = ZOO / "1.0.0"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the first model that a test may spoil."""
    return Path(shutil.copytree(FIRST, tmp_path / "model"))


@pytest.mark.parametrize("model", sorted(ZOO.iterdir()), ids=lambda path: path.name)
@pytest.mark.parametrize("engine", [engine for engine in Engine if engine is not Engine.ULTRALYTICS])
def test_every_variant_of_every_published_model_passes_its_own_check(model: Path, engine: Engine) -> None:
    detector = open_detector(model, engine)
    assert detector.engine is engine
    detector.close()


def test_onnx_runtime_and_openvino_give_the_same_boxes() -> None:
    """The fallback is the same model: on the golden picture, box for box."""
    frame = np.asarray(cv2.imread(str(FIRST / "golden.jpg")), np.uint8)
    answers = []
    for engine in (Engine.OPENVINO_FP32, Engine.ONNX_FP32):
        detector = open_detector(FIRST, engine)
        answers.append(detector.detect(frame))
        detector.close()
    assert [entry.label for entry in answers[0]] == [entry.label for entry in answers[1]]
    assert [entry.score for entry in answers[0]] == pytest.approx([entry.score for entry in answers[1]], abs=1e-3)


def test_int8_is_preferred() -> None:
    detector = open_detector(FIRST)
    assert detector.engine is Engine.OPENVINO_INT8
    assert detector.manifest.ref(detector.engine).version == "1.0.0"
    detector.close()


def test_the_frame_is_left_as_it_is_and_its_size_does_not_matter() -> None:
    """The same picture at three times the size gives the same things in the same places."""
    frame = np.asarray(cv2.imread(str(FIRST / "golden.jpg")), np.uint8)
    before = frame.copy()
    large = np.asarray(cv2.resize(frame, (1920, 1080), interpolation=cv2.INTER_NEAREST), np.uint8)
    detector = open_detector(FIRST, Engine.OPENVINO_FP32)
    small_found, large_found = detector.detect(frame), detector.detect(large)
    assert (frame == before).all()
    assert small_found[0].label == large_found[0].label
    assert iou(small_found[0].box_norm, large_found[0].box_norm) > 0.9
    detector.close()


def test_a_failing_variant_gives_way_to_the_next_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """INT8 that saturates on an old CPU scores elsewhere: the node runs on FP32 and says so."""
    nonsense = bytes((folder / "int8.bin").stat().st_size)
    (folder / "int8.bin").write_bytes(nonsense)
    described = json.loads((folder / "manifest.json").read_text())
    int8 = next(entry for entry in described["variants"] if entry["engine"] == Engine.OPENVINO_INT8)
    int8["files"][-1]["sha256"] = hashlib.sha256(nonsense).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(described))
    with caplog.at_level(logging.WARNING):
        detector = open_detector(folder)
    assert detector.engine is Engine.OPENVINO_FP32
    assert [record.message for record in caplog.records] == ["model variant failed its self-test"]
    detector.close()


def test_a_model_that_gives_other_boxes_than_it_should_is_refused(folder: Path) -> None:
    """Where no variant finds the golden boxes the node must not pretend to see."""
    golden = json.loads((folder / GOLDEN_FILE).read_text())
    golden["boxes"][0]["label"] = "smoke"
    (folder / GOLDEN_FILE).write_text(json.dumps(golden))
    described = json.loads((folder / "manifest.json").read_text())
    described["provenance"][GOLDEN_HASH] = hashlib.sha256((folder / GOLDEN_FILE).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(described))
    with pytest.raises(PermanentError, match=r"smoke at score .* is missing"):
        open_detector(folder)


@pytest.mark.parametrize("name", [GOLDEN_FILE, "golden.jpg"])
def test_a_changed_check_is_refused(folder: Path, name: str) -> None:
    """A check that anybody may rewrite proves nothing."""
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(UsageError, match="not the file that the manifest means"):
        open_detector(folder)


def test_a_model_without_a_check_is_used_with_a_warning(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    described = json.loads((folder / "manifest.json").read_text())
    del described["provenance"][GOLDEN_HASH]
    (folder / "manifest.json").write_text(json.dumps(described))
    with caplog.at_level(logging.WARNING):
        open_detector(folder).close()
    assert [record.message for record in caplog.records] == ["model has no self-test"]


def test_a_changed_weight_file_is_refused(folder: Path) -> None:
    weights = folder / "int8.bin"
    content = bytearray(weights.read_bytes())
    content[1000] ^= 1
    weights.write_bytes(bytes(content))
    with pytest.raises(UsageError, match="damaged or was changed"):
        open_detector(folder)


def test_an_engine_the_model_lacks_is_named_with_those_it_has(folder: Path) -> None:
    described = json.loads((folder / "manifest.json").read_text())
    described["variants"] = described["variants"][1:]
    (folder / "manifest.json").write_text(json.dumps(described))
    with pytest.raises(UsageError, match="no variant openvino-int8: choose one of onnx-fp32, openvino-fp32"):
        open_detector(folder, Engine.OPENVINO_INT8)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "model.onnx").unlink()
    with pytest.raises(UsageError, match=r"model\.onnx: listed in the manifest but unreadable"):
        open_detector(folder)


def test_a_file_that_is_no_model_is_a_refusal_not_a_crash(folder: Path) -> None:
    """Both runtimes' own exceptions end at the adapter."""
    junk = b"not a model"
    (folder / "model.onnx").write_bytes(junk)
    described = json.loads((folder / "manifest.json").read_text())
    file = {"path": "model.onnx", "sha256": hashlib.sha256(junk).hexdigest(), "size_bytes": len(junk)}
    described["variants"] = [{"engine": engine, "files": [file]} for engine in ("openvino-fp32", "onnx-fp32")]
    (folder / "manifest.json").write_text(json.dumps(described))
    with pytest.raises(PermanentError, match="no variant of the model works on this machine"):
        open_detector(folder)


def test_a_backend_is_used_and_no_other() -> None:
    detector = open_detector(FIRST, backend=Backend.ONNXRUNTIME)
    assert detector.engine is Engine.ONNX_FP32
    detector.close()


def test_a_model_that_has_nothing_for_the_backend_says_what_it_has() -> None:
    with pytest.raises(UsageError, match=r"nothing for backend ultralytics: it has .*openvino-int8"):
        open_detector(FIRST, backend=Backend.ULTRALYTICS)


def test_an_engine_of_another_backend_is_refused() -> None:
    with pytest.raises(UsageError, match="backend: auto"):
        open_detector(FIRST, Engine.ONNX_FP32, backend=Backend.OPENVINO)
