"""Figures over HTTP: of any scope and period, the cases behind them, frozen periods, files."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict

from central.api.access import Access
from central.domain.assessment.periods import Period, parse_period, span
from central.domain.assessment.scopes import Scope
from central.domain.people import Operator, Right
from central.services.assessment import Question
from central.services.assessment_export import MEDIA_TYPES, ExportFormat, export
from central.services.assessment_parts import Assessment
from central.services.assessment_views import AssessmentView, CountedPage
from contract.errors import UsageError

Text = Annotated[str | None, Query(max_length=64)]
Area = Annotated[str | None, Query(max_length=15, pattern=r"^[0-9A-Z]*$", description="Empty: the asker's district.")]


class FrozenPeriod(BaseModel):
    """A frozen period and how many sheets it has."""

    model_config = ConfigDict(frozen=True)

    period: str
    first: date
    last: date
    sheets: int


class Frozen(BaseModel):
    """How many sheets are new."""

    model_config = ConfigDict(frozen=True)

    period: str
    sheets: int


class FreezeBody(BaseModel):
    """Which period."""

    model_config = ConfigDict(extra="forbid")

    period: str


def assessment_router(parts: Assessment, access: Access) -> APIRouter:
    """``/assessment``, for operators, each within their district."""
    router = APIRouter(prefix="/assessment", tags=["assessment"])
    freezer = access.may(Right.FREEZE_FIGURES)

    def asked(
        asker: Annotated[Operator, Depends(access.operator)],
        area: Area = None,
        period: Annotated[str | None, Query(max_length=30, description="2026-07, 2026-Q3, 2026-W27, …")] = None,
        first: Annotated[date | None, Query(alias="from")] = None,
        last: Annotated[date | None, Query(alias="to")] = None,
        kind: Text = None,
        source: Text = None,
        department: Text = None,
        post: Text = None,
        person: Text = None,
        camera: Text = None,
        by: Annotated[str | None, Query(max_length=20)] = None,
    ) -> Question:
        wanted = asker.district if area is None else area
        if not wanted.startswith(asker.district):
            raise HTTPException(403, f"area {wanted or 'everywhere'}: {asker.name} answers for {asker.district}")
        scope = Scope(wanted, kind, source, department, post, person, camera)
        return Question(scope, read_period(period, first, last), by)

    @router.get("")
    def show(question: Annotated[Question, Depends(asked)], recompute: bool = False) -> AssessmentView:
        """All figures; the frozen ones where the period is frozen, unless `recompute` asks for today's."""
        return parts.freezing.show(question, recompute=recompute)

    @router.get("/cases")
    def cases(
        question: Annotated[Question, Depends(asked)],
        of: Annotated[str, Query(max_length=64, description="A numerator's or denominator's key.")],
        cursor: Annotated[str, Query(max_length=36)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> CountedPage:
        """The cases behind a numerator or denominator."""
        return parts.desk.cases(of, question, cursor, limit)

    @router.get("/export")
    def download(question: Annotated[Question, Depends(asked)], format: ExportFormat = ExportFormat.XLSX) -> Response:
        """The same as a file."""
        view = parts.freezing.show(question)
        name = f"assessment-{question.scope.area or 'all'}-{question.period}.{format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(export(view, format), media_type=MEDIA_TYPES[format], headers=headers)

    @router.get("/frozen", dependencies=[Depends(access.operator)])
    def frozen() -> list[FrozenPeriod]:
        """Which periods are frozen, the newest first."""
        return [
            FrozenPeriod(period=str(period), first=period.first, last=period.last, sheets=sheets)
            for period, sheets in parts.freezing.periods()
        ]

    @router.post("/frozen")
    def freeze(body: FreezeBody, asker: Annotated[Operator, Depends(freezer)]) -> Frozen:
        """Freezes a period that is over. What is frozen already stays."""
        period = read_period(body.period, None, None)
        return Frozen(period=str(period), sheets=parts.freezing.freeze(period, asker.name))

    return router


def read_period(text: str | None, first: date | None, last: date | None) -> Period:
    """The period that a request names.

    Raises:
        UsageError: neither a period nor two days, or both, or one that ends before it begins.
    """
    try:
        if text is not None and first is None and last is None:
            return parse_period(text)
        if text is None and first is not None and last is not None:
            return span(first, last)
    except ValueError as error:
        raise UsageError(str(error)) from error
    raise UsageError("give either period, as 2026-07, or from and to, as 2026-07-01")
