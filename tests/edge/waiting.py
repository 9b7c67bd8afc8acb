"""Waiting for what another thread or process does: until it has happened, never for a fixed time."""

import threading
from collections.abc import Callable

PATIENCE_S = 60.0
"""Generous: the machine may be busy training, or share its cores with others. A passing test never waits so long."""


def until(is_so: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S) -> None:
    """Returns as soon as `is_so()`; looks often, since what is awaited has no bell to ring.

    Raises:
        AssertionError: it did not come true in time; the message says `what`.
    """
    never = threading.Event()
    for _ in range(int(timeout_s / 0.02)):
        if is_so():
            return
        never.wait(0.02)
    raise AssertionError(f"waited {timeout_s:.0f} s in vain until {what}")
