"""The first rows of a live list, followed while cases change: what came in, what changed in it, what left."""

from collections.abc import Iterable, Set
from dataclasses import dataclass

from central.domain.values import CaseFilter
from central.services.reading import Reader
from central.services.views import CaseSummary


@dataclass(frozen=True, slots=True)
class Moved:
    """How a window changed. `shown` are those whose rows must be drawn anew."""

    shown: frozenset[str]
    gone: frozenset[str]


NOTHING_MOVED = Moved(frozenset(), frozenset())


class Window:
    """One thread. The database chooses and sorts; it is spared the question where no changed case can matter."""

    def __init__(self, reader: Reader, wanted: CaseFilter, size: int) -> None:
        self._reader, self._wanted, self._size = reader, wanted, size
        self.rows = tuple(reader.listed(wanted, size))

    def follow(self, changed: Set[str], cases: Iterable[CaseSummary] | None = None) -> Moved:
        """Looks again after `changed` cases changed; `cases` are all of them that there are still, where known."""
        may_matter = cases is None or any(could_be_listed(case, self._wanted) for case in cases)
        if not may_matter and changed.isdisjoint(self.rows):
            return NOTHING_MOVED
        before, self.rows = set(self.rows), tuple(self._reader.listed(self._wanted, self._size))
        after = set(self.rows)
        return Moved(frozenset((after - before) | (after & changed)), frozenset(before - after))

    def counts(self) -> dict[int, int]:
        """How many cases of each severity the whole list holds."""
        return self._reader.counts(self._wanted)


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
