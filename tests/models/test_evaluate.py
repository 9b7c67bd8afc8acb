"""`models evaluate` as a whole, on a tiny folder with a published model: what is written, what is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from edge.values import Box
from models.cli import app
from models.commands.evaluate import named_stems
from models.judging import Choice, Half, folder_pictures, pictures_hash
from models.plan import REPOSITORY

MODEL = sorted((REPOSITORY / "models" / "zoo").glob("*/*/manifest.json"))[0].parent
BOX = json.loads((MODEL / "golden.json").read_text())["boxes"][0]


def line(number: int, box: Box) -> str:
    centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    return " ".join(f"{value:.5f}" for value in (number, *centre, box[2] - box[0], box[3] - box[1])).replace(
        ".00000", "", 1
    )


def golden_box() -> Box:
    corners = BOX["box_norm"]
    return (corners["x1"], corners["y1"], corners["x2"], corners["y2"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two streets: the model's golden picture with its surest box, twice; and one of plain grey, night, no fire."""
    root = tmp_path / "streets"
    for name in ("images", "labels"):
        (root / name).mkdir(parents=True)
    shutil.copyfile(MODEL / "golden.jpg", root / "images" / "street.jpg")
    cv2.imwrite(str(root / "images" / "dark.png"), np.full((72, 128, 3), 25, np.uint8))
    (root / "labels" / "street.txt").write_text(line(0, golden_box()) + "\n1 0.5 0.05 0.1 0.02\n2 0.2 0.2 0.1 0.1\n")
    facts = {"classes": [BOX["label"], "smoke", "kiosk"], "exhaustive_for": [BOX["label"], "smoke", "flame"]}
    (root / "source.json").write_text(json.dumps(facts))
    (root / "split.json").write_text(json.dumps({"street": "val", "dark": "train"}))
    (root / "attributes.json").write_text(json.dumps({"street": {"weather": "rain", "scene": 7}}))
    return root


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["evaluate", "--model", str(MODEL), *(str(entry) for entry in arguments)])


def no_constant(name: str) -> float:
    raise AssertionError(f"{name} in the JSON")


def test_a_folder_is_judged_and_everything_written(folder: Path, tmp_path: Path) -> None:
    told, facts = tmp_path / "out" / "told.json", tmp_path / "facts.json"
    options = ("--engine", "onnx-fp32", "--bootstrap", 50, "--suggest-to", facts, "--json", told)
    result = run("--dataset", folder, *options, "--against", MODEL)
    assert result.exit_code == 0, result.output
    content = json.loads(told.read_text(), parse_constant=no_constant)
    assert content["images"] == 2
    assert set(content["classes"]) == {BOX["label"], "smoke", "flame"}
    found = content["classes"][BOX["label"]]
    assert (found["recall"], found["instances"], found["exhaustive"]) == (1.0, 1, True)
    assert found["ap50"] > 0.3
    assert content["classes"]["smoke"]["ap50"] == 0.0
    assert content["classes"]["flame"]["ap50"] is None
    assert content["classes"]["smoke"]["targets"]["ap50"]["mark"] == "missed"
    assert content["unknown_to_the_model"] == {"kiosk": 1}
    assert content["negatives"] == 1
    assert content["runtime"]["engine"] == "onnx-fp32"
    assert content["runtime"]["ms_per_image_median"] > 0
    assert {"light:night", "weather:rain", "source:streets"} <= set(content["slices"])
    assert content["against"]["classes"][BOX["label"]]["ap50"]["verdict"] == "no difference shown"
    assert json.loads(facts.read_text())["thresholds"].keys() == {BOX["label"]}, "smoke was never found"
    page = told.with_suffix(".html").read_text(encoding="utf-8")
    assert "各类别" in page
    assert "data:image/jpeg;base64," in page
    assert 'src="http' not in page


