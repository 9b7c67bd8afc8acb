"""Cases over HTTP: list, one, and what an operator does with it."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Path, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access
from central.domain.people import Operator, Right
from central.domain.values import CaseFilter
from central.domain.workflow import Action, CaseState, RejectReason
from central.domain.workflow_words import Condition
from central.domain.worktime import Limit, TimeUnit
from central.services.actions import CaseDesk, OperatorAction
from central.services.joining import JoinDesk, Said
from central.services.reading import Reader
from central.services.views import CaseDetail, CasePage
from contract.ids import UUID_PATTERN
from contract.taxonomy import Violation

CaseIdPath = Annotated[str, Path(pattern=UUID_PATTERN)]
StateQuery = Annotated[
    list[CaseState | Literal["any"]] | None,
    Query(
        description="Only cases in these states; `any` for really all. Without it: all states, but without cases in "
        "which nothing but a parasol or a table was seen."
    ),
]


class LimitRequest(BaseModel):
    """Added time."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[float, Field(gt=0, le=100_000)]
    unit: TimeUnit


class ActionRequest(BaseModel):
    """What a step needs, as `GET /workflow` says.

    `reason` (1 nothing there, 2 lookalike, 3 lawful, 4 duplicate, 5 other) to reject, a `note` wherever something is
    taken back, a `condition` to file or close, the `department` to dispatch, a `limit` to extend.
    """

    model_config = ConfigDict(extra="forbid")

    reason: RejectReason | None = None
    note: Annotated[str, Field(max_length=500)] = ""
    kind: Violation | None = None
    condition: Condition | None = None
    department: Annotated[str, Field(max_length=64)] | None = None
    limit: LimitRequest | None = None

    def by(self, who: Operator, action: Action) -> OperatorAction:
        """As the desk takes it."""
        return OperatorAction(
            action=action,
            actor=who.name,
            reason=self.reason,
            note=self.note,
            kind=self.kind,
            condition=self.condition,
            department=self.department,
            limit=None if self.limit is None else Limit(self.limit.amount, self.limit.unit),
            roles=who.roles,
            district=who.district,
            unit=who.department,
        )


class MergeRequest(BaseModel):
    """Which case it is one with, and why."""

    model_config = ConfigDict(extra="forbid")

    into: Annotated[str, Field(pattern=UUID_PATTERN)]
    note: Annotated[str, Field(max_length=500)] = ""


class SplitRequest(BaseModel):
    """Which incidents are another thing, and why."""

    model_config = ConfigDict(extra="forbid")

    incidents: Annotated[tuple[Annotated[str, Field(pattern=UUID_PATTERN)], ...], Field(min_length=1, max_length=1000)]
    note: Annotated[str, Field(max_length=500)] = ""


class Accepted(BaseModel):
    """It was written down and will be carried out."""

    case_id: str


def cases_router(reader: Reader, desk: CaseDesk, joins: JoinDesk, access: Access) -> APIRouter:
    """``/cases``, for operators."""
    router = APIRouter(prefix="/cases", tags=["cases"])
    joiner = access.may(Right.JOIN_CASES)

    @router.get("")
    def list_cases(
        who: Annotated[Operator, Depends(access.operator)],
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        cursor: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
        state: StateQuery = None,
        kind: Violation | None = None,
        silenced: Annotated[bool | None, Query(description="Only those that a silence keeps from people.")] = None,
    ) -> CasePage:
        """Cases, newest first."""
        states = None if state is None or "any" in state else frozenset(CaseState(value) for value in state)
        wanted = CaseFilter(
            states, kind, only_prominent=state is None, before=cursor, silenced=silenced, district=who.district
        )
        return reader.page(wanted, limit)

    @router.get(
        "/{case_id}",
        response_model=CaseDetail,
        responses={301: {"description": "It was merged; `Location` and `merged_into` say into which case."}},
    )
    def show_case(
        case_id: CaseIdPath, operator: Annotated[Operator, Depends(access.operator)]
    ) -> CaseDetail | JSONResponse:
        """One case with its judgement, observations, links, evidence and history."""
        found = _found(reader.detail(case_id, *operator.roles), case_id)
        if found.merged_into is None:
            return found
        headers = {"Location": f"/api/v1/cases/{found.merged_into}"}
        return JSONResponse({"merged_into": found.merged_into}, 301, headers)

    @router.post("/{case_id}/merge", status_code=202)
    def merge_case(case_id: CaseIdPath, body: MergeRequest, operator: Annotated[Operator, Depends(joiner)]) -> Accepted:
        """Says that the case and another one are one thing. Carried out within moments; then it redirects."""
        access.sight.require_case(operator, Right.JOIN_CASES, body.into)
        joins.merge(case_id, body.into, Said(operator.name, body.note))
        return Accepted(case_id=case_id)

    @router.post("/{case_id}/split", status_code=202)
    def split_case(case_id: CaseIdPath, body: SplitRequest, operator: Annotated[Operator, Depends(joiner)]) -> Accepted:
        """Says that some incidents are another thing than the rest. Carried out within moments."""
        joins.split(case_id, body.incidents, Said(operator.name, body.note))
        return Accepted(case_id=case_id)

    @router.post("/{case_id}/actions/{action}")
    def act_on_case(
        case_id: CaseIdPath,
        action: Action,
        operator: Annotated[Operator, Depends(access.operator)],
        body: ActionRequest | None = None,
    ) -> CaseDetail:
        """Takes a step of the workflow. 403: not for the caller's roles; 409: not now; both name the open actions."""
        said = body or ActionRequest()
        desk.act(case_id, said.by(operator, action))
        return _found(reader.detail(case_id, *operator.roles), case_id)

    return router


def _found(case: CaseDetail | None, case_id: str) -> CaseDetail:
    if case is None:
        raise HTTPException(404, f"no case {case_id}")
    return case
