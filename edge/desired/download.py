"""Fetches a file by its hash: goes on where it broke off, never fills the disk, keeps nothing but what was meant."""

import hashlib
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from contract.errors import PermanentError, TransientError

CHUNK_BYTES = 256 * 1024
TIMEOUT_S = 30.0
RESERVE_BYTES = 200 * 1024 * 1024
"""Left free for events and evidence; a model is a few megabytes, software some hundred."""
PARTIAL_CONTENT, OUT_OF_RANGE, SERVER_ERROR = 206, 416, 500


def fetch(
    client: httpx.Client,
    url: str,
    sha256: str,
    target: Path,
    max_bytes: int,
    headers: Mapping[str, str],
    on_bytes: Callable[[int], None] = lambda _count: None,
) -> None:
    """Puts the file with this hash at `target`; nothing to do if it is there. What came so far lies in ``.part``.

    Raises:
        TransientError: the server is away or the line broke; calling again goes on from there.
        PermanentError: the server has no such file, it is too large, it is another file, or the disk is full.
    """
    if target.is_file() and _hash_of(target) == sha256:
        return
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _receive(client, url, part, max_bytes, headers, on_bytes)
        found = _hash_of(part)
        if found != sha256:
            part.unlink()
            raise PermanentError(f"{url}: is another file (sha256 {found[:12]}…, not {sha256[:12]}…)")
        part.replace(target)
    except httpx.HTTPError as error:
        raise TransientError(f"{url}: {error or type(error).__name__}") from error
    except OSError as error:
        raise PermanentError(f"{target}: can't be written ({error.strerror})") from error


def _receive(
    client: httpx.Client,
    url: str,
    part: Path,
    max_bytes: int,
    headers: Mapping[str, str],
    on_bytes: Callable[[int], None],
) -> None:
    have = part.stat().st_size if part.is_file() else 0
    wanted = {**headers, "Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=wanted, timeout=TIMEOUT_S) as answer:
        if answer.status_code == OUT_OF_RANGE:  # all of it is here already, or more than all: the hash will tell
            return
        if answer.status_code >= SERVER_ERROR or answer.status_code in {408, 429}:
            raise TransientError(f"{url}: HTTP {answer.status_code}")
        if not answer.is_success:
            raise PermanentError(f"{url}: HTTP {answer.status_code}; is it there, and is the node's token right?")
        goes_on = answer.status_code == PARTIAL_CONTENT
        size = have if goes_on else 0
        _check_room(part.parent, size, int(answer.headers.get("content-length", 0)), max_bytes, url)
        with part.open("ab" if goes_on else "wb") as file:
            for chunk in answer.iter_bytes(CHUNK_BYTES):
                size += len(chunk)
                if size > max_bytes:
                    raise PermanentError(f"{url}: more than {max_bytes} bytes")
                file.write(chunk)
                on_bytes(size)


def _check_room(folder: Path, have: int, coming: int, max_bytes: int, url: str) -> None:
    if have + coming > max_bytes:
        raise PermanentError(f"{url}: {have + coming} bytes; {max_bytes} at most")
    free = shutil.disk_usage(folder).free
    if coming > free - RESERVE_BYTES:
        raise PermanentError(f"{folder}: {coming} bytes are coming, {max(0, free - RESERVE_BYTES)} are free for them")


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
