"""Keeps a node's memory from growing by fragments: large blocks go back to the system as soon as they are freed.

glibc raises the size from which it does so to 32 MB by itself, after which every camera's pictures stay in its
thread's own heap. Measured with 12 cameras at 1080p: 576 MB instead of 725.

What is smaller, coded pictures above all, stays with the heap it came from, in pieces: 20 to 35 MB within ten minutes
with 20 cameras, and more the longer it runs. `Sweep` hands those pieces back, too.
"""

import ctypes
from collections.abc import Callable

M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8
LARGE_BYTES = 256 * 1024
ARENAS = 4
SWEEP_EVERY_S = 60.0
"""Oftener costs CPU for nothing: what was handed back is asked for again within seconds."""


def settle_heap() -> bool:
    """Call once, before cameras start; False where the system's C library knows no such setting."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)) and bool(mallopt(M_ARENA_MAX, ARENAS))


def sweep() -> None:
    """Hands free pages inside the heaps back to the system; nothing where its C library can't."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (OSError, AttributeError):
        return


class Sweep:
    """A chore that may be called as often as one likes. One thread."""

    def __init__(self, monotonic: Callable[[], float], do: Callable[[], None] = sweep) -> None:
        self._monotonic = monotonic
        self._do = do
        self._due_s = monotonic() + SWEEP_EVERY_S

    def __call__(self) -> None:
        """Sweeps if it is time to."""
        if self._monotonic() >= self._due_s:
            self._due_s = self._monotonic() + SWEEP_EVERY_S
            self._do()
