"""The node's own page on loopback: for whoever stands at the cabinet, and for a monitoring system beside it.

It reads, and changes one thing: `POST /accept/CAMERA` says that a camera's new view is right. It answers only requests
that name loopback, so that no web page elsewhere can read it through somebody's browser; and a change needs a header
that no such page may send without being asked first.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import structlog

from contract.clock import format_rfc3339
from contract.errors import UsageError
from edge.status_page.facts import NodeFacts
from edge.status_page.page import render

TIMEOUT_S = 10.0
ACCEPT_HEADER = "X-Xunjie"
HOSTS = ("127.0.0.1", "localhost", "[::1]")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the page's content comes from; all may be asked from any thread.

    `thumbnail` gives a camera's last look as JPEG, None where there is none; `metrics` Prometheus' text.
    """

    facts: Callable[[], NodeFacts]
    thumbnail: Callable[[str], bytes | None]
    metrics: Callable[[], bytes]
    accept: Callable[[str], bool] = lambda _camera_id: False
    """Learns a camera's usual picture anew; False where there is no such camera."""


class StatusServer:
    """`start` serves on a thread of its own until `stop`."""

    def __init__(self, address: str, sources: Sources) -> None:
        """Binds at once, so that a taken port is said at start.

        Raises:
            UsageError: the address can't be listened on.
        """
        host, _, port = address.rpartition(":")
        try:
            self._server = _Server((host.strip("[]"), int(port)), _handler(sources))
        except OSError as error:
            raise UsageError(f"http: {address}: can't listen there ({error.strerror}); choose another port") from error
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, name="status-page", daemon=True)

    def start(self) -> None:
        self._thread.start()
        _log.info("status page", address=f"http://127.0.0.1:{self.port}/")

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


def _handler(sources: Sources) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = TIMEOUT_S
        server_version = "xunjie-edge"
        sys_version = ""

        def do_GET(self) -> None:
            if self._is_meant():
                self._answer(urlsplit(self.path).path)

        def do_POST(self) -> None:
            path = urlsplit(self.path).path
            if not self._is_meant():
                return
            if not path.startswith("/accept/") or self.headers.get(ACCEPT_HEADER) != "accept":
                self._say(HTTPStatus.FORBIDDEN, "text/plain", b"use python -m edge accept-view CAMERA\n")
            elif sources.accept(path.removeprefix("/accept/")):
                self._say(HTTPStatus.OK, "text/plain", b"its usual picture is learned anew\n")
            else:
                self._say(HTTPStatus.NOT_FOUND, "text/plain", b"this node has no such camera\n")

        def _is_meant(self) -> bool:
            host = self.headers.get("Host", "")
            is_loopback = host.rpartition(":")[0] in HOSTS or host in HOSTS
            if not is_loopback:
                self._say(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"ask for 127.0.0.1\n")
            return is_loopback

        def _answer(self, path: str) -> None:
            if path == "/":
                page = render(sources.facts(), self._language())
                self._say(HTTPStatus.OK, "text/html; charset=utf-8", page.encode())
            elif path == "/status.json":
                self._say(HTTPStatus.OK, "application/json", _as_json(sources.facts()))
            elif path == "/metrics":
                self._say(HTTPStatus.OK, "text/plain; version=0.0.4; charset=utf-8", sources.metrics())
            elif path.startswith("/thumbnail/") and path.endswith(".jpg"):
                jpeg = sources.thumbnail(path.removeprefix("/thumbnail/").removesuffix(".jpg"))
                missing = (HTTPStatus.NOT_FOUND, "text/plain", b"no frame yet\n")
                self._say(*(missing if jpeg is None else (HTTPStatus.OK, "image/jpeg", jpeg)))
            else:
                self._say(HTTPStatus.NOT_FOUND, "text/plain", b"there is /, /status.json, /metrics\n")

        def _language(self) -> str:
            asked = parse_qs(urlsplit(self.path).query).get("lang", [""])[0]
            if asked in ("zh", "en"):
                return asked
            return "en" if self.headers.get("Accept-Language", "").lower().startswith("en") else "zh"

        def _say(self, status: HTTPStatus, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header(
                "Content-Security-Policy", "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
            )
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: ARG002  # the base class's signature
            return

    return Handler


def _as_json(facts: NodeFacts) -> bytes:
    content = asdict(facts) | {"status": facts.status.model_dump(mode="json")}
    return json.dumps(content, ensure_ascii=False, indent=1, default=_plain).encode()


def _plain(value: object) -> str:
    return format_rfc3339(value) if isinstance(value, datetime) else str(value)
