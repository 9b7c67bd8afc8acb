"""The HTTP application: routers under ``/api/v1``, one OpenAPI document, and headers that keep pages to themselves."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from central.api.access_errors import add_access_answers
from central.api.errors import add_error_answers

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; style-src 'self'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class SecurityHeaders:
    """Adds `SECURITY_HEADERS` to every answer; plain ASGI, so that streams pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", _kept(scope["path"]))
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def _kept(path: str) -> str:
    """How long a browser may keep it: scripts and sheets are asked for anew, they belong to one version's pages."""
    if not path.startswith("/static/"):
        return "no-store"
    return "max-age=86400" if path.endswith(".svg") else "no-cache"


def make_http_app(
    routers: Sequence[APIRouter],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
) -> FastAPI:
    """The application with `routers` under ``/api/v1``. No interactive docs: their pages load from other hosts."""
    app = FastAPI(
        title="Xunjie central",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in routers:
        app.include_router(router, prefix="/api/v1")
    add_error_answers(app)
    add_access_answers(app)
    app.add_middleware(SecurityHeaders)
    return app
