"""What assessment tells: figures with their numerators, denominators and doubts, ready for JSON, tables and screens."""

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict

from central.domain.assessment.figures import Book, Figure, Measure, Rate, Ratio, Result, Share, Taken
from central.domain.assessment.formula import Formula, NoValue
from central.services.records import Sentence
from contract.events import Instant

FINDINGS = {
    "no_cases_due": ("没有到期的案件：{zh}", "no cases due: {en}"),
    "divides_by_zero": ("除数为零：{zh}", "divides by zero: {en}"),
    "unknown": ("没有测量：{zh}", "not measured: {en}"),
    "out_of_range": ("超出范围：{zh}", "out of range: {en}"),
}


MEASURES: Mapping[str, tuple[str, str]] = {
    Measure.CAMERA_HOURS: ("摄像机在线时长", "hours of cameras online"),
    Measure.CAMERA_DAYS: ("摄像机在线天数", "camera-days online"),
    Measure.CAMERAS: ("摄像机数", "cameras"),
    Measure.CAMERA_HOURS_WANTED: ("摄像机应在线时长", "hours that cameras should be online"),
    Measure.GRIDS: ("单元网格数", "unit grids"),
    Measure.GRIDS_COVERED: ("有人负责的单元网格数", "unit grids with an officer"),
    Measure.GRIDS_WATCHED: ("有摄像机的单元网格数", "unit grids with a camera"),
    Measure.GRID_HOURS: ("单元网格小时数", "hours of unit grids"),
    Measure.GRID_HOURS_COVERED: ("有人在岗的单元网格小时数", "hours of unit grids with an officer on shift"),
    Measure.OPEN_CASES: ("在办案件数", "open cases"),
}
"""What is measured beside cases, in words."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PartView(_View):
    """A numerator or denominator: the set, whose cases can be asked for, or the measure, and its size."""

    key: str
    name: Sentence
    number: float | None
    is_set: bool


class FindingView(_View):
    """Why there is no value: ``no_cases_due``, ``divides_by_zero``, ``unknown``, ``out_of_range``."""

    code: str
    about: str
    sentence: Sentence


class FigureView(_View):
    """One figure. `value` of a percentage is told ×100; None with a finding. `interval` is the exact 95 % one."""

    key: str
    name: Sentence
    unit: str
    value: float | None
    numerator: PartView | None = None
    denominator: PartView | None = None
    interval: tuple[float, float] | None = None
    finding: FindingView | None = None
    formula: str = ""
    source: str = ""


class PeriodView(_View):
    """Whole local days, both included."""

    kind: str
    text: str
    first: date
    last: date
    timezone: str


class ScopeView(_View):
    """Whose figures."""

    area: str
    area_name: Sentence | None = None
    kind: str | None = None
    source: str | None = None
    department: str | None = None
    post: str | None = None
    person: str | None = None
    camera: str | None = None


class SetView(_View):
    """A set and how many it holds."""

    key: str
    name: Sentence
    number: int


class DifferenceView(_View):
    """A figure that would come out otherwise today than it was frozen."""

    key: str
    name: Sentence
    frozen: float | None
    now: float | None


class FrozenView(_View):
    """When and by whom the figures were frozen, and what a recomputation would change. `changed_cases`: some of those
    that were worked on since."""

    taken_at: Instant
    taken_by: str
    book_version: str
    differences: tuple[DifferenceView, ...] = ()
    changed_cases: tuple[str, ...] = ()


class RowView(_View):
    """One row of a split: an area, a department, a person, …"""

    key: str
    name: Sentence | None = None
    figures: tuple[FigureView, ...]
    sets: tuple[SetView, ...]


class GapView(_View):
    """A unit grid and how many hours of the week nobody answers for."""

    grid: str
    hours: int


class AssessmentView(_View):
    """All figures of one scope in one period. `frozen` says that they are the published ones."""

    scope: ScopeView
    period: PeriodView
    as_of: Instant
    book_version: str
    figures: tuple[FigureView, ...]
    sets: tuple[SetView, ...]
    frozen: FrozenView | None = None
    by: str | None = None
    rows: tuple[RowView, ...] = ()
    gaps: tuple[GapView, ...] = ()


class CountedCase(_View):
    """A case behind a figure, and how often it counts in it."""

    case_id: str
    times: int


class CountedPage(_View):
    """Cases of a set by id; `next` continues."""

    set: SetView
    cases: tuple[CountedCase, ...]
    next: str | None = None


def figure_views(book: Book, found: dict[str, Result]) -> tuple[FigureView, ...]:
    return tuple(_figure(book, book.figures[key], result) for key, result in found.items() if key in book.figures)


def set_views(book: Book, counts: dict[str, int]) -> tuple[SetView, ...]:
    return tuple(
        SetView(key=key, name=_said(rule.names.zh, rule.names.en), number=counts[key])
        for key, rule in book.sets.items()
        if key in counts
    )


def finding_view(book: Book, finding: NoValue) -> FindingView:
    zh, en = FINDINGS[finding.code]
    names = _name(book, finding.about)
    return FindingView(
        code=finding.code, about=finding.about, sentence=_said(zh.format(zh=names.zh), en.format(en=names.en))
    )


def _figure(book: Book, figure: Figure, result: Result) -> FigureView:
    parts = _parts(figure)
    return FigureView(
        key=figure.key,
        name=_said(figure.names.zh, figure.names.en),
        unit=figure.unit,
        value=result.value,
        numerator=_part(book, parts[0], result.numerator),
        denominator=_part(book, parts[1], result.denominator),
        interval=None if result.interval is None else (result.interval.low, result.interval.high),
        finding=None if result.finding is None else finding_view(book, result.finding),
        formula=figure.rule.text if isinstance(figure.rule, Formula) else "",
        source=figure.source,
    )


def _parts(figure: Figure) -> tuple[str, str]:
    """The names of numerator and denominator; empty where a figure has none."""
    match figure.rule:
        case Ratio(numerator=numerator, denominator=denominator):
            return numerator, denominator
        case Rate(numerator=numerator, per=per):
            return numerator, per
        case Share(part=part, whole=whole):
            return part, whole
        case Taken(of=of):
            return "", of
        case Formula():
            return "", ""


def _part(book: Book, key: str, number: float | None) -> PartView | None:
    return PartView(key=key, name=_name(book, key), number=number, is_set=key in book.sets) if key else None


def _name(book: Book, key: str) -> Sentence:
    found = book.sets.get(key) or book.figures.get(key)
    if found is not None:
        return _said(found.names.zh, found.names.en)
    return _said(*MEASURES.get(key, (key, key.replace("_", " "))))


def _said(zh: str, en: str) -> Sentence:
    return Sentence(zh=zh, en=en)
