"""Real things cut out: good cuts kept, doubtful ones dropped, val pictures left alone."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.errors import UsageError
from datasets.composites.cutouts import cut_out_all, labelled_folders
from tests.datasets_composites.conftest import FolderMaker


def source(root: Path, label: str, picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]", line: str) -> Path:
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    cv2.imwrite(str(root / "images" / "one.png"), picture)
    (root / "labels" / "one.txt").write_text(line)
    facts = {"name": root.name, "classes": [label], "exhaustive_for": [label]}
    (root / "source.json").write_text(json.dumps(facts))
    (root / "split.json").write_text(json.dumps({"one": "train"}))
    return root


def night_fire() -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    picture = np.full((240, 320, 3), (25, 20, 18), np.uint8)
    cv2.ellipse(picture, (160, 140), (34, 60), 0, 0, 360, (30, 120, 250), -1)
    cv2.ellipse(picture, (160, 155), (16, 32), 0, 0, 360, (180, 240, 255), -1)
    return picture


def test_a_flame_is_cut_out_by_its_own_light(tmp_path: Path) -> None:
    root = source(tmp_path / "fires", "flame", night_fire(), "0 0.5 0.583 0.28 0.62\n")
    (cut,) = cut_out_all(labelled_folders([root], None), "train", lambda: None)
    height, width = cut.alpha.shape
    assert cut.alpha[height // 2, width // 2] == pytest.approx(1, abs=0.02)
    assert cut.alpha[2, 2] < 0.1
    assert width / height == pytest.approx(68 / 120, abs=0.1)
    assert cut.origin == "fires/one"


def test_a_flame_by_day_is_left(tmp_path: Path) -> None:
    picture = np.maximum(night_fire(), 170).astype(np.uint8)
    root = source(tmp_path / "fires", "flame", picture, "0 0.5 0.583 0.28 0.62\n")
    assert cut_out_all(labelled_folders([root], None), "train", lambda: None) == []


def test_a_bin_is_cut_out_along_its_outline(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 6, (240, 320, 3))
    picture = np.clip(np.full((240, 320, 3), (120, 140, 150)) + noise, 0, 255).astype(np.uint8)
    cv2.rectangle(picture, (110, 60), (200, 190), (40, 70, 30), -1)
    root = source(tmp_path / "bins", "waste_container", picture, "0 0.485 0.52 0.30 0.58\n")
    (cut,) = cut_out_all(labelled_folders([root], None), "train", lambda: None)
    assert cut.alpha.shape == pytest.approx((131, 91), abs=8)
    assert cut.bgr[cut.alpha > 0.9].mean() < 70, "the wall stays behind"


def test_a_thing_without_an_outline_is_no_cut_out(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 3, (240, 320, 3))
    picture = np.clip(np.full((240, 320, 3), (120, 140, 150)) + noise, 0, 255).astype(np.uint8)
    root = source(tmp_path / "bins", "waste_container", picture, "0 0.5 0.5 0.4 0.5\n")
    assert cut_out_all(labelled_folders([root], None), "train", lambda: None) == []


def test_what_is_kept_to_judge_by_is_not_cut_out_of(tmp_path: Path) -> None:
    root = source(tmp_path / "fires", "flame", night_fire(), "0 0.5 0.583 0.28 0.62\n")
    folders = labelled_folders([root], None)
    assert cut_out_all(folders, "val", lambda: None) == []


def test_a_source_of_other_labels_is_refused(make_folder: FolderMaker) -> None:
    with pytest.raises(UsageError, match="facades: labels none of flame"):
        labelled_folders([make_folder("facades", classes=("shop_sign",))], None)
