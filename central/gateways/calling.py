"""One HTTP request to a configured address: bounded in time and size, never redirected, and honest about doubt.

What went wrong is told apart by one question: can the target have the request? Each request has its own connection:
an idle one that the target is just closing would make every such moment a doubtful one.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from central.services.delivery_port import Unavailable, Uncertain
from contract.clock import Clock
from contract.errors import UsageError

MAX_ANSWER_BYTES = 1024 * 1024
"""More than any answer needs; a target that sends more is cut off."""
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `retry_after_s` is 0 where the target names no time."""

    status: int
    body: bytes
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """How a target is reached. `url` ends with a slash; `headers` may hold secrets, so `repr` hides them."""

    url: str
    headers: Mapping[str, str]
    read_s: float
    ca_file: Path | None = None
    checks_tls: bool = True
    most_bytes: int = MAX_ANSWER_BYTES

    def __repr__(self) -> str:
        return f"Line({self.url})"


class Caller:
    """Thread-safe."""

    def __init__(self, line: Line, clock: Clock) -> None:
        """Opens nothing.

        Raises:
            UsageError: the CA file can't be read.
        """
        self._line = line
        self._clock = clock
        self._client = httpx.Client(
            headers=dict(line.headers),
            timeout=httpx.Timeout(line.read_s, connect=CONNECT_S),
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=_trust(line),
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def timeout_s(self) -> float:
        """The longest a call takes: to connect, to wait for the answer, to read it."""
        return CONNECT_S + 2 * self._line.read_s

    def call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Unavailable | Uncertain:
        """One request to `path` below the target's address."""
        deadline = self._clock.monotonic() + self.timeout_s
        try:
            with self._client.stream(method, self._line.url + path, content=content, headers=headers) as response:
                body = b""
                for piece in response.iter_bytes(64 * 1024):
                    body += piece
                    if len(body) > self._line.most_bytes:
                        return Uncertain(f"{response.status_code} with more than {self._line.most_bytes} bytes")
                    if self._clock.monotonic() > deadline:
                        return Uncertain("the answer trickles")
                return Answer(response.status_code, body, _seconds(response.headers.get("retry-after", "")))
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            return Unavailable(f"no connection: {_short(error)}")
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
            return Uncertain(f"no answer: {type(error).__name__} {_short(error)}".strip())

    def close(self) -> None:
        self._client.close()


def _trust(line: Line) -> ssl.SSLContext | bool:
    if not line.checks_tls:
        return False
    if line.ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(line.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"{line.ca_file}: can't be read as certificates ({error}); give a PEM file") from error


def _seconds(text: str) -> float:
    """A date is left alone: the platform's clock may be off."""
    return min(float(text), 3600.0) if text.isdecimal() else 0.0


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
