"""The handover of a shift: how things stand, notes, two signatures; kept, and made to be printed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.console.pages import Pages
from central.domain.people import Operator
from central.services.handover import LONGEST_NOTES, HandoverDesk
from contract.errors import UsageError


class Gate(Protocol):
    """What these pages need of the access rules."""

    @property
    def page(self) -> Callable[[Request], Awaitable[Operator]]: ...


def handover_pages(desk: HandoverDesk, gate: Gate, pages: Pages) -> APIRouter:
    """``/handover``: whoever may read cases may hand their shift over and take one."""
    router = APIRouter(prefix="/handover", include_in_schema=False)

    def current(request: Request, who: Operator, problem: str = "", notes: str = "") -> Response:
        return pages.render(
            request,
            "handover.html",
            422 if problem else 200,
            sheet=desk.sheet(who.district),
            kept=None,
            listed=desk.listed(who.district),
            who=who,
            named=desk.named,
            problem=problem,
            notes=notes,
            longest=LONGEST_NOTES,
        )

    def signed(request: Request, number: int, who: Operator, problem: str = "") -> Response:
        found = desk.find(number, who.district)
        if found is None:
            return pages.render(request, "missing.html", 404)
        kept, sheet = found
        return pages.render(
            request,
            "handover.html",
            422 if problem else 200,
            sheet=sheet,
            kept=kept,
            listed=[],
            who=who,
            named=desk.named,
            problem=problem,
            notes=kept.notes,
            longest=LONGEST_NOTES,
        )

    @router.get("")
    def show_current(request: Request, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        return current(request, who)

    @router.post("")
    def give(
        request: Request,
        who: Annotated[Operator, Depends(gate.page)],
        notes: Annotated[str, Form(max_length=2 * LONGEST_NOTES)] = "",
    ) -> Response:
        try:
            number = desk.give(notes, who)
        except UsageError as error:
            return current(request, who, str(error), notes)
        return RedirectResponse(f"/handover/{number}", 303)

    @router.get("/{number}")
    def show_kept(request: Request, number: int, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        return signed(request, number, who)

    @router.post("/{number}/take")
    def take(request: Request, number: int, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        try:
            desk.take(number, who)
        except UsageError as error:
            return signed(request, number, who, str(error))
        return RedirectResponse(f"/handover/{number}", 303)

    return router
