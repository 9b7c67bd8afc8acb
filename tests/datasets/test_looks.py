"""Pictures that look alike are found re-encoded, shrunk, mirrored and letterboxed; strangers are not."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.errors import UsageError
from datasets.looks import DUPLICATE_DISTANCE, SAME_SCENE_DISTANCE, alike_pairs, distance_between, look_at
from tests.datasets.builders import scene, write_picture


def shrunk(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(picture, (160, 110), interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(picture[:, ::-1])


def letterboxed(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.copyMakeBorder(picture, 80, 80, 0, 0, cv2.BORDER_CONSTANT), np.uint8)


def darker(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(picture * 0.8, np.uint8)


@pytest.mark.parametrize("change", [shrunk, mirrored, letterboxed, darker])
def test_a_changed_copy_is_found(tmp_path: Path, change: object) -> None:
    assert callable(change)
    picture = scene(1, 320, 220)
    write_picture(tmp_path / "one.png", picture)
    write_picture(tmp_path / "copy.jpg", change(picture))
    write_picture(tmp_path / "other.png", scene(2, 320, 220))
    looks = [look_at(tmp_path / name) for name in ("one.png", "copy.jpg", "other.png")]
    assert distance_between(looks[0], looks[1]) <= DUPLICATE_DISTANCE
    assert [(pair.first, pair.second) for pair in alike_pairs(looks)] == [(0, 1)]


def test_strangers_are_far_apart(tmp_path: Path) -> None:
    for seed in range(12):
        write_picture(tmp_path / f"{seed}.png", scene(seed))
    looks = [look_at(tmp_path / f"{seed}.png") for seed in range(12)]
    assert alike_pairs(looks, SAME_SCENE_DISTANCE) == []
    assert alike_pairs([]) == []


def test_a_black_picture_has_a_look(tmp_path: Path) -> None:
    write_picture(tmp_path / "night.png", np.zeros((40, 60, 3), np.uint8))
    assert look_at(tmp_path / "night.png").upright.shape == (256,)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("text")
    with pytest.raises(UsageError, match=r"a\.jpg: a text file"):
        look_at(tmp_path / "a.jpg")
