"""Whether all ground and all hours have somebody who answers for them, and a camera (DOMAIN §1, item 10). Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from central.domain.assessment.figures import Measure
from central.domain.registers.areas import LENGTHS, AreaLevel
from central.domain.registers.names import Validity
from central.domain.registers.responsibility import Duty, DutyScope
from central.domain.registers.seasons import Hours

HOURS_A_WEEK = 7 * 24


@dataclass(frozen=True, slots=True)
class Gap:
    """A unit grid and the hours of the week (0 = Monday 00–01) in which nobody answers for it."""

    grid: str
    hours: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of some grids in one week."""

    grids: int
    covered: int
    watched: int
    hours: int
    hours_covered: int
    gaps: tuple[Gap, ...]

    def measures(self) -> dict[Measure, float]:
        return {
            Measure.GRIDS: self.grids,
            Measure.GRIDS_COVERED: self.covered,
            Measure.GRIDS_WATCHED: self.watched,
            Measure.GRID_HOURS: self.hours,
            Measure.GRID_HOURS_COVERED: self.hours_covered,
        }


def coverage(grids: Iterable[str], duties: Sequence[Duty], camera_grids: frozenset[str], monday: date) -> Coverage:
    """How the `grids` are covered in the week that begins on `monday`: the middle of each hour is asked about.

    A duty for a street, say, covers all its grids. Duties for roads and lanes are somebody's too, but no grid's.
    """
    by_area = _hours_by_area(duties, monday)
    own = sorted(set(grids))
    gaps, hours_covered, covered = [], 0, 0
    for grid in own:
        held = _held(grid, by_area)
        hours_covered += len(held)
        covered += bool(held)
        if len(held) < HOURS_A_WEEK:
            gaps.append(Gap(grid, tuple(sorted(set(range(HOURS_A_WEEK)) - held))))
    watched = len(camera_grids & set(own))
    return Coverage(len(own), covered, watched, len(own) * HOURS_A_WEEK, hours_covered, tuple(gaps))


def _hours_by_area(duties: Sequence[Duty], monday: date) -> dict[str, frozenset[int]]:
    found: dict[str, frozenset[int]] = {}
    by_shift: dict[tuple[Hours, Validity], frozenset[int]] = {}
    for duty in duties:
        if duty.scope is DutyScope.AREA and duty.person:
            shift = duty.shift, duty.validity
            if shift not in by_shift:
                by_shift[shift] = _hours(duty, monday)
            found[duty.target] = found.get(duty.target, frozenset()) | by_shift[shift]
    return found


def _hours(duty: Duty, monday: date) -> frozenset[int]:
    middles = (
        datetime.combine(date.fromordinal(monday.toordinal() + hour // 24), time(hour % 24, 30))
        for hour in range(HOURS_A_WEEK)
    )
    return frozenset(hour for hour, middle in enumerate(middles) if duty.is_on(middle))


def _held(grid: str, by_area: Mapping[str, frozenset[int]]) -> frozenset[int]:
    lengths = (LENGTHS[level] for level in AreaLevel)
    return frozenset().union(*(by_area.get(grid[:length], frozenset()) for length in lengths))
