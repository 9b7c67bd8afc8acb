"""The node's ear for central: bundles and requests come in, reports and replies go out. A connection of its own.

Events have theirs: a bundle that takes two seconds to apply must not hold up a receipt.
"""

import queue
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt
import structlog
from paho.mqtt.enums import CallbackAPIVersion

from contract.errors import TransientError
from contract.ids import NodeId
from contract.topics import Topics
from edge.backoff import Backoff
from edge.uplink_settings import UplinkSettings

CONNECT_TIMEOUT_S = 10.0
IDLE_S = 0.5
WAITING = 64
"""Messages not yet looked at: a node gets a bundle a day and a few requests; more is a flood, and the newest go."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told. `on_desired` gives whether there is news to report; both return soon."""

    on_desired: Callable[[bytes], bool]
    on_request: Callable[[bytes], None]
    report: Callable[[], bytes]
    """What the node runs now, for the reported topic."""


class DesiredLink:
    """`run` is a thread's target."""

    def __init__(
        self,
        settings: UplinkSettings,
        node_id: NodeId,
        password: str | None,
        ears: Ears,
        stop: threading.Event,
    ) -> None:
        self._settings = settings
        self._node_id = node_id
        self._password = password
        self._topics = Topics(settings.topic_prefix)
        self._ears = ears
        self._stop = stop
        self._backoff = Backoff()
        self._news: queue.Queue[tuple[str, bytes]] = queue.Queue(WAITING)
        self._replies: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.rounds = 0
        """Grows as long as `run` lives, for a watchdog."""
        self._must_report = True

    def run(self) -> None:
        """Connects, listens and reconnects until `stop`."""
        while not self._stop.is_set():
            self.rounds += 1
            try:
                self._run_session()
            except TransientError:  # the uplink says that the broker is away
                self._stop.wait(self._backoff.next_s())
            except Exception:  # noqa: BLE001  # the thread's outermost loop: the last good bundle runs on
                _log.exception("listening to central failed unexpectedly; it connects again")
                self._stop.wait(self._backoff.next_s())

    def send_reply(self, reply: bytes) -> None:
        """Sends it within half a second, or after the next connect. Any thread."""
        self._replies.put(reply)

    def report_soon(self) -> None:
        """Something changed that central should know. Any thread."""
        self._must_report = True

    def _run_session(self) -> None:
        is_up, is_down = threading.Event(), threading.Event()
        client = self._connect(is_up, is_down)
        try:
            if not is_up.wait(CONNECT_TIMEOUT_S) or is_down.is_set():
                raise TransientError("no connection")
            self._backoff.reset()
            self._must_report = True  # a broker that restarted has forgotten what it retained
            while not self._stop.is_set():
                if is_down.is_set():
                    raise TransientError("the connection was lost")
                self._step(client)
        finally:
            client.disconnect()
            client.loop_stop()

    def _step(self, client: mqtt.Client) -> None:
        """One message, or a while without any; then the report, if there is something to say."""
        self.rounds += 1
        try:
            topic, payload = self._news.get(timeout=IDLE_S)
        except queue.Empty:
            pass
        else:
            if topic == self._topics.desired(self._node_id):
                self._must_report |= self._ears.on_desired(payload)
            else:
                self._ears.on_request(payload)
        while not self._replies.empty():
            client.publish(self._topics.reply(self._node_id), self._replies.get(), qos=1)
        if self._must_report:
            self._must_report = False
            client.publish(self._topics.reported(self._node_id), self._ears.report(), qos=1, retain=True)

    def _connect(self, is_up: threading.Event, is_down: threading.Event) -> mqtt.Client:
        url = urlsplit(self._settings.mqtt_url or "")
        name = f"xunjie-{self._node_id}-desired"
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=mqtt.MQTTv5)
        if url.username:
            client.username_pw_set(unquote(url.username), self._password or unquote(url.password or ""))
        if url.scheme == "mqtts":
            client.tls_set_context(ssl.create_default_context())

        def on_connect(_client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                is_down.set()
            else:
                wanted = [self._topics.desired(self._node_id), self._topics.request(self._node_id)]
                client.subscribe([(topic, 1) for topic in wanted])
            is_up.set()

        client.on_connect = on_connect
        client.on_disconnect = lambda *_rest: is_down.set()
        client.on_message = self._on_message
        client.connect_timeout = CONNECT_TIMEOUT_S
        try:
            client.connect(url.hostname or "", url.port or (8883 if url.scheme == "mqtts" else 1883), keepalive=20)
        except OSError as error:
            raise TransientError(str(error)) from error
        client.loop_start()
        return client

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            self._news.put_nowait((message.topic, bytes(message.payload)))
        except queue.Full:
            _log.warning("too many words from central at once; one is dropped", topic=message.topic)
