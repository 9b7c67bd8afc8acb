"""Figures as data, and what they come to: named sets of items, ratios of two sets, rates per exposure, formulas.

A set counts the items of one moment that carry all of some marks and none of others. A ratio's numerator is a part of
its denominator (same moment, at least its marks), so no share exceeds 100 % and every figure can name its cases.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from central.domain.assessment.formula import Formula, NoValue, in_turn
from central.domain.assessment.intervals import Interval, of_rate, of_share
from central.domain.assessment.items import NONE, Mark, Moment
from central.domain.registers.names import Names


class Unit(StrEnum):
    PERCENT = "percent"
    """Reckoned as a share 0..1, told ×100."""
    PER_DAY = "per_day"
    PER_HOUR = "per_hour"
    SECONDS = "seconds"
    HOURS = "hours"
    POINTS = "points"
    COUNT = "count"


class Measure(StrEnum):
    """What is known of a period beside its items."""

    CAMERA_HOURS = "camera_hours"
    """Hours in which cameras delivered fresh frames."""
    CAMERA_DAYS = "camera_days"
    CAMERAS = "cameras"
    """Cameras that were there at any time."""
    CAMERA_HOURS_WANTED = "camera_hours_wanted"
    """Hours in which they should have."""
    GRIDS = "grids"
    GRIDS_COVERED = "grids_covered"
    """Unit grids with an officer in force at some hour."""
    GRIDS_WATCHED = "grids_watched"
    """Unit grids with a camera."""
    GRID_HOURS = "grid_hours"
    GRID_HOURS_COVERED = "grid_hours_covered"
    """Grid × hour with an officer on shift."""
    OPEN_CASES = "open_cases"


class Statistic(StrEnum):
    MEAN = "mean"
    MEDIAN = "median"
    P90 = "p90"


@dataclass(frozen=True, slots=True)
class SetRule:
    """A named set of items."""

    key: str
    names: Names
    moment: Moment
    has: Mark = NONE
    lacks: Mark = NONE

    def holds(self, moment: Moment, marks: Mark) -> bool:
        return moment is self.moment and marks & self.has == self.has and not marks & self.lacks

    def is_part_of(self, other: "SetRule") -> bool:
        """Whether everything it holds is in `other` too."""
        return (
            self.moment is other.moment
            and self.has & other.has == other.has
            and self.lacks & other.lacks == other.lacks
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    numerator: str
    denominator: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Items per exposure: false alarms per camera-day, never raw counts (DOMAIN §1, items 15 and 16)."""

    numerator: str
    per: Measure


@dataclass(frozen=True, slots=True)
class Share:
    """One measure of another: grids covered of all."""

    part: Measure
    whole: Measure


@dataclass(frozen=True, slots=True)
class Taken:
    """How long the items of a set took."""

    of: str
    statistic: Statistic


Rule = Ratio | Rate | Share | Taken | Formula


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of assessment. `source` says whose definition it is."""

    key: str
    names: Names
    unit: Unit
    rule: Rule
    source: str = ""


@dataclass(frozen=True, slots=True)
class Book:
    """All sets and figures of a city. `version` names their definitions; frozen figures keep it."""

    version: str
    sets: Mapping[str, SetRule]
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted: items by moment and marks, how long those of a moment took (seconds → items), and measures.

    A measure that is missing was not measured.
    """

    counts: Mapping[tuple[Moment, Mark], int] = field(default_factory=dict)
    took: Mapping[tuple[Moment, Mark], Mapping[int, int]] = field(default_factory=dict)
    measures: Mapping[Measure, float] = field(default_factory=dict)

    def count(self, rule: SetRule) -> int:
        return sum(number for (moment, marks), number in self.counts.items() if rule.holds(moment, marks))

    def durations(self, rule: SetRule) -> dict[int, int]:
        """Seconds → how many of the set took so long."""
        found: dict[int, int] = {}
        for (moment, marks), by_s in self.took.items():
            if rule.holds(moment, marks):
                for seconds, number in by_s.items():
                    found[seconds] = found.get(seconds, 0) + number
        return found


@dataclass(frozen=True, slots=True)
class Result:
    """What a figure comes to. `value` is None with a `finding` that says why.

    A percentage is told ×100. `interval` is the exact 95 % one, in the same unit.
    """

    key: str
    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    interval: Interval | None = None
    finding: NoValue | None = None


