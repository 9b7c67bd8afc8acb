"""The uplink against real brokers: nothing is lost, whatever the broker forgets, refuses or does not answer."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from structlog.testing import capture_logs
from structlog.typing import EventDict

from contract.clock import SystemClock
from contract.events import CONTENT_TYPE, ClockState, Event
from contract.ids import NodeId, StreamId
from contract.receipts import Receipt, receipts_for
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from edge.outbox.sqlite import Entry, Outbox
from edge.uplink.mqtt import Uplink
from edge.uplink.window import MAX_IN_FLIGHT
from edge.uplink_settings import UplinkSettings
from edge.watchdog.vitals import Vital, Watchdog
from tests.central.brokers import embedded_broker, mosquitto
from tests.contract.builders import event, uuid_of
from tests.edge.brokers import Wire, mosquitto_on
from tests.edge.waiting import PATIENCE_S, until
from tests.ports import free_port

PREFIX = "xunjie/v1/node/node-1"
RESEND_S = 1.0


def build(stream_id: StreamId, seq: int) -> Event:
    return event(stream_id=stream_id, seq=seq)


def told(state: NodeState, outbox: Outbox, cameras: tuple[CameraStatus, ...] = ()) -> NodeStatus:
    """The node's status, now."""
    return NodeStatus(
        node_id="node-1",
        boot_id=uuid_of("boot"),
        state=state,
        at=SystemClock().now(),
        software="test",
        config_version="test",
        clock_state=ClockState.UNKNOWN,
        outbox_depth=outbox.depth(),
        cameras=cameras,
    )


class Sender:
    """A node's outbox and uplink; the uplink runs in its own thread between `start` and `stop`."""

    def __init__(self, path: Path, url: str, password: str | None = None, resend_s: float = RESEND_S) -> None:
        self.outbox = Outbox(path, "node-1", SystemClock())
        self.stop_asked = threading.Event()
        self.cameras: tuple[CameraStatus, ...] = ()
        self.mistakes: list[Exception] = []
        settings = UplinkSettings(mqtt_url=url, resend_after_s=resend_s, status_every_s=3600)
        self.uplink = Uplink(
            self.outbox, settings, NodeId("node-1"), self.status, SystemClock(), self.stop_asked, password
        )
        self._thread = threading.Thread(target=self.uplink.run)

    def status(self, state: NodeState) -> NodeStatus:
        if self.mistakes:
            raise self.mistakes.pop()
        return told(state, self.outbox, self.cameras)

    def start(self) -> "Sender":
        self._thread.start()
        return self

    def append(self, count: int) -> None:
        for _ in range(count):
            self.outbox.append(build)

    def stop(self) -> None:
        self.stop_asked.set()
        self.uplink.wake()
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
        self.outbox.close()


@pytest.fixture
def senders(tmp_path: Path) -> Iterator[Callable[..., Sender]]:
    made: list[Sender] = []

    def make(url: str, resend_s: float = RESEND_S) -> Sender:
        made.append(Sender(tmp_path / "outbox.sqlite3", url, resend_s=resend_s))
        return made[-1]

    yield make
    for sender in made:
        sender.stop()


