"""A worker's thread: what comes within a moment is done together, a failure is told, a stop is prompt."""

import threading
from collections.abc import Callable

from central.services.worker import Worker
from tests.edge.waiting import PATIENCE_S


class Pile:
    """Work that is done in heaps; `heaps` says how large each was."""

    def __init__(self) -> None:
        self.waiting = 0
        self.heaps: list[int] = []
        self.has_looked = threading.Event()
        self.has_worked = threading.Event()

    def step(self) -> int:
        done, self.waiting = self.waiting, 0
        self.has_looked.set()
        if done:
            self.heaps.append(done)
            self.has_worked.set()
        return done


class Moment(threading.Event):
    """The moment that a worker lets pass: it is over once `comes` has been called."""

    def __init__(self, comes: Callable[[], None]) -> None:
        super().__init__()
        self._comes = comes
        self.lengths_s: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.lengths_s.append(timeout)
        self._comes()
        return self.is_set()


def test_what_comes_within_a_moment_of_the_first_is_done_with_it() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, idle_s=3600, gather_s=0.5)

    def come(amount: int) -> None:
        for _ in range(amount):
            pile.waiting += 1
            worker.wake()

    moment = worker._is_enough = Moment(lambda: come(4))
    worker.start()
    assert pile.has_looked.wait(PATIENCE_S)
    come(1)
    assert pile.has_worked.wait(PATIENCE_S)
    worker.stop()
    assert pile.heaps == [5]
    assert moment.lengths_s[0] == 0.5


def test_a_stop_does_not_wait_for_company() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, gather_s=3600)
    worker.start()
    worker.wake()
    worker.stop()
    assert not worker.is_alive


def test_who_is_told_of_enough_waits_for_no_more() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, idle_s=3600, gather_s=3600, enough=3)
    worker.start()
    assert pile.has_looked.wait(PATIENCE_S)
    for amount in (1, 2):
        pile.waiting += amount
        worker.wake(amount)
    assert pile.has_worked.wait(PATIENCE_S)
    worker.stop()
    assert pile.heaps == [3]
