"""What is known about the node's clock, and where it may be asked."""

from dataclasses import dataclass
from typing import Protocol

from contract.clock import Clock
from contract.events import ClockState


@dataclass(frozen=True, slots=True)
class ClockReading:
    """`offset_ms`: how far the clock is ahead of its time source (negative: behind); None where nobody knows."""

    state: ClockState
    offset_ms: float | None = None


UNKNOWN = ClockReading(ClockState.UNKNOWN)


class TimeSource(Protocol):
    """Something that may know how good the clock is."""

    def read(self) -> ClockReading:
        """The present state; `UNKNOWN` where this source can't tell. Never raises, may take some milliseconds."""
        ...


class FixedSource:
    """The installer's word instead of a measurement."""

    def __init__(self, state: ClockState) -> None:
        self._reading = ClockReading(state)

    def read(self) -> ClockReading:
        return self._reading


class FirstThatKnows:
    """Asks its sources in order."""

    def __init__(self, *sources: TimeSource) -> None:
        self._sources = sources

    def read(self) -> ClockReading:
        for source in self._sources:
            reading = source.read()
            if reading.state is not ClockState.UNKNOWN:
                return reading
        return UNKNOWN


class ClockWatch:
    """The last reading, for those who must not wait for one. `refresh` belongs to one thread."""

    def __init__(self, source: TimeSource, clock: Clock, every_s: float = 15.0) -> None:
        self._source = source
        self._clock = clock
        self._every_s = every_s
        self._read_at_s = clock.monotonic()
        self.reading = source.read()

    def refresh(self) -> None:
        """Reads again if the last reading is old."""
        now_s = self._clock.monotonic()
        if now_s - self._read_at_s >= self._every_s:
            self._read_at_s = now_s
            self.reading = self._source.read()