class Central:
    """Central's ear and voice: every event and status that arrives, and receipts when the test wants them."""

    def __init__(self, port: int, user: str = "", password: str = "") -> None:
        self.events: SimpleQueue[tuple[str, Event]] = SimpleQueue()
        self.statuses: SimpleQueue[NodeStatus] = SimpleQueue()
        self.content_types: set[str] = set()
        self._is_subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user:
            self._client.username_pw_set(user, password)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._is_subscribed.wait(PATIENCE_S)

    def __enter__(self) -> "Central":
        return self

    def __exit__(self, *_exception: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def hear(self, count: int) -> list[tuple[str, Event]]:
        """The next `count` events, repeats included."""
        return [self.events.get(timeout=PATIENCE_S) for _ in range(count)]

    def hear_all(self, seqs: set[int]) -> list[tuple[str, Event]]:
        """Events until each of `seqs` has been heard."""
        heard: list[tuple[str, Event]] = []
        while not seqs <= {entry.data.seq for _, entry in heard}:
            heard += self.hear(1)
        return heard

    def hear_out(self) -> None:
        """What was on its way, until nothing has come for longer than an event is repeated after."""
        for _ in range(20):
            try:
                self.events.get(timeout=1.5 * RESEND_S)
            except Empty:
                return
        raise AssertionError("it is said again and again")

    def hear_status(self, state: NodeState) -> NodeStatus:
        while (status := self.statuses.get(timeout=PATIENCE_S)).state is not state:
            pass
        return status

    def receipt(self, stream_id: str, seqs: Iterator[int] | set[int] | range) -> None:
        for receipt in receipts_for(stream_id, seqs):
            self.say(receipt.to_wire())

    def say(self, payload: bytes) -> None:
        self._client.publish(f"{PREFIX}/receipt", payload, qos=1).wait_for_publish(PATIENCE_S)

    def _on_connect(self, client: mqtt.Client, *_rest: Any) -> None:
        client.subscribe([(f"{PREFIX}/event/+", 1), (f"{PREFIX}/status", 1)])

    def _on_subscribe(self, *_rest: Any) -> None:
        self._is_subscribed.set()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/status"):
            self.statuses.put(NodeStatus.model_validate_json(message.payload))
            return
        self.content_types.add(getattr(message.properties, "ContentType", ""))
        self.events.put((message.topic, Event.model_validate_json(message.payload)))


BROKERS = pytest.mark.parametrize("broker", [embedded_broker, mosquitto], ids=["embedded", "mosquitto"])
Broker = Callable[[], AbstractContextManager[int]]
Senders = Callable[..., Sender]


@BROKERS
def test_an_event_is_live_is_repeated_until_receipted_and_then_gone(broker: Broker, senders: Senders) -> None:
    with broker() as port, Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}").start()
        central.hear_status(NodeState.ONLINE)
        sender.append(2)
        heard = central.hear_all({1, 2})
        again = central.hear_all({1, 2})
        assert heard[0][1].data.seq == 1
        assert {topic for topic, _ in heard + again} == {f"{PREFIX}/event/live"}
        assert heard[0][1] == next(entry for _, entry in again if entry.data.seq == 1)
        assert central.content_types == {CONTENT_TYPE}
        central.receipt(sender.outbox.stream_id, {1, 2})
        until(lambda: sender.outbox.depth() == 0, "the receipt settled both")
        central.hear_out()
        sender.stop()


@BROKERS
def test_a_backlog_goes_out_in_bounded_portions(broker: Broker, senders: Senders) -> None:
    """Never more than `MAX_IN_FLIGHT` unreceipted ones: the rest waits on the node's disk."""
    with broker() as port, Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}")
        sender.append(MAX_IN_FLIGHT + 60)
        sender.start()
        first = central.hear_all(set(range(1, MAX_IN_FLIGHT + 1)))
        central.hear(50)  # repeats, nothing beyond
        assert {entry.data.seq for _, entry in first} == set(range(1, MAX_IN_FLIGHT + 1))
        assert {topic for topic, _ in first} == {f"{PREFIX}/event/backfill"}
        central.receipt(sender.outbox.stream_id, set(range(1, 61)))
        central.hear_all(set(range(MAX_IN_FLIGHT + 1, MAX_IN_FLIGHT + 61)))
        central.receipt(sender.outbox.stream_id, range(1, MAX_IN_FLIGHT + 61))
        until(lambda: sender.outbox.depth() == 0, "everything was receipted")
        sender.stop()


def test_a_broker_that_comes_late_gets_everything_as_back_fill(senders: Senders, tmp_path: Path) -> None:
    port = free_port()
    with capture_logs() as logs:
        sender = senders(f"mqtt://127.0.0.1:{port}").start()
        sender.append(5)
        until(lambda: any(entry["event"].startswith("broker is away") for entry in logs), "the broker was missed")
        with mosquitto_on(port, tmp_path), Central(port) as central:
            heard = central.hear_all({1, 2, 3, 4, 5})
            assert {topic for topic, _ in heard} == {f"{PREFIX}/event/backfill"}
            sender.append(1)
            assert {topic for topic, entry in central.hear_all({6}) if entry.data.seq == 6} == {f"{PREFIX}/event/live"}
            sender.stop()
    assert len(warnings(logs)) == 1


def test_a_broker_killed_after_its_acknowledgement_loses_nothing(senders: Senders, tmp_path: Path) -> None:
    """It had acknowledged and forgotten all; without central's receipt they are sent again."""
    port = free_port()
    with capture_logs():
        with mosquitto_on(port, tmp_path), Central(port) as central:
            sender = senders(f"mqtt://127.0.0.1:{port}").start()
            sender.append(3)
            central.hear_all({1, 2, 3})
            central.receipt(sender.outbox.stream_id, {2})
            until(lambda: sender.outbox.depth() == 2, "the receipt arrived")
        with mosquitto_on(port, tmp_path), Central(port) as central:
            heard = central.hear_all({1, 3})
            assert {entry.data.seq for _, entry in heard} == {1, 3}
            central.receipt(sender.outbox.stream_id, {1, 3})
            until(lambda: sender.outbox.depth() == 0, "the rest was receipted")
            sender.stop()


