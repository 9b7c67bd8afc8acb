"""Writes what looks have decided, one after the other, on a thread of its own: a look never waits for evidence.

An incident's pictures are searched for people before they are kept, half a second of work, and a street that wakes up
opens many at once. Looks go on meanwhile. What waits here when a node is killed was never told to anybody: the node
sees it again and tells it anew.
"""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.events import Event

MAX_WAITING = 128
"""Findings that wait to be written, about half a megabyte each. Beyond it looks wait, and are skipped and counted."""

LONGEST_REST_S = 1.0
"""After a finding the scribe rests as long as it worked, at most so long, unless more than half of `MAX_WAITING` waits.
Without it 20 cameras on one core skipped 14 % of their looks while a street woke up, with it 0.3 %."""

IDLE_S = 0.5
FINISH_S = 5.0
"""What a node that stops gives to what still waits."""

Write = Callable[[], Event]

_log = structlog.get_logger(__name__)


class Scribe(Protocol):
    """Takes what is to be written. Gives the events that are written when it returns."""

    def write(self, job: Write) -> tuple[Event, ...]: ...

    def catch_up(self) -> None:
        """Returns when all that was handed over is written."""
        ...


class AtOnce:
    """Writes on the caller's thread: replays and tests."""

    def write(self, job: Write) -> tuple[Event, ...]:
        return (job(),)

    def catch_up(self) -> None:
        """Nothing ever waits."""


class BusyScribe:
    """`write` by whoever looks, `run` is a thread's target. Order is kept: an incident's story has one."""

    def __init__(self, stop: threading.Event, clock: Clock) -> None:
        self._stop = stop
        self._clock = clock
        self._waiting: queue.Queue[Write] = queue.Queue(MAX_WAITING)
        self._turn = threading.Lock()
        """Held from taking a finding to having written it: a thread that the watchdog started beside one that only
        seemed dead must not overtake it."""
        self.failures = 0
        self.rounds = 0
        """Grows as long as the thread lives, for a watchdog."""

    def write(self, job: Write) -> tuple[Event, ...]:
        self._waiting.put(job)
        return ()

    def catch_up(self) -> None:
        self._waiting.join()

    @property
    def waiting(self) -> int:
        """Findings that are not written yet."""
        return self._waiting.qsize()

    def run(self) -> None:
        """Writes until the node stops, and then for a while what still waits."""
        while not self._stop.is_set():
            self.step()
        until_s = self._clock.monotonic() + FINISH_S
        while not self._waiting.empty() and self._clock.monotonic() < until_s:
            self.step()
        if not self._waiting.empty():
            _log.warning("findings were not written before the node stopped; it sees them again", count=self.waiting)

    def step(self) -> None:
        """One finding, or a moment's wait for one."""
        with self._turn:
            self.rounds += 1
            try:
                job = self._waiting.get(timeout=IDLE_S)
            except queue.Empty:
                return
            begun_s = self._clock.monotonic()
            self._do(job)
            worked_s = self._clock.monotonic() - begun_s
        if self.waiting < MAX_WAITING / 2:
            self._stop.wait(min(worked_s, LONGEST_REST_S))

    def _do(self, job: Write) -> None:
        try:
            say(job())
        except PermanentError as error:
            # A full disk or an oversized event: this finding is lost, counted and said; the next one is tried.
            self.failures += 1
            _log.error("a look could not be written", reason=str(error), failures=self.failures)
        except Exception:  # noqa: BLE001  # the thread's outermost loop: one bad finding must not silence the node
            self.failures += 1
            _log.exception("a finding failed unexpectedly", failures=self.failures)
        finally:
            self._waiting.task_done()


def say(event: Event) -> None:
    """One line of the log for an event that is on disk."""
    _log.info(
        "incident",
        state=event.data.state.value,
        camera_id=event.data.camera_id,
        seen=event.data.seen.value,
        incident_id=event.data.incident_id,
        score=event.data.confidence.mean,
    )
