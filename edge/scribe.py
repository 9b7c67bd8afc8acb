"""Writes what looks have decided, the urgent first, on a thread of its own: a look never waits for evidence.

An incident's pictures are searched for people before they are kept, half a second of work, and a street that wakes up
opens many at once. Looks go on meanwhile, and first (`edge.courtesy`). What waits here when a node is killed was never
told to anybody: the node sees it again and tells it anew.
"""

import queue
import threading
from collections.abc import Callable
from enum import IntEnum
from itertools import count
from typing import Protocol

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.events import Event
from edge.courtesy import Courtesy

MAX_WAITING = 512
"""Findings that wait to be written. Beyond it looks wait, and are skipped and counted. Forty cameras that wake up on a
market street hand over 280 within a minute, 120 MB of pictures, since things of one look share theirs; with 128, looks
stood still for half a minute."""
PRESSED = MAX_WAITING // 2
"""So many waiting, and updates are left out: the next one says more, and openings and closings keep their room."""

IDLE_S = 0.5
FINISH_S = 5.0
"""What a node that stops gives to what still waits."""

Write = Callable[[], Event]


class Weight(IntEnum):
    """What goes first. All of one incident's findings are urgent or none: its story has an order."""

    URGENT = 0
    USUAL = 1


_log = structlog.get_logger(__name__)


class Scribe(Protocol):
    """Takes what is to be written. Gives the events that are written when it returns."""

    def write(self, job: Write, weight: Weight = Weight.USUAL, is_update: bool = False, /) -> tuple[Event, ...]:
        """`is_update`: says nothing that the incident's next event does not say again."""
        ...

    def catch_up(self) -> None:
        """Returns when all that was handed over is written."""
        ...


class AtOnce:
    """Writes on the caller's thread: replays and tests."""

    def write(self, job: Write, _weight: Weight = Weight.USUAL, _is_update: bool = False, /) -> tuple[Event, ...]:
        return (job(),)

    def catch_up(self) -> None:
        """Nothing ever waits."""


class BusyScribe:
    """`write` by whoever looks, `run` is a thread's target. Order is kept among what is equally urgent: an incident's
    story has one."""

    def __init__(self, stop: threading.Event, clock: Clock, courtesy: Courtesy | None = None) -> None:
        """`courtesy` hears when a look thread has to wait for this one."""
        self._stop = stop
        self._courtesy = courtesy or Courtesy()
        self._clock = clock
        self._waiting: queue.PriorityQueue[tuple[Weight, int, Write]] = queue.PriorityQueue(MAX_WAITING)
        self._numbers = count()
        self._turn = threading.Lock()
        """Held from taking a finding to having written it: a thread that the watchdog started beside one that only
        seemed dead must not overtake it."""
        self.failures = 0
        self.left_out = 0
        """Updates that nobody was told of, because much else waited."""
        self.rounds = 0
        """Grows as long as the thread lives, for a watchdog."""

    def write(self, job: Write, weight: Weight = Weight.USUAL, is_update: bool = False, /) -> tuple[Event, ...]:
        if is_update and self.waiting >= PRESSED:
            self.left_out += 1
            return ()
        with self._courtesy.idling():
            self._waiting.put((weight, next(self._numbers), job))
        return ()

    def catch_up(self) -> None:
        with self._courtesy.idling():
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
                job = self._waiting.get(timeout=IDLE_S)[2]
            except queue.Empty:
                return
            self._do(job)

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
