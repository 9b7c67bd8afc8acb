"""The commands teach, print JSON when asked, and tell a caller's mistake in one line."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from datasets.cli import app as datasets_app
from models.cli import app as models_app
from models.plan import REPOSITORY

FIRST = REPOSITORY / "models" / "zoo" / "street-yolo11n" / "1.0.0"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """The golden picture with one box of garbage where the model finds one, and one of smoke that isn't there."""
    for name in ("images", "labels"):
        (tmp_path / name).mkdir()
    shutil.copyfile(FIRST / "golden.jpg", tmp_path / "images" / "street.jpg")
    box = json.loads((FIRST / "golden.json").read_text())["boxes"][0]["box_norm"]
    centre = ((box["x1"] + box["x2"]) / 2, (box["y1"] + box["y2"]) / 2)
    size = (box["x2"] - box["x1"], box["y2"] - box["y1"])
    line = " ".join(f"{value:.4f}" for value in (*centre, *size))
    (tmp_path / "labels" / "street.txt").write_text(f"0 {line}\n1 0.5 0.1 0.1 0.1\n")
    facts = {"classes": ["garbage_pile", "smoke"], "exhaustive_for": ["garbage_pile", "smoke"]}
    (tmp_path / "source.json").write_text(json.dumps(facts))
    return tmp_path


@pytest.mark.parametrize("command", ["train", "evaluate", "export", "blend", "street-days"])
def test_every_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(models_app, [command, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.output


def test_synth_explains_itself() -> None:
    result = CliRunner().invoke(datasets_app, ["synth", "--help"])
    assert result.exit_code == 0
    assert "--seed" in result.output


def test_evaluate_judges_a_folder_and_suggests_thresholds(pictures: Path, tmp_path: Path) -> None:
    suggested, told = tmp_path / "facts.json", tmp_path / "told" / "all.json"
    arguments = ["--model", str(FIRST), "--dataset", str(pictures), "--engine", "onnx-fp32"]
    arguments += ["--suggest-to", str(suggested)]
    result = CliRunner().invoke(models_app, ["evaluate", *arguments, "--json", str(told), "--bootstrap", "20"])
    assert result.exit_code == 0, result.output
    classes = json.loads(told.read_text())["classes"]
    assert set(classes) == {"garbage_pile", "smoke"}
    assert classes["garbage_pile"]["recall"] == 1.0
    assert classes["smoke"]["ap50"] == 0.0
    assert set(json.loads(suggested.read_text())["thresholds"]) == {"garbage_pile"}, "smoke was never found"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--model", str(FIRST)], "nothing to judge on"),
        (["evaluate", "--model", "nowhere", "--dataset", "nowhere"], "no source.json"),
        (["train", "--config", "nowhere.yaml"], "can't read the training plan"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_two(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(models_app, arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
