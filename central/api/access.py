"""Who stands behind a request: people by session, services and nodes by bearer token. What they may is asked here.

A session is only honoured on a state-changing request that comes from our own pages: the browser says so, and the
page's word (`Session.csrf`) is in the form or the header. Nothing here decides who may what: `domain.people` does.
"""

import hmac
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response, status
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.domain.people import SERVICE, Happening, Operator, Right, denial
from central.services.doors import (
    ABSOLUTE,
    Doors,
    MustChangePassword,
    NotSignedIn,
    Session,
    Visitor,
    mark_of,
)
from central.services.sight import Sight

__all__ = ["COOKIE", "CSRF_FIELD", "CSRF_HEADER", "Access", "Asks", "DenialLog", "Operator", "Tokens"]

COOKIE = "xunjie_session"
CSRF_FIELD = "csrf"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_OPEN_TO_NEWCOMERS = frozenset({"/me", "/me/password", "/logout", "/api/v1/me", "/api/v1/me/password"})
"""Where somebody may go who has not chosen a password of their own yet."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two secrets. `repr` hides them."""

    operator: str
    node: str

    def __repr__(self) -> str:
        return "Tokens(…)"


@dataclass(frozen=True, slots=True)
class Asks:
    """A dependency that lets through who has `right`: at the path's case, or with the path's picture, if it names one.

    A value, so that a test can see what every route asks for.
    """

    access: "Access"
    right: Right
    is_page: bool = False

    async def __call__(self, request: Request) -> Operator:
        operator = await self.access.ask(request, self.right, is_page=self.is_page)
        sight, named = self.access.sight, request.path_params
        if operator.district and "case_id" in named:
            await run_in_threadpool(sight.require_case, operator, self.right, named["case_id"])
        if operator.district and "sha256" in named:
            await run_in_threadpool(sight.require_picture, operator, self.right, named["sha256"])
        return operator


class Access:
    """Checks requests. `operator`, `page`, `may(…)` and `node` are FastAPI dependencies."""

    def __init__(self, tokens: Tokens, doors: Doors, sight: Sight) -> None:
        self._tokens = tokens
        self.doors = doors
        self.sight = sight
        self.operator = Asks(self, Right.READ)
        """Whoever may read."""
        self.page = Asks(self, Right.READ, is_page=True)
        """The same for pages: who is not signed in is led to the sign-in page."""
        self._mark = mark_of(tokens.operator)

    def may(self, right: Right, *, is_page: bool = False) -> Asks:
        """A dependency that lets through who has `right`."""
        return Asks(self, right, is_page)

    def node(self, request: Request) -> None:
        """Lets a node through.

        Raises:
            HTTPException: 401 without the node token.
        """
        bearer = _bearer(request)
        if bearer is None or not _same(bearer, self._tokens.node):
            raise HTTPException(
                status.HTTP_401_UNAUTHORIZED, "needs the node token", headers={"WWW-Authenticate": "Bearer"}
            )

    def session(self, request: Request) -> Session | None:
        """The request's session, if it has one that is open. Asks the database."""
        value = request.cookies.get(COOKIE, "")
        found = self.doors.find(value) if value and len(value) < 100 else None
        if found is None or (found.operator.account is None and not _same(found.service_mark, self._mark)):
            return None
        request.state.session = found
        return found

    def still(self, request: Request) -> Operator | None:
        """Who whoever was let in before is now, None if they would be no more; for answers that never end."""
        if _bearer(request) is not None:
            return SERVICE
        session = self.session(request)
        return None if session is None else session.operator

    def sign_in(self, request: Request, response: Response, name: str, password: str) -> None:
        """Sets the cookie that stands for the person from now on.

        Raises:
            SignInRefused: wrong, or too soon.
        """
        self._open(request, response, self.doors.sign_in(name, password, visitor_of(request)))

    def sign_in_service(self, request: Request, response: Response, token: str) -> None:
        """The same for the operator's token.

        Raises:
            SignInRefused: wrong, or too soon.
        """
        mark = self._mark if _same(token, self._tokens.operator) else None
        self._open(request, response, self.doors.sign_in_service(mark, visitor_of(request)))

    def sign_out(self, request: Request, response: Response) -> None:
        session = self.session(request)
        if session is not None:
            self.doors.sign_out(session, visitor_of(request))
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    def is_from_own_pages(self, request: Request) -> bool:
        """Whether a browser sent a form from our own origin."""
        return _is_same_origin(request)

    async def ask(self, request: Request, right: Right, *, is_page: bool) -> Operator:
        """Whoever has `right`.

        Raises:
            NotSignedIn: without a valid token or session.
            MustChangePassword: they have not chosen a password of their own yet.
            HTTPException: 403 for a session used from another site, or for what is not theirs.
        """
        operator = await self._who(request, is_page=is_page)
        request.state.operator = operator
        said = denial(operator, right)
        if said is not None:
            raise HTTPException(status.HTTP_403_FORBIDDEN, str(said))
        return operator

    async def _who(self, request: Request, *, is_page: bool) -> Operator:
        bearer = _bearer(request)
        if bearer is not None and _same(bearer, self._tokens.operator):
            return SERVICE
        session = await run_in_threadpool(self.session, request) if bearer is None else None
        if session is None:
            raise NotSignedIn("a session or the operator token", is_page=is_page)
        request.state.operator = session.operator
        if request.method not in _SAFE_METHODS:
            await _require_own_form(request, session)
        if session.must_change and request.url.path not in _OPEN_TO_NEWCOMERS:
            raise MustChangePassword(is_page=is_page)
        return session.operator

    def _open(self, request: Request, response: Response, session_id: str) -> None:
        request.state.session = self.doors.find(session_id)
        response.set_cookie(
            COOKIE,
            session_id,
            max_age=int(ABSOLUTE.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
            path="/",
        )


class Log(Protocol):
    """Where denials go."""

    def note(self, who: str, visitor: Visitor, what: Happening, facts: dict[str, str]) -> None: ...


class DenialLog:
    """Writes a line for every 403 that somebody known got, whoever said it; plain ASGI, so that streams pass."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app = app
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watching(message: Message) -> None:
            is_denied = message["type"] == "http.response.start" and message["status"] == status.HTTP_403_FORBIDDEN
            operator = scope.get("state", {}).get("operator") if is_denied else None
            if isinstance(operator, Operator):
                facts = {"method": scope["method"], "path": scope["path"][:200]}
                await run_in_threadpool(
                    self._log.note, operator.name, visitor_of(Request(scope)), Happening.DENIED, facts
                )
            await send(message)

        await self._app(scope, receive, watching if scope["type"] == "http" else send)


def visitor_of(request: Request) -> Visitor:
    """Where it comes from. Behind a proxy uvicorn puts the browser's address there (FORWARDED_ALLOW_IPS)."""
    return Visitor(request.client.host if request.client else "", request.headers.get("user-agent", ""))


async def _require_own_form(request: Request, session: Session) -> None:
    if not _is_same_origin(request):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "this request came from another site")
    given = request.headers.get(CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(_FORMS):
        field = (await request.form()).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not _same(given, session.csrf):
        raise HTTPException(status.HTTP_403_FORBIDDEN, f"the page's word is missing: field {CSRF_FIELD}, {CSRF_HEADER}")


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _is_same_origin(request: Request) -> bool:
    """Sec-Fetch-Site where the browser sends it (it can't be forged by a page), else the Origin header."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")
