"""Publishes the outbox over MQTT 5 and settles it on central's receipts.

The loop owns connection, back-off and stop; `step` does one round. paho's network thread only hands over what arrived.
"""

import queue
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import ValidationError

from contract.clock import Clock
from contract.errors import TransientError
from contract.events import CONTENT_TYPE
from contract.ids import NodeId
from contract.receipts import Receipt
from contract.status import CameraState, NodeState, NodeStatus
from contract.topics import Topics
from edge.backoff import Backoff
from edge.faults import Faults, Point, no_fault
from edge.outbox.sqlite import Outbox
from edge.uplink.window import MAX_IN_FLIGHT, Sending, SendWindow
from edge.uplink_settings import UplinkSettings

CONNECT_TIMEOUT_S = 10.0
IDLE_S = 0.5
"""Longest wait of a round without news; receipts and new events end it at once."""
MAX_UNACKNOWLEDGED = 40
"""Backlog events the broker has not acknowledged. More and a new live event queues behind them in the client (at 2 KB
each, 40 are a second of a 0.6 Mbit/s link); fewer and a long line stands idle between acknowledgements."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LinkState:
    """The connection as the status page shows it; `reason` says why there is none."""

    is_connected: bool
    since: datetime
    reason: str = ""


class Uplink:
    """The node's connection to the broker. `run` is a thread's target."""

    def __init__(
        self,
        outbox: Outbox,
        settings: UplinkSettings,
        node_id: NodeId,
        status: Callable[[NodeState], NodeStatus],
        clock: Clock,
        stop: threading.Event,
        password: str | None = None,
        faults: Faults = no_fault,
    ) -> None:
        """`status` gives the node's status for the moment it is called in; `password` goes before the address's."""
        self._outbox = outbox
        self._settings = settings
        self._topics = Topics(settings.topic_prefix)
        self._node_id = node_id
        self._status = status
        self._clock = clock
        self._stop = stop
        self._news: queue.SimpleQueue[Receipt | None] = queue.SimpleQueue()
        self._backoff = Backoff()
        self._was_away = False
        self._said_cameras: tuple[CameraState, ...] = ()
        self._said_at_s = float("-inf")
        self._password = password
        self._faults = faults
        self._unacknowledged: list[mqtt.MQTTMessageInfo] = []
        self.link = LinkState(False, clock.now(), "not connected yet")
        self.rounds = 0
        """Rises for as long as the thread lives and works, connected or not: the watchdog's proof."""
        outbox.on_append(self.wake)

    def wake(self) -> None:
        """Ends the present wait: there is something to send, or it is time to stop."""
        self._news.put(None)

    def run(self) -> None:
        """Connects, publishes and reconnects until `stop`."""
        while not self._stop.is_set():
            self.rounds += 1
            try:
                self._run_session()
            except TransientError as error:
                if not self._was_away:
                    _log.warning("broker is away; events wait on disk", broker=self._address(), reason=str(error))
                self._was_away = True
                self._note_away(str(error))
                self._stop.wait(self._backoff.next_s())
            except Exception:  # noqa: BLE001  # the thread's outermost loop: events stay on disk, the next try may do
                _log.exception("the uplink failed unexpectedly; it connects again")
                self._note_away("unexpected error, see the log")
                self._stop.wait(self._backoff.next_s())

    def _run_session(self) -> None:
        client, is_up, is_down, refusals = self._connect()
        try:
            if not is_up.wait(CONNECT_TIMEOUT_S):
                raise TransientError(f"no answer within {CONNECT_TIMEOUT_S:.0f} s; check the address")
            if refusals:
                raise TransientError(
                    f"the broker refused the node ({refusals[0]}); check user and password of uplink.mqtt_url"
                    " and uplink.password_secret"
                )
            _log.info("connected to the broker", broker=self._address(), waiting=self._outbox.depth())
            self._was_away = False
            self._backoff.reset()
            self.link = LinkState(True, self._clock.now())
            self._said_at_s = float("-inf")  # a broker that restarted has forgotten what it retained
            self._unacknowledged.clear()
            window = SendWindow(self._settings.resend_after_s, self._outbox.newest_seq())
            while not self._stop.is_set():
                if is_down.is_set():
                    raise TransientError("the connection was lost")
                self._say_status(client)
                self.step(client, window)
            if not is_down.is_set():
                self._publish_status(client, self._status(NodeState.OFFLINE)).wait_for_publish(2.0)
        finally:
            client.disconnect()
            client.loop_stop()

    def step(self, client: mqtt.Client, window: SendWindow) -> None:
        """One round: publish what the window allows, then wait for a receipt, an acknowledgement or an event."""
        self.rounds += 1
        self._unacknowledged = [info for info in self._unacknowledged if not info.is_published()]
        backlog = self._outbox.seqs(MAX_IN_FLIGHT, up_to_seq=window.boundary)
        live = self._outbox.seqs(MAX_IN_FLIGHT + 1, after_seq=window.boundary)
        allowed = MAX_UNACKNOWLEDGED - len(self._unacknowledged)
        for sending in window.choose(backlog, live, self._clock.monotonic(), allowed):
            self._publish(client, sending)
        self._settle_news(window)

    def _publish(self, client: mqtt.Client, sending: Sending) -> None:
        entry = self._outbox.load(sending.seq)
        if entry is None:
            return
        topic = (self._topics.event_live if sending.is_live else self._topics.event_backfill)(self._node_id)
        info = client.publish(topic, entry.payload, qos=1, properties=_event_properties())
        if not sending.is_live:
            self._unacknowledged.append(info)
        self._faults(Point.PUBLISHED)

    def _settle_news(self, window: SendWindow) -> None:
        try:
            receipt = self._news.get(timeout=IDLE_S)
            while True:
                if receipt is not None:
                    self._faults(Point.RECEIPTED)
                    self._outbox.settle(receipt)
                    window.note_receipt(self._outbox.newest_seq())
                    self._faults(Point.SETTLED)
                receipt = self._news.get_nowait()
        except queue.Empty:
            return

    def _note_away(self, reason: str) -> None:
        since = self._clock.now() if self.link.is_connected else self.link.since
        self.link = LinkState(False, since, reason)

    def _say_status(self, client: mqtt.Client) -> None:
        """The node's status now and then, and at once when a camera comes or goes."""
        status = self._status(NodeState.ONLINE)
        cameras = tuple(camera.state for camera in status.cameras)
        now_s = self._clock.monotonic()
        if cameras != self._said_cameras or now_s - self._said_at_s >= self._settings.status_every_s:
            self._said_cameras, self._said_at_s = cameras, now_s
            self._publish_status(client, status)  # this one: another, of a moment later, would not be known as said

    def _publish_status(self, client: mqtt.Client, status: NodeStatus) -> mqtt.MQTTMessageInfo:
        return client.publish(self._topics.status(self._node_id), status.to_wire(), qos=1, retain=True)

    def _connect(self) -> tuple[mqtt.Client, threading.Event, threading.Event, list[str]]:
        is_up, is_down = threading.Event(), threading.Event()
        refusals: list[str] = []
        url = urlsplit(self._settings.mqtt_url or "")
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"xunjie-{self._node_id}",
            protocol=mqtt.MQTTv5,
            # A session whose thread hangs must not fight the one that the watchdog began in its place.
            reconnect_on_failure=False,
        )
        if url.username:
            client.username_pw_set(unquote(url.username), self._password or unquote(url.password or ""))
        if url.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())
        client.will_set(
            self._topics.status(self._node_id), self._status(NodeState.OFFLINE).to_wire(), qos=1, retain=True
        )

        def on_connect(_client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                refusals.append(str(reason))
                is_down.set()
            else:
                client.subscribe(self._topics.receipt(self._node_id), qos=1)
            is_up.set()

        def on_disconnect(_client: mqtt.Client, _data: Any, _flags: Any, _reason: Any, _properties: Any) -> None:
            is_down.set()
            self.wake()

        def on_publish(*_rest: Any) -> None:
            if self._unacknowledged:
                self.wake()  # there may be room for more of the backlog

        client.on_connect = on_connect
        client.on_publish = on_publish
        client.on_disconnect = on_disconnect
        client.on_message = self._on_message
        client.connect_timeout = CONNECT_TIMEOUT_S
        try:
            client.connect(url.hostname or "", url.port or (8883 if url.scheme == "mqtts" else 1883), keepalive=20)
        except OSError as error:
            raise TransientError(
                f"{self._address()}: {error.strerror or error}; is the broker up, the address right?"
            ) from error
        client.loop_start()
        return client, is_up, is_down, refusals

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self._news.put(Receipt.model_validate_json(message.payload))
        except ValidationError as error:
            _log.warning("unreadable receipt ignored; the events stay on disk", errors=error.error_count())

    def _address(self) -> str:
        return urlsplit(self._settings.mqtt_url or "").netloc.rpartition("@")[2]


def _event_properties() -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.ContentType = CONTENT_TYPE
    return properties
