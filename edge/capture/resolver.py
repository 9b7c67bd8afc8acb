"""Streams of a platform, whose addresses expire: the address is asked for anew at every connect.

The address itself usually carries a ticket, so no message shows more of it than its host.
"""

import json
import subprocess
from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from contract.errors import TransientError
from edge.capture.opening import SCHEMES

MAX_ANSWER_BYTES = 64 * 1024


class Resolver(Protocol):
    """Gives a stream's present address."""

    @property
    def name(self) -> str:
        """What messages call it; holds no secret."""
        ...

    def resolve(self) -> str:
        """The address to connect to now.

        Raises:
            TransientError: nobody says; the message names who was asked and what is wrong.
        """
        ...


class HttpResolver:
    """Asks an address over HTTP. The answer is the stream's address as text, or JSON with it at `field`."""

    def __init__(self, url: str, token: str | None, field: str | None, timeout_s: float) -> None:
        """`token` goes as a bearer token; `field` is a dotted path as ``data.url``."""
        self._url = url
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._field = field
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        return f"resolver {urlsplit(self._url).hostname}"

    def resolve(self) -> str:
        try:
            answer = httpx.get(self._url, headers=self._headers, timeout=self._timeout_s)
            answer.raise_for_status()
        except httpx.HTTPStatusError as error:
            raise TransientError(
                f"{self.name}: answers {error.response.status_code}; check its address and token"
            ) from None
        except httpx.HTTPError as error:
            raise TransientError(f"{self.name}: no answer ({type(error).__name__}); is the platform up?") from None
        text = answer.text if len(answer.content) <= MAX_ANSWER_BYTES else ""
        return checked(text if self._field is None else _at(text, self._field, self.name), self.name)


class CommandResolver:
    """Runs a program whose first line of output is the address; never through a shell."""

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s

    @property
    def name(self) -> str:
        return f"resolver {self._command[0]}"

    def resolve(self) -> str:
        try:
            done = subprocess.run(
                self._command, capture_output=True, timeout=self._timeout_s, check=True, text=True, errors="replace"
            )
        except subprocess.TimeoutExpired:
            raise TransientError(f"{self.name}: no answer within {self._timeout_s:g} s") from None
        except subprocess.CalledProcessError as error:
            last = (error.stderr or "").strip().splitlines()[-1:] or ["it said nothing"]
            raise TransientError(f"{self.name}: failed with code {error.returncode} ({last[0][:100]})") from None
        except OSError as error:
            raise TransientError(f"{self.name}: can't be run ({error.strerror}); check the command") from None
        return checked((done.stdout.splitlines() or [""])[0], self.name)


def checked(address: str, name: str) -> str:
    """`address` if it is one that can be opened.

    Raises:
        TransientError: it is none; only its beginning is shown.
    """
    address = address.strip()
    scheme = address.partition("://")[0]
    if scheme not in SCHEMES or not urlsplit(address).hostname:
        raise TransientError(f"{name}: gave no stream address (it begins {address[:16]!r}); want {', '.join(SCHEMES)}")
    return address


def _at(text: str, field: str, name: str) -> str:
    try:
        value = json.loads(text)
        for key in field.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, KeyError, IndexError, TypeError):
        raise TransientError(f"{name}: its answer holds no {field!r}; check the resolver's `field`") from None
    if not isinstance(value, str):
        raise TransientError(f"{name}: {field!r} is no text; check the resolver's `field`")
    return value
