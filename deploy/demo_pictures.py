"""Renders the pictures that `central demo` hangs on its cases: simulated streets, drawn and not photographed.

`python -m deploy.demo_pictures` writes them anew into central/demo/pictures; they are kept in the repository, because
central knows no renderer. Two of a kind by day and two by whatever hour and weather chance gives.
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from edge.scene.render import Renderer
from edge.scene.streets import random_street
from edge.scene.truth import SceneObject

FOLDER = Path(__file__).parents[1] / "central" / "demo" / "pictures"
SEEN_BY_LABEL = {
    "stall": "stall",
    "vendor_cart": "cart",
    "grill": "grill",
    "smoke": "smoke",
    "flame": "flame",
    "garbage_pile": "garbage",
    "waste_container": "bin_overflow",
    "billboard": "billboard",
    "shop_sign": "sign",
    "banner": "banner",
}
FIRST_STREET = 77_000_000
"""Streets that no training set draws: those take a million for each seed, and seeds are small."""
MOMENTS_S = (40.0, 190.0)
LEAST_VISIBLE, LEAST_SHARE, MOST_SHARE = 0.75, 0.004, 0.35
"""How much of the thing shows, and how much of the picture it fills: what a reviewer recognises at a glance."""
EACH = 4
QUALITY = 72


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that shows one kind well; `score` is larger where it shows better."""

    seen: str
    picture: NDArray[np.uint8]
    box_px: tuple[float, float, float, float]
    score: float


def main(streets: int = 60) -> None:
    """Draws, chooses and writes."""
    best: dict[str, list[Shot]] = defaultdict(list)
    for number in range(streets):
        for seen, shot in _best_of(FIRST_STREET + number, is_day=number % 2 == 0).items():
            best[seen].append(shot)
        typer.echo(f"street {number + 1} of {streets}", err=True)
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.jpg"):
        old.unlink()
    listed = [
        _write(shot, number)
        for seen in sorted(best)
        for number, shot in enumerate(sorted(best[seen], key=lambda shot: -shot.score)[:EACH], start=1)
    ]
    text = json.dumps({"licence": "AGPL-3.0, rendered by this project", "pictures": listed}, indent=1)
    (FOLDER / "pictures.json").write_text(text + "\n", encoding="utf-8")
    typer.echo(f"{len(listed)} pictures")


def _best_of(seed: int, *, is_day: bool) -> dict[str, Shot]:
    """One street's best picture of each kind: a street is one case's place."""
    street = random_street(seed, "day" if is_day else "all")
    found: dict[str, Shot] = {}
    for camera in street.cameras:
        renderer = Renderer(street.world, camera)
        for moment_s in MOMENTS_S:
            picture = renderer.frame(moment_s)
            for thing in renderer.truth(moment_s):
                shot = _shot(thing, picture)
                if shot is not None and (shot.seen not in found or found[shot.seen].score < shot.score):
                    found[shot.seen] = shot
    return found


def _shot(thing: SceneObject, picture: NDArray[np.uint8]) -> Shot | None:
    seen = SEEN_BY_LABEL.get(thing.label)
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = thing.box_px
    share = (x2 - x1) * (y2 - y1) / (width * height)
    if seen is None or thing.visible_share < LEAST_VISIBLE or not LEAST_SHARE <= share <= MOST_SHARE:
        return None
    contrast = float(picture[int(y1) : int(y2) + 1, int(x1) : int(x2) + 1].std())
    return Shot(seen, picture, thing.box_px, thing.visible_share * min(share, 0.08) * contrast)


def _write(shot: Shot, number: int) -> dict[str, object]:
    name = f"{shot.seen}-{number}.jpg"
    height, width = shot.picture.shape[:2]
    cv2.imwrite(str(FOLDER / name), shot.picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    box = [round(value / side, 4) for value, side in zip(shot.box_px, (width, height, width, height), strict=True)]
    return {"file": name, "seen": shot.seen, "width_px": width, "height_px": height, "box": box}


if __name__ == "__main__":
    typer.run(main)
