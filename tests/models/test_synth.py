"""Rendered pictures: boxed exhaustively, the same for the same seed, never from the demo's street."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.synth import LABELS, draw_demo, synthesise
from datasets.synth_wear import worn_by_camera


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five pictures: one whole street and the first of the next."""
    out: Path = tmp_path_factory.mktemp("synth")
    synthesise(out, 5, 7, 1, lambda: None)
    return out


def test_every_picture_has_a_label_file_and_boxes_lie_inside(folder: Path) -> None:
    pictures = sorted((folder / "images").iterdir())
    assert len(pictures) == 5
    for picture in pictures:
        for line in (folder / "labels" / f"{picture.stem}.txt").read_text().splitlines():
            number, *rest = line.split()
            x, y, width, height = (float(part) for part in rest)
            assert 0 <= int(number) < len(LABELS)
            assert -1e-4 <= x - width / 2 <= x + width / 2 <= 1.0001
            assert -1e-4 <= y - height / 2 <= y + height / 2 <= 1.0001


def test_source_says_where_it_comes_from_and_that_it_boxes_everything(folder: Path) -> None:
    facts = json.loads((folder / "source.json").read_text())
    assert facts["exhaustive_for"] == facts["classes"] == list(LABELS)
    assert facts["origin"] == "python -m datasets synth --count 5 --seed 7"
    assert facts["images"] == 5


def test_all_fifteen_classes_are_boxed_and_old_ones_keep_their_order() -> None:
    """Weights and older folders count on the first thirteen; tables and banners came later."""
    assert LABELS[:3] == ("smoke", "flame", "grill")
    assert LABELS[13:] == ("table", "banner")
    assert len(set(LABELS)) == 15


def test_attributes_say_what_each_picture_is_sliced_by(folder: Path) -> None:
    attributes = json.loads((folder / "attributes.json").read_text())
    assert set(attributes) == {path.stem for path in (folder / "images").iterdir()}
    for stem, facts in attributes.items():
        assert set(facts) == {"light", "weather", "lookalikes", "scene"}
        assert facts["light"] in ("day", "dusk", "night")
        assert facts["scene"] == stem.split("_")[0]
        assert facts["lookalikes"] == sorted(set(facts["lookalikes"]))


def test_plain_daylight_can_be_asked_for(tmp_path: Path) -> None:
    synthesise(tmp_path, 3, 9, 1, lambda: None, "day")
    attributes = json.loads((tmp_path / "attributes.json").read_text())
    assert {(facts["light"], facts["weather"]) for facts in attributes.values()} == {("day", "clear")}
    assert json.loads((tmp_path / "source.json").read_text())["origin"].endswith("--conditions day")


def test_pictures_as_rendered_can_be_asked_for(folder: Path, tmp_path: Path) -> None:
    """The same streets, without the faults of a poor camera: nothing is left out for its lost detail."""
    synthesise(tmp_path, 5, 7, 1, lambda: None, worn_share=0.0)
    assert {path.stem.split("_")[0] for path in (tmp_path / "images").iterdir()} == {
        path.stem.split("_")[0] for path in (folder / "images").iterdir()
    }
    assert json.loads((tmp_path / "source.json").read_text())["origin"].endswith("--worn 0")


def test_camera_faults_keep_the_picture_and_say_what_detail_is_left() -> None:
    """The same chance gives the same faults; low resolution takes away fine detail and says so."""
    picture = np.random.default_rng(0).integers(0, 256, (90, 160, 3)).astype(np.uint8)
    blurred = 0
    for seed in range(40):
        worn = worn_by_camera(picture, np.random.default_rng(seed))
        again = worn_by_camera(picture, np.random.default_rng(seed))
        assert worn.picture.shape == picture.shape
        assert worn.picture.dtype == np.uint8
        assert worn.picture.tobytes() == again.picture.tobytes()
        assert 0.4 <= worn.detail <= 1.0
        blurred += worn.detail < 1.0
    assert 3 < blurred < 25


def test_the_same_seed_gives_the_same_files_whatever_the_workers(folder: Path, tmp_path: Path) -> None:
    synthesise(tmp_path, 5, 7, 2, lambda: None)
    for path in sorted(folder.rglob("*.*")):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes()


def test_another_seed_shares_no_street(folder: Path, tmp_path: Path) -> None:
    synthesise(tmp_path, 1, 8, 1, lambda: None)
    streets = {path.stem.split("_")[0] for path in (folder / "images").iterdir()}
    assert streets.isdisjoint({path.stem.split("_")[0] for path in (tmp_path / "images").iterdir()})


def test_the_demo_street_is_drawn_from_all_its_cameras(tmp_path: Path) -> None:
    draw_demo(tmp_path, 4, lambda: None)
    names = sorted(path.name.split("_")[0] for path in (tmp_path / "images").iterdir())
    assert names == ["cam-1", "cam-2", "cam-3", "cam-4"]
    picture = cv2.imread(str(next((tmp_path / "images").iterdir())))
    assert picture is not None
    assert picture.shape == (360, 640, 3)
