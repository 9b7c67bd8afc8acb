"""The fleet's `FleetLink` over MQTT: a session of its own that sees what nodes say and what central itself retained."""

import queue

from central.ingest.address import BrokerAddress
from central.ingest.mqtt import PROTOCOLS
from central.ingest.session import MqttSession, SessionPlan
from central.services.fleet_watch import FleetMessage
from central.services.intake import Delivery
from contract.topics import Topics

RECEIVE_MAXIMUM = 100
WAITING = 10_000
"""Messages kept for a slow database; the broker holds back more than `RECEIVE_MAXIMUM` of them anyway (MQTT 5)."""


class MqttFleetLink:
    """One connection. The session isn't kept: everything that matters is retained or asked for again."""

    def __init__(self, address: BrokerAddress, client_id: str, protocol: str = "5") -> None:
        topics = Topics(address.prefix)
        filters = (topics.all_desired, topics.all_reported, topics.all_replies, topics.all_statuses)
        plan = SessionPlan(0, client_id, filters, RECEIVE_MAXIMUM, is_kept=False)
        self._news: queue.Queue[Delivery] = queue.Queue(WAITING)
        self._session = MqttSession(address, plan, PROTOCOLS[protocol], self._put, lambda: None)

    @property
    def is_connected(self) -> bool:
        return self._session.is_connected

    def start(self) -> None:
        self._session.start()

    def stop(self) -> None:
        self._session.stop()

    def receive(self, timeout_s: float) -> list[FleetMessage]:
        """What came since, oldest first; waits up to `timeout_s` for the first."""
        found: list[FleetMessage] = []
        try:
            delivery = self._news.get(timeout=timeout_s)
            while True:
                found.append(FleetMessage(delivery.topic, delivery.payload))
                self._session.ack([delivery.token])
                delivery = self._news.get_nowait()
        except queue.Empty:
            return found

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        self._session.publish(topic, payload, retain)

    def _put(self, delivery: Delivery) -> None:
        if not self._news.full():
            self._news.put_nowait(delivery)