def test_two_evaluations_agree_but_for_the_clock(folder: Path, tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        told = tmp_path / f"{name}.json"
        assert run("--dataset", folder, "--engine", "onnx-fp32", "--bootstrap", 20, "--json", told).exit_code == 0
        contents.append(json.loads(told.read_text()))
        del contents[-1]["runtime"]  # how long a look took, and the commit, which may change meanwhile
    assert contents[0] == contents[1]


def test_json_goes_to_standard_output_when_asked(folder: Path) -> None:
    result = run("--dataset", folder, "--split", "val", "--engine", "onnx-fp32", "--bootstrap", 10, "--json", "-")
    content = json.loads(result.stdout)
    assert content["images"] == 1
    assert content["split_by_source"] == {"streets": "val"}


def test_the_split_and_the_list_choose_pictures(folder: Path) -> None:
    def names(choice: Choice) -> list[str]:
        return [picture.path.name for picture in folder_pictures(folder, choice)]

    assert names(Choice(Half.VAL)) == ["street.jpg"]
    assert names(Choice(Half.TRAIN)) == ["dark.png"]
    assert names(Choice(stems=frozenset({"dark"}))) == ["dark.png"]
    (folder / "split.json").unlink()
    assert names(Choice(Half.VAL)) == ["dark.png", "street.jpg"], "a folder without a split counts whole"


def test_pictures_carry_their_scene_and_attributes(folder: Path) -> None:
    dark, street = folder_pictures(folder)
    assert (dark.scene, street.scene) == ("streets/dark.png", "streets/7")
    assert street.attributes == {"weather": ("rain",)}


def test_classes_that_become_one_are_exhaustive_together(folder: Path) -> None:
    renamed = folder_pictures(folder, Choice(label_by_label={"kiosk": "smoke"}))
    assert all("smoke" not in picture.known for picture in renamed)
    assert len(renamed[1].boxes("smoke")) == 2
    both = folder_pictures(folder, Choice(label_by_label={"smoke": "flame"}))
    assert all("flame" in picture.known for picture in both)


def test_the_hash_follows_pictures_and_boxes(folder: Path) -> None:
    before = pictures_hash(folder_pictures(folder))
    assert before == pictures_hash(folder_pictures(folder))
    (folder / "labels" / "dark.txt").write_text("1 0.5 0.5 0.1 0.1\n")
    assert before != pictures_hash(folder_pictures(folder))


def text_picture(root: Path) -> None:
    (root / "images" / "street.jpg").write_text("this is no picture")


def reversed_box(root: Path) -> None:
    (root / "labels" / "street.txt").write_text("0 0.5 0.5 -0.1 0.1\n")


def nothing_in_it(root: Path) -> None:
    for path in (root / "images").iterdir():
        path.unlink()


def nothing_judgeable(root: Path) -> None:
    (root / "source.json").write_text(json.dumps({"classes": ["kiosk", "tram", "kerb"], "exhaustive_for": ["kiosk"]}))


def attributes_of_a_stranger(root: Path) -> None:
    (root / "attributes.json").write_text(json.dumps({"nobody": {"light": "night"}}))


def attributes_too_deep(root: Path) -> None:
    (root / "attributes.json").write_text(json.dumps({"street": {"light": {"is": "night"}}}))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (text_picture, "street.jpg: a text file"),
        (reversed_box, "street.txt:1: width -0.1"),
        (nothing_in_it, "holds no pictures"),
        (nothing_judgeable, "no class can be judged"),
        (attributes_of_a_stranger, "names nobody"),
        (attributes_too_deep, "attributes.json: street.light"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    spoil(folder)
    result = run("--dataset", folder, "--engine", "onnx-fp32", "--json", tmp_path / "told.json")
    assert result.exit_code == 2, result.output
    assert message.replace(" ", "") in "".join(result.output.split())
    assert not list(tmp_path.glob("*told*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rename", "kiosk"], "write OLD=NEW"),
        (["--only", "nowhere.txt"], "no readable list of pictures"),
        (["--targets", "nowhere.yaml"], "can't be read"),
        (["--agree-with", "nowhere.onnx"], "give a model folder or weights"),
    ],
)
def test_a_wrong_option_is_said(folder: Path, arguments: list[str], message: str) -> None:
    result = run("--dataset", folder, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.split())


def test_a_picture_is_named_with_or_without_its_extension(tmp_path: Path) -> None:
    """Names off the web hold dots of their own: `street.rf.12` is a whole name, not `street.rf` with an extension."""
    listed = tmp_path / "only.txt"
    listed.write_text("street.rf.12\nimages/other.rf.7.jpg\n")
    assert {"street.rf.12", "other.rf.7"} <= (named_stems(listed) or frozenset())


def test_what_would_fail_after_an_hour_fails_at_once(folder: Path, tmp_path: Path) -> None:
    twice = run("--dataset", folder, "--dataset", folder / ".." / "streets")
    assert (twice.exit_code, "given twice" in " ".join(twice.output.split())) == (2, True)
    onto_a_folder = run("--dataset", folder, "--json", tmp_path)
    assert (onto_a_folder.exit_code, "is a folder" in " ".join(onto_a_folder.output.split())) == (2, True)


def test_a_damaged_model_is_refused(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    (model / "model.onnx").write_bytes(b"cut short")
    result = CliRunner().invoke(app, ["evaluate", "--model", str(model), "--dataset", str(folder)])
    assert result.exit_code == 2
    assert "sha256" in result.output
