"""A lock that is given in the order of asking."""

import threading
from collections import deque
from types import TracebackType


class Turns:
    """Not reentrant. SQLite lets whoever asks first in a lucky moment write; a busy associator would starve intake."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def __enter__(self) -> None:
        with self._guard:
            if not self._is_taken:
                self._is_taken = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()  # stays taken: handed over, not put back
            else:
                self._is_taken = False
