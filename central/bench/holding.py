"""Many light consoles, held open, and what each costs the service in memory."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from central.bench.listening import Consoles, Heard
from central.bench.machine import load_of
from central.bench.processes import Service
from contract.clock import Clock

STEPS = 5
"""Groups in which they come: the slope over the groups is what one costs, without what the first of all costs."""
PATIENCE_S = 60.0
TIDY_S = 1.0
"""For collecting garbage and giving pages back."""


@dataclass(slots=True)
class Holding:
    """The consoles, and the size of the service with none of them and after each group."""

    groups: Sequence[Consoles]
    sizes_mb: list[float]
    each_loaded_kib: float = 0.0
    """What closing all of them gave back, after the load."""

    @property
    def heard(self) -> list[Heard]:
        return [one for group in self.groups for one in group.heard]

    @property
    def opened(self) -> int:
        return sum(group.opened for group in self.groups)

    @property
    def each_kib(self) -> float:
        """The slope of a straight line through the sizes, the first group left out: it opens the lists themselves."""
        counts = [float(sum(len(group.heard) for group in self.groups[:number])) for number in range(1, STEPS + 1)]
        sizes = self.sizes_mb[1:]
        middle, mean = sum(counts) / STEPS, sum(sizes) / STEPS
        across = sum((count - middle) ** 2 for count in counts)
        return sum((c - middle) * (s - mean) for c, s in zip(counts, sizes, strict=True)) / across * 1024


@contextmanager
def hold_consoles(
    clock: Clock, central: Service, filters: Sequence[str], after: int, tick: Callable[[str, float], None]
) -> Iterator[Holding]:
    """Opens one console a filter, in groups. `central` must run as ``central.bench.tidied``."""
    size = -(-len(filters) // STEPS)
    groups = [
        Consoles(central.url, central.token, filters[start : start + size], clock, after)
        for start in range(0, len(filters), size)
    ]
    found = Holding(groups, [tidied_mb(clock, central)])
    try:
        for number, group in enumerate(groups):
            group.open()
            until = clock.monotonic() + PATIENCE_S
            while group.opened < len(group.heard) and clock.monotonic() < until:
                tick("consoles come", (number + 1) / STEPS)
                clock.sleep(0.05)
            found.sizes_mb.append(tidied_mb(clock, central))
        yield found
    finally:
        for group in groups:
            group.close()


def measure_leaving(clock: Clock, central: Service, held: Holding) -> None:
    """Closes all of them and notes what that gave back."""
    before, count = tidied_mb(clock, central), held.opened
    for group in held.groups:
        group.close()
    clock.sleep(TIDY_S)  # the service lets them go when it next writes to them
    held.each_loaded_kib = (before - tidied_mb(clock, central)) * 1024 / max(1, count)


def tidied_mb(clock: Clock, central: Service) -> float:
    """The service's size once its garbage is gone."""
    os.kill(central.pid, signal.SIGUSR1)
    clock.sleep(TIDY_S)
    return load_of(central.pid).rss_mb
