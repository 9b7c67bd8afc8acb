"""Weights become a model folder that the node opens, the same bytes every time."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.manifest import Engine, read_manifest
from datasets.whole_file import sha256_of
from edge.detect.choose import open_detector
from models.plan import REPOSITORY

pytestmark = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("ultralytics") is None,
    reason="the bench's packages are not installed (make setup-bench)",
)

# In a process of its own, as people run it: torch's exporter warns, and here warnings are errors.
UNTRAINED = """
import sys
from models.torch_env import prepare
prepare()
import torch
from ultralytics.nn.tasks import DetectionModel
torch.manual_seed(1)
model = DetectionModel("yolo11n.yaml", nc=2, verbose=False)
model.names, model.args = {0: "smoke", 1: "shop_sign"}, {"task": "detect", "imgsz": 96}
torch.save({"model": model.half(), "train_args": model.args}, sys.argv[1])
"""


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_export_twice_gives_the_same_folder_and_the_node_opens_it(tmp_path: Path) -> None:
    weights, pictures = tmp_path / "weights.pt", tmp_path / "pictures"
    pictures.mkdir()
    random = np.random.default_rng(1)
    for k in range(3):
        cv2.imwrite(str(pictures / f"{k}.png"), random.integers(0, 255, (64, 96, 3), np.uint8))
    run("-c", UNTRAINED, str(weights))
    (tmp_path / "SHA256SUMS").write_text(f"{sha256_of(weights)}  weights.pt\n")
    folders = [tmp_path / name for name in ("once", "again")]
    for folder in folders:
        options = {"weights": weights, "out": folder, "calibration": pictures, "input": "64x96"}
        named = [part for key, value in options.items() for part in (f"--{key}", str(value))]
        out = run("-m", "models", "export", *named, "--name", "trial", "--version", "1", "--json")
        assert json.loads(out)["name"] == "trial"
    manifest = read_manifest(folders[0])
    assert manifest == read_manifest(folders[1])
    assert manifest.parity["pictures"] == 3
    assert manifest.parity["onnx_most_score"] < 0.01
    assert manifest.provenance["int8"].endswith("drop not measured")
    assert not list(tmp_path.glob(".*.part"))
    detector = open_detector(folders[0])
    assert detector.engine is Engine.OPENVINO_INT8
    assert [entry.label for entry in detector.manifest.classes] == ["smoke", "shop_sign"]
    detector.detect(np.zeros((36, 64, 3), np.uint8))
    detector.close()
