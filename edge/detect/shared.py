"""One engine for all look threads: the thread that infers gives up its turn meanwhile, so the others can go on."""

import numpy as np
from numpy.typing import NDArray

from contract.manifest import Engine, ModelManifest
from edge.detect.port import Detector
from edge.turn import Turn
from edge.values import Detection


class SharedDetector:
    """`inner`, whose `detect` may be called by as many threads as it has inference streams."""

    def __init__(self, inner: Detector, turn: Turn) -> None:
        self._inner = inner
        self._turn = turn

    @property
    def manifest(self) -> ModelManifest:
        return self._inner.manifest

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        with self._turn.lent():
            return self._inner.detect(frame)

    def close(self) -> None:
        self._inner.close()
