"""A worker's thread: what comes within a moment is done together, a failure is told, a stop is prompt."""

import threading

from central.services.worker import Worker


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


def test_what_comes_within_a_moment_of_the_first_is_done_with_it() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, gather_s=0.5)
    worker.start()
    assert pile.has_looked.wait(10)
    for _ in range(5):
        pile.waiting += 1
        worker.wake()
    assert pile.has_worked.wait(10)
    worker.stop()
    assert pile.heaps == [5]


def test_a_stop_does_not_wait_for_company() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, gather_s=3600)
    worker.start()
    worker.wake()
    worker.stop()
    assert not worker.is_alive


def test_who_is_told_of_enough_waits_for_no_more() -> None:
    pile = Pile()
    worker = Worker("pile", pile.step, lambda _in_a_row, _error: None, gather_s=3600, enough=3)
    worker.start()
    assert pile.has_looked.wait(10)
    for amount in (1, 2):
        pile.waiting += amount
        worker.wake(amount)
    assert pile.has_worked.wait(10)
    worker.stop()
    assert pile.heaps == [3]
