"""Published figures don't change: at a period's end they are written down, and later looks say what would differ."""

from collections.abc import Iterator
from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from central.domain.assessment.figures import Result
from central.domain.assessment.formula import NoValue
from central.domain.assessment.intervals import Interval
from central.domain.assessment.periods import Period, PeriodKind, period_around
from central.domain.assessment.scopes import Scope
from central.scorebook import FreezeBlock
from central.services.assessment import SPLITS, AssessmentDesk, Question, Reckoned
from central.services.assessment_counting import Counting
from central.services.assessment_exposure import Exposure
from central.services.assessment_views import (
    AssessmentView,
    DifferenceView,
    FigureView,
    FrozenView,
    RowView,
    SetView,
    figure_views,
    set_views,
)
from central.services.records import Sentence
from central.store import assessment_frozen, assessment_queries
from central.store.assessment_frozen import Frozen
from central.store.database import Database
from contract.clock import Clock
from contract.errors import UsageError

SHORT = ("city", "district", "street", "department")
"""What is frozen of a day and a week."""
LONG = (*SHORT, "community", "grid", "post", "person")
"""What is frozen of a month and more."""
CHANGED_SHOWN = 20


class _Kept(BaseModel):
    """One figure as it is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    value: float | None = None
    numerator: float | None = None
    denominator: float | None = None
    interval: tuple[float, float] | None = None
    finding: tuple[str, str] | None = None


class _Sheet(BaseModel):
    """All figures and sets of one subject as they are kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    figures: dict[str, _Kept]
    sets: dict[str, int]


