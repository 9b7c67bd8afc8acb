"""The node's threads: started by name, joined at the end."""

import threading
from collections.abc import Callable

from contract.clock import Clock

STOP_TIMEOUT_S = 10.0
"""For all of them together; systemd kills a node that takes half a minute to stop, its launcher after 15 s."""


class Threads:
    """Starts and joins threads; any thread may start more."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._threads: list[threading.Thread] = []

    def run(self, name: str, target: Callable[[], None]) -> None:
        """Starts `target`."""
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)

    def again(self, name: str, target: Callable[[], None]) -> Callable[[], None]:
        """Starts a second one beside one that stands still: for what does no harm when it is done twice."""
        return lambda: self.run(f"{name}-revived", target)

    def join(self) -> None:
        """Waits a little; they are daemons, so those that hang hold up nothing for ever (`edge.node.ending`)."""
        until_s = self._clock.monotonic() + STOP_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - self._clock.monotonic()))
