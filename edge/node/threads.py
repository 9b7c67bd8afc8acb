"""The node's threads: started by name, joined at the end."""

import threading
from collections.abc import Callable

STOP_TIMEOUT_S = 10.0


class Threads:
    """Starts and joins threads; any thread may start more."""

    def __init__(self) -> None:
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
        """Waits for each a little; they are daemons, so one that hangs holds up nothing for ever."""
        for thread in self._threads:
            thread.join(STOP_TIMEOUT_S)
