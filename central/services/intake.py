"""Intake: every event is in the database once, then acknowledged, then receipted. The readable page of central's door.

A message that can't be taken is set aside with its reason and acknowledged; it stops nothing else. When the commit
fails nothing is acknowledged and the link reconnects: the broker sends everything again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from central.services.admission import Admission, Point, Settled, nobody_watches
from central.services.outcomes import Outcome
from contract.clock import Clock
from contract.topics import Topics

BATCH = 250
"""Messages a transaction. Half of what the broker may have under way, so that the next half comes during the commit."""
SHORTEST_GATHER_S, LONGEST_GATHER_S = 0.002, 0.05
"""How long a batch waits for company: as long as the last one took to store, within these. Longer saves commits and
CPU, shorter shows an incident sooner."""
IDLE_S = 0.5
LOG = structlog.get_logger("central.intake")


@dataclass(frozen=True, slots=True)
class AckToken:
    """Names a message to the broker; worthless after the connection it came on is gone (mids are used again)."""

    epoch: int
    mid: int
    qos: int
    session: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the link hands it over."""

    topic: str
    payload: bytes
    token: AckToken


class BrokerLink(Protocol):
    """What intake needs of the broker."""

    def receive(self, limit: int, timeout_s: float, gather_s: float) -> list[Delivery]:
        """Up to `limit` messages, live ones before back-fill.

        Waits at most `timeout_s` for the first, then `gather_s` for more; less as soon as there are `limit`.
        """
        ...

    def ack(self, tokens: Sequence[AckToken]) -> int:
        """Acknowledges; gives how many were left out because their connection is gone."""
        ...

    def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1, handed to the client's queue; lost if the link is down (receipts repeat themselves)."""
        ...

    def reconnect(self) -> None:
        """Drops the connections so that the broker re-sends what was not acknowledged."""
        ...


@dataclass(slots=True)
class IntakeCounts:
    """Since the program started."""

    taken: int = 0
    repeated: int = 0
    refused: int = 0
    conflicts: int = 0
    marked: int = 0
    batches: int = 0


class Intake:
    """Runs on one thread. `on_taken` is told after a commit how many events it brought, if any; `on_change` is called
    after any commit."""

    def __init__(
        self,
        admission: Admission,
        link: BrokerLink,
        topics: Topics,
        clock: Clock,
        on_taken: Callable[[int], None],
        on_change: Callable[[], None],
        reached: Callable[[Point], None] = nobody_watches,
    ) -> None:
        self.counts = IntakeCounts()
        self._admission = admission
        self._link = link
        self._topics = topics
        self._clock = clock
        self._on_taken = on_taken
        self._on_change = on_change
        self._reached = reached
        self._gather_s = SHORTEST_GATHER_S

    def step(self) -> int:
        """Takes one batch; gives its size.

        Raises:
            TransientError: the commit failed; nothing was acknowledged.
        """
        batch = self._link.receive(BATCH, IDLE_S, self._gather_s)
        if not batch:
            return 0
        settled = self._commit(batch)
        self._acknowledge(batch)
        self._send_receipts(settled)
        self._count(settled)
        self._tell(settled)
        return len(batch)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """After a failed step: have the broker send again what was not acknowledged."""
        self._link.reconnect()

    def _commit(self, batch: Sequence[Delivery]) -> list[Settled]:
        began = self._clock.monotonic()
        settled = self._admission.take(batch)
        took_s = self._clock.monotonic() - began
        self._gather_s = min(LONGEST_GATHER_S, max(SHORTEST_GATHER_S, took_s))
        return settled

    def _acknowledge(self, batch: Sequence[Delivery]) -> None:
        expired = self._link.ack([delivery.token for delivery in batch])
        if expired:
            LOG.info("acknowledgements of an older connection left out", messages=expired)
        self._reached(Point.AFTER_ACK)

    def _send_receipts(self, settled: Sequence[Settled]) -> None:
        for one in self._admission.receipts(settled):
            self._link.publish(self._topics.receipt(one.node_id), one.receipt.to_wire())
        self._reached(Point.AFTER_RECEIPT)

    def _count(self, settled: Sequence[Settled]) -> None:
        outcomes = [one.outcome for one in settled]
        self.counts.batches += 1
        self.counts.taken += outcomes.count(Outcome.TAKEN)
        self.counts.repeated += outcomes.count(Outcome.REPEATED)
        self.counts.conflicts += outcomes.count(Outcome.CONFLICT)
        self.counts.refused += sum(outcome.is_refused for outcome in outcomes)
        self.counts.marked += sum(bool(one.marks) for one in settled)

    def _tell(self, settled: Sequence[Settled]) -> None:
        taken = sum(one.outcome is Outcome.TAKEN for one in settled)
        if taken:
            self._on_taken(taken)
        if any(one.outcome is not Outcome.REPEATED for one in settled):
            self._on_change()
