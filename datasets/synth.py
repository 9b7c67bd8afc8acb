"""Renders labelled pictures of simulated streets: the only source in which every class is boxed in every picture.

Each street is one of chance (`random_street`), seen by its two cameras at two moments. The demo's own corner is never
drawn from, so that it stays a street the model has not seen.
"""

import json
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

from edge.scene.camera import PinholeCamera
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
"""At 640 px width; smaller things are a handful of pixels and teach the model to invent."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was written: pictures and boxes by label."""

    pictures: int
    boxes_by_label: dict[str, int]


def synthesise(out: Path, count: int, seed: int, workers: int, on_picture: Callable[[], None]) -> Made:
    """Writes `count` pictures under `out` in the form of the data folders; the same arguments give the same files.

    Args:
        out: gets ``images/``, ``labels/`` and ``source.json``.
        count: pictures; four per street.
        seed: chooses the streets; sets of different seeds share none.
        workers: processes that draw.
        on_picture: called for every picture written.
    """
    for folder in ("images", "labels"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    streets = range(seed * STREETS_PER_SEED, seed * STREETS_PER_SEED + -(-count // FRAMES_PER_STREET))
    tasks = [(out, street, min(FRAMES_PER_STREET, count - k * FRAMES_PER_STREET)) for k, street in enumerate(streets)]
    boxes: Counter[str] = Counter()
    for labels_of_street in _mapped(tasks, workers):
        for labels in labels_of_street:
            boxes.update(labels)
            on_picture()
    made = Made(count, {label: boxes[label] for label in LABELS})
    _write_source(out, made, f"python -m datasets synth --count {count} --seed {seed}")
    return made


def _mapped(tasks: list[tuple[Path, int, int]], workers: int) -> Iterator[list[list[str]]]:
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
            boxes.update(_write(out, stem, renderer.frame(moment_s), 90, renderer.truth(moment_s), camera))
            on_picture()
    made = Made(count, {label: boxes[label] for label in LABELS})
    _write_source(out, made, f"python -m datasets synth --street demo --count {count}")
    return made


def _write_source(out: Path, made: Made, origin: str) -> None:
    text = json.dumps(_source(made, origin), indent=1)
    (out / "source.json").write_text(text + "\n", encoding="utf-8")


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


def _draw_street(task: tuple[Path, int, int]) -> list[list[str]]:
    """Writes one street's pictures; their labels, picture by picture."""
    out, street_seed, count = task
    street = random_street(street_seed)
    random = np.random.default_rng([street_seed, 1])
    renderers = [Renderer(street.world, camera) for camera in street.cameras]
    labels_by_picture: list[list[str]] = []
    for index in range(count):
        renderer, camera = renderers[index % len(renderers)], street.cameras[index % len(renderers)]
        moment_s = float(random.uniform(0.0, 300.0))
        stem = f"{street_seed:09d}_{camera.camera_id}_{moment_s:05.1f}"
        picture, quality = _as_a_camera_would(renderer.frame(moment_s), random)
        truth = renderer.truth(moment_s)
        labels_by_picture.append(_write(out, stem, picture, quality, truth, camera))
    return labels_by_picture


def _write(
    out: Path,
    stem: str,
    picture: NDArray[np.uint8],
    quality: int,
    truth: tuple[SceneObject, ...],
    camera: PinholeCamera,
) -> list[str]:
    """One picture and its label file; its labels."""
    objects = [found for found in truth if _counts(found)]
    cv2.imwrite(str(out / "images" / f"{stem}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    lines = [_line(found, camera.width_px, camera.height_px) for found in objects]
    (out / "labels" / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")
    return [str(found.label) for found in objects]


def _counts(found: SceneObject) -> bool:
    x1, y1, x2, y2 = found.box_px
    return found.visible_share >= LEAST_VISIBLE_SHARE and min(x2 - x1, y2 - y1) >= LEAST_SIDE_PX


def _line(found: SceneObject, width_px: int, height_px: int) -> str:
    """One line of a label file: class, centre and size in shares of the picture."""
    x1, y1, x2, y2 = found.box_px
    centre = ((x1 + x2) / 2 / width_px, (y1 + y2) / 2 / height_px)
    size = ((x2 - x1) / width_px, (y2 - y1) / height_px)
    return " ".join([str(LABELS.index(found.label)), *(f"{value:.5f}" for value in (*centre, *size))]) + "\n"


def _as_a_camera_would(picture: NDArray[np.uint8], random: np.random.Generator) -> tuple[NDArray[np.uint8], int]:
    """The picture with a street camera's faults (exposure, focus, sensor noise) and a JPEG quality to keep it at."""
    gamma = float(np.exp(random.uniform(-0.35, 0.35)))
    table = (255.0 * (np.arange(256) / 255.0) ** gamma).astype(np.uint8)
    worn = table[picture]
    if random.random() < 0.3:
        sigma = float(random.uniform(0.4, 1.1))
        worn = np.asarray(cv2.GaussianBlur(worn, (0, 0), sigma), np.uint8)
    if random.random() < 0.5:
        noise = random.normal(0.0, float(random.uniform(1.0, 7.0)), worn.shape)
        worn = np.clip(worn + noise, 0, 255).astype(np.uint8)
    return worn, int(random.integers(45, 96))
