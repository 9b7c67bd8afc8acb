"""The way from the broker into intake, over MQTT 5 and 3.1.1, on the embedded broker and on mosquitto."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from central.domain.lanes import Lane
from central.ingest.address import parse_address
from central.ingest.lanes import Lanes
from central.ingest.mqtt import LinkPlan, MqttLink
from central.services.intake import AckToken, Delivery
from central.settings import CentralSettings, Role
from central.taking import plan_link
from contract.errors import UsageError
from contract.ids import NodeId
from contract.topics import Topics
from deploy.broker import find_mosquitto, write_iotcore_config
from tests.central.brokers import listening, mosquitto
from tests.edge.waiting import PATIENCE_S, until
from tests.ports import free_port

NODE = NodeId("node-1")
LIVE, BACKFILL = Topics().event_live(NODE), Topics().event_backfill(NODE)
PROTOCOLS = {"5": MQTTProtocolVersion.MQTTv5, "3.1.1": MQTTProtocolVersion.MQTTv311}
needs_mosquitto = [
    pytest.mark.broker,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]


@contextmanager
def embedded(protocol: str) -> Iterator[int]:
    """rumqttd listens for one protocol a port."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = write_iotcore_config(Path(folder), port)
        if protocol == "3.1.1":
            config.write_text(config.read_text().replace("v5.1", "v4.1").replace("v5-1", "v4-1"))
        with listening(config):
            yield port


@pytest.fixture(
    params=[
        ("iotcore", "5"),
        ("iotcore", "3.1.1"),
        pytest.param(("mosquitto", "5"), marks=needs_mosquitto),
        pytest.param(("mosquitto", "3.1.1"), marks=needs_mosquitto),
    ],
    ids=lambda param: "-".join(param),
)
def wire(request: pytest.FixtureRequest) -> Iterator["Wire"]:
    name, protocol = request.param
    with embedded(protocol) if name == "iotcore" else mosquitto() as port:
        made = Wire(port, protocol)
        yield made
        made.close()


class Wire:
    """A node's client and central's link at one broker."""

    def __init__(self, port: int, protocol: str) -> None:
        self.port = port
        self.protocol = protocol
        self.receipts: list[bytes] = []
        subscribed = threading.Event()
        self.node = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="node", protocol=PROTOCOLS[protocol])
        self.node.on_subscribe = lambda *_: subscribed.set()
        self.node.on_message = lambda _client, _data, message: self.receipts.append(bytes(message.payload))
        self.node.connect("127.0.0.1", port)
        self.node.subscribe(Topics().receipt(NODE), qos=1)
        self.node.loop_start()
        assert subscribed.wait(PATIENCE_S)
        self.links: list[MqttLink] = []
        self.link = self.connect()

    def connect(self, group: str = "", client_id: str = "central") -> MqttLink:
        link = MqttLink(parse_address(f"mqtt://127.0.0.1:{self.port}"), LinkPlan(client_id, self.protocol, group))
        link.start()
        self.links.append(link)
        until(lambda: link.is_connected, "the link is up")
        return link

    def send(self, topic: str, *payloads: bytes) -> None:
        for payload in payloads:
            self.node.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)

    def receive(self, count: int, link: MqttLink | None = None) -> list[Delivery]:
        """Until `count` have come."""
        came: list[Delivery] = []

        def is_complete() -> bool:
            came.extend((link or self.link).receive(count - len(came), 0.05, 0.0))
            return len(came) >= count

        until(is_complete, f"{count} messages have come")
        return came

    def close(self) -> None:
        for link in self.links:
            link.stop()
        self.node.disconnect()
        self.node.loop_stop()


def payloads(deliveries: list[Delivery]) -> list[bytes]:
    return [delivery.payload for delivery in deliveries]


def test_live_and_backfill_come_and_receipts_go(wire: Wire) -> None:
    wire.send(BACKFILL, b"old")
    wire.send(LIVE, b"new")
    until(lambda: wire.link.waiting == 2, "both wait")
    came = wire.receive(2)
    assert payloads(came) == [b"new", b"old"]
    assert wire.link.ack([delivery.token for delivery in came]) == 0
    wire.link.publish(Topics().receipt(NODE), b"receipt")
    until(lambda: wire.receipts == [b"receipt"], "the receipt has arrived")