def test_a_node_that_vanishes_is_offline_by_its_last_will(senders: Senders, tmp_path: Path) -> None:
    """The cable is cut without a goodbye; once it is mended the node says that it is back and sends again."""
    port = free_port()
    with capture_logs(), mosquitto_on(port, tmp_path), Central(port) as central:
        wire = Wire(port)
        sender = senders(f"mqtt://127.0.0.1:{wire.port}").start()
        central.hear_status(NodeState.ONLINE)
        wire.cut()
        central.hear_status(NodeState.OFFLINE)
        sender.append(1)
        central.hear_status(NodeState.ONLINE)
        assert central.hear(1)[0][1].data.seq == 1
        sender.stop()
        wire.close()


def test_a_node_that_stops_says_so_and_its_status_is_kept(senders: Senders, tmp_path: Path) -> None:
    port = free_port()
    with mosquitto_on(port, tmp_path), Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}").start()
        central.hear_status(NodeState.ONLINE)
        sender.cameras = (CameraStatus(camera_id="cam-1", state=CameraState.FAILED, reason="cut"),)
        assert central.hear_status(NodeState.ONLINE).cameras == sender.cameras
        sender.stop()
        central.hear_status(NodeState.OFFLINE)
        with Central(port) as late:
            assert late.hear_status(NodeState.OFFLINE).cameras == sender.cameras


class Said:
    """In place of paho's client: what was published, in order."""

    def __init__(self) -> None:
        self.statuses: list[NodeStatus] = []

    def publish(self, _topic: str, payload: bytes, **_how: object) -> None:
        self.statuses.append(NodeStatus.model_validate_json(payload))


def test_a_camera_that_fails_for_a_moment_does_not_stay_so_at_the_broker(senders: Senders) -> None:
    """Whenever it fails and comes back between two looks at it: what was said last is how it is."""
    sender, said = senders("mqtt://127.0.0.1:1"), Said()
    well, failed = (CameraStatus(camera_id="cam-1", state=state) for state in (CameraState.LIVE, CameraState.FAILED))
    for moment in range(4):
        looks = iter([well] * moment + [failed] + [well] * 16)
        sender.uplink._status = lambda state, looks=looks: told(state, sender.outbox, (next(looks),))  # type: ignore[misc]
        sender.uplink._said_at_s = float("-inf")  # as at the beginning of a session
        for _ in range(8):
            sender.uplink._say_status(said)  # type: ignore[arg-type]
        assert said.statuses[-1].cameras == (well,), moment


def warnings(logs: list[EventDict]) -> list[EventDict]:
    return [entry for entry in logs if entry["log_level"] == "warning"]


def test_a_wrong_password_is_said_clearly_and_costs_no_event(senders: Senders, tmp_path: Path) -> None:
    port = free_port()
    with mosquitto_on(port, tmp_path, "node-1", "right/word@1"):
        with capture_logs() as logs:
            wrong = senders(f"mqtt://node-1:wr0ng@127.0.0.1:{port}").start()
            wrong.append(2)
            until(lambda: bool(warnings(logs)), "the refusal was said")
            wrong.stop()
        reason = warnings(logs)[0]["reason"]
        assert "refused the node (Not authorized); check user and password" in reason
        assert (wrong.uplink.link.is_connected, wrong.uplink.link.reason) == (False, reason)
        assert warnings(logs)[0]["broker"] == f"127.0.0.1:{port}"
        assert "wr0ng" not in str(logs)
        with Central(port, "node-1", "right/word@1") as central:
            right = senders(f"mqtt://node-1:right%2Fword%401@127.0.0.1:{port}").start()
            central.hear_all({1, 2})
            right.stop()


def test_the_password_comes_from_the_nodes_secrets(tmp_path: Path) -> None:
    """The address names the user alone; the secret's value needs no escaping."""
    port = free_port()
    with mosquitto_on(port, tmp_path, "node-1", "right/word@1"), Central(port, "node-1", "right/word@1") as central:
        sender = Sender(tmp_path / "outbox.sqlite3", f"mqtt://node-1@127.0.0.1:{port}", "right/word@1").start()
        central.hear_status(NodeState.ONLINE)
        until(lambda: sender.uplink.link.is_connected, "the link says that it is up")
        sender.stop()


