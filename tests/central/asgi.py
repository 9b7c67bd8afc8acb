"""A tiny synchronous client for an ASGI application, with cookies; one event loop a request."""

import asyncio
from collections.abc import Mapping

import httpx
from fastapi import FastAPI

from central.api.access import COOKIE, CSRF_HEADER
from central.services.doors import csrf_of

ORIGIN = "http://central.test"


class AsgiClient:
    """Requests straight into the application, without a socket. Redirects are not followed."""

    def __init__(self, app: FastAPI, token: str | None = None) -> None:
        self.cookies = httpx.Cookies()
        self.sends_word = True
        self._app = app
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.send("GET", path, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        return asyncio.run(self._send(method, path, self._word() | dict(headers or {}), content, json, form))

    def _word(self) -> dict[str, str]:
        """What a page would have put into its forms."""
        session = self.cookies.get(COOKIE)
        return {} if session is None or not self.sends_word else {CSRF_HEADER: csrf_of(session)}

    async def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None,
        json: object,
        form: Mapping[str, str] | None,
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=self.cookies) as client:
            answer = await client.request(
                method, path, headers=self._headers | headers, content=content, json=json, data=form
            )
            self.cookies = client.cookies
            return answer
