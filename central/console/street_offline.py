"""What the phone's pages need to open without a network: a service worker bound to one version of their files."""

import hashlib
import json
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from central.console.fleet_pages import Gate
from central.console.pages import STATIC_DIR, Pages
from central.console.rooms import ROOMS, Room
from central.domain.people import Operator

WORKER = "street-worker.js"
OFFLINE = "/street/offline"
FILES = ("console.css", "street.css", "street.js", "kept.js", "ages.js", "icon.svg")
READER_HEADER = "X-Reader"


class SessionView(BaseModel):
    """Who is signed in, and the word that their requests carry: a kept page may know an older one."""

    who: str
    word: str


def offline_pages(gate: Gate, pages: Pages) -> APIRouter:
    """``/street/worker.js``, ``/street/offline`` and ``/street/session``."""
    router = APIRouter(prefix="/street", include_in_schema=False)
    officer = [Depends(gate.may(ROOMS[Room.STREET], is_page=True))]

    @router.get("/worker.js", dependencies=officer)
    def show_worker() -> Response:
        return Response(worker(), media_type="text/javascript", headers={"Service-Worker-Allowed": "/street"})

    @router.get("/offline", dependencies=officer)
    def show_offline(request: Request) -> Response:
        """The same for everybody who reads this language: nothing in it is anybody's."""
        return pages.render(request, "street_offline.html")

    @router.get("/session")
    def show_session(request: Request, who: Annotated[Operator, Depends(gate.may(ROOMS[Room.STREET]))]) -> SessionView:
        session = getattr(request.state, "session", None)
        return SessionView(who=who.name, word="" if session is None else session.csrf)

    return router


def mark(request: Request, page: Response) -> Response:
    """The page with its session's mark, by which the worker knows whose it is."""
    session = getattr(request.state, "session", None)
    if session is not None:
        page.headers[READER_HEADER] = hashlib.sha256(session.csrf.encode()).hexdigest()[:16]
    return page


@cache
def worker() -> str:
    """The worker's script: a change in any file of the shell makes it another one."""
    contents = [(STATIC_DIR / name).read_bytes() for name in (*FILES, WORKER)]
    version = hashlib.sha256(b"\0".join(contents)).hexdigest()[:12]
    facts = {"VERSION": version, "SHELL": [f"/static/{name}" for name in FILES], "OFFLINE": OFFLINE}
    lines = [f"const {name} = {json.dumps(value)};" for name, value in facts.items()]
    return "\n".join([*lines, (STATIC_DIR / WORKER).read_text(encoding="utf-8")])
