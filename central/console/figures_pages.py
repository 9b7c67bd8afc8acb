"""The figures' pages: a sheet of one scope and period, its curves and bars, and the cases behind each number."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from central.console.pages import Pages
from central.console.words import Language, Words
from central.domain.assessment.periods import Period, PeriodKind, parse_period, period_around
from central.domain.assessment.scopes import Scope
from central.domain.people import Operator
from central.domain.workflow_words import Source
from central.services.assessment import SPLITS, Question
from central.services.assessment_export import ExportFormat
from central.services.assessment_parts import Assessment
from central.services.assessment_views import MEASURES, AssessmentView
from central.services.curves import Curves
from central.services.reading import Reader
from central.services.records import Sentence
from contract.errors import TransientError, UsageError
from contract.taxonomy import Violation

HEADLINES = (
    "false_alarms_per_camera_day",
    "confirmation_rate",
    "handling_in_time_rate",
    "closing_in_time_rate",
    "grid_coverage",
    "camera_uptime",
)
COLUMNS = (
    "false_alarms_per_camera_day",
    "confirmation_rate",
    "review_median",
    "review_p90",
    "handling_in_time_rate",
    "closing_in_time_rate",
    "rework_rate",
)
"""What a split shows; a city's book may lack some."""
COUNTS = ("reviewed", "rejected", "filed")
CASES_A_PAGE = 50
Area = Annotated[str | None, Query(max_length=15, pattern=r"^[0-9A-Z]*$")]
Drawn = Callable[[Question], Curves]


class Gate(Protocol):
    """What these pages need of the access rules."""

    @property
    def page(self) -> Callable[[Request], Awaitable[Operator]]: ...


def figures_pages(figures: Assessment, drawn: Drawn, reader: Reader, gate: Gate, pages: Pages) -> APIRouter:
    """``/figures``."""
    router = APIRouter(prefix="/figures", include_in_schema=False)

    def asked(
        who: Annotated[Operator, Depends(gate.page)],
        area: Area = None,
        period: Annotated[str, Query(max_length=30)] = "",
        by: Annotated[str, Query(max_length=20)] = "",
    ) -> Question:
        wanted = who.district if area is None else area
        if not wanted.startswith(who.district):
            raise HTTPException(403, f"area {wanted or 'everywhere'}: {who.name} answers for {who.district}")
        return Question(Scope(wanted), _period(period, figures.desk.today()), by or None)

    def page(request: Request, question: Question | None, problem: str = "", **facts: Any) -> Response:
        told = {"view": None, "curves": None, "lines": None, "bars": None, "typed": dict(request.query_params)} | facts
        return pages.render(
            request,
            "figures.html",
            422 if problem else 200,
            problem=problem,
            question=question,
            splits=list(SPLITS),
            periods=_offered(figures.desk.today()),
            headlines=HEADLINES,
            columns=COLUMNS,
            counts=COUNTS,
            formats=list(ExportFormat),
            **told,
        )

    @router.get("")
    def show(
        request: Request,
        who: Annotated[Operator, Depends(gate.page)],
        area: Area = None,
        period: Annotated[str, Query(max_length=30)] = "",
        by: Annotated[str, Query(max_length=20)] = "",
    ) -> Response:
        question = None
        try:
            question = asked(who, area, period, by)
            view = figures.freezing.show(question)
        except TransientError:
            return page(request, question)
        except UsageError as error:
            return page(request, question, str(error))
        names = _row_names(view, question.by or "", reader, pages.words(request))
        facts: dict[str, Any] = {"formulas": _formulas(view), "row_names": names, "bars": _bars(view, names)}
        return page(request, question, view=view, **_curves(drawn(question)), **facts)

    @router.get("/cases")
    def show_cases(
        request: Request,
        question: Annotated[Question, Depends(asked)],
        of: Annotated[str, Query(max_length=64)],
        cursor: Annotated[str, Query(max_length=36)] = "",
    ) -> Response:
        found = figures.desk.cases(of, question, cursor, CASES_A_PAGE)
        times = {one.case_id: one.times for one in found.cases}
        cases = reader.summaries(list(times))
        return pages.render(request, "figures_cases.html", question=question, found=found, cases=cases, times=times)

    return router


def _period(text: str, today: date) -> Period:
    """As people write it; the month of `today` where nothing is written.

    Raises:
        UsageError: it is no period.
    """
    if not text:
        return period_around(PeriodKind.MONTH, today)
    try:
        return parse_period(text)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _offered(today: date) -> list[str]:
    """This and the last of each kind, the shortest first."""
    kinds = (PeriodKind.DAY, PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR)
    found = []
    for kind in kinds:
        now = period_around(kind, today)
        found += [str(now), str(period_around(kind, now.first - timedelta(days=1)))]
    return found


def _curves(found: Curves) -> dict[str, Any]:
    """For the page, and the same for its script."""
    lines = {
        "days": [day.isoformat() for day in found.days],
        "names": [curve.name.model_dump() for curve in found.curves],
        "numbers": [curve.numbers for curve in found.curves],
    }
    return {"curves": found, "lines": lines}


def _formulas(view: AssessmentView) -> dict[str, Sentence]:
    """Figure → its formula with names in place of keys."""
    names = {one.key: one.name for one in view.figures} | {one.key: one.name for one in view.sets}
    names |= {key: Sentence(zh=zh, en=en) for key, (zh, en) in MEASURES.items()}

    def said(text: str, language: Language) -> str:
        def name(found: re.Match[str]) -> str:
            known = names.get(found[0])
            return found[0] if known is None else f"[{known.zh if language == 'zh' else known.en}]"

        return re.sub(r"[a-z_]+", name, text)

    return {
        one.key: Sentence(zh=said(one.formula, "zh"), en=said(one.formula, "en")) for one in view.figures if one.formula
    }


def _row_names(view: AssessmentView, by: str, reader: Reader, words: Words) -> dict[str, str]:
    """Row → its name in the reader's language: what the view has no name for is a kind, a source or a person's own."""
    names: dict[str, str] = {}
    for row in view.rows:
        if row.name is not None:
            names[row.key] = words.of(row.name)
        elif by == "kind" and row.key in set(Violation):
            names[row.key] = words.of(reader.violation_name(Violation(row.key)))
        elif by == "source" and row.key in set(Source):
            names[row.key] = words(f"source.{row.key}")
        else:
            names[row.key] = row.key or words("figures.nobody")
    return names


def _bars(view: AssessmentView, row_names: Mapping[str, str]) -> dict[str, Any] | None:
    """The split's rows as bars, a series a figure; None where nothing is split."""
    if not view.rows:
        return None
    names = {figure.key: figure.name.model_dump() for figure in view.rows[0].figures if figure.key in COLUMNS}
    values = [{figure.key: figure.value for figure in row.figures} for row in view.rows]
    return {
        "labels": [row_names[row.key] for row in view.rows],
        "series": [{"name": name, "values": [row.get(key) for row in values]} for key, name in names.items()],
    }
