"""Intake's `BrokerLink` over MQTT 5 or 3.1.1: one session for what happens now, one for what happened meanwhile.

Each session has a window of its own, so that a backlog of a million events never fills the way of the one that matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from paho.mqtt.enums import MQTTProtocolVersion

from central.domain.lanes import Lane
from central.ingest.address import BrokerAddress
from central.ingest.lanes import Lanes
from central.ingest.session import MqttSession, SessionPlan
from central.services.intake import AckToken, Delivery
from contract.topics import Topics

RECEIVE_MAXIMUM = 500
"""Unacknowledged messages the broker may have under way in a session (MQTT 5; with 3.1.1 the broker's own limit
holds, mosquitto's `max_inflight_messages` 20). More hides a slow disk, fewer starves the batches."""
PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
LOG = structlog.get_logger("central.mqtt")


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """Who this central is to the broker. `group` shares the events with the other members of that name."""

    client_id: str
    protocol: str = "5"
    group: str = ""


class MqttLink:
    """Both sessions. Thread-safe."""

    def __init__(self, address: BrokerAddress, plan: LinkPlan) -> None:
        self._address = address
        self._lanes = Lanes(2 * RECEIVE_MAXIMUM)
        protocol = PROTOCOLS[plan.protocol]
        self._sessions = tuple(
            MqttSession(address, session, protocol, partial(self._lanes.put, lane), self._on_up)
            for lane, session in _sessions(address.prefix, plan).items()
        )

    @property
    def is_connected(self) -> bool:
        """Whether events can come in, on both sessions."""
        return all(session.is_connected for session in self._sessions)

    @property
    def problem(self) -> str:
        """Why there is no connection; empty while there is one."""
        return next((session.problem for session in self._sessions if session.problem), "")

    @property
    def waiting(self) -> int:
        """Messages handed over by the client and not yet taken by intake."""
        return len(self._lanes)

    def start(self) -> None:
        """Connects in the background, for as long as it takes."""
        for session in self._sessions:
            session.start()

    def stop(self) -> None:
        """Ends the connections."""
        self._lanes.close()
        for session in self._sessions:
            session.stop()

    def receive(self, limit: int, timeout_s: float, gather_s: float) -> list[Delivery]:
        return self._lanes.take(limit, timeout_s, gather_s)

    def ack(self, tokens: Sequence[AckToken]) -> int:
        return sum(
            session.ack([token for token in tokens if token.session == index])
            for index, session in enumerate(self._sessions)
        )

    def publish(self, topic: str, payload: bytes) -> None:
        self._sessions[Lane.LIVE].publish(topic, payload)

    def reconnect(self) -> None:
        for session in self._sessions:
            session.reconnect()

    def _on_up(self) -> None:
        if self.is_connected:
            LOG.info("broker connected", broker=str(self._address))


def _sessions(prefix: str, plan: LinkPlan) -> dict[Lane, SessionPlan]:
    """The sessions in the lanes' order. Statuses are never shared: a group gets no retained messages."""
    is_kept = not plan.group  # a member that died must not keep messages from the others until it comes back
    topics = Topics(prefix)
    live, backfill = f"{prefix}/node/+/event/live", f"{prefix}/node/+/event/backfill"
    if plan.group:  # a name for each lane: rumqttd knows a group by its name alone, whatever it subscribes to
        live, backfill = f"$share/{plan.group}-live/{live}", f"$share/{plan.group}-backfill/{backfill}"
    return {
        Lane.LIVE: SessionPlan(
            Lane.LIVE,
            plan.client_id,
            (live, topics.all_statuses),
            RECEIVE_MAXIMUM,
            is_kept,
            left_behind=(topics.all_events,) if is_kept else (),
        ),
        Lane.BACKFILL: SessionPlan(Lane.BACKFILL, f"{plan.client_id}-backfill", (backfill,), RECEIVE_MAXIMUM, is_kept),
    }