def test_what_happens_after_an_outage_goes_out_before_what_waited(senders: Senders, tmp_path: Path) -> None:
    """A backlog of many portions and a finding: the finding is heard while most of the backlog is still on disk."""
    port = free_port()
    with mosquitto_on(port, tmp_path), Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}", resend_s=3600)  # a slow machine's repeats would be counted too
        sender.append(3 * MAX_IN_FLIGHT)
        sender.start()
        central.hear(1)
        sender.append(1)
        newest = 3 * MAX_IN_FLIGHT + 1
        heard = central.hear_all({newest})
        assert heard[-1][0] == f"{PREFIX}/event/live"
        assert len(heard) <= MAX_IN_FLIGHT + 1
        backlog = [entry.data.seq for topic, entry in heard[:-1] if topic == f"{PREFIX}/event/backfill"]
        assert backlog == sorted(backlog)
        sender.stop()


def test_receipts_that_mean_nothing_settle_nothing(senders: Senders, tmp_path: Path) -> None:
    port = free_port()
    with capture_logs() as logs, mosquitto_on(port, tmp_path), Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}").start()
        sender.append(2)
        central.hear_all({1, 2})
        central.say(b"\xff no receipt")
        central.say(b'{"stream_id": "x", "acked": [[1, 2]]}')
        central.say(Receipt(stream_id=uuid_of("another stream"), acked=((1, 2),)).to_wire())
        central.receipt(sender.outbox.stream_id, {2})
        until(lambda: sender.outbox.depth() < 2, "the one real receipt arrived")
        assert [entry.seq for entry in sender.outbox.pending(9)] == [1]
        sender.stop()
    assert [entry["event"] for entry in warnings(logs)] == [
        "unreadable receipt ignored; the events stay on disk",
        "unreadable receipt ignored; the events stay on disk",
    ]


def test_the_senders_thread_outlives_a_mistake_of_our_own(senders: Senders, tmp_path: Path) -> None:
    port = free_port()
    with capture_logs() as logs, mosquitto_on(port, tmp_path), Central(port) as central:
        sender = senders(f"mqtt://127.0.0.1:{port}")
        sender.mistakes = [ZeroDivisionError("a bug")]
        sender.start()
        sender.append(1)
        central.hear_all({1})
        sender.stop()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == [
        "the uplink failed unexpectedly; it connects again"
    ]


class HangsOnce(Outbox):
    """An outbox whose next event can't be read, until the test lets it go: a disk that does not answer."""

    gate: threading.Event | None = None

    def load(self, seq: int) -> Entry | None:
        gate, self.gate = self.gate, None
        if gate is not None:
            assert gate.wait(600)
        return super().load(seq)


def test_a_publisher_that_hangs_is_passed_by_the_watchdogs_new_one_and_its_session_stays_out(tmp_path: Path) -> None:
    """Both carry one name: the old session, thrown out by the broker, must not come back while its thread hangs."""
    stops = [threading.Event(), threading.Event()]
    outbox = HangsOnce(tmp_path / "outbox.sqlite3", "node-1", SystemClock())
    outbox.gate = gate = threading.Event()
    uplinks: list[Uplink] = []
    threads: list[threading.Thread] = []
    with capture_logs(), mosquitto() as port, Central(port) as central:
        settings = UplinkSettings(mqtt_url=f"mqtt://127.0.0.1:{port}", resend_after_s=RESEND_S, status_every_s=3600)

        def status(state: NodeState) -> NodeStatus:
            return told(state, outbox)

        def publish(stop: threading.Event) -> None:
            uplinks.append(Uplink(outbox, settings, NodeId("node-1"), status, SystemClock(), stop))
            threads.append(threading.Thread(target=uplinks[-1].run))
            threads[-1].start()

        def revive() -> None:
            stops[0].set()
            publish(stops[1])

        publish(stops[0])
        central.hear_status(NodeState.ONLINE)
        outbox.append(build)
        watchdog = Watchdog(lambda: [Vital("uplink", lambda: uplinks[-1].rounds, 150.0, revive)])
        until(lambda: outbox.gate is None, "the publisher hangs")
        assert watchdog.step(0.0) == []
        assert watchdog.step(151.0) == ["uplink"]
        assert central.hear(1)[0][1].data.seq == 1
        since = uplinks[1].link.since
        central.receipt(outbox.stream_id, {1})
        until(lambda: outbox.depth() == 0, "the new publisher settles it")
        outbox.append(build)
        central.hear(4)  # said again and again while no receipt comes: three seconds in which the old one could return
        assert uplinks[1].link.is_connected
        assert uplinks[1].link.since == since
        gate.set()
        stops[1].set()
        uplinks[1].wake()
        for thread in threads:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()
    outbox.close()
