"""A detector whose eyes are the simulated street's truth, made as unsteady as a real one: boxes jitter, looks miss.

For tests of everything behind the detector. The demo never uses it: its detections come from the model.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contract.manifest import Engine, ModelManifest, read_manifest
from contract.taxonomy import Context, Seen
from edge.scene.truth import SceneObject
from edge.settings import DEFAULT_MODEL
from edge.values import Box, Detection

MEANING: dict[str, Seen | Context] = {
    "smoke": Seen.SMOKE,
    "flame": Seen.FLAME,
    "grill": Seen.GRILL,
    "stall": Seen.STALL,
    "parasol": Seen.PARASOL,
    "vendor_cart": Seen.CART,
    "person": Context.PERSON,
    "vehicle": Context.VEHICLE,
}
LEAST_VISIBLE = 0.3
MISSED_SHARE = 0.15
JITTER = 0.04
"""Standard deviation of each box edge, as a share of the box's smaller side."""


class TruthfulDetector:
    """`show` sets what the next `detect` sees."""

    def __init__(self, seed: int) -> None:
        self.manifest: ModelManifest = read_manifest(DEFAULT_MODEL)
        self.engine = Engine.OPENVINO_INT8
        self._random = np.random.default_rng(seed)
        self._objects: Sequence[SceneObject] = ()

    def show(self, objects: Sequence[SceneObject]) -> None:
        self._objects = objects

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        height, width = frame.shape[:2]
        found = []
        for thing in self._objects:
            is_missed = self._random.random() < MISSED_SHARE or thing.visible_share < LEAST_VISIBLE
            if thing.label in MEANING and not is_missed:
                score = float(self._random.uniform(0.3, 0.8))
                found.append(Detection(thing.label, MEANING[thing.label], score, self._box(thing, width, height)))
        return tuple(found)

    def close(self) -> None: ...

    def _box(self, thing: SceneObject, width: int, height: int) -> Box:
        x1, y1, x2, y2 = thing.box_px
        sigma = JITTER * min(x2 - x1, y2 - y1)
        dx1, dy1, dx2, dy2 = self._random.normal(0.0, sigma, 4)
        left, top = max(0.0, (x1 + dx1) / width), max(0.0, (y1 + dy1) / height)
        right, bottom = min(1.0, (x2 + dx2) / width), min(1.0, (y2 + dy2) / height)
        return (left, top, max(right, left + 0.002), max(bottom, top + 0.002))
