"""One detector that can become another between two looks, the old one at hand while the new is on trial."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.clock import Clock
from contract.errors import PermanentError
from contract.manifest import Engine, ModelManifest
from edge.detect.port import Detector
from edge.values import Detection

FAILURES = (RuntimeError, ValueError, PermanentError, cv2.error)
"""What runtimes raise when a model does not do: OpenVINO and ONNX Runtime both raise RuntimeErrors."""

Seer = Callable[[NDArray[np.uint8], tuple[Detection, ...], float], None]
"""Told of every look: the frame (not to be kept), what was found, and milliseconds."""


@dataclass(slots=True)
class Trial:
    """A model that has just taken over. `reason` says why it did not do."""

    old: Detector
    max_ms: float
    looks_left: int
    looks: int = 0
    total_ms: float = 0.0
    reason: str = ""


class SwappableDetector:
    """What the node looks with. `detect` on the look threads, everything else between two looks."""

    def __init__(self, inner: Detector, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._lock = threading.Lock()
        self._trial: Trial | None = None
        self.seer: Seer | None = None
        self.on_verdict: Callable[[str], None] = lambda _reason: None
        """Told once how a trial ended: "" if well. On a look thread: it must only pass the word on."""

    @property
    def manifest(self) -> ModelManifest:
        return self._inner.manifest

    @property
    def engine(self) -> Engine:
        return self._inner.engine

    @property
    def inner(self) -> Detector:
        return self._inner

    def detect(self, frame: NDArray[np.uint8]) -> tuple[Detection, ...]:
        detector, trial = self._inner, self._trial
        began_s = self._clock.monotonic()
        try:
            found = detector.detect(frame)
        except FAILURES as error:
            if trial is None or detector is trial.old:
                raise
            self._end(trial, f"it failed in a look: {error}"[:300])
            return trial.old.detect(frame)
        took_ms = (self._clock.monotonic() - began_s) * 1000
        if trial is not None and detector is not trial.old:
            self._judge(trial, took_ms)
        seer = self.seer
        if seer is not None:
            seer(frame, found, took_ms)
        return found

    def swap(self, new: Detector, max_ms: float, looks: int) -> None:
        """`new` from the next look on; slower than `max_ms` on average over `looks`, or failing, and it goes again."""
        with self._lock:
            self._trial = Trial(self._inner, max_ms, looks)
            self._inner = new

    def close(self) -> None:
        self._inner.close()

    def _judge(self, trial: Trial, took_ms: float) -> None:
        with self._lock:
            trial.looks += 1
            trial.total_ms += took_ms
            is_over = trial.looks >= trial.looks_left
        if is_over:
            mean_ms = trial.total_ms / trial.looks
            self._end(trial, "" if mean_ms <= trial.max_ms else f"{mean_ms:.0f} ms a look, {trial.max_ms:.0f} allowed")

    def _end(self, trial: Trial, reason: str) -> None:
        with self._lock:
            if self._trial is not trial:
                return
            self._trial = None
            if reason:
                self._inner = trial.old
        self.on_verdict(reason)
