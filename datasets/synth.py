"""Renders labelled pictures of simulated streets: the only source in which every class is boxed in every picture.

Each street is one of chance (`random_street`), seen by its two cameras at two moments, in an hour and a weather of
chance. The demo's own corner is never drawn from, so that it stays a street the model has not seen.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.synth_wear import Worn, worn_by_camera
from datasets.whole_file import write_whole_json
from edge.scene.camera import PinholeCamera
from edge.scene.chance_streets import ConditionsChoice
from edge.scene.render import Renderer
from edge.scene.streets import demo_street, random_street
from edge.scene.truth import SceneObject
from edge.scene.world import Label

LABELS: tuple[str, ...] = get_args(Label)
FRAMES_PER_STREET = 4
DEMO_PERIOD_S = 1200.0
STREETS_PER_SEED = 1_000_000
"""Streets reserved for one `--seed`: two sets of different seeds never share a street."""

LEAST_VISIBLE_SHARE = 0.25
"""Boxes of things less visible than this are left out: a person pointing at the picture would not name them."""
LEAST_SIDE_PX = 5.0
"""At 640 px width and full detail; smaller things are a handful of pixels and teach the model to invent."""
LEAST_CONTRAST = 2.0
"""Standard deviation, in grey levels, of the neighbourhood of a box averaged to 12 x 12 cells. What differs less from
its surroundings, in the dark or in fog, is left out; sensor noise alone stays below it."""
_CELLS = 12
_VAPOURS = ("smoke", "flame")
"""Their truth judges by itself whether they stand out."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: pictures and boxes by label."""

    pictures: int
    boxes_by_label: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Task:
    """One street's share of the work."""

    out: Path
    street_seed: int
    count: int
    conditions: ConditionsChoice
    worn_share: float


@dataclass(frozen=True, slots=True)
class _Written:
    """One picture: its labels, and what results are sliced by."""

    stem: str
    labels: tuple[str, ...]
    attributes: dict[str, str | list[str]]


