"""Capture time that never jumps, and how to say it in the wall clock's terms.

Ages and dwells are differences of capture times. If those came from the wall clock, a clock set forward by an hour
would turn a stall's one minute into a violation, and one set back would tear every track. So cameras stamp frames with
a clock that started at the wall's time and then only counts seconds; events are told in wall time when they are built.
"""

from datetime import datetime, timedelta

import structlog

from contract.clock import Clock

STEP = timedelta(seconds=0.5)
"""A difference that counts as a step of the wall clock. NTP slews smaller ones, and the monotonic clock follows it.
Smaller and a busy machine's delay between two readings would count; larger and a real step would go unmentioned."""

_log = structlog.get_logger(__name__)


class SteadyClock:
    """`clock` without its steps. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_at = clock.now()
        self._began_s = clock.monotonic()
        self._shift = timedelta(0)
        self.steps = 0

    def now(self) -> datetime:
        return self._began_at + timedelta(seconds=self._clock.monotonic() - self._began_s)

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def to_wall(self, instant: datetime) -> datetime:
        """When `instant` of this clock was, as the wall clock now tells time.

        After the wall clock was set, earlier instants move with it: what was seen two minutes ago was two minutes ago.
        """
        apart = self._clock.now() - self.now()
        if abs(apart - self._shift) >= STEP:
            step_s = (apart - self._shift).total_seconds()
            _log.warning("the node's clock was set; what is under way goes on", step_s=round(step_s, 1))
            self._shift = apart
            self.steps += 1
        return instant + self._shift
