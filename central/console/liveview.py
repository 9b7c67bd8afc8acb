"""One live list as its consoles share it: its last batches, numbered, and the bells of those who show it."""

import asyncio
from collections import deque
from collections.abc import Set

from central.console.batches import Batch, LiveList, Looks

KEPT = 32
"""Batches that a view keeps: eight seconds of a busy street."""


class View:
    """One list, its last batches, and the bells of those who show it. Batches are numbered from 1."""

    def __init__(self, state: LiveList, change_id: int) -> None:
        self.state = state
        self.change_id = change_id
        self.newest = 0
        self.bells: set[asyncio.Event] = set()
        self._batches: deque[tuple[int, int, bytes]] = deque()
        self._base = change_id
        self._whole: tuple[int, bytes] | None = None

    def resumed(self, change_id: int, folded: Set[str] | None = None) -> int | None:
        """After which batch somebody goes on who knows the list as of that change; None: they need the whole list.

        They may get what they know already; a row drawn twice is the same row. `folded`, where it is known: the cases
        that stand for storms in their list. A storm is found some time after its cases came, and that is no change.
        """
        if not self._base <= change_id <= self.change_id or folded not in (None, self.state.storms.keys()):
            return None
        return next((number - 1 for number, told, _ in list(self._batches) if told >= change_id), self.newest)

    def after(self, number: int) -> list[bytes] | None:
        """What was told after batch `number`; None when not all of it is kept."""
        found = [message for own, _, message in list(self._batches) if own > number]  # another thread may add one
        return found if len(found) == self.newest - number else None

    def tell(self, change_id: int, batch: Batch) -> bool:
        """Keeps the batch, if it says something."""
        self.change_id = change_id
        if not batch.says_something:
            return False
        self.newest += 1
        self._batches.append((self.newest, change_id, batch.message(change_id)))
        if len(self._batches) > KEPT:
            self._base = self._batches.popleft()[1]
        return True

    def whole(self, looks: Looks) -> bytes:
        """The list in one piece; kept until it changes, for all who come back at once."""
        if self._whole is None or self._whole[0] != self.newest:
            self._whole = self.newest, self.state.whole(looks).message(self.change_id)
        return self._whole[1]
