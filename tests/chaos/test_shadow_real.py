"""A real model beside a real one, on pictures of the simulated street: fetched, self-tested, compared, taken over."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.bundle import ModelTarget
from contract.clock import SystemClock
from contract.manifest import MANIFEST_FILE, Engine, read_manifest
from contract.reported import RolloutPhase
from edge.desired.models import ModelDesk, Supply, read_in_force
from edge.desired.swap import SwappableDetector
from edge.detect.choose import open_detector
from edge.scene.render import Renderer
from edge.scene.streets import demo_street
from edge.settings import DEFAULT_MODEL, ROOT
from tests.edge.range_server import Shelf, range_server
from tests.edge.waiting import until

OLD = ROOT / "models" / "zoo" / "street-yolo11n" / "2.0.0"
SHADOW_LOOKS = 25


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with range_server() as served:
        yield served


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def street_pictures() -> list[NDArray[np.uint8]]:
    """What one camera of the demo sees while its barbecue burns."""
    street = demo_street()
    renderer = Renderer(street.world, street.cameras[0])
    return [renderer.frame(40.0 + 2.0 * second) for second in range(12)]


def test_the_shipped_model_takes_over_from_its_forerunner_after_a_shadow_run(tmp_path: Path, shelf: Shelf) -> None:
    for path in DEFAULT_MODEL.iterdir():
        shelf.files[sha256_of(path)] = path.read_bytes()
    swap = SwappableDetector(open_detector(OLD), SystemClock())
    stop = threading.Event()
    pending: list[Callable[[], None]] = []

    def look() -> None:
        for picture in cycle(street_pictures()):
            if stop.is_set():
                return
            assert swap.detect(picture) is not None
            while pending:
                pending.pop(0)()

    desk = ModelDesk(
        tmp_path,
        swap,
        partial(open_detector, threads=1),
        Supply(shelf.url, "node-token"),
        pending.append,
        lambda: None,
        lambda: None,
        SystemClock(),
        stop,
    )
    manifest = read_manifest(DEFAULT_MODEL)
    sha256 = sha256_of(DEFAULT_MODEL / MANIFEST_FILE)
    target = ModelTarget(name=manifest.name, version=manifest.version, sha256=sha256, shadow_looks=SHADOW_LOOKS)
    desk.want(target)
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        desk.step(target)
        until(lambda: swap.manifest.version == manifest.version, "the swap", 60.0)
        until(lambda: read_in_force(tmp_path) == sha256, "its trial's end", 120.0)
    finally:
        stop.set()
        looking.join(30)
    assert desk.rollout is not None and desk.rollout.shadow is not None
    assert desk.rollout.shadow.looks == SHADOW_LOOKS
    assert desk.rollout.shadow.new_ms > 0 and desk.rollout.shadow.new_findings > 0
    assert swap.engine is Engine.OPENVINO_INT8
    assert desk.rollout.phase is RolloutPhase.IN_FORCE
