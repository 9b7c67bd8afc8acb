"""A thread around a step: run it, wait for work, and after a failure log, count, back off and go on."""

import threading
from collections.abc import Callable
from math import inf

import structlog

LOG = structlog.get_logger("central.worker")
LONGEST_BACKOFF_S = 30.0


class Worker:
    """Calls `step` until it reports nothing to do, then waits for `wake` (at most `idle_s`).

    `step` gives how much it did; `on_failure` is told how many times in a row it has failed. Woken, it lets `gather_s`
    pass before the next step, less once it was told of `enough`: what comes one by one costs several times what comes
    together.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], int],
        on_failure: Callable[[int, Exception], None],
        idle_s: float = 5.0,
        gather_s: float = 0.0,
        enough: float = inf,
    ) -> None:
        self.failures = 0
        self._name = name
        self._step = step
        self._on_failure = on_failure
        self._idle_s = idle_s
        self._gather_s, self._enough = gather_s, enough
        self._told, self._guard = 0, threading.Lock()
        self._work = threading.Event()
        self._is_enough = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self, amount: int = 1) -> None:
        """There may be work, about so much. Any thread."""
        with self._guard:
            self._told += amount
            if self._told >= self._enough:
                self._is_enough.set()
        self._work.set()

    def stop(self) -> None:
        """Ends after the step under way."""
        with self._guard:
            self._stop.set()
            self._is_enough.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout=20.0)

    def run(self) -> None:
        in_a_row = 0
        while not self._stop.is_set():
            try:
                self._look_up()
                done = self._step()
                in_a_row = 0
            except Exception as error:
                in_a_row += 1
                self.failures += 1
                LOG.exception("step failed", worker=self._name, in_a_row=in_a_row)
                self._recover(in_a_row, error)
                continue
            if done == 0 and self._work.wait(self._idle_s) and self._gather_s > 0:
                self._is_enough.wait(self._gather_s)

    def _look_up(self) -> None:
        """What it was told of so far, the coming step sees."""
        with self._guard:
            self._work.clear()
            self._told = 0
            if not self._stop.is_set():
                self._is_enough.clear()

    def _recover(self, in_a_row: int, error: Exception) -> None:
        try:
            self._on_failure(in_a_row, error)
        except Exception:
            LOG.exception("recovery failed", worker=self._name)
        self._stop.wait(min(LONGEST_BACKOFF_S, 0.1 * 2**in_a_row))
