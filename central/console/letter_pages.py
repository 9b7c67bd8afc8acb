"""Messages that could not be taken: looked at, read again, or put away with a reason."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.console.fleet_pages import Gate
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room, entrances_for
from central.console.spoken import spoken
from central.domain.people import Operator
from central.services.letters import LetterDesk
from contract.errors import PermanentError, UsageError

A_PAGE = 200
LetterPath = Annotated[int, Path(ge=1, le=2**53)]


def letter_pages(desk: LetterDesk, prefix: str, gate: Gate, pages: Pages) -> APIRouter:
    """``/letters``; `prefix` is the topics'."""
    router = APIRouter(prefix="/letters", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.LETTERS], is_page=True))]  # noqa: N806  # a type

    def letter_page(request: Request, letter_id: int, status: int = 200, problems: Sequence[str] = ()) -> Response:
        letter = desk.letter(letter_id)
        text = letter.head.decode("utf-8", "replace")
        return pages.render(request, "letter.html", status, letter=letter, text=text, problems=problems)

    @router.get("")
    def show_letters(
        request: Request,
        who: Keeper,
        outcome: Annotated[str, Query(max_length=24)] = "",
        done: bool = False,
        taken: Annotated[int | None, Query(ge=0)] = None,
        refused: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        return pages.render(
            request,
            "letters.html",
            letters=desk.page(outcome, A_PAGE, is_open=not done),
            waiting=desk.waiting(),
            outcome=outcome,
            done=done,
            taken=taken,
            refused=refused,
            rooms=entrances_for(who),
        )

    @router.post("/replay")
    def replay_all(_who: Keeper, outcome: Annotated[str, Form(min_length=1, max_length=24)]) -> Response:
        """Every letter of the outcome that waits."""
        found = desk.replay_all(outcome, prefix)
        refused = sum(one.reason is not None for one in found)
        return RedirectResponse(f"/letters?outcome={outcome}&taken={len(found) - refused}&refused={refused}", 303)

    @router.get("/{letter_id}")
    def show_letter(request: Request, letter_id: LetterPath, _who: Keeper) -> Response:
        return letter_page(request, letter_id)

    @router.post("/{letter_id}/replay")
    def replay(request: Request, letter_id: LetterPath, _who: Keeper) -> Response:
        try:
            desk.replay(letter_id, prefix)
        except PermanentError as error:
            return letter_page(request, letter_id, 409, spoken(pages, request, error))
        return RedirectResponse(f"/letters/{letter_id}", 303)

    @router.post("/{letter_id}/discard")
    def discard(
        request: Request, letter_id: LetterPath, who: Keeper, why: Annotated[str, Form(max_length=300)] = ""
    ) -> Response:
        try:
            desk.discard(letter_id, who.name, why)
        except UsageError as error:
            return letter_page(request, letter_id, 422, spoken(pages, request, error))
        return RedirectResponse("/letters", 303)

    return router
