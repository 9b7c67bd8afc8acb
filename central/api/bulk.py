"""One thing done to several cases in one request: each by itself, and every refusal is said beside its case."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access
from central.api.cases import ActionRequest
from central.domain.people import Operator, Refusal, Right
from central.domain.workflow import Action, RefusedAction, open_actions
from central.services.actions import CaseDesk, UnknownCase
from central.services.assigning import AssignDesk
from central.services.claiming import ClaimedCase
from central.services.joining import FrozenCase, JoinDesk, Said
from central.services.reading import Reader
from contract.errors import UsageError
from contract.ids import UUID_PATTERN

MOST = 100
CaseId = Annotated[str, Field(pattern=UUID_PATTERN)]
Note = Annotated[str, Field(max_length=500)]
_REFUSED = (RefusedAction, UsageError, ClaimedCase, Refusal, UnknownCase, FrozenCase)


class _Several(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cases: Annotated[tuple[CaseId, ...], Field(min_length=1, max_length=MOST)]


class BulkAction(_Several):
    """What the step needs is said once for all."""

    said: ActionRequest = Field(default_factory=ActionRequest)


class BulkMerge(_Several):
    """They are all one with `into`, which may be among them."""

    into: CaseId
    note: Note = ""


class BulkAssign(_Several):
    """Who shall see to them; null takes them from whoever has them."""

    person: Annotated[str, Field(min_length=1, max_length=64)] | None
    note: Note = ""


class BulkView(BaseModel):
    """What became of each case: the steps it has now, or why nothing happened."""

    done: dict[str, tuple[Action, ...]]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class BulkDesks:
    """The desks behind these routes."""

    reader: Reader
    cases: CaseDesk
    joins: JoinDesk
    assigns: AssignDesk


def bulk_router(desks: BulkDesks, access: Access) -> APIRouter:
    """``/bulk``, for operators."""
    router = APIRouter(prefix="/bulk", tags=["cases"])
    operator = Depends(access.operator)
    joiner = Depends(access.may(Right.JOIN_CASES))

    @router.post("/actions/{action}")
    def act_on_all(action: Action, body: BulkAction, who: Annotated[Operator, operator]) -> BulkView:
        """Takes a step of the workflow with each of the cases."""
        return _each(body.cases, who, lambda case_id: desks.cases.act(case_id, body.said.by(who, action)))

    @router.post("/merge", status_code=202)
    def merge_all(body: BulkMerge, who: Annotated[Operator, joiner]) -> BulkView:
        """Says that the cases are one thing. Carried out within moments."""
        access.sight.require_case(who, Right.JOIN_CASES, body.into)

        def merge(case_id: str) -> None:
            access.sight.require_case(who, Right.JOIN_CASES, case_id)
            desks.joins.merge(case_id, body.into, Said(who.name, body.note))

        return _each(tuple(one for one in body.cases if one != body.into), who, merge)

    @router.post("/assign")
    def assign_all(body: BulkAssign, who: Annotated[Operator, operator]) -> BulkView:
        """Gives the cases to somebody."""
        return _each(body.cases, who, lambda case_id: desks.assigns.assign(case_id, body.person, body.note, who))

    @router.get("/assign", dependencies=[operator])
    def list_people(who: Annotated[Operator, operator]) -> list[str]:
        """Who may be given cases; the caller first."""
        return desks.assigns.choices(who)

    def _each(case_ids: Sequence[str], who: Operator, step: Callable[[str], None]) -> BulkView:
        refused: dict[str, str] = {}
        for case_id in dict.fromkeys(case_ids):
            try:
                step(case_id)
            except _REFUSED as error:
                refused[case_id] = str(error)
        done = desks.reader.summaries([case_id for case_id in dict.fromkeys(case_ids) if case_id not in refused])
        return BulkView(done={case.id: open_actions(case.state, *who.roles) for case in done}, refused=refused)

    return router
