"""A source that obeys the lock trains and judges on what the lock says, for good."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from contract.errors import UsageError
from datasets.folder import LabelledFolder, read_folder
from datasets.split_lock import LockedPicture, SplitLock, write_lock
from datasets.whole_file import sha256_of
from models.training.lock import by_lock
from tests.models.test_sources import make_source

HALVES = ("train", "train", "train", "val", "withheld", "val")


@pytest.fixture
def source(tmp_path: Path) -> LabelledFolder:
    return read_folder(make_source(tmp_path / "city", ["shop_sign"], ["shop_sign"]))


@pytest.fixture
def lock(source: LabelledFolder, tmp_path: Path) -> Path:
    """Six pictures, the third withheld beside a val picture of its scene; folds 0, 1, 2, 0, 1, 2."""
    places = {
        picture.path.stem: LockedPicture(sha256_of(picture.path)[:16], str(k), HALVES[k], k % 3)  # type: ignore[arg-type]
        for k, picture in enumerate(source.pictures)
    }
    path = tmp_path / "split.lock.json"
    write_lock(path, SplitLock(3, {source.name: places}))
    return path


def halves(folder: LabelledFolder) -> dict[str, str | None]:
    return {picture.path.stem: picture.split for picture in folder.pictures}


def test_the_lock_says_which_half_and_what_is_withheld(source: LabelledFolder, lock: Path) -> None:
    expected = {"p0": "train", "p1": "train", "p2": "train", "p3": "val", "p5": "val"}
    assert halves(by_lock(source, None, lock)) == expected


def test_a_fold_is_held_back_from_all_pictures(source: LabelledFolder, lock: Path) -> None:
    found = halves(by_lock(source, 1, lock))
    assert {stem for stem, half in found.items() if half == "val"} == {"p1", "p4"}
    assert len(found) == 6


def test_every_picture_is_judged_in_one_fold_only(source: LabelledFolder, lock: Path) -> None:
    held = [stem for fold in range(3) for stem, half in halves(by_lock(source, fold, lock)).items() if half == "val"]
    assert sorted(held) == [f"p{k}" for k in range(6)]


def test_another_picture_under_a_locked_name_is_refused(source: LabelledFolder, lock: Path) -> None:
    cv2.imwrite(str(source.root / "images" / "p2.png"), np.full((8, 8, 3), 200, np.uint8))
    with pytest.raises(UsageError, match=r"p2\.png: not the picture that .*split\.lock\.json places"):
        by_lock(source, None, lock)


def test_a_picture_that_was_never_locked_is_refused(source: LabelledFolder, lock: Path) -> None:
    cv2.imwrite(str(source.root / "images" / "new.png"), np.full((8, 8, 3), 200, np.uint8))
    with pytest.raises(UsageError, match=r"new\.png: is in no split"):
        by_lock(read_folder(source.root), None, lock)
