"""The only module that turns errors into a status: 403 not theirs, 404 unknown, 409 refused, 422 wrong, 503 later.

Programs get JSON with the sentence as it was raised. A browser's own requests say which language they want: then
`detail` is in that language, and whoever goes to a page gets a page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from central.complaints import in_chinese
from central.domain.people import Refusal
from central.domain.workflow import Action, RefusedAction, RefusedRole
from central.services.actions import UnknownCase
from central.services.claiming import ClaimedCase
from central.services.feed import FeedFull
from central.services.fleet import UnknownNode
from central.services.joining import FrozenCase
from central.services.people import UnknownPerson
from central.services.registers_desk import UnknownRow
from contract.errors import TransientError, UsageError

LANGUAGE_COOKIE = "xunjie_lang"


@dataclass(frozen=True, slots=True)
class Complaint:
    """An answer that is none: `facts` stand beside the sentence, `open_actions` are what is possible instead."""

    status: int
    sentence: str
    open_actions: tuple[Action, ...] | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


ErrorPage = Callable[[Request, Complaint], Response]
"""Draws a page; told to the application by `show_errors_with`."""


def add_error_answers(app: FastAPI) -> None:
    """Lets routes raise our errors, and FastAPI's own."""
    for family in (
        UnknownCase, UnknownRow, UnknownNode, UnknownPerson, RefusedAction, RefusedRole, Refusal, ClaimedCase,
        FrozenCase, UsageError, TransientError, FeedFull, HTTPException,
    ):  # fmt: skip
        app.add_exception_handler(family, _answer)


def show_errors_with(app: FastAPI, page: ErrorPage) -> None:
    """Who visits a page and may not, or asks for one that there is not, reads it there."""
    app.state.error_page = page


def complaint_of(error: Exception) -> Complaint:
    """Status and sentence of an error of ours.

    >>> complaint_of(UsageError("source: is missing")).status
    422
    """
    match error:
        case UnknownCase():
            return Complaint(404, f"no case {error}")
        case UnknownNode():
            return Complaint(404, f"no {error}")
        case UnknownPerson():
            return Complaint(404, f"nobody is called {error}")
        case UnknownRow():
            return Complaint(404, str(error))
        case RefusedRole():
            return Complaint(403, str(error), error.open_actions)
        case RefusedAction():
            return Complaint(409, str(error), error.open_actions)
        case Refusal():
            return Complaint(403, str(error))
        case ClaimedCase():
            return Complaint(409, str(error), (), {"person": error.claim.person})
        case FrozenCase():
            return Complaint(409, f"case {error} is reviewed and loses nothing; reopen it first", (Action.REOPEN,))
        case FeedFull():
            return Complaint(503, "too many live listeners", headers={"Retry-After": "30"})
        case TransientError():
            return Complaint(503, str(error), headers={"Retry-After": "2"})
        case HTTPException():
            return Complaint(error.status_code, str(error.detail), headers=error.headers or {})
        case _:
            return Complaint(422, str(error))


def is_visit(request: Request) -> bool:
    """Whether a person goes to a page: browsers then ask for xhtml, and never when a page's script fetches."""
    return "application/xhtml+xml" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


def wants_chinese(request: Request) -> bool:
    """As the console's pages are: by their cookie, else by the browser's language; programs name none."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    accepted = request.headers.get("accept-language", "").lower()
    return chosen == "zh" if chosen in {"zh", "en"} else bool(accepted) and not accepted.startswith("en")


def _answer(request: Request, error: Exception) -> Response:
    said = complaint_of(error)
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    if page is not None and is_visit(request):
        answer = page(request, said)
        answer.headers.update(said.headers)
        return answer
    detail = in_chinese(said.sentence) if wants_chinese(request) else said.sentence
    body: dict[str, object] = {"detail": detail, **said.facts}
    if said.open_actions is not None:
        body["open_actions"] = list(said.open_actions)
    return JSONResponse(body, said.status, headers=dict(said.headers))
