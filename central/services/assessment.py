"""Figures of any area, department, post, person or camera in any period: as they stand, and as they were frozen."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.domain.assessment.figures import Book, Result, SetRule, Taken, Tally, results
from central.domain.assessment.items import Moment
from central.domain.assessment.periods import Period
from central.domain.assessment.scopes import Scope, Window
from central.domain.registers.areas import LENGTHS, level_of
from central.domain.registers.snapshot import Registers
from central.services.assessment_counting import Counting
from central.services.assessment_exposure import Exposure
from central.services.assessment_views import (
    AssessmentView,
    CountedCase,
    CountedPage,
    GapView,
    PeriodView,
    RowView,
    ScopeView,
    figure_views,
    set_views,
)
from central.services.records import Sentence
from central.store import assessment_queries
from central.store.assessment_queries import Durations, Split, together
from central.store.database import Database
from contract.clock import Clock
from contract.errors import TransientError, UsageError

SPLITS = {
    **{level.value: ("area_code", length) for level, length in LENGTHS.items()},
    **{name: (name, 0) for name in ("department", "post", "person", "kind", "source")},
    "camera": ("camera_id", 0),
}
"""What figures may be split by, and the column of the items."""
GAPS_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Question:
    """Whose figures, when, and split by what."""

    scope: Scope
    period: Period
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Figures of one scope, and the sizes of all sets."""

    found: dict[str, Result]
    counts: dict[str, int]


