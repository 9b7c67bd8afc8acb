"""Intake: every event is in the database once, then acknowledged, then receipted. The readable page of central's door.

A message that can't be taken is set aside with its reason and acknowledged; it stops nothing else. When the commit
fails nothing is acknowledged and the link reconnects: the broker sends everything again.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from central.services.parse import ReadEvent, ReadStatus, Unreadable, digest_of, head_of, parse
from central.store import changes, dead_letters, inbox, nodes
from central.store.database import Database
from contract.clock import Clock
from contract.ids import NodeId
from contract.receipts import Receipt, receipts_for
from contract.topics import Topics

BATCH = 200
GATHER_S = 0.05
"""How long a batch waits for company. Longer saves commits, shorter shows an incident sooner."""
IDLE_S = 0.5
LOG = structlog.get_logger("central.intake")


@dataclass(frozen=True, slots=True)
class AckToken:
    """Names a message to the broker; worthless after the connection it came on is gone (mids are used again)."""

    epoch: int
    mid: int
    qos: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as the link hands it over."""

    topic: str
    payload: bytes
    token: AckToken


class BrokerLink(Protocol):
    """What intake needs of the broker."""

    def receive(self, timeout_s: float) -> Delivery | None:
        """The next message, or None after `timeout_s` without one."""
        ...

    def ack(self, token: AckToken) -> bool:
        """Acknowledges; False (and nothing sent) when the token's connection is gone."""
        ...

    def publish(self, topic: str, payload: bytes) -> None:
        """QoS 1, handed to the client's queue; lost if the link is down (receipts repeat themselves)."""
        ...

    def reconnect(self) -> None:
        """Drops the connection so that the broker re-sends what was not acknowledged."""
        ...


@dataclass(slots=True)
class IntakeCounts:
    """Since the program started."""

    taken: int = 0
    repeated: int = 0
    refused: int = 0
    conflicts: int = 0


class Intake:
    """Runs on one thread. `on_taken` is called after a commit that brought events, `on_change` after any commit."""

    def __init__(
        self,
        database: Database,
        link: BrokerLink,
        topics: Topics,
        clock: Clock,
        on_taken: Callable[[], None],
        on_change: Callable[[], None],
    ) -> None:
        self.counts = IntakeCounts()
        self._database = database
        self._link = link
        self._topics = topics
        self._clock = clock
        self._on_taken = on_taken
        self._on_change = on_change

    def step(self) -> int:
        """Takes one batch; gives its size.

        Raises:
            TransientError: the commit failed; nothing was acknowledged.
        """
        batch = self._gather()
        if not batch:
            return 0
        places = self._commit(batch)
        self._acknowledge(batch)
        self._send_receipts(places)
        self._on_taken()
        self._on_change()
        return len(batch)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """After a failed step: have the broker send again what was not acknowledged."""
        self._link.reconnect()

    def _gather(self) -> list[Delivery]:
        first = self._link.receive(IDLE_S)
        if first is None:
            return []
        batch = [first]
        deadline = self._clock.monotonic() + GATHER_S
        while len(batch) < BATCH:
            more = self._link.receive(max(0.0, deadline - self._clock.monotonic()))
            if more is None:
                break
            batch.append(more)
        return batch

    def _commit(self, batch: Sequence[Delivery]) -> dict[tuple[str, str], set[int]]:
        """Stores the batch in one transaction; gives the places (node, stream) → seqs that deserve a receipt."""
        places: dict[tuple[str, str], set[int]] = defaultdict(set)
        counts = IntakeCounts()
        with self._database.write() as connection:
            for delivery in batch:
                place = self._store(connection, delivery, counts)
                if place is not None:
                    node_id, stream_id, seq = place
                    places[node_id, stream_id].add(seq)
        self._add(counts)
        return places

    def _store(self, connection: Connection, delivery: Delivery, counts: IntakeCounts) -> tuple[str, str, int] | None:
        message = parse(delivery.topic, delivery.payload, self._topics, self._clock.now())
        match message:
            case ReadStatus():
                now = self._clock.now()
                nodes.remember(connection, message.status, now)
                changes.record(connection, "node", [message.status.node_id], now)
                return None
            case Unreadable():
                return self._set_aside(connection, delivery, message, counts)
            case ReadEvent():
                return self._put(connection, delivery, message, counts)

    def _put(
        self, connection: Connection, delivery: Delivery, message: ReadEvent, counts: IntakeCounts
    ) -> tuple[str, str, int] | None:
        data = message.event.data
        entry = inbox.InboxEvent(
            event_id=message.event.id,
            node_id=data.node_id,
            stream_id=data.stream_id,
            seq=data.seq,
            digest=message.digest,
            payload=delivery.payload,
            received_at=self._clock.now(),
        )
        place = (data.stream_id, data.seq)
        try:
            with connection.begin_nested():
                outcome = inbox.put(connection, entry)
        except (DataError, IntegrityError) as error:  # the row's own fault; the batch goes on without it
            unreadable = Unreadable(f"can't be stored: {str(error.orig).splitlines()[0]}", data.node_id, place)
            return self._set_aside(connection, delivery, unreadable, counts)
        match outcome:
            case inbox.Put.TAKEN:
                counts.taken += 1
            case inbox.Put.REPEATED:
                counts.repeated += 1
            case inbox.Put.CONFLICTING:
                counts.conflicts += 1
                reason = f"conflict: id {entry.event_id} or seq {data.seq} is known with another content"
                return self._set_aside(connection, delivery, Unreadable(reason, data.node_id, place), counts)
        return data.node_id, data.stream_id, data.seq

    def _set_aside(
        self, connection: Connection, delivery: Delivery, message: Unreadable, counts: IntakeCounts
    ) -> tuple[str, str, int] | None:
        counts.refused += 1
        LOG.warning("message dead-lettered", topic=delivery.topic, reason=message.reason, node_id=message.node_id)
        refused = dead_letters.Refused(
            received_at=self._clock.now(),
            topic=delivery.topic,
            reason=message.reason,
            head=head_of(delivery.payload),
            size_bytes=len(delivery.payload),
            sha256=digest_of(delivery.payload),
            node_id=message.node_id,
            place=message.place,
        )
        dead_letters.keep(connection, refused)
        if message.node_id is None or message.place is None:
            return None
        return message.node_id, *message.place

    def _acknowledge(self, batch: Sequence[Delivery]) -> None:
        expired = sum(not self._link.ack(delivery.token) for delivery in batch)
        if expired:
            LOG.info("acknowledgements of an older connection left out", messages=expired)

    def _send_receipts(self, places: dict[tuple[str, str], set[int]]) -> None:
        for (node_id, stream_id), seqs in places.items():
            for receipt in self._receipts(node_id, stream_id, seqs):
                self._link.publish(self._topics.receipt(NodeId(node_id)), receipt.to_wire())

    def _receipts(self, node_id: str, stream_id: str, seqs: set[int]) -> list[Receipt]:
        """From the database, not from memory: what it holds is what central can vouch for."""
        with self._database.read() as connection:
            held = inbox.committed_seqs(connection, node_id, stream_id, seqs)
            held += dead_letters.kept_seqs(connection, node_id, stream_id, seqs)
        return receipts_for(stream_id, held)

    def _add(self, counts: IntakeCounts) -> None:
        self.counts.taken += counts.taken
        self.counts.repeated += counts.repeated
        self.counts.refused += counts.refused
        self.counts.conflicts += counts.conflicts
