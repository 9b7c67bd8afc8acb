"""The page of one case: all about it, and a form for every step that its reader may take now."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.console.choices import CHOICES
from central.console.pages import Gate, Pages
from central.console.plan import draw
from central.console.timeline import in_time
from central.domain.people import Operator, Refusal, Right, denial
from central.domain.workflow import Action, RefusedAction, RejectReason
from central.domain.workflow_words import Condition
from central.domain.worktime import Limit, TimeUnit
from central.services.actions import CaseDesk, OperatorAction
from central.services.casefile import CaseFiles
from central.services.claiming import ClaimedCase
from central.services.reading import Reader
from contract.errors import UsageError
from contract.taxonomy import Violation


@dataclass(frozen=True, slots=True)
class Rights:
    """What the page offers beside the steps."""

    package: bool
    original: bool


def case_router(reader: Reader, files: CaseFiles, desk: CaseDesk, gate: Gate, pages: Pages) -> APIRouter:
    """``/cases/{case_id}`` and its forms."""
    router = APIRouter(include_in_schema=False)
    violations = [(kind, reader.violation_name(kind)) for kind in Violation]

    @router.get("/cases/{case_id}")
    def show_case(request: Request, case_id: str, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        return _case_page(request, case_id, who)

    @router.post("/cases/{case_id}/actions/{action}")
    def act(
        request: Request,
        case_id: str,
        action: Action,
        operator: Annotated[Operator, Depends(gate.operator)],
        reason: Annotated[RejectReason | None, Form()] = None,
        note: Annotated[str, Form(max_length=500)] = "",
        kind: Annotated[Violation | None, Form()] = None,
        condition: Annotated[Condition | None, Form()] = None,
        department: Annotated[str | None, Form(max_length=64)] = None,
        amount: Annotated[float | None, Form(gt=0, le=100_000)] = None,
        unit: Annotated[TimeUnit | None, Form()] = None,
    ) -> Response:
        limit = Limit(amount, unit) if amount is not None and unit is not None else None
        wanted = OperatorAction(
            action,
            operator.name,
            reason,
            note,
            kind,
            condition,
            department,
            limit,
            operator.roles,
            operator.district,
            operator.department,
        )
        try:
            desk.act(case_id, wanted)
        except (RefusedAction, UsageError, ClaimedCase, Refusal) as error:
            return _case_page(request, case_id, operator, str(error))
        return RedirectResponse(f"/cases/{case_id}", 303)

    def _case_page(request: Request, case_id: str, who: Operator, problem: str = "") -> Response:
        change_id = reader.change_range()[1]
        case = reader.detail(case_id, *who.roles)
        if case is None:
            return pages.render(request, "missing.html", 404)
        told, photos = files.told(case_id), files.photographs(case_id)
        return pages.render(
            request,
            "case.html",
            409 if problem else 200,
            case=case,
            around=files.around(case_id, who),
            told=told,
            photos=photos,
            now=files.now(),
            plan=draw(case, reader.zones()),
            timeline=in_time(case.history),
            problem=problem,
            can_comment=Action.COMMENT in case.open_actions,
            rights=Rights(
                package=denial(who, Right.EXPORT_PACKAGE) is None, original=denial(who, Right.OPEN_ORIGINAL) is None
            ),
            choices=CHOICES,
            violations=violations,
            change_id=change_id,
            shown=_mark_of(case, told, photos),
        )

    return router


def _mark_of(*parts: object) -> str:
    """What the page was made of, in short: its script loads it anew only when another one would be given."""
    return sha256(repr(parts).encode()).hexdigest()[:16]
