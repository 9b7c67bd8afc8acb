"""Backgrounds of chance: no picture of a real street is needed."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from datasets.composites.layers import Canvas
from datasets.composites.plumes import Pool
from datasets.composites.site import Site
from datasets.composites.views import View

FolderMaker = Callable[..., Path]


def street(seed: int, width_px: int = 240, height_px: int = 180) -> NDArray[np.uint8]:
    """A sky, a wall and a ground with some texture, (h, w, 3)."""
    random = np.random.default_rng(seed)
    picture = np.full((height_px, width_px, 3), (190, 170, 150), np.float32)
    picture[height_px // 4 :] = (95, 120, 140)
    picture[height_px // 2 :] = (105, 105, 110)
    texture = cv2.resize(random.normal(0, 14, (30, 40)).astype(np.float32), (width_px, height_px))
    textured: NDArray[np.uint8] = np.clip(picture + texture[..., None], 0, 255).astype(np.uint8)
    return textured


@pytest.fixture
def make_folder(tmp_path: Path) -> FolderMaker:
    """Writes a source of `count` streets: name, exhaustive labels, classes, label lines by picture number."""

    def make(
        name: str,
        count: int = 4,
        exhaustive_for: tuple[str, ...] = ("smoke", "flame"),
        classes: tuple[str, ...] = (),
        lines: dict[int, str] | None = None,
        split: dict[str, str] | None = None,
    ) -> Path:
        root = tmp_path / name
        (root / "images").mkdir(parents=True)
        (root / "labels").mkdir()
        for number in range(count):
            cv2.imwrite(str(root / "images" / f"{name}-{number}.jpg"), street(number))
            (root / "labels" / f"{name}-{number}.txt").write_text((lines or {}).get(number, ""))
        facts = {"name": name, "classes": list(classes), "exhaustive_for": list(exhaustive_for)}
        (root / "source.json").write_text(json.dumps(facts))
        if split is not None:
            (root / "split.json").write_text(json.dumps(split))
        return root

    return make


@pytest.fixture
def site() -> Site:
    """A place to lay things on, by day."""
    view = View(0.45, 1.7)
    return Site(
        canvas=Canvas(street(1, 480, 360).astype(np.float32)),
        camera=view.camera(480, 360),
        view=view,
        random=np.random.default_rng(5),
        pool=Pool(3, 2),
        picture_seed=11,
        cuts={},
        daylight=0.9,
    )