def synthesise(
    out: Path,
    count: int,
    seed: int,
    workers: int,
    on_picture: Callable[[], None],
    conditions: ConditionsChoice = "all",
    worn_share: float = 1.0,
) -> Made:
    """Writes `count` pictures under `out` in the form of the data folders; the same arguments give the same files.

    Args:
        out: gets ``images/``, ``labels/``, ``source.json`` and ``attributes.json`` (light, weather, look-alikes and
            street of each picture, by its stem).
        count: pictures; four per street.
        seed: chooses the streets; sets of different seeds share none.
        workers: processes that draw.
        on_picture: called for every picture written.
        conditions: "day" keeps to plain daylight.
        worn_share: of the pictures that wear what a poor camera and encoder add; the others are as rendered.
    """
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    streets = range(seed * STREETS_PER_SEED, seed * STREETS_PER_SEED + -(-count // FRAMES_PER_STREET))
    tasks = [
        _Task(out, street, min(FRAMES_PER_STREET, count - k * FRAMES_PER_STREET), conditions, worn_share)
        for k, street in enumerate(streets)
    ]
    boxes: Counter[str] = Counter()
    attributes: dict[str, dict[str, str | list[str]]] = {}
    for street_pictures in _mapped(tasks, workers):
        for written in street_pictures:
            boxes.update(written.labels)
            attributes[written.stem] = written.attributes
            on_picture()
    made = Made(count, {label: boxes[label] for label in LABELS})
    only = "" if conditions == "all" else f" --conditions {conditions}"
    only += "" if worn_share == 1 else f" --worn {worn_share:g}"
    write_whole_json(out / "attributes.json", attributes)
    write_whole_json(
        out / "source.json", _source(made, f"python -m datasets synth --count {count} --seed {seed}{only}")
    )
    return made


def _mapped(tasks: list[_Task], workers: int) -> Iterator[list[_Written]]:
    if workers == 1:
        yield from map(_draw_street, tasks)
        return
    # spawned, not forked: OpenCV's threads don't survive a fork
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_draw_street, tasks)


def draw_demo(out: Path, count: int, on_picture: Callable[[], None]) -> Made:
    """Writes `count` pictures of the demo's own street, evenly over its script and its cameras: to judge on, only."""
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    street = demo_street()
    boxes: Counter[str] = Counter()
    for offset, camera in enumerate(street.cameras):
        renderer = Renderer(street.world, camera)
        for index in range(offset, count, len(street.cameras)):
            moment_s = 10.0 + DEMO_PERIOD_S * index / count
            stem = f"{camera.camera_id}_{moment_s:06.1f}"
            worn = Worn(renderer.frame(moment_s), 90, 1.0)
            boxes.update(_write(out, stem, worn, renderer.truth(moment_s), camera))
            on_picture()
    made = Made(count, {label: boxes[label] for label in LABELS})
    write_whole_json(out / "source.json", _source(made, f"python -m datasets synth --street demo --count {count}"))
    return made


def _source(made: Made, origin: str) -> dict[str, object]:
    return {
        "name": "synth",
        "origin": origin,
        "licence_as_stated": "AGPL-3.0 (rendered by this project)",
        "classes": list(LABELS),
        "exhaustive_for": list(LABELS),
        "note": "Simulated streets: exact boxes of everything at least a quarter visible; drawn, not photographed.",
        "images": made.pictures,
        "boxes": made.boxes_by_label,
    }


def _draw_street(task: _Task) -> list[_Written]:
    """Writes one street's pictures."""
    street = random_street(task.street_seed, task.conditions)
    random = np.random.default_rng([task.street_seed, 1])
    renderers = [Renderer(street.world, camera) for camera in street.cameras[: task.count]]
    written: list[_Written] = []
    for index in range(task.count):
        renderer, camera = renderers[index % len(renderers)], street.cameras[index % len(renderers)]
        moment_s = float(random.uniform(0.0, 300.0))
        stem = f"{task.street_seed:09d}_{camera.camera_id}_{moment_s:05.1f}"
        worn = _worn(renderer.frame(moment_s), random, task.worn_share)
        labels = _write(task.out, stem, worn, renderer.truth(moment_s), camera)
        attributes: dict[str, str | list[str]] = {
            "light": street.conditions.light,
            "weather": street.conditions.weather,
            "lookalikes": [str(kind) for kind in renderer.lookalikes(moment_s)],
            "scene": f"{task.street_seed:09d}",
        }
        written.append(_Written(stem, labels, attributes))
    return written


def _worn(picture: NDArray[np.uint8], random: np.random.Generator, share: float) -> Worn:
    if share < 1 and random.random() >= share:  # no draw at 1: the same arguments go on giving the same pictures
        return Worn(picture, 92, 1.0)
    return worn_by_camera(picture, random)


def _write(
    out: Path,
    stem: str,
    worn: Worn,
    truth: tuple[SceneObject, ...],
    camera: PinholeCamera,
) -> tuple[str, ...]:
    """One picture and its label file; its labels."""
    grey = cv2.cvtColor(worn.picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
    objects = [found for found in truth if _counts(found, worn.detail) and _stands_out(found, grey)]
    cv2.imwrite(str(out / "images" / f"{stem}.jpg"), worn.picture, [cv2.IMWRITE_JPEG_QUALITY, worn.quality])
    lines = [_line(found, camera.width_px, camera.height_px) for found in objects]
    (out / "labels" / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")
    return tuple(str(found.label) for found in objects)


def _counts(found: SceneObject, detail: float) -> bool:
    x1, y1, x2, y2 = found.box_px
    return found.visible_share >= LEAST_VISIBLE_SHARE and min(x2 - x1, y2 - y1) * detail >= LEAST_SIDE_PX


def _stands_out(found: SceneObject, grey: NDArray[np.float32]) -> bool:
    """Whether a thing differs from what is around it; `grey` is (H, W)."""
    if found.label in _VAPOURS:
        return True
    x1, y1, x2, y2 = found.box_px
    margin = 0.2 * min(x2 - x1, y2 - y1) + 1
    rows = slice(max(0, int(y1 - margin)), int(y2 + margin) + 1)
    columns = slice(max(0, int(x1 - margin)), int(x2 + margin) + 1)
    cells = cv2.resize(grey[rows, columns], (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    return float(cells.std()) >= LEAST_CONTRAST


def _line(found: SceneObject, width_px: int, height_px: int) -> str:
    """One line of a label file: class, centre and size in shares of the picture."""
    x1, y1, x2, y2 = found.box_px
    centre = ((x1 + x2) / 2 / width_px, (y1 + y2) / 2 / height_px)
    size = ((x2 - x1) / width_px, (y2 - y1) / height_px)
    return " ".join([str(LABELS.index(found.label)), *(f"{value:.5f}" for value in (*centre, *size))]) + "\n"
