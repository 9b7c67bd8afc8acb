"""How many people a picture that leaves the node still shows: recall of redaction, and what it hides for nothing.

A person counts as hidden when at least `HIDDEN_SHARE` of the box is pixelated: what is left is a foot or an elbow.
Judged on people of `LEAST_HEIGHT_PX` and more, who are at least `LEAST_VISIBLE` in sight.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from datasets.picture import safe_read_picture
from edge.detect.port import Detector
from edge.evidence.people import PeopleFinder
from edge.evidence.redact import regions_to_hide
from edge.scene.render import Renderer
from edge.scene.streets import random_street
from models.evaluation.references import CONFIDENT, Reference
from models.judging import Judged

HIDDEN_SHARE = 0.75
LEAST_HEIGHT_PX = 40.0
LEAST_VISIBLE = 0.25
BANDS_PX = ((40, 80), (80, 160), (160, 100_000))
MOMENTS_S = (33.0, 97.0, 161.0)

Box = tuple[float, float, float, float]
Hide = Callable[[NDArray[np.uint8]], Sequence[Box]]


@dataclass(frozen=True, slots=True)
class Peopled:
    """One picture with the true people in it, boxes in shares; `scene`: what resamples draw together."""

    image: NDArray[np.uint8]
    people: tuple[Box, ...]
    scene: str


@dataclass(frozen=True, slots=True)
class Count:
    """One picture's tally: people by height band as (hidden, of), and shares of the picture."""

    scene: str
    by_band: tuple[tuple[int, int], ...]
    pixelated: float
    needless: float


@dataclass(frozen=True, slots=True)
class Recall:
    """`low` and `high`: 95 % interval, resampled by scene; None without people."""

    people: int
    recall: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one way of hiding reached."""

    name: str
    pictures: int
    overall: Recall
    by_band: tuple[tuple[str, Recall], ...]
    pixelated_share: float
    needless_share: float


def streets(seeds: Sequence[int], width_px: int) -> Iterator[Peopled]:
    """Pictures of streets of chance, all hours and weathers, with the truth."""
    for seed in seeds:
        street = random_street(seed)
        for camera in street.cameras:
            seen = replace(camera, width_px=width_px, height_px=width_px * 9 // 16)
            renderer = Renderer(street.world, seen)
            for moment_s in MOMENTS_S:
                people = tuple(
                    _share(entry.box_px, seen.width_px, seen.height_px)
                    for entry in renderer.truth(moment_s)
                    if entry.label == "person" and entry.visible_share >= LEAST_VISIBLE
                )
                yield Peopled(renderer.frame(moment_s), people, f"street {seed}")


def labelled(pictures: Sequence[Judged]) -> Iterator[Peopled]:
    """Pictures of a labelled folder; people that nobody boxed are not missed."""
    for picture in pictures:
        yield Peopled(safe_read_picture(picture.path), picture.boxes("person"), picture.scene)


def clip(path: Path, every_s: float, reference: Reference) -> Iterator[Peopled]:
    """Frames of a clip; who stands there is the pretrained net's word, at the score it is confident at.

    Raises:
        UsageError: no readable clip.
    """
    video = cv2.VideoCapture(str(path))
    step = max(1, round((video.get(cv2.CAP_PROP_FPS) or 25) * every_s))
    index = 0
    while video.grab():
        if index % step == 0:
            is_read, frame = video.retrieve()
            if is_read:
                image = np.asarray(frame, np.uint8)
                said = reference.boxes(image)
                people = tuple(entry.box for entry in said if entry.label == "person" and entry.score >= CONFIDENT)
                yield Peopled(image, people, path.name)
        index += 1
    video.release()
    if index == 0:
        raise UsageError(f"{path}: no readable clip")


def ways_to_hide(shipped: Detector, faint: Detector) -> dict[str, Hide]:
    """What a look alone hides, and what is hidden in a picture that is kept."""
    finder = PeopleFinder(faint)
    return {
        "look": lambda image: tuple(regions_to_hide(shipped.detect(image))),
        "kept": lambda image: (*regions_to_hide(shipped.detect(image)), *finder(image)),
    }


def count(picture: Peopled, regions: Sequence[Box]) -> Count:
    """One picture's tally under `regions`, shares of it."""
    height, width = picture.image.shape[:2]
    hidden = _mask(regions, width, height)
    tall = [box for box in picture.people if (box[3] - box[1]) * height >= LEAST_HEIGHT_PX]
    tallies = []
    for low, high in BANDS_PX:
        band = [box for box in tall if low <= (box[3] - box[1]) * height < high]
        tallies.append((sum(_is_hidden(hidden, box) for box in band), len(band)))
    true = _mask(picture.people, width, height)
    return Count(picture.scene, tuple(tallies), float(hidden.mean()), float((hidden & ~true).mean()))


def verdict(name: str, counts: Sequence[Count], seed: int = 1, resamples: int = 1000) -> Verdict:
    """The counts of many pictures as recall with intervals."""
    bands = [
        (f"{low}+" if high > 10_000 else f"{low}-{high}", _recall(counts, (index,), seed, resamples))
        for index, (low, high) in enumerate(BANDS_PX)
    ]
    return Verdict(
        name,
        len(counts),
        _recall(counts, range(len(BANDS_PX)), seed, resamples),
        tuple(bands),
        float(np.mean([entry.pixelated for entry in counts])) if counts else 0.0,
        float(np.mean([entry.needless for entry in counts])) if counts else 0.0,
    )


def _recall(counts: Sequence[Count], bands: Sequence[int], seed: int, resamples: int) -> Recall:
    scenes = sorted({entry.scene for entry in counts})
    tallies = np.zeros((len(scenes), 2))
    for entry in counts:
        tallies[scenes.index(entry.scene)] += [sum(entry.by_band[band][k] for band in bands) for k in (0, 1)]
    hidden, people = (int(value) for value in tallies.sum(axis=0)) if len(scenes) else (0, 0)
    if not people:
        return Recall(0, None, None, None)
    random = np.random.default_rng(seed)
    drawn = tallies[random.integers(0, len(scenes), (resamples, len(scenes)))].sum(axis=1)
    shares = drawn[drawn[:, 1] > 0]
    low, high = np.percentile(shares[:, 0] / shares[:, 1], [2.5, 97.5])
    return Recall(people, hidden / people, float(low), float(high))


def _is_hidden(hidden: NDArray[np.bool_], box: Box) -> bool:
    height, width = hidden.shape
    left, right = int(box[0] * width), max(int(box[0] * width) + 1, int(np.ceil(box[2] * width)))
    top, bottom = int(box[1] * height), max(int(box[1] * height) + 1, int(np.ceil(box[3] * height)))
    return float(hidden[top:bottom, left:right].mean()) >= HIDDEN_SHARE


def _mask(boxes: Sequence[Box], width: int, height: int) -> NDArray[np.bool_]:
    mask = np.zeros((height, width), np.bool_)
    for x1, y1, x2, y2 in boxes:
        rows = slice(max(0, int(y1 * height)), max(0, int(np.ceil(y2 * height))))
        mask[rows, max(0, int(x1 * width)) : max(0, int(np.ceil(x2 * width)))] = True
    return mask


def _share(box: Box, width: int, height: int) -> Box:
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height
