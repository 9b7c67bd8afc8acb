"""Who may do what: operators by bearer token or signed cookie, nodes by bearer token. All of it in this file.

A cookie is only honoured on a state-changing request when the browser says that it comes from our own pages.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import HTTPException, Request, Response, status

from central.domain.people import SERVICE, Operator
from contract.clock import Clock

__all__ = ["Access", "Operator", "Tokens"]

COOKIE = "xunjie_session"
SESSION = timedelta(hours=12)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Tokens:
    """The two secrets. `repr` hides them."""

    operator: str
    node: str

    def __repr__(self) -> str:
        return "Tokens(…)"


class Access:
    """Checks requests; holds no state beyond the tokens. A session is its end time signed with the operator's token."""

    def __init__(self, tokens: Tokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    def operator(self, request: Request) -> Operator:
        """A FastAPI dependency: the operator behind the request.

        Raises:
            HTTPException: 401 without a valid token or session, 403 for a session used from another site.
        """
        bearer = _bearer(request)
        if bearer is not None and _same(bearer, self._tokens.operator):
            return SERVICE
        if bearer is None and self.has_session(request):
            if request.method not in _SAFE_METHODS and not _is_same_origin(request):
                raise HTTPException(status.HTTP_403_FORBIDDEN, "this request came from another site")
            return SERVICE
        raise _unauthorised("operator")

    def node(self, request: Request) -> None:
        """A FastAPI dependency: lets a node through.

        Raises:
            HTTPException: 401 without the node token.
        """
        bearer = _bearer(request)
        if bearer is None or not _same(bearer, self._tokens.node):
            raise _unauthorised("node")

    def is_operator_token(self, token: str) -> bool:
        return _same(token, self._tokens.operator)

    def is_from_own_pages(self, request: Request) -> bool:
        """Whether a browser sent a form from our own origin."""
        return _is_same_origin(request)

    def has_session(self, request: Request) -> bool:
        """Whether the request carries a session cookie of ours that has not run out."""
        end, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not (end.isascii() and end.isdecimal()) or len(end) > 12 or not _same(signature, self._sign(end)):
            return False
        return int(end) > self._clock.now().timestamp()

    def open_session(self, response: Response, is_tls: bool) -> None:
        """Sets the cookie that stands for the token from now on."""
        end = str(int((self._clock.now() + SESSION).timestamp()))
        value = f"{end}.{self._sign(end)}"
        age_s = int(SESSION.total_seconds())
        response.set_cookie(COOKIE, value, max_age=age_s, httponly=True, samesite="strict", secure=is_tls, path="/")

    def close_session(self, response: Response) -> None:
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    def _sign(self, text: str) -> str:
        return hmac.new(self._tokens.operator.encode(), f"session:{text}".encode(), hashlib.sha256).hexdigest()


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _is_same_origin(request: Request) -> bool:
    """Sec-Fetch-Site where the browser sends it (it can't be forged by a page), else the Origin header."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc == request.headers.get("host")


def _unauthorised(role: str) -> HTTPException:
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED, f"needs the {role} token", headers={"WWW-Authenticate": "Bearer"}
    )
