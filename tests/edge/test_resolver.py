"""Addresses that expire: asked for at every connect, and nothing secret in any message."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from contract.clock import VirtualClock
from contract.errors import TransientError
from edge.camera_settings import CameraSettings
from edge.capture.choose import open_camera
from edge.capture.resolver import CommandResolver, HttpResolver
from tests.edge.fakes import T0
from tests.edge.waiting import PATIENCE_S


@contextmanager
def platform(*answers: tuple[int, str]) -> Iterator[tuple[str, list[str]]]:
    """A platform that gives these answers in order, the last one for ever; and who asked with which token."""
    tokens: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, text = answers[min(len(tokens), len(answers) - 1)]
            tokens.append(self.headers.get("Authorization", ""))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/streams/7", tokens
        finally:
            server.shutdown()
            thread.join(PATIENCE_S)


def test_the_address_is_asked_for_anew_at_every_connect() -> None:
    first, second = '{"data": {"urls": ["rtsp://h/1?t=a"]}}', '{"data": {"urls": ["rtsp://h/1?t=b"]}}'
    with platform((200, first), (200, second)) as (url, tokens):
        resolver = HttpResolver(url, "t0ken", "data.urls.0", PATIENCE_S)
        assert [resolver.resolve(), resolver.resolve()] == ["rtsp://h/1?t=a", "rtsp://h/1?t=b"]
    assert tokens == ["Bearer t0ken", "Bearer t0ken"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((403, "no"), "answers 403; check its address and token"),
        ((200, "[]"), "holds no 'data.url'"),
        ((200, "not json"), "holds no 'data.url'"),
        ((200, '{"data": {"url": 7}}'), "is no text"),
        ((200, '{"data": {"url": "ftp://h/t1cket"}}'), "gave no stream address"),
    ],
)
def test_a_platform_that_gives_no_address_is_said_as_such(answer: tuple[int, str], says: str) -> None:
    with platform(answer) as (url, _), pytest.raises(TransientError, match=says) as caught:
        HttpResolver(url, "t0ken", "data.url", PATIENCE_S).resolve()
    assert "t0ken" not in str(caught.value)


def test_a_platform_that_is_away_is_said_as_such() -> None:
    with pytest.raises(TransientError, match=r"no answer .*is the platform up"):
        HttpResolver("http://127.0.0.1:9/x", None, None, 1.0).resolve()


def test_a_command_s_first_line_is_the_address() -> None:
    resolver = CommandResolver([sys.executable, "-c", "print('rtsp://h/1'); print('more')"], PATIENCE_S)
    assert resolver.resolve() == "rtsp://h/1"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import sys; sys.exit('the platform is closed')", r"failed with code 1 \(the platform is closed\)"),
        ("pass", "gave no stream address"),
        ("import threading; threading.Event().wait()", "no answer within 0.3 s"),
    ],
)
def test_a_command_that_fails_says_why(code: str, says: str) -> None:
    with pytest.raises(TransientError, match=says):
        CommandResolver([sys.executable, "-c", code], 0.3 if "Event" in code else PATIENCE_S).resolve()


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(TransientError, match="nosuchprogram: can't be run"):
        CommandResolver(["nosuchprogram"], 1.0).resolve()


def test_a_resolved_ticket_stays_out_of_a_cameras_messages(tmp_path: Path) -> None:
    """The address that was given is refused by nobody's port: the message names the resolver, not the ticket."""
    with platform((200, "rtsp://127.0.0.1:9/live?ticket=t1cket")) as (url, _):
        settings = CameraSettings.model_validate({"camera_id": "c", "source": "gate", "resolver": {"http": url}})
        camera, _ = open_camera(settings, VirtualClock(T0), T0)
        with pytest.raises(TransientError, match=r"gate by resolver 127\.0\.0\.1: no stream") as caught:
            next(camera.frames())
    assert "t1cket" not in str(caught.value) + camera.name
