"""What nets of several architectures and sizes cost a node: milliseconds, megabytes, parameters, operations.

Weights are random: speed and size don't depend on them (post-processing is that of an empty frame). All nets are
timed through the node's own detector, in one process on one core, in turns, so that a busy neighbour touches all alike.
"""

# torch and ultralytics are partly typed where the bench is installed and absent elsewhere: both must pass the check.
# mypy: allow-untyped-calls, disable-error-code="import-not-found"

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from contract.manifest import Engine, ModelInput, ModelManifest
from edge.detect.choose import open_variant
from edge.detect.port import Detector
from models.classes import STREET_LABELS
from models.export import ExportPlan, export
from models.machine import package_versions, processor
from models.publishing.attempts import Attempt
from models.publishing.calibration import of_folder
from models.publishing.held_back import usable_sets
from models.quantise import KeptFloat, Overflow
from models.torch_env import prepare

NETS = ("yolo11n", "yolo26n", "yolo11s", "yolo26s")
ENGINES = (Engine.OPENVINO_FP32, Engine.OPENVINO_INT8)
FRAME_PX = (360, 640)
LOOKS_PER_TURN = 5
WARM_UP_LOOKS = 3
CALIBRATION_PICTURES = 4


@dataclass(frozen=True, slots=True)
class NetCost:
    """One net. `ms_by_engine`: median CPU milliseconds of a look; `low_ms_by_engine`: of the fastest turn, which a
    busy machine disturbs least. `mb_by_engine`: the files a node must hold for it."""

    net: str
    parameters: int
    gflops: float
    ms_by_engine: dict[str, float]
    low_ms_by_engine: dict[str, float]
    mb_by_engine: dict[str, float]


@dataclass(frozen=True, slots=True)
class Costs:
    """All nets, and under what circumstances. `load` is the machine's mean number of runnable processes (1 minute)
    before the measurement: near 0 when it was quiet."""

    nets: tuple[NetCost, ...]
    input: str
    turns: int
    core: int
    load: float
    processor: str
    instruction_sets: tuple[str, ...]
    versions: dict[str, str]


def measure_costs(
    nets: Sequence[str], model_input: ModelInput, turns: int, core: int, on_step: Callable[[str, int | None], None]
) -> Costs:
    """Builds each net with our labels, publishes it as FP32 and INT8 in a scratch folder, and times all in turns.

    Args:
        nets: names of ultralytics' configurations, as yolo11n.
        model_input: static size.
        turns: how often each net and engine is timed, `LOOKS_PER_TURN` looks a turn.
        core: the one to run on.
        on_step: told what comes next.

    Raises:
        UsageError: no such net, or no such core.
    """
    prepare()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        built = {net: _build(net, model_input, Path(scratch), on_step) for net in nets}
        on_step(f"timing {len(nets)} nets in {turns} turns", None)
        with _on_core(core):
            detectors = {
                (net, engine): _open(Path(scratch) / net, made.manifest, engine)
                for net, made in built.items()
                for engine in ENGINES
            }
            samples = _time_in_turns(detectors, turns)
    return Costs(
        nets=tuple(_cost(net, made, samples) for net, made in built.items()),
        input=f"{model_input.height_px}x{model_input.width_px}",
        turns=turns,
        core=core,
        load=round(load, 2),
        processor=processor(),
        instruction_sets=usable_sets(),
        versions=package_versions(("ultralytics", "torch", "openvino", "nncf")),
    )


@dataclass(frozen=True, slots=True)
class _Built:
    manifest: ModelManifest
    parameters: int
    gflops: float


def _build(net: str, model_input: ModelInput, scratch: Path, on_step: Callable[[str, int | None], None]) -> _Built:
    import torch
    from ultralytics.nn.tasks import DetectionModel
    from ultralytics.utils.torch_utils import get_flops

    on_step(f"building {net}", None)
    torch.manual_seed(1)
    try:
        model: Any = DetectionModel(f"{net}.yaml", nc=len(STREET_LABELS), verbose=False)
    except FileNotFoundError as error:
        raise UsageError(f"{net}: ultralytics has no configuration of this name; try {', '.join(NETS)}") from error
    model.names, model.args = dict(enumerate(STREET_LABELS)), {"task": "detect", "imgsz": model_input.width_px}
    parameters = sum(part.numel() for part in model.parameters())
    gflops = float(get_flops(model, [model_input.height_px, model_input.width_px]))
    weights = scratch / f"{net}.pt"
    torch.save({"model": model.half(), "train_args": model.args}, weights)
    plan = ExportPlan(
        weights=weights,
        out=scratch / net,
        name=net,
        version="random",
        input=model_input,
        calibration=of_folder(scratch, _noise(scratch)),
        attempts=(Attempt(Overflow.FIRST_LAYER, KeptFloat.DECODING),),
    )
    manifest, _ = export(plan, on_step=on_step, on_picture=lambda: None)
    return _Built(manifest, parameters, gflops)


def _noise(folder: Path) -> list[Path]:
    """A few pictures to quantise with; what is on them changes ranges, not speed."""
    import cv2

    random = np.random.default_rng(1)
    paths = [folder / f"noise{number}.png" for number in range(CALIBRATION_PICTURES)]
    for path in paths:
        cv2.imwrite(str(path), random.integers(0, 255, (*FRAME_PX, 3), np.uint8))
    return paths


def _open(folder: Path, manifest: ModelManifest, engine: Engine) -> Detector:
    variant = next(entry for entry in manifest.variants if entry.engine is engine)
    return open_variant(folder, manifest, variant, threads=1)


def _time_in_turns(detectors: dict[tuple[str, Engine], Detector], turns: int) -> dict[tuple[str, Engine], list[float]]:
    frame: NDArray[np.uint8] = np.random.default_rng(2).integers(0, 255, (*FRAME_PX, 3), np.uint8)
    for detector in detectors.values():
        for _ in range(WARM_UP_LOOKS):
            detector.detect(frame)
    samples: dict[tuple[str, Engine], list[float]] = {key: [] for key in detectors}
    keys = list(detectors)
    for turn in range(turns):
        for key in keys[turn % len(keys) :] + keys[: turn % len(keys)]:
            began = time.process_time()
            for _ in range(LOOKS_PER_TURN):
                detectors[key].detect(frame)
            samples[key].append((time.process_time() - began) * 1e3 / LOOKS_PER_TURN)
    for detector in detectors.values():
        detector.close()
    return samples


def _cost(net: str, built: _Built, samples: dict[tuple[str, Engine], list[float]]) -> NetCost:
    sizes = {
        variant.engine: sum(entry.size_bytes for entry in variant.files) / 1e6 for variant in built.manifest.variants
    }
    return NetCost(
        net=net,
        parameters=built.parameters,
        gflops=round(built.gflops, 2),
        ms_by_engine={str(engine): round(statistics.median(samples[net, engine]), 1) for engine in ENGINES},
        low_ms_by_engine={str(engine): round(min(samples[net, engine]), 1) for engine in ENGINES},
        mb_by_engine={str(engine): round(sizes[engine], 2) for engine in ENGINES},
    )


@contextmanager
def _on_core(core: int) -> Any:
    """Keeps this process, and the threads that it starts, on one core."""
    before = os.sched_getaffinity(0)
    if core not in before:
        raise UsageError(f"--core {core}: not one that this process may use ({', '.join(map(str, sorted(before)))})")
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
