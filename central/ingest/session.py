"""One MQTT session: paho behind a few words. It moves bytes and acknowledgements and decides nothing.

QoS 1, manual acknowledgement. An acknowledgement belongs to the connection it came on: message ids are used again
after a reconnect, so every token carries the connection's epoch.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from central.ingest.address import BrokerAddress
from central.services.intake import AckToken, Delivery

SESSION_EXPIRY_S = 7 * 24 * 3600
KEEPALIVE_S = 30
PUBLISH_QUEUE = 2_000
"""Receipts that wait for a slow broker; beyond it they are dropped: they repeat themselves when nodes send again."""
LOG = structlog.get_logger("central.mqtt")


@dataclass(frozen=True, slots=True)
class SessionPlan:
    """What a session is for. Without `is_kept` the broker forgets it with the connection (members of a group)."""

    index: int
    client_id: str
    filters: tuple[str, ...]
    receive_maximum: int
    is_kept: bool = True
    left_behind: tuple[str, ...] = ()
    """Subscriptions of earlier versions under this client id, to be given up."""


class MqttSession:
    """One connection that comes back by itself, 1 to 60 s after it was lost. Thread-safe."""

    def __init__(
        self,
        address: BrokerAddress,
        plan: SessionPlan,
        protocol: MQTTProtocolVersion,
        on_delivery: Callable[[Delivery], None],
        on_up: Callable[[], None],
    ) -> None:
        self._address = address
        self._plan = plan
        self._is_v5 = protocol is MQTTProtocolVersion.MQTTv5
        self._on_delivery = on_delivery
        self._on_up = on_up
        self._lock = threading.Lock()
        self._epoch = 0
        self._is_connected = False
        self._is_subscribed = False
        self._problem = "not connected yet"
        self._is_stopping = False
        self._client = self._make_client(protocol)

    @property
    def is_connected(self) -> bool:
        """Whether events can come in: connected, and the broker has granted the subscriptions."""
        return self._is_connected and self._is_subscribed

    @property
    def problem(self) -> str:
        """Why there is no connection; empty while there is one."""
        return self._problem

    def start(self) -> None:
        """Connects in the background, for as long as it takes."""
        if self._is_v5:
            connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
            connect.SessionExpiryInterval = SESSION_EXPIRY_S if self._plan.is_kept else 0
            connect.ReceiveMaximum = self._plan.receive_maximum
            is_clean = not self._plan.is_kept
            where = (self._address.host, self._address.port, KEEPALIVE_S)
            self._client.connect_async(*where, clean_start=is_clean, properties=connect)
        else:
            self._client.connect_async(self._address.host, self._address.port, KEEPALIVE_S)
        self._client.loop_start()

    def stop(self) -> None:
        """Ends the connection; the broker keeps a session that is kept."""
        self._is_stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def ack(self, tokens: Sequence[AckToken]) -> int:
        """Acknowledges; gives how many were left out because their connection is gone."""
        with self._lock:
            alive = [token for token in tokens if token.epoch == self._epoch and self._is_connected]
            done = sum(self._client.ack(token.mid, token.qos) == MQTT_ERR_SUCCESS for token in alive)
        return len(tokens) - done

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        if self._is_connected:  # paho would queue without bound while it is away; receipts repeat themselves
            self._client.publish(topic, payload, qos=1, retain=retain)

    def reconnect(self) -> None:
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # the client's own thread notices, reports and comes back

    def _make_client(self, protocol: MQTTProtocolVersion) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._plan.client_id,
            clean_session=None if self._is_v5 else not self._plan.is_kept,
            protocol=protocol,
            manual_ack=True,
        )
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.is_tls:
            client.tls_set()
        client.reconnect_delay_set(1, 60)
        client.connect_timeout = 10.0
        client.max_queued_messages_set(PUBLISH_QUEUE)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _on_connect(
        self, client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._note_problem(f"broker refused the connection: {reason}")
            return
        with self._lock:
            self._epoch += 1
            self._is_connected = True
        if self._plan.left_behind:
            client.unsubscribe(list(self._plan.left_behind))
        if self._is_v5:
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
            client.subscribe([(wanted, options) for wanted in self._plan.filters])
        else:
            client.subscribe([(wanted, 1) for wanted in self._plan.filters])

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._note_problem(f"broker refused the subscription: {refused[0]}")
            return
        self._is_subscribed = True
        self._problem = ""
        self._on_up()

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._note_problem("broker can't be reached")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._lock:
            self._is_connected = self._is_subscribed = False
        if self._is_stopping:
            return
        if reason == "Session taken over":
            self._note_problem("another central uses the same client id; give each its own --worker")
        else:
            self._note_problem(f"connection lost: {reason}")

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        token = AckToken(self._epoch, message.mid, message.qos, self._plan.index)
        self._on_delivery(Delivery(message.topic, bytes(message.payload), token))

    def _note_problem(self, problem: str) -> None:
        if problem != self._problem:
            LOG.warning(f"{problem}; trying again every 1 to 60 s", broker=str(self._address))
        self._problem = problem
