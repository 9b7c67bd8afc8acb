"""Which events to send now: pure book-keeping over what was sent and when, so it can be tested without a broker.

PUBACK means nothing here. An event is in flight from its publication until central's receipt; unreceipted for
`resend_after_s`, or after any reconnection, it is sent again (central keeps one of each).

Two lanes, each in its own order: *live* is what was written since the connection began, *backlog* what waited before.
When central takes nothing for so long that the live lane is full, sending stops: the rest waits on the node's disk, not
in the broker. With the next receipt all that waited becomes backlog, and what happens from then on is live.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

MAX_IN_FLIGHT = 200
"""Unreceipted events a lane has out at one time (ARCHITECTURE §5)."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One event to publish now."""

    seq: int
    is_live: bool


@dataclass(slots=True)
class SendWindow:
    """One connection's view of the outbox. A new connection gets a new window.

    `boundary` is the highest number that counts as backlog: the newest one when the connection began.
    """

    resend_after_s: float
    boundary: int
    _sent_at_s: dict[int, float] = field(default_factory=dict)
    _is_stalled: bool = False

    def choose(
        self, backlog: Sequence[int], live: Sequence[int], now_s: float, most_backlog: int = MAX_IN_FLIGHT
    ) -> list[Sending]:
        """What to publish now, live first, oldest first within a lane; it counts as sent from here on.

        Args:
            backlog: the oldest numbers up to `boundary` that are in the outbox.
            live: the oldest numbers above it; one more than `MAX_IN_FLIGHT` shows that the lane is full.
            now_s: of a monotonic clock.
            most_backlog: how many of the backlog at this moment, so that a new live one need not queue behind them.
        """
        alive = {*backlog, *live}
        self._sent_at_s = {seq: sent for seq, sent in self._sent_at_s.items() if seq in alive}
        self._is_stalled = len(live) > MAX_IN_FLIGHT
        chosen = [Sending(seq, is_live=True) for seq in live[:MAX_IN_FLIGHT] if self._is_due(seq, now_s)]
        old = [Sending(seq, is_live=False) for seq in backlog[:MAX_IN_FLIGHT] if self._is_due(seq, now_s)]
        chosen += old[: max(0, most_backlog)]
        self._sent_at_s |= {sending.seq: now_s for sending in chosen}
        return chosen

    def note_receipt(self, newest_seq: int) -> None:
        """Central takes events; `newest_seq` is the outbox's highest number now."""
        if self._is_stalled:
            self.boundary = newest_seq
            self._is_stalled = False

    def _is_due(self, seq: int, now_s: float) -> bool:
        sent_at_s = self._sent_at_s.get(seq)
        return sent_at_s is None or now_s - sent_at_s >= self.resend_after_s
