"""How long the page of a list takes, as a browser asks for it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from central.bench.processes import Service
from central.bench.reporting import percentiles
from contract.clock import Clock

PAUSE_S = 0.5


class Paging:
    """Asks for the pages of some lists in turn and notes how long each took."""

    def __init__(self, clock: Clock, central: Service, lists: Sequence[str]) -> None:
        self.took_s: list[float] = []
        self._clock, self._central, self._lists = clock, central, lists

    @property
    def worst_ms(self) -> float:
        return round(max(self.took_s, default=0.0) * 1000, 1)

    @property
    def p50_ms(self) -> float:
        return percentiles(self.took_s).p50

    def ask(self) -> None:
        """For the next list."""
        began = self._clock.monotonic()
        get(self._central, f"/?{self._lists[len(self.took_s) % len(self._lists)]}")
        self.took_s.append(self._clock.monotonic() - began)

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        """Asks now and then while the block runs."""
        is_over = threading.Event()

        def run() -> None:
            while not is_over.wait(PAUSE_S):
                self.ask()

        thread = threading.Thread(target=run, name="pages", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


def newest_change(central: Service) -> int:
    """The change that a page loaded now is made of."""
    return int(get(central, "/").partition('data-change="')[2].partition('"')[0])


def get(central: Service, path: str) -> str:
    where = urlsplit(central.url)
    connection = HTTPConnection(where.hostname or "", where.port or 80, timeout=60)
    connection.request("GET", path, headers={"Authorization": f"Bearer {central.token}"})
    text = connection.getresponse().read().decode()
    connection.close()
    return text
