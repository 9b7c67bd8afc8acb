"""A new model beside the old one, on some of the same frames, with a bounded share of the CPU; it reports nothing."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from contract.clock import Clock
from contract.errors import TransientError
from contract.reported import ShadowCounts
from contract.taxonomy import Seen
from edge.desired.swap import FAILURES
from edge.detect.port import Detector
from edge.values import Detection

CPU_SHARE = 0.25
"""Of one core: the new model rests three times as long as it looked."""
FLOOD_FACTOR, FLOOD_AT_LEAST = 3, 30
"""More than three times the old one's findings, and so many more: a model that cries wolf. Fewer findings are no fault
here: that may be what it was trained for, and golden pictures prove that it still sees."""
WAIT_S = 1.0

Sight = tuple[NDArray[np.uint8], tuple[Detection, ...], float]


class Shadow:
    """`see` on the look threads, `run` on the roll-out's."""

    def __init__(self, new: Detector, clock: Clock, stop: threading.Event) -> None:
        self._new = new
        self._clock = clock
        self._stop = stop
        self._sights: queue.Queue[Sight] = queue.Queue(1)
        self.counts = ShadowCounts()

    def see(self, frame: NDArray[np.uint8], found: tuple[Detection, ...], took_ms: float) -> None:
        """Takes a copy of the frame if the new model is free for it."""
        if self._sights.full():  # the usual case: a frame that nobody has room for is not copied
            return
        with suppress(queue.Full):  # another look thread has been quicker
            self._sights.put_nowait((frame.copy(), found, took_ms))

    def run(self, looks: int, is_wanted: Callable[[], bool]) -> str:
        """Looks so often; gives why the new model does not do, or "".

        Raises:
            TransientError: it was called off.
        """
        while self.counts.looks < looks:
            if self._stop.is_set() or not is_wanted():
                raise TransientError("called off")
            try:
                frame, found, old_ms = self._sights.get(timeout=WAIT_S)
            except queue.Empty:
                continue
            began_s = self._clock.monotonic()
            try:
                new_found = self._new.detect(frame)
            except FAILURES as error:
                return f"it failed in a look: {error}"[:300]
            took_s = self._clock.monotonic() - began_s
            self._count(found, new_found, old_ms, took_s * 1000)
            self._stop.wait(took_s * (1 / CPU_SHARE - 1))
        return self._verdict()

    def _count(self, old: tuple[Detection, ...], new: tuple[Detection, ...], old_ms: float, new_ms: float) -> None:
        before, looks = self.counts, self.counts.looks + 1
        self.counts = ShadowCounts(
            looks=looks,
            agreed=before.agreed + (_kinds(old) == _kinds(new)),
            old_findings=before.old_findings + len(_kinds(old)),
            new_findings=before.new_findings + len(_kinds(new)),
            old_ms=round(before.old_ms + (old_ms - before.old_ms) / looks, 3),
            new_ms=round(before.new_ms + (new_ms - before.new_ms) / looks, 3),
        )

    def _verdict(self) -> str:
        old, new = self.counts.old_findings, self.counts.new_findings
        if new > FLOOD_FACTOR * old and new > old + FLOOD_AT_LEAST:
            return f"it found {new} things where the present model found {old}"
        return ""


def _kinds(found: tuple[Detection, ...]) -> frozenset[Seen]:
    """What would be followed up; people and vehicles are context."""
    return frozenset(entry.means for entry in found if isinstance(entry.means, Seen))
