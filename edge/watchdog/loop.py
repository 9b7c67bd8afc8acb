"""The watchdog's thread: looks every few seconds, tells systemd, and asks for the end when something stays dead."""

import threading
from collections.abc import Callable

import structlog

from contract.clock import Clock
from edge.watchdog.systemd import Systemd
from edge.watchdog.vitals import Watchdog

EVERY_S = 5.0
"""A twelfth of the unit's WatchdogSec."""

_log = structlog.get_logger(__name__)


class WatchdogLoop:
    """`run` is a thread's target. `chores` are small things that somebody must do now and then."""

    def __init__(
        self,
        watchdog: Watchdog,
        systemd: Systemd,
        chores: Callable[[], None],
        give_up: Callable[[], None],
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        self._watchdog = watchdog
        self._systemd = systemd
        self._chores = chores
        self._give_up = give_up
        self._clock = clock
        self._stop = stop

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self.step()
            except Exception:  # noqa: BLE001  # the thread's outermost loop; without it nobody tells systemd
                _log.exception("the watchdog stumbled; it goes on")
            self._stop.wait(EVERY_S)

    def step(self) -> None:
        """One look at everything."""
        self._chores()
        self._watchdog.step(self._clock.monotonic())
        if self._watchdog.hopeless is not None:
            self._give_up()
            return
        self._systemd.alive(f"revived {self._watchdog.revivals} times" if self._watchdog.revivals else "watching")