def test_what_was_not_acknowledged_comes_again_and_old_acknowledgements_are_left_out(wire: Wire) -> None:
    wire.send(LIVE, b"1", b"2", b"3")
    first = wire.receive(3)
    assert wire.link.ack([first[0].token]) == 0
    wire.link.reconnect()
    again: list[bytes] = []

    def has_come() -> bool:
        again.extend(payloads(wire.link.receive(10, 0.05, 0.0)))
        return {b"2", b"3"} <= set(again)  # and perhaps "1": its acknowledgement may have died with the connection

    until(has_come, "2 and 3 have come again")
    assert wire.link.ack([delivery.token for delivery in first]) == 3


def test_a_session_outlives_the_program(wire: Wire) -> None:
    wire.link.stop()
    wire.send(LIVE, b"live meanwhile")
    wire.send(BACKFILL, b"old meanwhile")
    again = wire.connect()
    assert sorted(payloads(wire.receive(2, again))) == [b"live meanwhile", b"old meanwhile"]


def test_a_group_shares_the_events(wire: Wire) -> None:
    wire.link.stop()
    members = [wire.connect("central", f"member-{name}") for name in "ab"]
    wire.send(LIVE, *(b"%d" % number for number in range(20)))
    came: list[bytes] = []

    def take() -> bool:
        for member in members:
            came.extend(payloads(member.receive(20, 0.02, 0.0)))
        return len(came) >= 20

    until(take, "all twenty have come to somebody")
    assert sorted(came, key=int) == [b"%d" % number for number in range(20)]


def delivery(name: bytes) -> Delivery:
    return Delivery("topic", name, AckToken(1, 1, 1))


def test_lanes_give_live_first_and_no_more_than_asked() -> None:
    lanes = Lanes(10)
    for name in (b"b1", b"b2"):
        lanes.put(Lane.BACKFILL, delivery(name))
    lanes.put(Lane.LIVE, delivery(b"l1"))
    assert payloads(lanes.take(2, 0.0, 0.0)) == [b"l1", b"b1"]
    assert payloads(lanes.take(2, 0.0, 0.0)) == [b"b2"]
    assert lanes.take(2, 0.0, 0.0) == []


def test_a_full_lane_holds_its_sender_and_not_the_other_lane() -> None:
    lanes = Lanes(1)
    lanes.put(Lane.BACKFILL, delivery(b"b1"))
    sender = threading.Thread(target=lanes.put, args=(Lane.BACKFILL, delivery(b"b2")))
    sender.start()
    lanes.put(Lane.LIVE, delivery(b"l1"))
    assert len(lanes) == 2
    assert payloads(lanes.take(5, 0.0, 0.0)) == [b"l1", b"b1"]
    sender.join(PATIENCE_S)
    assert payloads(lanes.take(5, 1.0, 0.0)) == [b"b2"]


def test_closing_lets_a_held_sender_go() -> None:
    lanes = Lanes(1)
    lanes.put(Lane.LIVE, delivery(b"1"))
    sender = threading.Thread(target=lanes.put, args=(Lane.LIVE, delivery(b"2")))
    sender.start()
    lanes.close()
    sender.join(PATIENCE_S)
    assert not sender.is_alive()


def test_roles_come_as_a_list_or_with_commas() -> None:
    assert CentralSettings.model_validate({"roles": "ingest, api"}).roles == (Role.INGEST, Role.API)
    assert CentralSettings.model_validate({"roles": ["associate"]}).roles == (Role.ASSOCIATE,)
    assert CentralSettings().roles == tuple(Role)


def test_every_member_of_a_group_has_its_own_name_and_sqlite_knows_no_group() -> None:
    url = "postgresql+psycopg://x@y/z"
    plans = [
        plan_link(CentralSettings.model_validate({"database_url": url, "ingest_group": "g", "worker": worker}))
        for worker in ("a", "b")
    ]
    assert plans[0].client_id != plans[1].client_id
    with pytest.raises(UsageError, match="PostgreSQL"):
        plan_link(CentralSettings.model_validate({"ingest_group": "g"}))