class Freezing:
    """Freezes by hand or as periods end, and shows frozen figures beside what a recomputation gives."""

    def __init__(
        self, database: Database, desk: AssessmentDesk, counting: Counting, rules: FreezeBlock, clock: Clock
    ) -> None:
        self._database = database
        self._desk = desk
        self._counting = counting
        self._rules = rules
        self._clock = clock

    def step(self) -> int:
        """For a worker: counts what is new and freezes the newest ended period of each kind; gives what it did."""
        done = self._counting.step()
        if done:
            return done
        with self._database.read() as connection:
            kept = {(first, last) for first, last, _ in assessment_frozen.periods(connection)}
        ended = [period for period in self._ended() if (period.first, period.last) not in kept]
        return sum(self.freeze(period, "central") for period in ended)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """The next step starts from what is committed."""

    def freeze(self, period: Period, who: str) -> int:
        """Keeps the period's figures as they stand. What is frozen stays. Gives the number of sheets, 0 if it was.

        Raises:
            UsageError: the period has not ended.
        """
        window = self._desk.window(period)
        if period.last >= window.today:
            raise UsageError(f"period {period} ends on {period.last}; it can be frozen from the day after on")
        with self._database.write() as connection:
            if (period.first, period.last) in {
                (first, last) for first, last, _ in assessment_frozen.periods(connection)
            }:
                return 0
            return assessment_frozen.freeze(connection, self._sheets(connection, period, who))

    def show(self, question: Question, *, recompute: bool = False) -> AssessmentView:
        """The frozen figures where there are any, else those of today; `recompute` shows today's beside the note.

        Only whole areas, departments, posts and persons are frozen.
        """
        live = self._desk.assess(question)
        axis = _axis(question.scope)
        if axis is None:
            return live
        with self._database.read() as connection:
            period = question.period
            kept = assessment_frozen.frozen(connection, period.first, period.last, *axis)
            if kept is None:
                return live
            window = self._desk.window(period)
            changed = assessment_queries.changed_since(connection, question.scope, window, kept.taken_at, CHANGED_SHOWN)
            length = SPLITS[question.by][1] if question.by is not None else 0
            areas = assessment_frozen.frozen_areas(connection, period.first, period.last, axis[1], length)
        if length and axis[0] == "area" and not recompute:
            live = live.model_copy(update={"rows": self._rows(live, areas)})
        return self._beside(live, kept, tuple(changed), recompute)

    def periods(self) -> list[tuple[Period, int]]:
        """Which periods are frozen, with how many sheets."""
        with self._database.read() as connection:
            rows = assessment_frozen.periods(connection)
        kinds = [kind for kind in PeriodKind if kind is not PeriodKind.SPAN]
        named = {}
        for first, last, sheets in rows:
            whole = (period_around(kind, first) for kind in kinds)
            period = next((found for found in whole if (found.first, found.last) == (first, last)), None)
            named[period or Period(PeriodKind.SPAN, first, last)] = sheets
        return list(named.items())

    def _ended(self) -> Iterator[Period]:
        today = self._clock.now().astimezone(self._desk.timezone).date()
        for kind in self._rules.kinds:
            if kind is not PeriodKind.SPAN:
                last = today - timedelta(days=self._rules.after_days)
                yield period_around(kind, period_around(kind, last).first - timedelta(days=1))

    def _sheets(self, connection: Connection, period: Period, who: str) -> Iterator[Frozen]:
        window = self._desk.window(period)
        exposure = Exposure(connection, self._desk.registers(connection), window, self._desk.timezone)
        everything = self._desk.reckon(connection, Scope(), window, exposure)
        yield self._frozen(period, "area", "", everything, who)
        for by in SHORT if period.kind in {PeriodKind.DAY, PeriodKind.WEEK} else LONG:
            for subject, one in self._desk.reckon_by(connection, Scope(), window, exposure, by).items():
                if subject:
                    yield self._frozen(period, "area" if SPLITS[by][1] else by, subject, one, who)

    def _frozen(self, period: Period, axis: str, subject: str, one: Reckoned, who: str) -> Frozen:
        figures = {key: _kept(result) for key, result in one.found.items()}
        content = _Sheet(figures=figures, sets=one.counts).model_dump_json(exclude_none=True)
        now, version = self._clock.now(), self._desk.book.version
        return Frozen(period.first, period.last, axis, subject, version, now, who, content)

    def _rows(self, live: AssessmentView, kept: list[Frozen]) -> tuple[RowView, ...]:
        """The split as it was frozen, so that it adds up to the frozen whole."""
        names = {row.key: row.name for row in live.rows}
        return tuple(
            RowView(key=sheet.subject, name=names.get(sheet.subject), figures=figures, sets=sets)
            for sheet in kept
            for figures, sets in [self._read(sheet)]
        )

    def _read(self, kept: Frozen) -> tuple[tuple[FigureView, ...], tuple[SetView, ...]]:
        sheet, book = _Sheet.model_validate_json(kept.content), self._desk.book
        figures = {key: _result(key, was) for key, was in sheet.figures.items()}
        return figure_views(book, figures), set_views(book, sheet.sets)

    def _beside(self, live: AssessmentView, kept: Frozen, changed: tuple[str, ...], recompute: bool) -> AssessmentView:
        sheet = _Sheet.model_validate_json(kept.content)
        now = {figure.key: figure for figure in live.figures}
        differences = tuple(
            DifferenceView(
                key=key,
                name=now[key].name if key in now else Sentence(zh=key, en=key),
                frozen=was.value,
                now=now[key].value if key in now else None,
            )
            for key, was in sheet.figures.items()
            if key not in now or now[key].value != was.value
        )
        note = FrozenView(
            taken_at=kept.taken_at,
            taken_by=kept.taken_by,
            book_version=kept.book_version,
            differences=differences,
            changed_cases=changed,
        )
        if recompute:
            return live.model_copy(update={"frozen": note})
        figures, sets = self._read(kept)
        update = {"figures": figures, "sets": sets, "frozen": note, "book_version": kept.book_version}
        return live.model_copy(update=update)


def _axis(scope: Scope) -> tuple[str, str] | None:
    """Under which name a scope's figures are frozen; None for scopes that are not."""
    named = {name: getattr(scope, name) for name in ("department", "post", "person")}
    given = [(name, value) for name, value in named.items() if value is not None]
    if scope.kind is not None or scope.source is not None or scope.camera_id is not None or len(given) > 1:
        return None
    if not given:
        return "area", scope.area
    return None if scope.area else given[0]


def _kept(result: Result) -> _Kept:
    return _Kept(
        value=result.value,
        numerator=result.numerator,
        denominator=result.denominator,
        interval=None if result.interval is None else (result.interval.low, result.interval.high),
        finding=None if result.finding is None else (result.finding.code, result.finding.about),
    )


def _result(key: str, kept: _Kept) -> Result:
    return Result(
        key,
        kept.value,
        kept.numerator,
        kept.denominator,
        None if kept.interval is None else Interval(*kept.interval),
        None if kept.finding is None else NoValue(*kept.finding),
    )
