"""Growing waits between tries, with jitter so that a district's nodes don't return in one wave after a power cut."""

import random

FIRST_S = 1.0
LONGEST_S = 60.0


class Backoff:
    """1, 2, 4 … `longest_s`, each shortened by up to half at random."""

    def __init__(self, source: random.Random | None = None, longest_s: float = LONGEST_S) -> None:
        self._random = source or random.Random()
        self._next_s = FIRST_S
        self.longest_s = longest_s

    def next_s(self) -> float:
        """How long to wait before the next try, seconds."""
        wait_s = self._next_s * self._random.uniform(0.5, 1.0)
        self._next_s = min(self._next_s * 2, self.longest_s)
        return wait_s

    def reset(self) -> None:
        """After a success: the next failure starts small again."""
        self._next_s = FIRST_S
