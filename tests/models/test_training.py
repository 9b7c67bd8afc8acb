"""A training that is killed goes on where it was, learns on rendered pictures, and ends as a model that is judged."""

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.synth import synthesise
from datasets.whole_file import sha256_of
from models.plan import REPOSITORY
from models.training.curves import read_losses

pytestmark = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("ultralytics") is None,
    reason="the bench's packages are not installed (make setup-bench)",
)

# In processes of their own, as people run them: torch warns, and here warnings are errors.
UNTRAINED = """
import sys
from models.torch_env import prepare
prepare()
import torch
from ultralytics.nn.tasks import DetectionModel
torch.manual_seed(1)
model = DetectionModel("yolo11n.yaml", nc=80, verbose=False)
model.args = {"task": "detect", "imgsz": 160}
torch.save({"model": model.half(), "train_args": model.args}, sys.argv[1])
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from models.plan import read_plan
from models.train import train
kill = lambda done, of: done == 2 and os.kill(os.getpid(), signal.SIGKILL)
train(read_plan(Path(sys.argv[1])), (), lambda step, total: None, lambda: None, kill)
"""
BATCHES = 5


@dataclass(frozen=True)
class Trained:
    """A run of one epoch of five batches, killed after its second batch, then finished."""

    plan: Path
    run: Path
    pictures: Path
    kept_at_kill: tuple[str, ...]
    provenance_at_kill: bytes
    said: str


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    folder = tmp_path_factory.mktemp("training")
    pictures, start, plan = folder / "drawn", folder / "start.pt", folder / "plan.yaml"
    synthesise(pictures, 24, 9, 1, lambda: None)
    for path in (pictures / "images").iterdir():
        small = cv2.resize(np.asarray(cv2.imread(str(path)), np.uint8), (160, 90), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(path), small)
    python("-c", UNTRAINED, str(start))
    (folder / "SHA256SUMS").write_text(f"{sha256_of(start)}  start.pt\n")
    plan.write_text(
        f"name: tiny\nruns: {folder / 'runs'}\nstart: {start}\nepochs: 1\nbatch: 4\nimage_px: 160\n"
        f"image_height_px: 96\nthreads: 1\ncheckpoint_batches: 1\nsources: [{{folder: {pictures}, holdout: 4}}]\n"
    )
    run = folder / "runs" / "tiny"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(plan)], cwd=REPOSITORY, capture_output=True, timeout=300)
    assert killed.returncode == -9, killed.stderr
    kept = tuple(sorted(path.name for path in run.iterdir()))
    provenance = (run / "provenance.json").read_bytes()
    said = python("-m", "models", "train", "--config", str(plan), "--json")
    return Trained(plan, run, pictures, kept, provenance, said)


def python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_killed_run_goes_on_where_its_last_checkpoint_was_kept(trained: Trained) -> None:
    """No batch is lost, none is counted twice, nothing is left half-written."""
    assert "weights.pt" not in trained.kept_at_kill
    assert [row["batch"] for row in read_losses(trained.run / "losses.csv")] == list(range(1, BATCHES + 1))
    starts = [json.loads(line) for line in (trained.run / "starts.jsonl").read_text().splitlines()]
    assert [start["from_batch"] for start in starts] == [0, 2]
    assert json.loads(trained.said)["weights"] == str(trained.run / "weights.pt")
    assert not list(trained.run.rglob("*.part"))


def test_the_run_says_what_it_was_made_from(trained: Trained) -> None:
    """And a resumed run does not rewrite that."""
    assert (trained.run / "provenance.json").read_bytes() == trained.provenance_at_kill
    told = json.loads(trained.provenance_at_kill)
    assert told["weights_sha256"]["start"] == sha256_of(trained.plan.parent / "start.pt")
    assert told["plan"]["batch"] == 4
    assert told["environment"]["packages"]["torch"]
    assert len(told["dataset_sha256"]) == 64
    assert "<svg" in (trained.run / "curves.html").read_text(encoding="utf-8")


def test_several_processes_train_one_model(trained: Trained) -> None:
    """Through the script that ultralytics generates for several GPUs, on two CPU processes over gloo."""
    plan = trained.plan.with_name("two.yaml")
    plan.write_text(trained.plan.read_text().replace("name: tiny", "name: two"))
    python("-m", "tests.models.two_processes", str(plan))
    run = trained.run.with_name("two")
    assert [row["batch"] for row in read_losses(run / "losses.csv")] == list(range(1, BATCHES + 1))
    assert (run / "weights.pt").is_file()


def test_a_finished_run_trains_no_further(trained: Trained) -> None:
    before = sha256_of(trained.run / "losses.csv")
    python("-m", "models", "train", "--config", str(trained.plan), "--json")
    assert sha256_of(trained.run / "losses.csv") == before


def test_the_trained_model_is_exported_and_judged(trained: Trained, tmp_path: Path) -> None:
    weights, model, report = trained.run / "weights.pt", tmp_path / "model", tmp_path / "report.json"
    options = {"weights": weights, "out": model, "input": "96x160", "name": "tiny", "version": "1"}
    python("-m", "models", "export", *(part for key, value in options.items() for part in (f"--{key}", str(value))))
    options = {"model": model, "dataset": trained.pictures, "engine": "openvino-fp32", "json": report}
    python("-m", "models", "evaluate", *(part for key, value in options.items() for part in (f"--{key}", str(value))))
    told = json.loads(report.read_text(encoding="utf-8"))
    assert told["images"] == 24
    assert {"person", "shop_sign"} <= told["classes"].keys()
