"""Films are made beside the looks, on a thread of their own: hiding people in twenty pictures takes seconds.

The look that opens an incident only takes the coded packets; the incident's next event then names the film.
"""

import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from contract.clock import Clock
from contract.errors import PermanentError
from contract.ids import CameraId, IncidentId
from edge.capture.port import CodedSource, CodedStream
from edge.evidence.film import Film, FilmBudget, redacted_film
from edge.evidence.pictures import FindPeople

WAITING = 4
"""Films to be made: 4 MB each. Where more burns at once, pictures are enough."""
READY = 32
"""Films that wait for their incident's next event; about 100 KB and the original each."""
IDLE_S = 0.5
NICENESS = 10
"""Looks go first."""

_log = structlog.get_logger(__name__)


class Films(Protocol):
    """What the look thread asks; both answer at once."""

    def want(self, incident_id: IncidentId, camera_id: CameraId) -> None:
        """Has a film made of what the camera showed until now."""
        ...

    def take(self, incident_id: IncidentId) -> Film | None:
        """The incident's film, once, as soon as it is done."""
        ...


@dataclass(frozen=True, slots=True)
class _Order:
    incident_id: IncidentId
    camera_id: CameraId
    coded: CodedStream


class FilmDesk:
    """See `Films`; `run` is a thread's target, `step` makes one film or waits for an order."""

    def __init__(
        self,
        source_of: Callable[[CameraId], CodedSource | None],
        open_finder: Callable[[], FindPeople],
        budget: FilmBudget,
        clock: Clock,
        stop: threading.Event,
    ) -> None:
        """`open_finder` is called with the first film: most nodes never make one."""
        self._source_of = source_of
        self._open_finder = open_finder
        self._budget = budget
        self._clock = clock
        self._stop = stop
        self._find_people: FindPeople | None = None
        self._orders: queue.Queue[_Order] = queue.Queue(WAITING)
        self._ready: OrderedDict[IncidentId, Film] = OrderedDict()
        self._lock = threading.Lock()
        self.dropped = 0
        """Films that were not made because too many waited."""
        self.rounds = 0
        """Grows as long as the desk lives, for a watchdog."""

    def want(self, incident_id: IncidentId, camera_id: CameraId) -> None:
        source = self._source_of(camera_id)
        coded = None if source is None else source.snapshot()
        if coded is None or not coded.packets:
            return
        try:
            self._orders.put_nowait(_Order(incident_id, camera_id, coded))
        except queue.Full:
            self.dropped += 1

    def take(self, incident_id: IncidentId) -> Film | None:
        with self._lock:
            return self._ready.pop(incident_id, None)

    def run(self) -> None:
        with suppress(OSError):  # Linux counts niceness by thread; where it is refused, it is only a courtesy
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._stop.is_set():
            try:
                self.step()
            except Exception:  # noqa: BLE001  # the thread's outermost loop: a film is never worth a thread
                _log.exception("a film failed unexpectedly")
                self._stop.wait(IDLE_S)

    def step(self) -> bool:
        """One film; False if nothing was wanted."""
        self.rounds += 1
        try:
            order = self._orders.get(timeout=IDLE_S)
        except queue.Empty:
            return False
        try:
            if self._find_people is None:
                self._find_people = self._open_finder()
            picture = redacted_film(order.coded, self._find_people, self._budget, self._clock.monotonic)
        except PermanentError as error:
            _log.warning("no film of an incident", camera_id=order.camera_id, reason=str(error))
            return True
        with self._lock:
            self._ready[order.incident_id] = Film(picture)
            while len(self._ready) > READY:
                self._ready.popitem(last=False)
        return True
