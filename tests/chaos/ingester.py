"""Central's ingest as a process that dies, sticks or loses its time where a test says so.

The faults are handed to the constructor; the product has no switch for them.
"""

import argparse
import os
import signal
import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from central.api.access import Tokens
from central.app import Central
from central.logs import configure_logs
from central.services.admission import Point
from central.settings import LogFormat, load_settings
from contract.clock import SystemClock


class JumpingClock(SystemClock):
    """The machine's clock; its wall time jumps by `by` when `jump` is called. Monotonic time goes on."""

    def __init__(self, by: timedelta) -> None:
        self._by = by
        self._has_jumped = False

    def now(self) -> datetime:
        return super().now() + (self._by if self._has_jumped else timedelta())

    def jump(self) -> None:
        self._has_jumped = True


class Fault:
    """Counts how often a point is reached and acts at the time given; a stuck worker stays so for `stuck_s`."""

    def __init__(self, point: str, times: int, stuck_s: float, clock: JumpingClock) -> None:
        self._point = point
        self._left = times
        self._stuck_s = stuck_s
        self._clock = clock

    def __call__(self, point: Point) -> None:
        if point != self._point:
            return
        self._left -= 1
        if self._left == 0 and self._stuck_s:
            threading.Event().wait(self._stuck_s)
        elif self._left == 0 and self._clock._by:
            self._clock.jump()
        elif self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Runs until SIGTERM."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--mqtt-url", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--at", default="")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--stuck-s", type=float, default=0.0)
    parser.add_argument("--jump-s", type=float, default=0.0)
    parser.add_argument("--worker", default="1")
    parser.add_argument("--group")
    parser.add_argument("--protocol", default="5")
    parser.add_argument("--roles", default="ingest")
    given = parser.parse_args()
    flags = {
        "database_url": given.database_url,
        "mqtt_url": given.mqtt_url,
        "evidence_dir": Path(given.folder) / "evidence",
        "roles": given.roles,
        "worker": given.worker,
        "ingest_group": given.group,
        "mqtt_protocol": given.protocol,
    }
    configure_logs(LogFormat.CONSOLE)
    clock = JumpingClock(timedelta(seconds=given.jump_s))
    settings = load_settings(None, flags)
    central = Central(settings, Tokens("x" * 16, "y" * 16), clock, Fault(given.at, given.times, given.stuck_s, clock))
    is_over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: is_over.set())
    central.start()
    sys.stdout.write("started\n")
    sys.stdout.flush()
    is_over.wait()
    central.stop()


if __name__ == "__main__":
    main()
