"""The node's own costs: pipeline overhead per look at 1080p, and rendering the simulated street.

Overhead is all but decoding and inference: letterbox, reading the output, gathering, tracking, confirming, evidence
and writing events. CPU time of the whole process, so that hidden threads count.
"""

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.clock import SystemClock
from contract.events import ClockState
from contract.ids import CameraId, NodeId, uuid7
from contract.manifest import Engine, ModelManifest, read_manifest
from deploy.bench.spread import spread
from edge.detect.openvino import OpenVinoDetector
from edge.detect.port import Detector
from edge.events import RandomIds, Sender
from edge.evidence.locker import EvidenceLocker
from edge.evidence.pictures import PictureFolder
from edge.evidence_settings import EvidenceSettings
from edge.outbox.sqlite import Outbox
from edge.pipeline import Pipeline, View
from edge.plume.judge import PlumeJudge
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.settings import DEFAULT_MODEL, DEFAULT_POLICIES, load_policies
from edge.values import Detection, Frame

LOOKS = 160
LOOK_EVERY_S = 0.5


class _Recorded:
    """A detector that gives back what the real one saw in the same look, and costs nothing."""

    def __init__(self, detector: Detector, looks: list[tuple[Detection, ...]]) -> None:
        self.manifest: ModelManifest = detector.manifest
        self.engine: Engine = detector.engine
        self._looks = iter(looks)

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:  # noqa: ARG002  # the port's signature
        return next(self._looks)

    def close(self) -> None: ...


class _Tapped(OpenVinoDetector):
    """The real detector with a stop-watch on each of its three steps."""

    def __init__(self, folder: Path) -> None:
        manifest = read_manifest(folder)
        variant = next(entry for entry in manifest.variants if entry.engine is Engine.OPENVINO_INT8)
        super().__init__(folder / variant.files[0].path, manifest, variant.engine, threads=1)
        self.place_ms: list[float] = []
        self.infer_ms: list[float] = []
        self.read_ms: list[float] = []

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        started = time.process_time()
        seat = self._free.get()
        placement = seat.letterbox.place(frame)
        placed = time.process_time()
        seat.request.infer()
        inferred = time.process_time()
        detections = self._decoder.decode(seat.request.get_output_tensor().data, placement)
        self._free.put(seat)
        self.place_ms.append((placed - started) * 1000)
        self.infer_ms.append((inferred - placed) * 1000)
        self.read_ms.append((time.process_time() - inferred) * 1000)
        return detections


def measure_perception() -> dict[str, object]:
    """Figures in milliseconds of CPU."""
    cv2.setNumThreads(1)
    frames = _frames()
    detector = _Tapped(DEFAULT_MODEL)
    looks = [detector.detect(frame.image) for frame in frames]
    pipeline_ms = _pipeline_ms(_Recorded(detector, looks), frames)
    overhead = [sum(parts) for parts in zip(detector.place_ms, detector.read_ms, pipeline_ms, strict=True)]
    return {
        "frame": "1920x1080, the simulated street scaled up, 2 looks a second",
        "model": f"{detector.manifest.name} {detector.manifest.version} {detector.engine}",
        "overhead_per_look_cpu_ms_mean": round(sum(overhead) / len(overhead), 3),
        "overhead_per_look_cpu_ms": spread(overhead),
        "of_which_letterbox_ms": spread(detector.place_ms),
        "of_which_reading_output_ms": spread(detector.read_ms),
        "of_which_rules_evidence_outbox_ms": spread(pipeline_ms),
        "inference_cpu_ms": spread(detector.infer_ms),
        "scene_frame_640x360_cpu_ms": _scene_ms(),
    }


def _frames() -> list[Frame]:
    """A minute and twenty seconds of one rendered camera at 1080p: findings open, stay and are updated."""
    street = demo_street()
    renderer = Renderer(street.world, street.cameras[0])
    start = datetime(2026, 7, 1, 10, tzinfo=UTC)
    frames = []
    for index in range(LOOKS):
        at_s = index * LOOK_EVERY_S
        image = cv2.resize(renderer.frame(at_s), (1920, 1080), interpolation=cv2.INTER_LINEAR)
        frames.append(Frame(CameraId("cam-1"), np.asarray(image), start + timedelta(seconds=at_s), index))
    return frames


def _pipeline_ms(detector: Detector, frames: list[Frame]) -> list[float]:
    policies = load_policies(DEFAULT_POLICIES)
    clock = SystemClock()
    sender = Sender(
        node_id=NodeId("bench"),
        boot_id=uuid7(clock.now()),
        model=detector.manifest.ref(detector.engine),
        config_version="bench",
        clock_state=ClockState.UNKNOWN,
    )
    with tempfile.TemporaryDirectory() as folder:
        outbox = Outbox(Path(folder) / "outbox.sqlite3", "bench", clock)
        locker = EvidenceLocker(PictureFolder(Path(folder) / "evidence"), EvidenceSettings(), clock)
        view = View(CameraId("cam-1"), LOOK_EVERY_S)
        pipeline = Pipeline(
            detector, policies, [view], EvidenceSettings(), locker, outbox, sender, RandomIds(), PlumeJudge()
        )
        costs_ms = []
        for frame in frames:
            started = time.process_time()
            pipeline.look(frame)
            costs_ms.append((time.process_time() - started) * 1000)
        outbox.close()
    return costs_ms


def _scene_ms() -> dict[str, dict[str, float | int]]:
    """Rendering, per camera of the demo, with everything burning: 10 cameras at 5 fps need at most 20 ms a frame."""
    street = demo_street()
    figures = {}
    for camera in street.cameras:
        renderer = Renderer(street.world, camera)
        renderer.frame(99.0)
        costs_ms = []
        for index in range(60):
            started = time.process_time()
            renderer.frame(100.0 + index * 0.2)
            costs_ms.append((time.process_time() - started) * 1000)
        figures[camera.camera_id] = spread(costs_ms)
    return figures
