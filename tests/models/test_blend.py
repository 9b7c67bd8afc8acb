"""Two checkpoints of one kind become their mean; others are refused, and nothing is left half-written."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from datasets.whole_file import sha256_of
from models.cli import app
from models.plan import REPOSITORY

pytestmark = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("ultralytics") is None,
    reason="the bench's packages are not installed (make setup-bench)",
)

# In a process of its own, as people run it: torch warns, and here warnings are errors.
MIXING = """
import json, sys
from pathlib import Path
from contract.errors import UsageError
from models.torch_env import prepare
prepare()
import torch
from ultralytics.nn.tasks import DetectionModel
from models.blend import blend
here = Path(sys.argv[1])
nets = {}
for name, classes in (("one", 3), ("two", 3), ("odd", 4)):
    nets[name] = DetectionModel("yolo11n.yaml", nc=classes, verbose=False).half()
    nets[name].args = {"task": "detect", "imgsz": 160}
    torch.save({"model": nets[name], "train_args": {}}, here / f"{name}.pt")
blend(here / "one.pt", here / "two.pt", 0.25, here / "mean.pt")
mean = torch.load(here / "mean.pt", weights_only=False)["model"].state_dict()
one, two = (nets[name].float().state_dict() for name in ("one", "two"))
said = []
for second, out in (("odd", "none"), ("two", "mean")):
    try:
        blend(here / "one.pt", here / f"{second}.pt", 0.5, here / f"{out}.pt")
    except UsageError as error:
        said.append(str(error))
off = max(float((mean[k] - 0.75 * one[k] - 0.25 * two[k]).abs().max()) for k in one if one[k].is_floating_point())
print(json.dumps({"off": off, "said": said}))
"""


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """The folder with the checkpoints, and what mixing them said."""
    folder = tmp_path_factory.mktemp("blend")
    command = [sys.executable, "-c", MIXING, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1])


def test_every_weight_is_the_mean_of_both_and_the_file_says_of_which(mixed: tuple[Path, dict[str, object]]) -> None:
    folder, told = mixed
    assert told["off"] == pytest.approx(0.0, abs=1e-6)
    facts = json.loads((folder / "mean.pt.json").read_text())
    assert facts["sha256"] == sha256_of(folder / "mean.pt")
    assert [(entry["sha256"], entry["share"]) for entry in facts["of"]] == [
        (sha256_of(folder / "one.pt"), 0.75),
        (sha256_of(folder / "two.pt"), 0.25),
    ]


def test_nets_of_two_kinds_and_a_taken_name_are_refused(mixed: tuple[Path, dict[str, object]]) -> None:
    folder, told = mixed
    assert isinstance(told["said"], list)
    other, taken = told["said"]
    assert "other labels" in other and "odd.pt" in other
    assert "is there already" in taken
    assert not list(folder.glob("none*")) and not list(folder.glob(".*"))


def test_weights_that_nobody_answers_for_are_not_loaded(mixed: tuple[Path, dict[str, object]]) -> None:
    folder, _ = mixed
    arguments = ["blend", str(folder / "one.pt"), str(folder / "two.pt"), "--out", str(folder / "no.pt")]
    result = CliRunner().invoke(app, [*arguments, "--trust", sha256_of(folder / "one.pt")])
    assert result.exit_code == 2
    assert "two.pt" in result.output and "--trust" in result.output
    assert not (folder / "no.pt").exists()
