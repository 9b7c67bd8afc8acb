"""Rendered pictures: boxed exhaustively, the same for the same seed, never from the demo's street."""

import json
from pathlib import Path

import cv2
import pytest

from datasets.synth import LABELS, draw_demo, synthesise


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