def results(book: Book, tally: Tally) -> dict[str, Result]:
    """Every figure of the book, in its order."""
    counts = {key: tally.count(rule) for key, rule in book.sets.items()}
    found = {
        key: _plain(figure, book, tally, counts)
        for key, figure in book.figures.items()
        if not isinstance(figure.rule, Formula)
    }
    known = _known(book, tally, counts)
    known.update({key: _as_number(book.figures[key], result) for key, result in found.items()})
    formulas = {key: figure.rule for key, figure in book.figures.items() if isinstance(figure.rule, Formula)}
    for key in in_turn(formulas):
        known[key] = formulas[key].value(known)
        found[key] = _told(book.figures[key], known[key])
    return {key: found[key] for key in book.figures}


def known_names(book: Book) -> frozenset[str]:
    """What a formula may name."""
    return frozenset(book.figures) | frozenset(book.sets) | frozenset(Measure)


def _known(book: Book, tally: Tally, counts: Mapping[str, int]) -> dict[str, float | NoValue]:
    known: dict[str, float | NoValue] = {
        measure.value: tally.measures.get(measure, NoValue("unknown", measure)) for measure in Measure
    }
    return known | {key: float(counts[key]) for key in book.sets}


def _plain(figure: Figure, book: Book, tally: Tally, counts: Mapping[str, int]) -> Result:
    match figure.rule:
        case Ratio(numerator=numerator, denominator=denominator):
            return _ratio(figure, counts[numerator], counts[denominator], denominator)
        case Rate(numerator=numerator, per=per):
            return _rate(figure, counts[numerator], tally.measures.get(per), per)
        case Share(part=part, whole=whole):
            return _share(figure, tally.measures.get(part), tally.measures.get(whole), whole)
        case Taken(of=of, statistic=statistic):
            return _taken(figure, tally.durations(book.sets[of]), statistic, of)
        case Formula():
            raise AssertionError("formulas come after the others")


def _ratio(figure: Figure, hits: int, trials: int, denominator: str) -> Result:
    if trials == 0:
        return Result(figure.key, None, hits, 0, finding=NoValue("no_cases_due", denominator))
    sure = of_share(hits, trials)
    scaled = Interval(_scaled(figure, sure.low), _scaled(figure, sure.high))
    return Result(figure.key, _scaled(figure, hits / trials), hits, trials, scaled)


def _rate(figure: Figure, hits: int, exposure: float | None, per: Measure) -> Result:
    if exposure is None:
        return Result(figure.key, None, hits, None, finding=NoValue("unknown", per))
    if exposure <= 0:
        return Result(figure.key, None, hits, 0.0, finding=NoValue("divides_by_zero", per))
    return Result(figure.key, _scaled(figure, hits / exposure), hits, round(exposure, 4), of_rate(hits, exposure))


def _share(figure: Figure, part: float | None, whole: float | None, name: Measure) -> Result:
    if part is None or whole is None:
        return Result(figure.key, None, part, whole, finding=NoValue("unknown", name))
    if whole <= 0:
        return Result(figure.key, None, part, whole, finding=NoValue("divides_by_zero", name))
    return Result(figure.key, _scaled(figure, part / whole), part, whole)


def _taken(figure: Figure, by_s: Mapping[int, int], statistic: Statistic, of: str) -> Result:
    total = sum(by_s.values())
    if total == 0:
        return Result(figure.key, None, None, 0, finding=NoValue("no_cases_due", of))
    if statistic is Statistic.MEAN:
        value = sum(seconds * number for seconds, number in by_s.items()) / total
    else:
        value = float(quantile(by_s, 0.5 if statistic is Statistic.MEDIAN else 0.9))
    return Result(figure.key, _scaled(figure, value), None, total)


def quantile(by_s: Mapping[int, int], share: float) -> int:
    """The smallest duration that at least `share` of all stay within.

    >>> quantile({60: 3, 120: 1, 600: 1}, 0.5), quantile({60: 3, 120: 1, 600: 1}, 0.9)
    (60, 600)
    """
    wanted, seen = math.ceil(share * sum(by_s.values())), 0
    for seconds in sorted(by_s):
        seen += by_s[seconds]
        if seen >= wanted:
            return seconds
    return 0


def _as_number(figure: Figure, result: Result) -> float | NoValue:
    """As formulas reckon with it: shares are 0..1 and unrounded."""
    if result.value is None:
        return result.finding or NoValue("unknown", figure.key)
    if figure.unit is Unit.PERCENT and result.numerator is not None and result.denominator:
        return result.numerator / result.denominator
    return result.value


def _told(figure: Figure, value: float | NoValue) -> Result:
    if isinstance(value, NoValue):
        return Result(figure.key, None, finding=value)
    return Result(figure.key, _scaled(figure, value))


def _scaled(figure: Figure, value: float) -> float:
    return round(value * 100 if figure.unit is Unit.PERCENT else value, 6)
