"""From bytes on a topic to an event or a status, or to the reason why not. Decides nothing else and stores nothing."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from central.services.outcomes import Outcome
from contract.events import MAX_EVENT_BYTES, Event
from contract.ids import is_name
from contract.status import NodeStatus
from contract.topics import Topics

MAX_STATUS_BYTES = MAX_EVENT_BYTES
HEAD_BYTES = 4096
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""How far a node's clock may run ahead. A case from next year would stand on top of every list until then."""


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """A valid event, the sha256 of the bytes it came in, and whether they came as back-fill."""

    event: Event
    digest: str
    is_backfill: bool = False


@dataclass(frozen=True, slots=True)
class ReadStatus:
    """A node's valid status."""

    status: NodeStatus


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A message to set aside. `place` is (stream, seq) as far as it could be read, so that a receipt can name it."""

    outcome: Outcome
    reason: str
    node_id: str | None = None
    place: tuple[str, int] | None = None


def parse(topic: str, payload: bytes, topics: Topics, now: datetime) -> ReadEvent | ReadStatus | Unreadable:
    """What `payload` on `topic` says. `now` only serves to refuse a time that can't be."""
    node_id = topics.node_of(topic)
    if node_id is None:
        return Unreadable(Outcome.UNKNOWN_TOPIC, "topic names no node")
    if len(payload) > MAX_EVENT_BYTES:
        reason = f"{len(payload)} bytes, over the limit of {MAX_EVENT_BYTES}"
        return Unreadable(Outcome.OVERSIZED, reason, node_id)
    if topic == topics.status(node_id):
        return _status(node_id, payload)
    is_backfill = topic == topics.event_backfill(node_id)
    if not is_backfill and topic != topics.event_live(node_id):
        return Unreadable(Outcome.UNKNOWN_TOPIC, "topic is none that central knows", node_id)
    return _event(node_id, payload, now, is_backfill)


def head_of(payload: bytes) -> bytes:
    """What a dead letter keeps: all of a message within the size limit (so that it can be replayed), else 4 KiB."""
    return payload if len(payload) <= MAX_EVENT_BYTES else payload[:HEAD_BYTES]


def digest_of(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, with its place, and how many more there are."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where}: {first['msg']}{more}" if where else f"{first['msg']}{more}"


def _event(node_id: str, payload: bytes, now: datetime, is_backfill: bool) -> ReadEvent | Unreadable:
    try:
        event = Event.model_validate_json(payload)
    except ValidationError as error:
        return Unreadable(Outcome.MALFORMED, first_problem(error), node_id, _place(payload))
    if event.data.node_id != node_id:
        reason = f"topic says node {node_id}, data.node_id says {event.data.node_id}"
        return Unreadable(Outcome.NODE_MISMATCH, reason, node_id)
    data = event.data
    if data.first_seen_at < EPOCH or data.last_seen_at > now + AHEAD:
        place = (data.stream_id, data.seq)
        reason = "data.last_seen_at lies in the future or before 1970: set the node's clock"
        return Unreadable(Outcome.IMPOSSIBLE_TIME, reason, node_id, place)
    return ReadEvent(event, digest_of(payload), is_backfill)


def _status(node_id: str, payload: bytes) -> ReadStatus | Unreadable:
    try:
        status = NodeStatus.model_validate_json(payload)
    except ValidationError as error:
        return Unreadable(Outcome.MALFORMED, first_problem(error), node_id)
    if status.node_id != node_id:
        reason = f"topic says node {node_id}, node_id says {status.node_id}"
        return Unreadable(Outcome.NODE_MISMATCH, reason, node_id)
    return ReadStatus(status)


def _place(payload: bytes) -> tuple[str, int] | None:
    try:
        data = json.loads(payload)["data"]
        stream_id, seq = data["stream_id"], data["seq"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_place = isinstance(stream_id, str) and is_name(stream_id) and len(stream_id) == 36
    return (stream_id, seq) if is_place and type(seq) is int and 1 <= seq <= 2**53 else None
