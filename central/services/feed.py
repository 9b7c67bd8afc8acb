"""Who is told when something changed. The changes themselves lie in the database; this only wakes the listeners.

A listener reads the change log from where it stands, so nothing is queued per client and a slow one costs nothing.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

MAX_LISTENERS = 500


class FeedFull(Exception):
    """Too many live listeners; the newcomer should fall back to asking now and then."""


class Listener:
    """One client's bell, rung from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._bell = asyncio.Event()
        self.is_closed = False

    async def wait(self, timeout_s: float) -> bool:
        """Until something changed or the feed closes; False when `timeout_s` passed first."""
        try:
            await asyncio.wait_for(self._bell.wait(), timeout_s)
        except TimeoutError:
            return False
        self._bell.clear()
        return True

    def ring(self) -> None:
        with suppress(RuntimeError):  # its loop has ended, perhaps just now: who committed something is not to suffer
            self._loop.call_soon_threadsafe(self._bell.set)

    def close(self) -> None:
        self.is_closed = True
        self.ring()


class LiveFeed:
    """All listeners. Thread-safe."""

    def __init__(self, also: Callable[[], None] = lambda: None) -> None:
        """`also` is called at every notice, and must not wait: the way into another process."""
        self._also = also
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()
        self._is_closed = False

    def require_room(self) -> None:
        """A check before the first byte of an answer.

        Raises:
            FeedFull: there are too many listeners.
        """
        with self._lock:
            if len(self._listeners) >= MAX_LISTENERS:
                raise FeedFull

    @contextmanager
    def listen(self) -> Iterator[Listener]:
        """A listener for as long as the block runs; call it on the event loop."""
        listener = Listener(asyncio.get_running_loop())
        with self._lock:
            self._listeners.add(listener)
            listener.is_closed = self._is_closed
        try:
            yield listener
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def notify(self) -> None:
        """Something was committed. Any thread."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.ring()
        self._also()

    def close(self) -> None:
        """Lets every listener go, so that the server can end."""
        with self._lock:
            self._is_closed = True
            listeners = list(self._listeners)
        for listener in listeners:
            listener.close()
