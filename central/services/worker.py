"""A thread around a step: run it, wait for work, and after a failure log, count, back off and go on."""

import threading
from collections.abc import Callable

import structlog

LOG = structlog.get_logger("central.worker")
LONGEST_BACKOFF_S = 30.0


class Worker:
    """Calls `step` until it reports nothing to do, then waits for `wake` (at most `idle_s`).

    `step` gives how much it did; `on_failure` is told how many times in a row it has failed. Woken, it lets `gather_s`
    pass before the next step: what comes one by one costs several times what comes together.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], int],
        on_failure: Callable[[int, Exception], None],
        idle_s: float = 5.0,
        gather_s: float = 0.0,
    ) -> None:
        self.failures = 0
        self._name = name
        self._step = step
        self._on_failure = on_failure
        self._idle_s = idle_s
        self._gather_s = gather_s
        self._work = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """There may be work. Any thread."""
        self._work.set()

    def stop(self) -> None:
        """Ends after the step under way."""
        self._stop.set()
        self._work.set()
        if self._thread.is_alive():
            self._thread.join(timeout=20.0)

    def run(self) -> None:
        in_a_row = 0
        while not self._stop.is_set():
            try:
                self._work.clear()
                done = self._step()
                in_a_row = 0
            except Exception as error:
                in_a_row += 1
                self.failures += 1
                LOG.exception("step failed", worker=self._name, in_a_row=in_a_row)
                self._recover(in_a_row, error)
                continue
            if done == 0 and self._work.wait(self._idle_s) and self._gather_s > 0:
                self._stop.wait(self._gather_s)

    def _recover(self, in_a_row: int, error: Exception) -> None:
        try:
            self._on_failure(in_a_row, error)
        except Exception:
            LOG.exception("recovery failed", worker=self._name)
        self._stop.wait(min(LONGEST_BACKOFF_S, 0.1 * 2**in_a_row))
