"""Which events to send now: pure book-keeping over what was sent and when, so it can be tested without a broker.

PUBACK means nothing here. An event is in flight from its publication until central's receipt; unreceipted for
`resend_after_s`, or after any reconnection, it is sent again (central keeps one of each).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.outbox.sqlite import Entry

MAX_IN_FLIGHT = 200
"""Unreceipted events sent at one time: the backlog waits on the node's disk, not in the broker (ARCHITECTURE §5)."""


@dataclass(slots=True)
class SendWindow:
    """One connection's view of the outbox. A new connection gets a new window."""

    resend_after_s: float
    _sent_at_s: dict[int, float] = field(default_factory=dict)

    def choose(self, pending: Sequence[Entry], now_s: float) -> list[Entry]:
        """The entries to publish now, oldest first; they count as sent from here on.

        `pending` is the oldest part of the outbox; whatever is no longer in it has been settled.
        """
        alive = {entry.seq for entry in pending}
        self._sent_at_s = {seq: sent for seq, sent in self._sent_at_s.items() if seq in alive}
        chosen = []
        for entry in pending[:MAX_IN_FLIGHT]:
            sent_at_s = self._sent_at_s.get(entry.seq)
            if sent_at_s is None or now_s - sent_at_s >= self.resend_after_s:
                self._sent_at_s[entry.seq] = now_s
                chosen.append(entry)
        return chosen
