"""Whose turn it is: look threads work one at a time, except while the engine infers for them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType


class Turn:
    """A lock that its holder can lend out for the length of one call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: int | None = None

    def __enter__(self) -> "Turn":
        self._lock.acquire()
        self._holder = threading.get_ident()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._holder = None
        self._lock.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Others may go on inside; whoever does not hold the turn (a self-test, a replay) changes nothing by it."""
        if self._holder != threading.get_ident():
            yield
            return
        self.__exit__(None, None, None)
        try:
            yield
        finally:
            self.__enter__()