class AssessmentDesk:
    """Reads; any thread. `registers` gives them as they stand."""

    def __init__(
        self,
        database: Database,
        book: Book,
        registers: Callable[[Connection], Registers],
        counting: Counting,
        timezone: ZoneInfo,
        clock: Clock,
    ) -> None:
        self.book = book
        self.timezone = timezone
        self._database = database
        self.registers = registers
        self._counting = counting
        self._clock = clock

    def assess(self, question: Question) -> AssessmentView:
        """All figures as they stand now.

        Raises:
            UsageError: no such area code or split.
            TransientError: the items are being derived for the first time.
        """
        _check(question)
        with self._database.read() as connection:
            self._must_be_counted(connection)
            return self.assess_in(connection, question)

    def assess_in(self, connection: Connection, question: Question) -> AssessmentView:
        """The same inside the caller's transaction."""
        window, registers = self.window(question.period), self.registers(connection)
        exposure = Exposure(connection, registers, window, self.timezone)
        split = self._split(connection, question.scope, window, question.by) if question.by else None
        took = together(split.took.values()) if split else None
        whole = self.reckon(connection, question.scope, window, exposure, took)
        gaps = exposure.coverage(question.scope.area).gaps
        return AssessmentView(
            scope=_scope(question.scope, registers),
            period=self.period_view(question.period),
            as_of=window.now,
            book_version=self.book.version,
            figures=figure_views(self.book, whole.found),
            sets=set_views(self.book, whole.counts),
            by=question.by,
            rows=self._rows(connection, question, window, exposure, registers, split) if split else (),
            gaps=tuple(GapView(grid=gap.grid, hours=len(gap.hours)) for gap in gaps[:GAPS_SHOWN]),
        )

    def cases(self, set_key: str, question: Question, after: str = "", limit: int = 100) -> CountedPage:
        """The cases in a set, which is what a numerator or denominator is.

        Raises:
            UsageError: no such set or area code.
        """
        _check(question)
        rule = self.book.sets.get(set_key)
        if rule is None:
            raise UsageError(f"set {set_key!r}: there is none; there are: {', '.join(self.book.sets)}")
        window = self.window(question.period)
        with self._database.read() as connection:
            self._must_be_counted(connection)
            found = assessment_queries.cases_in(connection, rule, question.scope, window, after, limit + 1)
            number = self._size(connection, rule, question.scope, window)
        shown = found[:limit]
        return CountedPage(
            set=set_views(self.book, {set_key: number})[0],
            cases=tuple(CountedCase(case_id=case_id, times=times) for case_id, times in shown),
            next=shown[-1][0] if len(found) > limit else None,
        )

    def today(self) -> date:
        """The local day."""
        return self._clock.now().astimezone(self.timezone).date()

    def window(self, period: Period) -> Window:
        """The period as of now."""
        now = self._clock.now()
        return Window(period.first, period.last, now.astimezone(self.timezone).date(), now)

    def reckon(
        self, connection: Connection, scope: Scope, window: Window, exposure: Exposure, took: Durations | None = None
    ) -> Reckoned:
        """All figures of one scope; `took`: its durations, where they have been read already."""
        counted = assessment_queries.tally(connection, scope, window)
        if took is None:
            took = assessment_queries.durations(connection, scope, window, self._timed()).get("", {})
        return self._reckoned(replace(counted, took=took, measures=exposure.measures(scope)))

    def reckon_by(
        self,
        connection: Connection,
        scope: Scope,
        window: Window,
        exposure: Exposure,
        by: str,
        split: Split | None = None,
    ) -> dict[str, Reckoned]:
        """All figures for each value of the split; `split`: what they follow from, where it has been read already."""
        column, _ = SPLITS[by]
        found = split or self._split(connection, scope, window, by)
        return {
            key: self._reckoned(
                replace(counted, took=found.took.get(key, {}), measures=exposure.measures(narrowed(scope, column, key)))
            )
            for key, counted in found.tallies.items()
        }

    def period_view(self, period: Period) -> PeriodView:
        return PeriodView(
            kind=period.kind, text=str(period), first=period.first, last=period.last, timezone=self.timezone.key
        )

    def _rows(
        self,
        connection: Connection,
        question: Question,
        window: Window,
        exposure: Exposure,
        registers: Registers,
        split: Split,
    ) -> tuple[RowView, ...]:
        by = question.by or ""
        found = self.reckon_by(connection, question.scope, window, exposure, by, split)
        return tuple(
            RowView(
                key=key,
                name=_area_name(key, registers) if SPLITS[by][1] else None,
                figures=figure_views(self.book, one.found),
                sets=set_views(self.book, one.counts),
            )
            for key, one in found.items()
        )

    def _reckoned(self, counted: Tally) -> Reckoned:
        counts = {key: counted.count(rule) for key, rule in self.book.sets.items()}
        return Reckoned(results(self.book, counted), counts)

    def _split(self, connection: Connection, scope: Scope, window: Window, by: str) -> Split:
        column, length = SPLITS[by]
        return assessment_queries.split_by(connection, scope, window, self._timed(), column, length)

    def _timed(self) -> frozenset[Moment]:
        """The moments whose durations some figure asks for."""
        rules = (figure.rule for figure in self.book.figures.values())
        return frozenset(self.book.sets[rule.of].moment for rule in rules if isinstance(rule, Taken))

    def _size(self, connection: Connection, rule: SetRule, scope: Scope, window: Window) -> int:
        return assessment_queries.tally(connection, scope, window).count(rule)

    def _must_be_counted(self, connection: Connection) -> None:
        if not self._counting.is_finished(connection):
            raise TransientError("figures are being counted for the first time; ask again in a few minutes")


def narrowed(scope: Scope, column: str, key: str) -> Scope:
    """The scope of one row of a split."""
    return replace(scope, area=key) if column == "area_code" else replace(scope, **{column: key})


def _check(question: Question) -> None:
    try:
        if question.scope.area:
            level_of(question.scope.area)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if question.by is not None and question.by not in SPLITS:
        raise UsageError(f"by {question.by!r}: figures can be split by {', '.join(SPLITS)}")


def _scope(scope: Scope, registers: Registers) -> ScopeView:
    return ScopeView(
        area=scope.area,
        area_name=_area_name(scope.area, registers),
        kind=scope.kind,
        source=scope.source,
        department=scope.department,
        post=scope.post,
        person=scope.person,
        camera=scope.camera_id,
    )


def _area_name(code: str, registers: Registers) -> Sentence | None:
    area = registers.area(code)
    return None if area is None else Sentence(zh=area.names.zh, en=area.names.en)
