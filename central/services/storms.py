"""Lists with their storms folded: of each storm the first case stands in the list, for all of them."""

import threading
from dataclasses import dataclass, replace

from central.domain.storms import MOST, Storm
from central.domain.values import CaseFilter
from central.services.reading import Reader
from contract.clock import Clock

EVERY_S = 2.0
"""How old what is known of storms may be. Eleven alerts stand in the list for so long before they are one."""
COSTLIEST_SHARE = 0.05
"""Of the time that looking for storms may take, where it takes long."""
MOST_STORMS = 20
"""That a list folds; the newest win."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A storm in a list. `first` stands for its `count` cases, of which `asking` wait for a person."""

    storm: Storm
    first: str
    count: int
    asking: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A list without what its folds stand for."""

    wanted: CaseFilter
    folds: tuple[Fold, ...]


class Storms:
    """What storms there are. Any thread."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self._reader, self._clock = reader, clock
        self._lock = threading.Lock()
        self._found: tuple[Storm, ...] = ()
        self._as_of, self._next_s = -1, float("-inf")

    @property
    def known(self) -> tuple[Storm, ...]:
        """What the last look found, the newest first."""
        return self._found

    def now(self) -> tuple[Storm, ...]:
        """Looks, if that is due and nobody else is at it; the newest first."""
        if self._lock.acquire(blocking=self._as_of < 0):  # who has never looked waits for the first
            try:
                self._look()
            finally:
                self._lock.release()
        return self._found

    def _look(self) -> None:
        began_s = self._clock.monotonic()
        newest = self._reader.change_range()[1] if began_s >= self._next_s else self._as_of
        if newest != self._as_of:
            found = sorted(self._reader.storms(), key=lambda storm: storm.until_s, reverse=True)
            self._found, self._as_of = tuple(found[:MOST_STORMS]), newest
            ended_s = self._clock.monotonic()
            self._next_s = ended_s + max(EVERY_S, (ended_s - began_s) / COSTLIEST_SHARE)


def fold(reader: Reader, wanted: CaseFilter, storms: tuple[Storm, ...]) -> Folded:
    """The list with those of `storms` folded that it shows more than a few cases of; a storm's own list has none."""
    if wanted.storm is not None:
        return Folded(wanted, ())
    whole = replace(wanted, before=None)
    folds = [found for storm in storms if (found := _fold(reader, whole, storm)) is not None]
    without = tuple(found.storm for found in folds)
    return Folded(replace(wanted, without=without, but=tuple(found.first for found in folds)), tuple(folds))


def _fold(reader: Reader, wanted: CaseFilter, storm: Storm) -> Fold | None:
    own = replace(wanted, storm=storm)
    count, asking = reader.storm_counts(own)
    first = reader.listed(own, 1) if count > MOST else []
    return Fold(storm, first[0], count, asking) if first else None
