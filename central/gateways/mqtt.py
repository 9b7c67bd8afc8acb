"""A platform that listens to an MQTT broker: one retained message a case, and a topic for what the platform answers.

Two connections: what goes out keeps nothing over a failure, or a late repetition could put an old revision in a newer
one's place; what comes in has a session that the broker keeps, and a reply is acknowledged when it is stored.
"""

import queue
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import MQTT_ERR_SUCCESS, Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import ValidationError

from central.services.delivery_port import (
    Accepted,
    Asked,
    Finding,
    HandedOver,
    Harmless,
    Holding,
    Refused,
    Unavailable,
    Uncertain,
    Unread,
    Verdict,
)
from central.services.reply_letters import read_reply
from contract.errors import TransientError
from contract.notices import MAX_NOTICE_BYTES, CaseNotice, PlatformReply
from contract.topics import Topics

KEEPALIVE_S = 30
SESSION_EXPIRY_S = 24 * 3600
RECEIVE_MAXIMUM = 100
QUIET_S = 1.0
"""A broker sends what it retained in one go; after the first, silence for this long means that it was all."""


@dataclass(frozen=True, slots=True)
class BrokerLine:
    """Where the broker is and who we are there. `repr` hides the password."""

    host: str
    port: int
    topics: Topics
    client_id: str
    is_tls: bool = False
    ca_file: Path | None = None
    username: str | None = None
    password: str | None = None
    timeout_s: float = 10.0

    def __repr__(self) -> str:
        return f"BrokerLine({self.host}:{self.port}, {self.client_id})"


class MqttGateway:
    """Thread-safe."""

    def __init__(self, line: BrokerLine) -> None:
        """Opens nothing yet."""
        self._line = line
        self._guard = threading.Lock()
        self._out: Client | None = None
        self._in: Client | None = None
        self._epoch = 0
        self._came: queue.Queue[tuple[int, int, bytes]] = queue.Queue(10 * RECEIVE_MAXIMUM)
        self._unmarked: list[tuple[int, int, PlatformReply | Unread]] = []
        """Given out and not yet stored."""

    @property
    def timeout_s(self) -> float:
        return self._line.timeout_s

    def start(self) -> None:
        """Connects in the background, for as long as it takes."""
        self._out = self._connect(f"{self._line.client_id}-out", is_kept=False)
        self._in = self._connect(f"{self._line.client_id}-in", is_kept=True)

    def stop(self) -> None:
        for client in (self._out, self._in):
            if client is not None:
                client.disconnect()
                client.loop_stop()
        self._out = self._in = None

    def submit(self, notice: CaseNotice, external_id: str | None) -> Verdict:  # noqa: ARG002  # the port's signature
        wire = notice.to_wire()
        if len(wire) > MAX_NOTICE_BYTES:
            return Refused(f"the notice has {len(wire)} bytes, {MAX_NOTICE_BYTES} is the most")
        return self._publish(self._line.topics.platform_case(notice.district, notice.case_id), wire)

    def query(self, notice: CaseNotice, external_id: str | None) -> Finding:  # noqa: ARG002
        return Harmless()

    def clear(self, district: str, case_id: str) -> Verdict:
        return self._publish(self._line.topics.platform_case(district, case_id), b"")

    def hear(self, asked: Sequence[Asked]) -> list[PlatformReply | Unread]:  # noqa: ARG002  # it speaks by itself
        while len(self._unmarked) < RECEIVE_MAXIMUM:
            try:
                epoch, mid, payload = self._came.get_nowait()
            except queue.Empty:
                break
            self._unmarked.append((epoch, mid, read_reply(payload)))
        return [said for _, _, said in self._unmarked]

    def mark_heard(self) -> None:
        done, self._unmarked = self._unmarked, []
        for epoch, mid, _ in done:
            if epoch == self._epoch and self._in is not None:
                self._in.ack(mid, 1)

    def holdings(self) -> Iterator[Holding] | None:
        """What the broker retains: the platform itself has no list to ask for.

        Raises:
            TransientError: the broker can't be reached.
        """
        held: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        looking = self._client(f"{self._line.client_id}-look")
        looking.on_message = lambda _client, _data, message: held.put(bytes(message.payload))
        looking.on_connect = lambda client, *_: client.subscribe(self._line.topics.all_platform_cases, 1)
        ready = threading.Event()
        looking.on_subscribe = lambda *_: ready.set()
        try:
            looking.connect(self._line.host, self._line.port, KEEPALIVE_S)
        except OSError as error:
            raise TransientError(f"{self._line}: can't be reached ({error})") from error
        looking.loop_start()
        try:
            if not ready.wait(self._line.timeout_s):
                raise TransientError(f"{self._line}: grants no subscription to {self._line.topics.all_platform_cases}")
            return iter(list(_all_of(held, self._line.timeout_s)))
        finally:
            looking.disconnect()
            looking.loop_stop()

    def _publish(self, topic: str, payload: bytes) -> Verdict:
        with self._guard:
            client = self._out
            if client is None or not client.is_connected():
                return Unavailable("the broker can't be reached")
            info = client.publish(topic, payload, qos=1, retain=True)
            if info.rc != MQTT_ERR_SUCCESS:
                return Unavailable("the broker has just gone")
            try:
                info.wait_for_publish(self._line.timeout_s)
            except (RuntimeError, ValueError) as error:
                return self._doubt(client, str(error))
            if not info.is_published():
                return self._doubt(client, f"no word from the broker in {self._line.timeout_s:g} s")
        return HandedOver() if payload else Accepted()

    def _doubt(self, client: Client, why: str) -> Verdict:
        """Drops the connection with what waits in it: it must not be sent by itself when a newer one is out."""
        client.disconnect()
        client.loop_stop()
        self._out = self._connect(f"{self._line.client_id}-out", is_kept=False)
        return Uncertain(why)

    def _connect(self, client_id: str, is_kept: bool) -> Client:
        client = self._client(client_id)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's own
        if is_kept:
            client.manual_ack_set(True)
            client.on_message = self._on_reply
            client.on_connect = self._on_listening
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
        client.connect_async(
            self._line.host, self._line.port, KEEPALIVE_S, clean_start=not is_kept, properties=properties
        )
        client.loop_start()
        return client

    def _client(self, client_id: str) -> Client:
        client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
        client.connect_timeout = 5.0
        client.reconnect_delay_set(1, 30)
        if self._line.username is not None:
            client.username_pw_set(self._line.username, self._line.password)
        if self._line.is_tls:
            client.tls_set(
                ca_certs=None if self._line.ca_file is None else str(self._line.ca_file), cert_reqs=ssl.CERT_REQUIRED
            )
        return client

    def _on_listening(self, client: Client, *_: Any) -> None:
        self._epoch += 1
        client.subscribe(self._line.topics.platform_reply, 1)

    def _on_reply(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        self._came.put((self._epoch, message.mid, bytes(message.payload)))


def _all_of(held: "queue.SimpleQueue[bytes]", first_s: float) -> Iterator[Holding]:
    """Until the broker falls silent. A busy one that begins late has not retained nothing: `first_s` for the first."""
    wait_s = first_s
    while True:
        try:
            payload = held.get(timeout=wait_s)
        except queue.Empty:
            return
        wait_s = QUIET_S
        try:
            notice = CaseNotice.model_validate_json(payload)
        except ValidationError:
            continue
        yield Holding(notice.case_id, None, notice.revision)
