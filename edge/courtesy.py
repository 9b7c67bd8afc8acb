"""Looks go first: work that can wait asks here whether a look thread has nothing to do just now.

A kept picture is searched for people in seven inferences, as dear as four looks. A street that wakes up opens a hundred
incidents within seconds; without this, 40 cameras on two cores skipped every twenty-fifth look then.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_S = 0.25
"""Per inference that waits. Longer: on a node without any room its findings come minutes late. Shorter: looks that are
due wait for pictures."""


class Courtesy:
    """Look threads say when they idle; others `wait` for that. Thread-safe."""

    def __init__(self, longest_s: float = LONGEST_S) -> None:
        self._longest_s = longest_s
        self._condition = threading.Condition()
        self._idle = 0

    @contextmanager
    def idling(self) -> Iterator[None]:
        """Around whatever a look thread waits for."""
        with self._condition:
            self._idle += 1
            self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._idle -= 1

    def wait(self) -> None:
        """Returns as soon as a look thread idles, after `longest_s` at the latest."""
        with self._condition:
            self._condition.wait_for(lambda: self._idle > 0, self._longest_s)
