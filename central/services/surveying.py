"""Learns, now and then, how far every camera places things beside where the others do; says whose pose is off.

It reads a snapshot and writes one row, so it may run beside everything else. The associator takes the newest row up.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from central.domain.alarms import alarms_of
from central.domain.registration import UNREGISTERED
from central.domain.rules import AssociationRules
from central.services.apart import apart
from central.services.replaying import LEARNING_ROUNDS, learn_cameras
from central.store import camera_errors, observations
from central.store.database import Database
from contract.clock import Clock

LOOKS_BACK = timedelta(days=3)
"""Long enough for quiet crossings; short enough that a camera that was measured again is forgiven soon."""
EVERY = timedelta(hours=6)
RETRY = timedelta(minutes=10)
"""How often to look whether it is time, and whether there is enough to learn from."""
MOST_SIGHTINGS = 20_000
"""The newest; learning takes about a second per thousand."""
MOST_BESIDE_OTHERS = 500
"""Sightings that the service learns from itself; more go to a process of their own, which takes a second to start."""
FEWEST_SIGHTINGS = 50
LOG = structlog.get_logger("central.survey")


class Survey:
    """Runs on one thread."""

    def __init__(
        self,
        database: Database,
        rules: AssociationRules,
        clock: Clock,
        on_learnt: Callable[[], None] = lambda: None,
        most_here: int = MOST_BESIDE_OTHERS,
    ) -> None:
        """`on_learnt` is called after a run was stored; `most_here`: from more sightings it learns in another process,
        which waits for everything else on the machine."""
        self._database, self._rules, self._clock, self._on_learnt = database, rules, clock, on_learnt
        self._most_here = most_here
        self._next_at: datetime | None = None

    def step(self) -> int:
        """One run when it is time for one; gives 0, so that its worker waits."""
        now = self._clock.now()
        if self._next_at is None or now >= self._next_at:
            self._next_at = now + RETRY
            if self._is_due(now):
                self.run()
        return 0

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """After a failed step: the next one comes in time."""

    def run(self) -> bool:
        """Learns from what was seen lately; False when that is too little to learn from."""
        now = self._clock.now()
        with self._database.read() as connection:
            parts = observations.seen_since(connection, now - LOOKS_BACK)
            before = camera_errors.newest(connection)
        parts.sort(key=lambda own: own[-1].last_seen_at)
        parts = parts[-MOST_SIGHTINGS:]
        if len(parts) < FEWEST_SIGHTINGS:
            return False
        start, rounds = (before.known, 1) if before else (UNREGISTERED, LEARNING_ROUNDS)
        if len(parts) > self._most_here:
            known = apart(learn_cameras, parts, self._rules, rounds, start)
        else:
            known = learn_cameras(parts, self._rules, rounds, start)
        alarms = alarms_of(known, self._rules)
        with self._database.write() as connection:
            camera_errors.add(connection, now, len(parts), known, alarms)
        for alarm in alarms:
            LOG.warning("calibration alarm", camera_id=alarm.camera, what=alarm.kind, metres=alarm.metres)
        self._on_learnt()
        return True

    def _is_due(self, now: datetime) -> bool:
        """Another process may have done it."""
        with self._database.read() as connection:
            newest = camera_errors.newest(connection)
        return newest is None or now - newest.at >= EVERY
