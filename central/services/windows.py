"""The first rows of a live list, followed while cases change: what came in, what changed in it, what left."""

from collections.abc import Set
from dataclasses import dataclass

from central.domain.values import CaseFilter
from central.services.reading import Reader


@dataclass(frozen=True, slots=True)
class Moved:
    """How a window changed. `shown` are those whose rows must be drawn anew."""

    shown: frozenset[str]
    gone: frozenset[str]


class Window:
    """One thread. The database sorts; nothing here knows what a filter means."""

    def __init__(self, reader: Reader, wanted: CaseFilter, size: int) -> None:
        self._reader, self._wanted, self._size = reader, wanted, size
        self.rows = tuple(reader.listed(wanted, size))

    def follow(self, changed: Set[str]) -> Moved:
        """Looks again after `changed` cases changed."""
        before, self.rows = set(self.rows), tuple(self._reader.listed(self._wanted, self._size))
        after = set(self.rows)
        return Moved(frozenset((after - before) | (after & changed)), frozenset(before - after))

    def counts(self) -> dict[int, int]:
        """How many cases of each severity the whole list holds."""
        return self._reader.counts(self._wanted)
