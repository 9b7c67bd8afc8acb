"""Ctrl-C and a polite kill: the batch at hand is finished, the state is kept, then the run ends."""

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any


class Interrupted(Exception):
    """The run was asked to end and did; it can be taken up again.

    Attributes:
        done: batches shown.
        of: batches of the whole run.
    """

    def __init__(self, done: int, of: int) -> None:
        super().__init__(f"stopped after batch {done} of {of}")
        self.done = done
        self.of = of


class Stoppable:
    """While entered, the first SIGINT or SIGTERM only asks; the second SIGINT interrupts at once."""

    def __init__(self) -> None:
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def asked(self) -> bool:
        """Whether somebody wants the end."""
        return self._asked

    def __enter__(self) -> "Stoppable":
        on_signal: Callable[[int, FrameType | None], None] = self._on_signal
        self._before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
