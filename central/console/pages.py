"""How pages are made: on the server, in the reader's language, small on the wire; scripts only keep them fresh."""

import gzip
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from central.complaints import in_chinese
from central.console.crop import crop_around
from central.console.words import COOKIE, Language, Words, load_words, wanted_language
from central.domain.people import Operator, Right
from central.domain.workflow import CaseState
from central.services.views import SiteView

STATIC_DIR = Path(__file__).parent / "static"
SMALLEST_PACKED = 2000
PACKING = 4
"""Of gzip's nine: a page of fifty rows takes 2 ms; more effort saves a tenth of the bytes for three times the time."""
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
    def still(self, request: Request) -> Operator | None: ...


class KeeperGate(Protocol):
    """What pages need where not everybody may change what they show."""

    @property
    def page(self) -> Callable[[Request], Awaitable[Operator]]: ...
    def may(self, right: Right, *, is_page: bool = False) -> Callable[[Request], Awaitable[Operator]]: ...


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
        self._templates.filters["said"] = said_in
        self._templates.globals["crop_around"] = crop_around
        self._templates.globals["zone"] = str(timezone)
        self._templates.globals["icon"] = (
            f"data:image/svg+xml,{quote((STATIC_DIR / 'icon.svg').read_text('utf-8').strip())}"
        )

    def fragment(self, language: Language, template: str, **facts: object) -> str:
        """A piece that belongs to no request: nothing in it depends on who reads it but the language."""
        return self._templates.get_template(template).render(t=self._words[language], site=self._site, **facts)

    def render(self, request: Request, template: str, status: int = 200, **facts: object) -> HTMLResponse:
        words = self._words[wanted_language(request)]
        session = getattr(request.state, "session", None)
        html = self._templates.get_template(template).render(
            t=words, site=self._site, path=request.url.path, session=session, CaseState=CaseState, **facts
        )
        response = packed(request, html if session is None else with_word(html, session.csrf), status)
        if request.query_params.get("lang") in {"zh", "en"}:
            response.set_cookie(COOKIE, words.language, max_age=31536000, samesite="strict", path="/")
        return response

    def words(self, request: Request) -> Words:
        return self._words[wanted_language(request)]

    def _local(self, instant: datetime) -> str:
        return instant.astimezone(self._timezone).strftime("%m-%d %H:%M:%S")


def said_in(sentence: str, words: Words) -> str:
    """What an error says, in the page's language."""
    return sentence if words.language == "en" else in_chinese(sentence)


def packed(request: Request, html: str, status: int = 200) -> HTMLResponse:
    """The page, small on the wire where the browser can take it so: a list of fifty rows is a tenth of its size."""
    if len(html) < SMALLEST_PACKED or "gzip" not in request.headers.get("accept-encoding", ""):
        return HTMLResponse(html, status)
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return HTMLResponse(gzip.compress(html.encode(), PACKING), status, headers)


def with_word(html: str, word: str) -> str:
    """The page with the session's word in every form that changes something: no template can forget it.

    >>> with_word('<form method="post" action="/x"><b>', "w")
    '<form method="post" action="/x"><input type="hidden" name="csrf" value="w"><b>'
    """
    return _CHANGING_FORM.sub(rf'\g<0><input type="hidden" name="csrf" value="{word}">', html)
