"""Signing in and out, one's own account, and forms whose session had run out: nothing typed is lost."""

import json
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.datastructures import UploadFile

from central.console.pages import Gate, Pages
from central.domain.people import Operator
from central.services.doors import MustChangePassword, NotSignedIn, SignInRefused, Visitor
from central.services.own_account import OwnAccount
from contract.errors import UsageError

MAX_KEPT = 16_000
"""Characters of a form that wait while its writer signs in again; more is not kept."""
MAX_PATH = 500
Typed = Annotated[str, Form(max_length=1000)]


def signing_in_router(own: OwnAccount, gate: Gate, pages: Pages) -> APIRouter:
    """``/login``, ``/logout`` and ``/me``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def show_login(
        request: Request, going_to: Annotated[str, Query(alias="next")] = "/", changed: bool = False
    ) -> Response:
        return _login_page(pages, request, 200, going_to, notice="login_changed" if changed else "")

    @router.post("/login")
    def log_in(
        request: Request,
        name: Typed = "",
        password: Typed = "",
        token: Typed = "",
        going_to: Annotated[str, Form(alias="next", max_length=MAX_PATH)] = "/",
        kept: Annotated[str, Form(max_length=2 * MAX_KEPT)] = "",
    ) -> Response:
        if not gate.is_from_own_pages(request):
            raise HTTPException(403, "this form came from another site")
        answer = Response()
        try:
            if token:
                gate.sign_in_service(request, answer, token.strip())
            else:
                gate.sign_in(request, answer, name, password)
        except SignInRefused as refused:
            problem = "login_wait" if refused.ready_at else "login_wrong"
            return _login_page(pages, request, 401 if refused.ready_at is None else 429, going_to, problem, kept, name)
        shown = _resumed(pages, request, kept) or RedirectResponse(own_path(going_to), 303)
        shown.headers["set-cookie"] = answer.headers["set-cookie"]
        return shown

    @router.post("/logout")
    def log_out(request: Request, _operator: Annotated[Operator, Depends(gate.operator)]) -> Response:
        response = RedirectResponse("/login", 303)
        gate.sign_out(request, response)
        return response

    @router.get("/me")
    def show_me(request: Request, operator: Annotated[Operator, Depends(gate.page)]) -> Response:
        return pages.render(request, "me.html", me=own.page(operator), problem="", problem_text="")

    @router.post("/me/password")
    def change_password(
        request: Request,
        operator: Annotated[Operator, Depends(gate.page)],
        old: Typed = "",
        new: Typed = "",
        again: Typed = "",
    ) -> Response:
        problem, text = ("", "") if new == again else ("me_again_differs", "")
        try:
            if not problem:
                own.change_password(operator, old, new, _visitor(request))
                return RedirectResponse("/login?changed=true", 303)
        except SignInRefused as refused:
            problem = "login_wait" if refused.ready_at else "me_old_wrong"
        except UsageError as error:
            text = str(error)
        return pages.render(request, "me.html", 422, me=own.page(operator), problem=problem, problem_text=text)

    @router.post("/me/sign-out-everywhere")
    def sign_out_everywhere(request: Request, operator: Annotated[Operator, Depends(gate.page)]) -> Response:
        own.sign_out_everywhere(operator, _visitor(request))
        return RedirectResponse("/login", 303)

    return router


def add_sign_in_answers(app: FastAPI, gate: Gate, pages: Pages) -> None:
    """Programs get 401 and 403; people are led to the page that helps, and what they had typed comes along."""

    @app.exception_handler(NotSignedIn)
    async def _not_signed_in(request: Request, error: NotSignedIn) -> Response:
        if not _is_for_people(request, is_page=error.is_page):
            return JSONResponse({"detail": str(error)}, 401, headers={"WWW-Authenticate": "Bearer"})
        if request.method in {"GET", "HEAD"}:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(
                "/login" + ("" if asked == "/" else f"?{urlencode({'next': own_path(asked)})}"), 303
            )
        is_kept = gate.is_from_own_pages(request) and not request.url.path.startswith("/me")  # there: passwords
        kept = await _kept_form(request) if is_kept else ""
        return _login_page(pages, request, 401, "/", "login_ended", kept)

    @app.exception_handler(MustChangePassword)
    def _must_change(request: Request, error: MustChangePassword) -> Response:
        if _is_for_people(request, is_page=error.is_page):
            return RedirectResponse("/me", 303)
        return JSONResponse({"detail": str(error)}, 403)


def own_path(text: str) -> str:
    """`text` if it is a path on this host, else the first page: a link must not lead strangers' ways after signing in.

    >>> own_path("/cases/1?x=2"), own_path("//evil.test"), own_path("https://evil.test"), own_path("/\\\\evil.test")
    ('/cases/1?x=2', '/', '/', '/')
    """
    is_ours = text.startswith("/") and not text.startswith(("//", "/\\")) and len(text) <= MAX_PATH
    return text if is_ours and text.isascii() and text.isprintable() else "/"


def _is_for_people(request: Request, *, is_page: bool) -> bool:
    """Browsers ask for xhtml when they go to a page, never when a script of the page fetches something."""
    is_visit = "application/xhtml+xml" in request.headers.get("accept", "")
    return is_page or (is_visit and not request.url.path.startswith("/api/"))


def _login_page(
    pages: Pages,
    request: Request,
    status: int,
    going_to: str,
    problem: str = "",
    kept: str = "",
    name: str = "",
    notice: str = "",
) -> Response:
    facts = {"problem": problem, "kept": kept, "going_to": own_path(going_to), "name": name[:100], "notice": notice}
    return pages.render(request, "login.html", status, **facts)


async def _kept_form(request: Request) -> str:
    """What was typed and where it was going, as text; empty where it is too much or holds files."""
    form = await request.form()
    fields = [(key, value) for key, value in form.multi_items() if key != "csrf"]
    if any(isinstance(value, UploadFile) for _, value in fields):
        return ""
    kept = json.dumps({"path": own_path(request.url.path), "fields": fields}, ensure_ascii=False)
    return kept if len(kept) <= MAX_KEPT else ""


def _resumed(pages: Pages, request: Request, kept: str) -> Response | None:
    """The page that shows what had been typed, to be sent by a person: nothing is sent by itself."""
    try:
        found = json.loads(kept) if kept else None
        path, fields = (own_path(str(found["path"])), _fields(found["fields"])) if found else ("/", [])
    except (ValueError, TypeError, KeyError):
        return None
    return pages.render(request, "resume.html", action=path, fields=fields) if fields else None


def _fields(found: Sequence[Sequence[object]]) -> list[tuple[str, str]]:
    return [(str(key)[:100], str(value)[:MAX_KEPT]) for key, value in found][:50]


def _visitor(request: Request) -> Visitor:
    return Visitor(request.client.host if request.client else "", request.headers.get("user-agent", ""))
