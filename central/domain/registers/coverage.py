"""Which ground nobody answers for, and when; which ground no camera looks at (DOMAIN §1: all ground, all hours)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from central.domain.registers.areas import AreaLevel, parent_of
from central.domain.registers.names import Names
from central.domain.registers.responsibility import Duty, DutyScope
from central.domain.registers.seasons import begun_on
from central.domain.registers.snapshot import Registers


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of local wall time, without its end."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Ground that nobody answers for during the spans."""

    scope: DutyScope
    target: str
    names: Names
    spans: tuple[Span, ...]

    @property
    def hours(self) -> float:
        return sum(((span.end - span.start).total_seconds() for span in self.spans), 0.0) / 3600


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far responsibility and cameras cover an area between two days.

    `grids` and `roads` are how many there are; `covered_hours` and `asked_hours` count each of them by the hour.
    """

    first: date
    last: date
    grids: int
    roads: int
    asked_hours: float
    covered_hours: float
    gaps: tuple[Gap, ...]
    without_camera: tuple[str, ...]
    without_backup: tuple[str, ...]

    @property
    def share(self) -> float | None:
        """Covered hours of those asked for; None where there is no ground."""
        return self.covered_hours / self.asked_hours if self.asked_hours else None


def coverage(registers: Registers, first: date, last: date, area: str = "") -> Coverage:
    """The coverage of `area` (a code, "" for all) on the local days `first` to `last`, both included.

    A grid is covered by duties for itself or any area around it; a road by duties for the road, or for the area that
    it lies in.
    """
    grids = [found for found in registers.areas_within(area) if found.level is AreaLevel.GRID]
    roads = [road for road in registers.roads if road.area_code.startswith(area)]
    whole = Span(datetime.combine(first, time(0)), datetime.combine(last + timedelta(days=1), time(0)))
    by_target = _spans_by_target(registers.duties, first, last)
    ground = [(DutyScope.AREA, grid.code, grid.names, _keys(grid.code)) for grid in grids]
    ground += [
        (DutyScope.ROAD, road.road_id, road.names, [(DutyScope.ROAD, road.road_id), *_keys(road.area_code)])
        for road in roads
    ]
    gaps = []
    for scope, target, names, keys in ground:
        missing = _missing(whole, [span for key in keys for span in by_target.get(key, ())])
        if missing:
            gaps.append(Gap(scope, target, names, missing))
    asked = len(ground) * (whole.end - whole.start).total_seconds() / 3600
    seen = {camera.area_code for camera in registers.cameras if camera.validity.holds(first)}
    seen |= {grid.code for camera in registers.cameras if camera.point and (grid := registers.grid_at(camera.point))}
    alone = (duty.duty_id for duty in registers.duties if not duty.backup and duty.validity.holds(first))
    return Coverage(
        first=first,
        last=last,
        grids=len(grids),
        roads=len(roads),
        asked_hours=asked,
        covered_hours=asked - sum(gap.hours for gap in gaps),
        gaps=tuple(gaps),
        without_camera=tuple(grid.code for grid in grids if grid.code not in seen),
        without_backup=tuple(alone),
    )


def _keys(code: str) -> list[tuple[DutyScope, str]]:
    found = []
    at: str | None = code or None
    while at is not None:
        found.append((DutyScope.AREA, at))
        at = parent_of(at)
    return found


def _spans_by_target(duties: Sequence[Duty], first: date, last: date) -> dict[tuple[DutyScope, str], list[Span]]:
    """When somebody is on, by what for; shifts of the evening before included."""
    found: dict[tuple[DutyScope, str], list[Span]] = {}
    for duty in duties:
        day = first - timedelta(days=1)
        while day <= last:
            midnight = datetime.combine(day, time(0))
            for start, end in begun_on(duty.shift, day):
                span = _while_valid(duty, Span(midnight + timedelta(seconds=start), midnight + timedelta(seconds=end)))
                if span is not None:
                    found.setdefault((duty.scope, duty.target), []).append(span)
            day += timedelta(days=1)
    return found


def _while_valid(duty: Duty, span: Span) -> Span | None:
    """The part of the span on days for which the duty holds."""
    start, end = span.start, span.end
    if duty.validity.first is not None:
        start = max(start, datetime.combine(duty.validity.first, time(0)))
    if duty.validity.last is not None:
        end = min(end, datetime.combine(duty.validity.last + timedelta(days=1), time(0)))
    return Span(start, end) if start < end else None


def _missing(whole: Span, spans: Iterable[Span]) -> tuple[Span, ...]:
    """What is left of `whole` without the spans."""
    found = []
    at = whole.start
    for span in sorted(spans, key=lambda one: one.start):
        if span.start > at:
            found.append(Span(at, min(span.start, whole.end)))
        at = max(at, span.end)
        if at >= whole.end:
            break
    if at < whole.end:
        found.append(Span(at, whole.end))
    return tuple(span for span in found if span.start < span.end)
