"""Looks at every picture once with each model, through the very detector that a node runs.

Twice per model: with the thresholds it ships with, which is what a node would report, and with next to none, for
curves. One run can't serve both: of two classes at one place the node keeps the best *above its threshold*.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.manifest import Engine, ModelManifest
from datasets.picture import safe_read_picture
from edge.detect.choose import open_detector, open_variant
from edge.detect.port import Detector
from edge.values import Detection
from models.judging import Judged

LEAST_SCORE = 0.01
"""Where curves end. Lower adds thousands of boxes that no threshold will ever let through."""

WARM_UP_LOOKS = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """What one model saw in one picture: `shipped` at its own thresholds, `curve` down to `LEAST_SCORE`."""

    shipped: tuple[Detection, ...]
    curve: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class Viewed:
    """One picture with its size, its brightness (mean grey, 0..255) and what each model saw."""

    picture: Judged
    width_px: int
    height_px: int
    brightness: float
    sights: tuple[Sight, ...]


class Eye:
    """One model in one engine, opened twice. `looks_ms` grows by one per look at shipped thresholds."""

    def __init__(self, folder: Path, engine: Engine | None, threads: int) -> None:
        """Opens and checks the model of `folder` as a node would; `engine` None: the node's own choice.

        Raises:
            UsageError: the folder is no intact model, or has no such variant.
            PermanentError: no variant works on this machine.
        """
        self.folder = folder
        self.threads = threads
        self.shipped = open_detector(folder, engine, threads)
        manifest = self.shipped.manifest
        variant = next(entry for entry in manifest.variants if entry.engine is self.shipped.engine)
        self._curve: Detector = open_variant(folder, _without_thresholds(manifest), variant, threads)
        self.looks_ms: list[float] = []

    @property
    def manifest(self) -> ModelManifest:
        return self.shipped.manifest

    @property
    def thresholds(self) -> dict[str, float]:
        return {entry.label: entry.threshold for entry in self.manifest.classes}

    @property
    def median_ms(self) -> float | None:
        """Wall milliseconds of one look at shipped thresholds, reading the picture not counted."""
        return statistics.median(self.looks_ms) if self.looks_ms else None

    def look(self, frame: NDArray[np.uint8]) -> Sight:
        """What the model sees in `frame` (height, width, 3) BGR."""
        began = time.perf_counter()
        shipped = self.shipped.detect(frame)
        self.looks_ms.append((time.perf_counter() - began) * 1e3)
        return Sight(shipped, self._curve.detect(frame))

    def close(self) -> None:
        self.shipped.close()
        self._curve.close()


def view(pictures: Sequence[Judged], eyes: Sequence[Eye], on_picture: Callable[[], None]) -> tuple[Viewed, ...]:
    """Every picture seen by every model.

    Raises:
        UsageError: a picture is none, or too large.
    """
    _warm_up(eyes)
    viewed = []
    for picture in pictures:
        frame = safe_read_picture(picture.path)
        sights = tuple(eye.look(frame) for eye in eyes)
        brightness = float(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).mean())
        viewed.append(Viewed(picture, frame.shape[1], frame.shape[0], brightness, sights))
        on_picture()
    return tuple(viewed)


def _warm_up(eyes: Sequence[Eye]) -> None:
    """The first looks of a fresh model cost several times as much and would not be a node's."""
    for eye in eyes:
        for _ in range(WARM_UP_LOOKS):
            eye.shipped.detect(np.full((360, 640, 3), 114, np.uint8))


def _without_thresholds(manifest: ModelManifest) -> ModelManifest:
    low = tuple(entry.model_copy(update={"threshold": LEAST_SCORE}) for entry in manifest.classes)
    return manifest.model_copy(update={"classes": low})
