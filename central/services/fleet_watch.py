"""Watches the fleet: what nodes report goes into the register, what they shall run stays on the broker.

Central listens to its own retained bundles. What the broker no longer holds, because it restarted without its disk or
somebody cleared the topic, is published again. Requests are repeated until they are answered or expire.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from pydantic import ValidationError
from sqlalchemy import Connection

from central.store import fleet, fleet_history, fleet_requests
from central.store.database import Database
from central.store.fleet_history import Standing
from contract.clock import Clock
from contract.ids import NodeId
from contract.reported import Reported
from contract.requests import Reply
from contract.status import NodeStatus
from contract.topics import Topics

IDLE_S = 0.5
SETTLE_S = 1.0
"""After a connection: how long the broker may take to send what it retained before its silence counts as forgetting."""
REPEAT_REQUEST_S = 15.0
"""A node that was away misses a request: it is sent again. Sooner is noise, later is a person waiting."""
MAX_MESSAGE_BYTES = 256 * 1024
LOG = structlog.get_logger("central.fleet")


@dataclass(frozen=True, slots=True)
class FleetMessage:
    """One message of the fleet's topics."""

    topic: str
    payload: bytes


class FleetLink(Protocol):
    """What the watch needs of the broker."""

    @property
    def is_connected(self) -> bool:
        """Whether everything subscribed to comes in."""
        ...

    def receive(self, timeout_s: float) -> list[FleetMessage]: ...

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        """QoS 1; lost if the link is down."""
        ...


class FleetWatch:
    """Runs on one thread; `step` does one round. `on_change` is called after a commit that changed what people see."""

    def __init__(
        self, database: Database, link: FleetLink, topics: Topics, clock: Clock, on_change: Callable[[], None]
    ) -> None:
        self._database = database
        self._link = link
        self._topics = topics
        self._clock = clock
        self._on_change = on_change
        self._held: dict[NodeId, bytes] = {}
        """What the broker holds on each node's desired topic, as it told us."""
        self._settled_at_s: float | None = None
        self._sent_at_s: dict[str, float] = {}
        self.republished = 0

    def step(self) -> int:
        """Takes what came, then puts right what the broker and the nodes miss. Gives the number of messages.

        Raises:
            TransientError: the database is away; what was taken is said again (retained) or asked for again.
        """
        messages = self._link.receive(IDLE_S)
        self._note_held(messages)
        self._store(messages)
        if self._is_settled():
            self._publish_missing()
            self._repeat_requests()
        return len(messages)

    def recover(self, _failures_in_a_row: int, _error: Exception) -> None:
        """Nothing is lost by a failed step."""

    def _is_settled(self) -> bool:
        now_s = self._clock.monotonic()
        if not self._link.is_connected:
            self._held.clear()
            self._settled_at_s = None
            return False
        if self._settled_at_s is None:
            self._settled_at_s = now_s + SETTLE_S
            self._sent_at_s.clear()
        return now_s >= self._settled_at_s

    def _note_held(self, messages: Sequence[FleetMessage]) -> None:
        for message in messages:
            node_id = self._topics.node_of(message.topic)
            if node_id is not None and message.topic == self._topics.desired(node_id):
                self._held[node_id] = message.payload

    def _publish_missing(self) -> None:
        with self._database.read() as connection:
            wanted = fleet.desired(connection)
        for node_id, bundle in wanted.items():
            if self._held.get(node_id) != bundle.wire:
                self._link.publish(self._topics.desired(node_id), bundle.wire, retain=True)
                self._held[node_id] = bundle.wire
                self.republished += 1
                LOG.info("bundle published", node_id=node_id, version=bundle.version)

    def _repeat_requests(self) -> None:
        now, now_s = self._clock.now(), self._clock.monotonic()
        with self._database.read() as connection:
            waiting = fleet_requests.still_open(connection)
        expired = [entry for entry in waiting if entry.request.expires_at <= now]
        if expired:
            with self._database.write() as connection:
                for entry in expired:
                    fleet_requests.close(connection, entry.request.request_id, "expired", None, now)
        for entry in waiting:
            request_id = entry.request.request_id
            if entry not in expired and now_s - self._sent_at_s.get(request_id, float("-inf")) >= REPEAT_REQUEST_S:
                self._sent_at_s[request_id] = now_s
                self._link.publish(self._topics.request(NodeId(entry.request.node_id)), entry.wire, retain=False)

    def _store(self, messages: Sequence[FleetMessage]) -> None:
        said = [found for message in messages if (found := self._parse(message)) is not None]
        if not said:
            return
        with self._database.write() as connection:
            changes = [self._take(connection, entry) for entry in said]
        if any(changes):
            self._on_change()

    def _parse(self, message: FleetMessage) -> Reported | Reply | NodeStatus | None:
        node_id = self._topics.node_of(message.topic)
        kinds: dict[str, type[Reported | Reply | NodeStatus]] = {}
        if node_id is not None:
            kinds = {
                self._topics.reported(node_id): Reported,
                self._topics.reply(node_id): Reply,
                self._topics.status(node_id): NodeStatus,
            }
        kind = kinds.get(message.topic)
        if kind is None or not message.payload or len(message.payload) > MAX_MESSAGE_BYTES:
            return None
        try:
            found = kind.model_validate_json(message.payload)
        except ValidationError as error:
            LOG.warning("unreadable word of a node ignored", node_id=node_id, errors=error.error_count())
            return None
        if found.node_id != node_id:
            LOG.warning("a node spoke for another; ignored", node_id=node_id, named=found.node_id)
            return None
        return found

    def _take(self, connection: Connection, said: Reported | Reply | NodeStatus) -> bool:
        now = self._clock.now()
        match said:
            case Reported():
                fleet.remember_reported(connection, said, now)
                return True
            case Reply():
                stored = fleet_requests.find(connection, said.request_id)
                if stored is None or stored.request.node_id != said.node_id:
                    return False
                return fleet_requests.close(connection, said.request_id, said.outcome, said, now)
            case NodeStatus():
                return note_standings(connection, said)


def note_standings(connection: Connection, status: NodeStatus) -> bool:
    """Writes down what changed since this node's last status; whether anything did. `at` is the node's own time."""
    standings = [Standing(status.at, status.node_id, "", status.state, f"boot {status.boot_id}")]
    for camera in status.cameras:
        parts = (camera.condition or "", camera.reason)
        detail = "; ".join(part for part in parts if part)[:300]
        standings.append(Standing(status.at, status.node_id, camera.camera_id, camera.state, detail))
    known = fleet_history.present(connection, status.node_id)
    changed = [
        entry
        for entry in standings
        if (old := known.get(entry.camera_id)) is None or (old.state, old.detail) != (entry.state, entry.detail)
    ]
    for entry in changed:
        fleet_history.add(connection, entry)
    return bool(changed)
