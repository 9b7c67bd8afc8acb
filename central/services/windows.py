"""The first rows of a live list, followed while cases change: what came in, what changed in it, what left."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace

from central.domain.storms import Storm
from central.domain.values import CaseFilter
from central.domain.workflow import OPEN, CaseState
from central.services.reading import Reader
from central.services.storms import Fold, fold
from central.services.views import CaseSummary


@dataclass(frozen=True, slots=True)
class Moved:
    """How a window changed. `shown` are those whose rows must be drawn anew."""

    shown: frozenset[str]
    gone: frozenset[str]


NOTHING_MOVED = Moved(frozenset(), frozenset())


class Window:
    """One thread. The database chooses and sorts; it is spared the question where no changed case can matter."""

    def __init__(self, reader: Reader, wanted: CaseFilter, size: int, storms: tuple[Storm, ...] = ()) -> None:
        """`storms` are folded: a row stands for all cases of each."""
        self._reader, self._wanted, self._size, self.storms = reader, wanted, size, storms
        self.rows, self.folds = self._look()

    def follow(
        self, changed: Set[str], cases: Iterable[CaseSummary] | None = None, storms: tuple[Storm, ...] = ()
    ) -> Moved:
        """Looks again after `changed` cases changed; `cases` are all of them that there are still, where known."""
        may_matter = cases is None or any(could_be_listed(case, self._wanted) for case in cases)
        if not may_matter and changed.isdisjoint(self.rows) and storms == self.storms:
            return NOTHING_MOVED
        self.storms, before = storms, set(self.rows)
        self.rows, self.folds = self._look()
        after = set(self.rows)
        return Moved(frozenset((after - before) | (after & changed)), frozenset(before - after))

    def tally(self) -> dict[tuple[CaseState, int], int]:
        """How many cases of each state and severity the whole list holds, and how many of the other open states."""
        states = None if self._wanted.states is None else self._wanted.states | OPEN
        return self._reader.tally(replace(self._wanted, states=states))

    def _look(self) -> tuple[tuple[str, ...], tuple[Fold, ...]]:
        folded = fold(self._reader, self._wanted, self.storms)
        rows = tuple(self._reader.listed(folded.wanted, self._size))
        return rows, tuple(found for found in folded.folds if found.first in rows)


def could_be_listed(case: CaseSummary, wanted: CaseFilter) -> bool:
    """False only for a case that the database would not list. A camera of that name at another node may pass."""
    area = case.area_code or ""
    return (
        case.merged_into is None
        and (wanted.states is None or case.state in wanted.states)
        and wanted.kind in {None, case.kind}
        and (case.is_prominent or not wanted.only_prominent)
        and wanted.silenced in {None, case.is_silenced}
        and area.startswith(wanted.district)
        and area.startswith(wanted.area)
        and (not wanted.camera or any(f"/{name}".endswith(f"/{wanted.camera}") for name in case.cameras))
        and wanted.assignee in {"", case.assignee}
        and (wanted.since is None or case.first_seen_at >= wanted.since)
    )
