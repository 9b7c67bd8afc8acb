"""One live list as its consoles share it: its last batches, numbered, and the bells of those who show it."""

import asyncio
from collections import deque
from collections.abc import Set

from central.console.batches import Batch, LiveList, Looks, Told

PACE_S = 0.27
"""From one batch to the next: four a second is as fast as people read; a little more keeps out a fifth."""
KEPT = 32
"""Batches that a view keeps: eight seconds of a busy street."""


class View:
    """One list, its last batches, and the bells of those who show it. Batches are numbered from 1."""

    def __init__(self, state: LiveList, change_id: int) -> None:
        self.state = state
        self.change_id = change_id
        self.newest = 0
        self.bells: set[asyncio.Event] = set()
        self._waiting = Told()
        self._nodes: str | None = None
        self._told_at_s = float("-inf")
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

    def hear(self, news: Told, nodes: str | None) -> None:
        """Takes in what happened, until it is time to tell of it. `nodes`: how they stand, drawn anew."""
        self._waiting |= news
        self._nodes = nodes or self._nodes

    def due_at_s(self) -> float:
        """When there will be something to tell that is known already; never, if nothing waits."""
        is_waiting = self._waiting != Told() or self._nodes is not None
        return max(self._told_at_s + PACE_S, float("-inf") if is_waiting else self.state.count_due_at_s)

    def tell_at_pace(self, change_id: int, looks: Looks, now_s: float) -> bool:
        """Tells of all that waits, unless the last batch is hardly out; whether it said anything."""
        if now_s < self._told_at_s + PACE_S:
            return False
        batch = self.state.news(self._waiting, looks, now_s, self._nodes)
        self._waiting, self._nodes = Told(), None
        if not self.tell(change_id, batch):
            return False
        self._told_at_s = now_s
        return True

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

    def forget(self) -> None:
        """What was told last may not have been all there was to tell: everybody gets the whole list next."""
        self.newest += 1
        self._batches.clear()
        self._base = self.change_id + 1

    def whole(self, looks: Looks) -> bytes:
        """The list in one piece; kept until it changes, for all who come back at once."""
        if self._whole is None or self._whole[0] != self.newest:
            self._whole = self.newest, self.state.whole(looks).message(self.change_id)
        return self._whole[1]
