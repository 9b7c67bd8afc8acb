"""The program around the service: its socket, its server, and how it ends."""

import signal
import socket
import sys
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from contract.errors import UsageError

BACKLOG = 2048
UNHEARD_MS = 60_000
"""So long a connection may leave what was sent to it unacknowledged, a console's live list for one."""


def end_cleanly() -> None:
    """Makes SIGTERM and SIGINT end the program with exit code 0; uvicorn raises them again after its own shutdown."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


class Server(uvicorn.Server):
    """uvicorn that lets the live feed's listeners go as soon as it is told to end; it would wait for them otherwise."""

    def __init__(self, http: FastAPI, before_exit: Callable[[], None]) -> None:
        """`before_exit` is called in a signal's handler."""
        config = uvicorn.Config(http, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5)
        super().__init__(config)
        self._before_exit = before_exit

    def handle_exit(self, sig: int, frame: object) -> None:
        self._before_exit()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]  # uvicorn asks for a FrameType that it doesn't use


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens from now on: who comes before the service has started waits. Port 0 takes a free one.

    Raises:
        UsageError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # inherited by every connection: who takes nothing any more is let go
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MS)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise UsageError(
            f"{host}:{port}: can't listen there ({error.strerror}); choose another with --port, 0 takes a free one"
        ) from error
    return sock
