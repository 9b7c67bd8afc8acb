"""Light consoles: connections that follow the live list as browsers do and count what comes, all on one thread."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from central.bench.standing import NEW_NAME
from contract.clock import Clock

_CHUNK = 65536


@dataclass(slots=True)
class Heard:
    """By one console."""

    batches: int = 0
    bytes_: int = 0
    most_in_a_second: int = 0
    is_open: bool = False
    recent_s: list[float] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    """When the row of each new case came, in seconds since 1970; only of who is `watchful`."""
    is_watchful: bool = False


class Consoles:
    """`open` before the measurement, `close` after it; `heard` may be read at any time."""

    def __init__(self, url: str, token: str, filters: Sequence[str], clock: Clock, after: int = 0) -> None:
        """`after`: the change that the pages were made of which these would have loaded before."""
        self._after = after
        self.heard = [Heard() for _ in filters]
        self._where, self._token, self._filters, self._clock = urlsplit(url), token, filters, clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="consoles", daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Once more does nothing."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(self._loop)])
            self._thread.join(10)

    @property
    def opened(self) -> int:
        return sum(one.is_open for one in self.heard)

    def _run(self) -> None:
        async def all_of_them() -> None:
            pairs = zip(self._filters, self.heard, strict=True)
            await asyncio.gather(*(self._follow(address, heard) for address, heard in pairs), return_exceptions=True)

        try:
            self._loop.run_until_complete(all_of_them())
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _follow(self, address: str, heard: Heard) -> None:
        reader, writer = await asyncio.open_connection(self._where.hostname, self._where.port)
        lines = (
            f"GET /live?{address}&after={self._after} HTTP/1.1",
            f"Host: {self._where.netloc}",
            f"Authorization: Bearer {self._token}",
            "Accept-Language: en",
        )
        writer.write("\r\n".join((*lines, "", "")).encode())
        try:
            while chunk := await reader.read(_CHUNK):
                heard.is_open = True
                self._note(heard, chunk)
        finally:
            heard.is_open = False
            writer.close()

    def _note(self, heard: Heard, chunk: bytes) -> None:
        found = chunk.count(b"event: rows")
        now = self._clock.monotonic()
        heard.bytes_ += len(chunk)
        heard.batches += found
        heard.recent_s = [at for at in heard.recent_s if at > now - 1] + [now] * found
        heard.most_in_a_second = max(heard.most_in_a_second, len(heard.recent_s))
        if heard.is_watchful:
            at = self._clock.now().timestamp()
            for name in NEW_NAME.findall(chunk.decode(errors="replace")):
                heard.seen.setdefault(name, at)
