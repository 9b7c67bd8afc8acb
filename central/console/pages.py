"""The console's pages: live list, one case. Server-rendered; scripts only keep them fresh."""

import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Literal, Protocol

from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.console.crop import crop_around
from central.console.filters import STATES_OF, FeedFilter
from central.console.plan import draw
from central.console.words import COOKIE, Words, load_words, wanted_language
from central.domain.people import Operator, Refusal
from central.domain.workflow import ASIDE, Action, CaseState, RefusedAction, RejectReason, open_actions
from central.domain.workflow_words import CLOSING, FILING, Condition
from central.domain.worktime import Limit, TimeUnit
from central.services.actions import CaseDesk, OperatorAction
from central.services.claiming import ClaimedCase
from central.services.doors import SignInRefused
from central.services.reading import Reader
from central.services.views import CaseDetail, SiteView
from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import UUID_PATTERN
from contract.taxonomy import Violation

STATIC_DIR = Path(__file__).parent / "static"
CARDS = 60
ON_WALL = 7
"""Rows that fit a 1080p wall in letters for two metres."""
CHOICES: dict[str, Sequence[object]] = {
    "reasons": [reason.value for reason in RejectReason],
    "filing": sorted(FILING),
    "closing": sorted(CLOSING),
    "units": list(TimeUnit),
    "aside": sorted(ASIDE),
    "states": [state for state in CaseState if state is not CaseState.SUPPRESSED],
    "parts": list(STATES_OF),
}
"""What the forms of the steps offer."""
_CHANGING_FORM = re.compile(r'<form\b[^>]*\bmethod="post"[^>]*>', re.IGNORECASE)


class Gate(Protocol):
    """What pages need of the access rules."""

    @property
    def operator(self) -> Callable[[Request], Awaitable[Operator]]: ...
    @property
    def page(self) -> Callable[[Request], Awaitable[Operator]]: ...
    def sign_in(self, request: Request, response: Response, name: str, password: str) -> None: ...
    def sign_in_service(self, request: Request, response: Response, token: str) -> None: ...
    def sign_out(self, request: Request, response: Response) -> None: ...
    def is_from_own_pages(self, request: Request) -> bool: ...


class Pages:
    """Renders templates in the language that a request wants."""

    def __init__(self, site: SiteView, timezone: tzinfo) -> None:
        self._words = load_words()
        self._site = site
        self._timezone = timezone
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["local"] = self._local
        self._templates.globals["crop_around"] = crop_around
        self._templates.globals["open_actions"] = open_actions

    def render(self, request: Request, template: str, status: int = 200, **facts: object) -> HTMLResponse:
        words = self._words[wanted_language(request)]
        session = getattr(request.state, "session", None)
        html = self._templates.get_template(template).render(
            t=words, site=self._site, path=request.url.path, session=session, CaseState=CaseState, **facts
        )
        response = HTMLResponse(html if session is None else with_word(html, session.csrf), status)
        if request.query_params.get("lang") in {"zh", "en"}:
            response.set_cookie(COOKIE, words.language, max_age=31536000, samesite="strict", path="/")
        return response

    def words(self, request: Request) -> Words:
        return self._words[wanted_language(request)]

    def _local(self, instant: datetime) -> str:
        return instant.astimezone(self._timezone).strftime("%m-%d %H:%M:%S")


def with_word(html: str, word: str) -> str:
    """The page with the session's word in every form that changes something: no template can forget it.

    >>> with_word('<form method="post" action="/x"><b>', "w")
    '<form method="post" action="/x"><input type="hidden" name="csrf" value="w"><b>'
    """
    return _CHANGING_FORM.sub(rf'\g<0><input type="hidden" name="csrf" value="{word}">', html)


def console_router(reader: Reader, desk: CaseDesk, gate: Gate, pages: Pages, clock: Clock) -> APIRouter:
    """All pages; they are not part of the JSON API's document."""
    router = APIRouter(include_in_schema=False)
    violations = [(kind, reader.violation_name(kind)) for kind in Violation]

    async def unless_token(request: Request) -> Operator | None:
        return None if "token" in request.query_params else await gate.page(request)

    @router.get("/")
    def show_feed(
        request: Request,
        who: Annotated[Operator | None, Depends(unless_token)],
        chosen: Annotated[FeedFilter, Depends()],
        token: Annotated[str | None, Query(max_length=500)] = None,
        before: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
    ) -> Response:
        if who is None or token is not None:
            return _enter(request, gate, token or "")
        change_id = reader.change_range()[1]  # before the lists: a change in between comes again, none is missed
        live = reader.page(chosen.wanted(who.district, before), CARDS)
        lawful = reader.page(chosen.lawful(who.district), CARDS)
        return pages.render(
            request,
            "feed.html",
            change_id=change_id,
            live=live,
            lawful=lawful,
            nodes=reader.nodes(),
            is_newest=before is None,
            now=clock.now(),
            choices=CHOICES,
            violations=violations,
            chosen=chosen,
        )

    @router.get("/cards/{case_id}", dependencies=[Depends(gate.operator)])
    def show_card(request: Request, case_id: str, chosen: Annotated[FeedFilter, Depends()]) -> Response:
        """One card for the live list; 204 when it is not for that list (a parasol alone, merged away, filtered)."""
        case = reader.summary(case_id)
        if case is None or case.merged_into is not None or not case.is_prominent or case.is_silenced:
            return Response(status_code=204)
        if not chosen.shows(case):
            return Response(status_code=204)
        return pages.render(request, "card_only.html", case=case, now=clock.now())

    @router.get("/wall")
    def show_wall(
        request: Request,
        who: Annotated[Operator, Depends(gate.page)],
        chosen: Annotated[FeedFilter, Depends()],
        theme: Literal["auto", "dark", "light"] = "auto",
    ) -> Response:
        """What a room reads from two metres: the worst few, large, and how many more there are."""
        change_id = reader.change_range()[1]
        found = reader.page(chosen.wanted(who.district, None), ON_WALL)
        return pages.render(request, "wall.html", change_id=change_id, found=found, theme=theme, now=clock.now())

    @router.get("/nodes", dependencies=[Depends(gate.operator)])
    def show_nodes(request: Request) -> Response:
        return pages.render(request, "nodes_only.html", nodes=reader.nodes())

    @router.get("/cases/{case_id}")
    def show_case(request: Request, case_id: str, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        return _case_page(request, reader.detail(case_id, *who.roles))

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
            return _case_page(request, reader.detail(case_id, *operator.roles), str(error))
        return RedirectResponse(f"/cases/{case_id}", 303)

    def _case_page(request: Request, case: CaseDetail | None, problem: str = "") -> Response:
        if case is None:
            return pages.render(request, "missing.html", 404)
        return pages.render(
            request,
            "case.html",
            409 if problem else 200,
            case=case,
            plan=draw(case, reader.zones()),
            problem=problem,
            choices=CHOICES,
            violations=violations,
            change_id=reader.change_range()[1],
        )

    return router


def _enter(request: Request, gate: Gate, token: str) -> Response:
    """The demo's link: the token leaves the address at once."""
    response = RedirectResponse("/", 303)
    try:
        gate.sign_in_service(request, response, token)
    except SignInRefused:
        return RedirectResponse("/login", 303)
    return response
