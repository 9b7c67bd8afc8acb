"""Taking messages in, over MQTT, over HTTP and from the dead letters alike: one transaction a batch, one outcome each.

A message that can't be taken is kept with its reason and stops nothing else. What is vouched for by a receipt is read
from the database after the commit, so that any worker may vouch for what another has taken.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError

from central.domain.districts import District
from central.domain.lanes import Lane
from central.services.noticing import Surroundings, notice
from central.services.outcomes import Mark, Outcome
from central.services.parse import ReadEvent, ReadStatus, Unreadable, digest_of, head_of, parse
from central.store import changes, dead_letters, inbox, nodes, outcomes
from central.store.database import Database
from contract.clock import Clock
from contract.ids import NodeId
from contract.receipts import Receipt, receipts_for
from contract.topics import Topics

LOG = structlog.get_logger("central.intake")
Parsed = ReadEvent | ReadStatus | Unreadable


class Point(StrEnum):
    """Places on the way of a batch where a power cut makes a difference; tests pull the plug there."""

    BEFORE_COMMIT = "before_commit"
    AFTER_COMMIT = "after_commit"
    AFTER_ACK = "after_ack"
    AFTER_RECEIPT = "after_receipt"


def nobody_watches(_point: Point) -> None:
    """What production passes for `reached`."""


class Message(Protocol):
    """What came, and where."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a node's outbox an event stands; what receipts name."""

    node_id: str
    stream_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a message. `place` is None where nothing can be receipted, `event_id` where no event was read."""

    outcome: Outcome
    place: Place | None = None
    event_id: str | None = None
    marks: tuple[Mark, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NodeReceipt:
    """A receipt and whom it is for."""

    node_id: NodeId
    receipt: Receipt


class Admission:
    """Any thread; it holds nothing but what it was given."""

    def __init__(
        self,
        database: Database,
        topics: Topics,
        clock: Clock,
        around: Surroundings | None = None,
        reached: Callable[[Point], None] = nobody_watches,
    ) -> None:
        self._database = database
        self._topics = topics
        self._clock = clock
        self._around = around or Surroundings()
        self._reached = reached

    def take(self, messages: Sequence[Message]) -> list[Settled]:
        """Stores every message in one transaction; gives what became of each, in their order.

        Raises:
            TransientError: the commit failed; nothing was stored.
        """
        now = self._clock.now()
        read = [parse(message.topic, message.payload, self._topics, now) for message in messages]
        with self._database.write(beside_others=True) as connection:
            settled = self._store(connection, messages, read, now)
            self._reached(Point.BEFORE_COMMIT)
        self._reached(Point.AFTER_COMMIT)
        return settled

    def receipts(self, settled: Sequence[Settled]) -> list[NodeReceipt]:
        """From the database, not from memory: what it holds of these places is what central can vouch for."""
        seqs: dict[tuple[str, str], set[int]] = defaultdict(set)
        for one in settled:
            if one.place is not None:
                seqs[one.place.node_id, one.place.stream_id].add(one.place.seq)
        found: list[NodeReceipt] = []
        with self._database.read() as connection:
            for (node_id, stream_id), wanted in seqs.items():
                held = inbox.committed_seqs(connection, node_id, stream_id, wanted)
                if len(held) < len(wanted):
                    held += dead_letters.kept_seqs(connection, node_id, stream_id, wanted)
                found += [NodeReceipt(NodeId(node_id), receipt) for receipt in receipts_for(stream_id, held)]
        return found

    def _store(
        self, connection: Connection, messages: Sequence[Message], read: Sequence[Parsed], now: datetime
    ) -> list[Settled]:
        entries = self._entries(connection, messages, read, now)
        put = dict(zip(entries, _put(connection, list(entries.values())), strict=True))
        settled = []
        for index, (message, parsed) in enumerate(zip(messages, read, strict=True)):
            match parsed:
                case ReadEvent():
                    one = _of_event(entries[index], put[index])
                case ReadStatus():
                    one = _remember(connection, parsed, now)
                case Unreadable():
                    place = None if parsed.place is None else Place(str(parsed.node_id), *parsed.place)
                    one = Settled(parsed.outcome, place, reason=parsed.reason)
            if one.outcome.is_refused:
                _set_aside(connection, message, one, _node_of(parsed), now)
            settled.append(one)
        outcomes.add(connection, _noteworthy(settled, read), now)
        return settled

    def _entries(
        self, connection: Connection, messages: Sequence[Message], read: Sequence[Parsed], now: datetime
    ) -> dict[int, inbox.InboxEvent]:
        """The valid events by their index, with their marks."""
        events = {index: parsed for index, parsed in enumerate(read) if isinstance(parsed, ReadEvent)}
        later = (parsed.event.data.incident_id for parsed in events.values() if parsed.event.data.revision > 1)
        newest = dict(inbox.newest_of(connection, later))
        entries = {}
        for index, parsed in events.items():
            data = parsed.event.data
            known = newest.get(data.incident_id)
            marks = notice(data, self._around, known, now)
            district = self._around.districts.of(data.node_id, data.camera_id)
            entries[index] = _entry(parsed, messages[index].payload, marks, district, now)
            newest[data.incident_id] = inbox.Newest(
                max(data.seq, known.seq if known else 0), max(data.revision, known.revision if known else 0)
            )
        return entries


def _entry(
    parsed: ReadEvent, payload: bytes, marks: tuple[Mark, ...], district: District, now: datetime
) -> inbox.InboxEvent:
    data = parsed.event.data
    return inbox.InboxEvent(
        event_id=parsed.event.id,
        node_id=data.node_id,
        stream_id=data.stream_id,
        seq=data.seq,
        digest=parsed.digest,
        payload=payload,
        received_at=now,
        lane=Lane.BACKFILL if parsed.is_backfill else Lane.LIVE,
        incident_id=data.incident_id,
        revision=data.revision,
        marks=marks,
        district=district,
    )


def _put(connection: Connection, entries: list[inbox.InboxEvent]) -> list[inbox.Put] | list[inbox.Put | str]:
    """What became of each; a text is the reason why the database refuses the row."""
    try:
        with connection.begin_nested():
            return inbox.put_all(connection, entries)
    except (DataError, IntegrityError):
        return [_put_alone(connection, entry) for entry in entries]


def _put_alone(connection: Connection, entry: inbox.InboxEvent) -> inbox.Put | str:
    try:
        with connection.begin_nested():
            return inbox.put_all(connection, [entry])[0]
    except (DataError, IntegrityError) as error:  # the row's own fault; the batch goes on without it
        return f"can't be stored: {_first_line(error)}"


def _remember(connection: Connection, parsed: ReadStatus, now: datetime) -> Settled:
    try:
        with connection.begin_nested():
            nodes.remember(connection, parsed.status, now)
            changes.record(connection, "node", [parsed.status.node_id], now)
    except IntegrityError:  # another worker has just stored the node's first status, the same one
        return Settled(Outcome.STATUS)
    except DataError as error:
        return Settled(Outcome.UNSTORABLE, reason=f"can't be stored: {_first_line(error)}")
    return Settled(Outcome.STATUS)


def _set_aside(connection: Connection, message: Message, one: Settled, node_id: str | None, now: datetime) -> None:
    reason = one.reason or one.outcome
    LOG.warning("message dead-lettered", topic=message.topic, reason=reason, node_id=node_id)
    refused = dead_letters.Refused(
        received_at=now,
        topic=message.topic.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        reason=reason,
        head=head_of(message.payload),
        size_bytes=len(message.payload),
        sha256=digest_of(message.payload),
        node_id=node_id,
        place=None if one.place is None else (one.place.stream_id, one.place.seq),
        outcome=one.outcome,
    )
    dead_letters.keep(connection, refused)


def _of_event(entry: inbox.InboxEvent, put: inbox.Put | str) -> Settled:
    place = Place(entry.node_id, entry.stream_id, entry.seq)
    match put:
        case inbox.Put.TAKEN:
            return Settled(Outcome.TAKEN, place, entry.event_id, tuple(Mark(mark) for mark in entry.marks))
        case inbox.Put.REPEATED:
            return Settled(Outcome.REPEATED, place, entry.event_id)
        case inbox.Put.CONFLICTING:
            reason = f"conflict: id {entry.event_id} or seq {entry.seq} is known with another content"
            return Settled(Outcome.CONFLICT, place, entry.event_id, reason=reason)
        case _:
            return Settled(Outcome.UNSTORABLE, place, entry.event_id, reason=put)


def _noteworthy(settled: Sequence[Settled], read: Sequence[Parsed]) -> Counter[tuple[str, str]]:
    """How often each refusal and each mark came, per node; the ordinary is not written down."""
    times: Counter[tuple[str, str]] = Counter()
    for one, parsed in zip(settled, read, strict=True):
        node_id = _node_of(parsed) or outcomes.NOBODY
        if one.outcome.is_refused:
            times[one.outcome, node_id] += 1
        times.update((mark, node_id) for mark in one.marks)
    return times


def _node_of(parsed: Parsed) -> str | None:
    match parsed:
        case ReadEvent():
            return parsed.event.data.node_id
        case ReadStatus():
            return parsed.status.node_id
        case Unreadable():
            return parsed.node_id


def _first_line(error: DataError | IntegrityError) -> str:
    return str(error.orig).splitlines()[0]
