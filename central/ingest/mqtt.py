"""The MQTT adapter: paho behind intake's `BrokerLink`. It moves bytes and acknowledgements and decides nothing.

MQTT 5, QoS 1, manual acknowledgement, a session that outlives the connection. An acknowledgement belongs to the
connection it came on: message ids are used again after a reconnect, so every token carries the connection's epoch.
"""

import contextlib
import queue
import socket
import threading
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
from contract.topics import Topics

RECEIVE_MAXIMUM = 500
"""Unacknowledged messages the broker may have under way. More hides a slow disk, fewer starves the batches."""
QUEUE_SIZE = 2 * RECEIVE_MAXIMUM
SESSION_EXPIRY_S = 7 * 24 * 3600
KEEPALIVE_S = 30
LOG = structlog.get_logger("central.mqtt")


class MqttLink:
    """One connection that comes back by itself, 1 to 60 s after it was lost. Thread-safe."""

    def __init__(self, address: BrokerAddress, client_id: str) -> None:
        self._address = address
        self._topics = Topics(address.prefix)
        self._queue: queue.Queue[Delivery] = queue.Queue(QUEUE_SIZE)
        self._lock = threading.Lock()
        self._epoch = 0
        self._is_connected = False
        self._is_subscribed = False
        self._problem = "not connected yet"
        self._is_stopping = False
        self._client = self._make_client(client_id)

    @property
    def is_connected(self) -> bool:
        """Whether events can come in: connected, and the broker has granted the subscriptions."""
        return self._is_connected and self._is_subscribed

    @property
    def problem(self) -> str:
        """Why there is no connection; empty while there is one."""
        return self._problem

    @property
    def waiting(self) -> int:
        """Messages handed over by the client and not yet taken by intake."""
        return self._queue.qsize()

    def start(self) -> None:
        """Connects in the background, for as long as it takes."""
        connect = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        connect.SessionExpiryInterval = SESSION_EXPIRY_S
        connect.ReceiveMaximum = RECEIVE_MAXIMUM
        self._client.connect_async(
            self._address.host, self._address.port, KEEPALIVE_S, clean_start=False, properties=connect
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Ends the connection; the broker keeps the session."""
        self._is_stopping = True
        self._client.disconnect()
        self._client.loop_stop()

    def receive(self, timeout_s: float) -> Delivery | None:
        try:
            return self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None

    def ack(self, token: AckToken) -> bool:
        with self._lock:
            if token.epoch != self._epoch or not self._is_connected:
                return False
            return self._client.ack(token.mid, token.qos) == MQTT_ERR_SUCCESS

    def publish(self, topic: str, payload: bytes) -> None:
        if self._is_connected:  # paho would queue without bound while it is away; receipts repeat themselves
            self._client.publish(topic, payload, qos=1)

    def reconnect(self) -> None:
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)  # the client's own thread notices, reports and comes back

    def _make_client(self, client_id: str) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
        )
        if self._address.username is not None:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.is_tls:
            client.tls_set()
        client.reconnect_delay_set(1, 60)
        client.connect_timeout = 10.0
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
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE)
        client.subscribe([(self._topics.all_events, options), (self._topics.all_statuses, options)])

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            self._note_problem(f"broker refused the subscription: {refused[0]}")
            return
        self._is_subscribed = True
        self._problem = ""
        LOG.info("broker connected", broker=str(self._address))

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._note_problem("broker can't be reached")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        with self._lock:
            self._is_connected = self._is_subscribed = False
        if not self._is_stopping:
            self._note_problem(f"connection lost: {reason}")

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        delivery = Delivery(message.topic, bytes(message.payload), AckToken(self._epoch, message.mid, message.qos))
        while not self._is_stopping:
            try:
                # A full queue holds the client's thread, and by TCP the broker, until intake catches up.
                self._queue.put(delivery, timeout=1.0)
            except queue.Full:
                continue
            return

    def _note_problem(self, problem: str) -> None:
        if problem != self._problem:
            LOG.warning(f"{problem}; trying again every 1 to 60 s", broker=str(self._address))
        self._problem = problem
