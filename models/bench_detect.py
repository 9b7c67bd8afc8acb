"""What one look costs: ultralytics' own predictor against the node's detector, same weights, same frames, same run.

Measured in CPU time of all threads of the process, in alternating blocks, so that a busy neighbour or a changing
clock touches all contestants alike.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.manifest import Engine
from edge.detect.choose import open_detector
from models.machine import package_versions, processor
from models.trust import require_known

Frame = NDArray[np.uint8]
PREDICTOR = "ultralytics"
WARM_UP_FRAMES = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """One contestant: CPU and wall milliseconds per frame, medians over its blocks."""

    cpu_ms: float
    wall_ms: float
    blocks: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome; `cpu_share_of_ultralytics` is each contestant's cost as a share of the predictor's."""

    cost_by_contestant: dict[str, Cost]
    cpu_share_of_ultralytics: dict[str, float]
    frame_px: tuple[int, int]
    threads: int
    machine: str
    versions: dict[str, str]


def compare(
    model: Path, weights: Path, frames: Sequence[Frame], blocks: int = 6, threads: int = 1, image_px: int = 640
) -> Comparison:
    """Runs `frames` through every contestant `blocks` times, in turn.

    Args:
        model: a model folder made from `weights`.
        weights: the ``.pt`` that ultralytics predicts with.
        frames: (height, width, 3) BGR, all of one size.
        blocks: rounds; each contestant sees all frames in each.
        threads: for inference, in every contestant.
        image_px: ultralytics' longest side; for a 16:9 frame its predictor then computes 640×384, as the node does.

    Raises:
        UsageError: no frames, no such weights file, or one that nobody vouches for.
    """
    if not frames:
        raise UsageError("no frames to look at")
    contestants = {PREDICTOR: _predictor(weights, threads, image_px)}
    detectors = [open_detector(model, engine, threads) for engine in (Engine.OPENVINO_INT8, Engine.OPENVINO_FP32)]
    contestants |= {str(detector.engine): detector.detect for detector in detectors}
    for look in contestants.values():
        for frame in frames[:WARM_UP_FRAMES]:
            look(frame)
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in contestants}
    for block in range(blocks):
        names = list(contestants)
        for name in names[block % len(names) :] + names[: block % len(names)]:
            samples[name].append(_timed(contestants[name], frames))
    for detector in detectors:
        detector.close()
    costs = {
        name: Cost(statistics.median(cpu for cpu, _ in taken), statistics.median(wall for _, wall in taken), blocks)
        for name, taken in samples.items()
    }
    return Comparison(
        cost_by_contestant=costs,
        cpu_share_of_ultralytics={name: cost.cpu_ms / costs[PREDICTOR].cpu_ms for name, cost in costs.items()},
        frame_px=(frames[0].shape[1], frames[0].shape[0]),
        threads=threads,
        machine=processor(),
        versions=package_versions(("ultralytics", "torch", "openvino", "numpy")),
    )


def _predictor(weights: Path, threads: int, image_px: int) -> Callable[[Frame], object]:
    from models.torch_env import prepare

    require_known(weights)
    prepare()
    from typing import Any, cast

    import torch
    from ultralytics.models import YOLO

    model: Any = YOLO(weights)
    model.predict(np.zeros((360, 640, 3), np.uint8), imgsz=image_px, device="cpu", verbose=False)
    cast(Any, torch).set_num_threads(threads)  # after the first call: the predictor sets its own on start
    return lambda frame: model.predict(frame, imgsz=image_px, device="cpu", verbose=False)


def _timed(look: Callable[[Frame], object], frames: Sequence[Frame]) -> tuple[float, float]:
    """CPU and wall milliseconds per frame."""
    cpu, wall = time.process_time(), time.perf_counter()
    for frame in frames:
        look(frame)
    return (time.process_time() - cpu) * 1e3 / len(frames), (time.perf_counter() - wall) * 1e3 / len(frames)
