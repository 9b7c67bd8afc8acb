"""Ingest loses nothing and doubles nothing, whatever dies: every fault with real processes, on both databases."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from central.services.admission import Point
from contract.events import MAX_EVENT_BYTES
from deploy.broker import find_mosquitto, free_port
from tests.central.brokers import mosquitto
from tests.central.databases import Postgres
from tests.chaos.ingesting import CLOCK, PATIENCE_S, Scene, incidents_of
from tests.edge.brokers import mosquitto_on
from tests.edge.waiting import until
from tests.faultproxy import FaultProxy

pytestmark = [
    pytest.mark.broker,
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
EVENTS = 400


@pytest.fixture
def scene(url: str, tmp_path: Path) -> Iterator[Scene]:
    with mosquitto() as port:
        made = Scene(url, port, tmp_path)
        yield made
        made.close()


@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("point", list(Point))
def test_an_ingester_killed_at_any_point_loses_and_doubles_nothing(scene: Scene, point: Point, times: int) -> None:
    nodes = scene.nodes(4)
    with scene.ingester("--at", point, "--times", str(times)) as doomed:
        assert doomed.feed_until_dead(nodes) == -signal.SIGKILL
    with scene.ingester():
        scene.send(nodes, EVENTS // 2)
    scene.assert_whole(nodes)
    scene.assert_cases(incidents_of(nodes))


def test_a_broker_killed_right_after_its_acknowledgements(url: str, tmp_path: Path) -> None:
    """Central is away: the broker has acknowledged all, has delivered nothing, and forgets it."""
    port = free_port()
    scene = Scene(url, port, tmp_path)
    with mosquitto_on(port, tmp_path) as broker:
        nodes = scene.nodes(1)
        nodes.flood(100, CLOCK.monotonic() + 5, lambda: None)
        until(lambda: nodes.acknowledged >= 100, "the broker has acknowledged everything")
        broker.kill()
        broker.wait()
    with mosquitto_on(port, tmp_path), scene.ingester():
        scene.settle(nodes)
    assert nodes.repeated >= 100
    scene.close()
    scene.assert_whole(nodes)
    scene.assert_cases(incidents_of(nodes))


def test_a_day_sent_twice_gives_what_it_gives_once(scene: Scene) -> None:
    with scene.ingester():
        first = scene.nodes(4)
        scene.send(first, EVENTS)
        again = scene.again(first)
        scene.send(again, EVENTS)
    assert again.sent == first.sent
    scene.assert_whole(first)
    scene.assert_cases(incidents_of(first))
    assert scene.letters() == []


def test_lines_that_are_cut_and_dribble_in_any_order(scene: Scene) -> None:
    nodes_side = FaultProxy(scene.mqtt_port, largest=1500, seed=7)
    central_side = FaultProxy(scene.mqtt_port, largest=900, seed=3)
    order = random.Random(5)
    try:
        with scene.ingester(mqtt_port=central_side.port):
            nodes = scene.nodes(2, port=nodes_side.port)
            for _ in range(4):
                nodes.send_shuffled(EVENTS // 4, order)
                nodes_side.cut()
                nodes_side.stall()
                until(lambda: nodes.waiting > 0, "something is under way")
                central_side.cut()
                nodes_side.resume()
            scene.settle(nodes)
    finally:
        scene.close()
        nodes_side.close()
        central_side.close()
    scene.assert_whole(nodes)
    scene.assert_cases(incidents_of(nodes))


def test_a_line_that_swallows_everything_for_a_while(scene: Scene) -> None:
    proxy = FaultProxy(scene.mqtt_port)
    try:
        with scene.ingester(mqtt_port=proxy.port):
            nodes = scene.nodes(2)
            scene.send(nodes, 200)
            proxy.swallow(True)
            nodes.flood(200, CLOCK.monotonic() + 3, lambda: None)
            assert nodes.waiting
            proxy.swallow(False)
            proxy.cut()
            scene.settle(nodes)
    finally:
        scene.close()
        proxy.close()
    scene.assert_whole(nodes)


def test_a_re_imaged_node_starts_a_new_stream_beside_the_old(scene: Scene) -> None:
    with scene.ingester():
        before, after = scene.nodes(1, "first disk"), scene.nodes(1, "second disk")
        scene.send(before, 200)
        scene.send(after, 200)
    assert set(before.streams).isdisjoint(after.streams)
    scene.assert_whole(before, after)
    assert scene.letters() == []


def test_a_worker_that_sticks_before_its_commit_delays_and_loses_nothing(scene: Scene) -> None:
    with scene.ingester("--at", Point.BEFORE_COMMIT, "--times", "2", "--stuck-s", "5"):
        nodes = scene.nodes(4, resend_after_s=2.0)
        scene.send(nodes, EVENTS)
    scene.assert_whole(nodes)


def test_two_workers_of_a_group_and_one_is_stopped(server: Postgres, tmp_path: Path) -> None:
    """What the stopped one holds comes to the other when the nodes send it again."""
    with mosquitto() as port:
        scene = Scene(server.fresh(), port, tmp_path)
        members = ["--group", "central"]
        with scene.ingester(*members, "--worker", "a") as first, scene.ingester(*members, "--worker", "b"):
            nodes = scene.nodes(4)
            scene.send(nodes, EVENTS)
            first.process.send_signal(signal.SIGSTOP)
            scene.send(nodes, EVENTS)
            first.process.send_signal(signal.SIGCONT)
            scene.send(nodes, EVENTS)
        scene.close()
        scene.assert_whole(nodes)
        scene.assert_cases(incidents_of(nodes))


def test_poison_and_too_much_never_block_what_follows(scene: Scene) -> None:
    """200 KiB: kept by its beginning. 100 MB: the broker ends the sender's connection, and central never sees it."""
    wild = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="wild", protocol=mqtt.MQTTv5)
    endings: list[str] = []
    wild.on_disconnect = lambda _client, _data, _flags, reason, _properties: endings.append(str(reason))
    wild.connect("127.0.0.1", scene.mqtt_port)
    wild.loop_start()
    with scene.ingester():
        nodes = scene.nodes(1)
        scene.send(nodes, 10)
        topic = "xunjie/v1/node/bench-09/event/live"
        for payload in (b"{nonsense", b"[" * 60_000, b"\xff\x00", b"x" * (200 * 1024)):
            wild.publish(topic, payload, qos=1).wait_for_publish(PATIENCE_S)
        scene.send(nodes, 10)
        until(lambda: len(scene.letters()) == 4, "four letters are kept")
        wild.publish(topic, b"x" * 100_000_000, qos=1)
        until(lambda: bool(endings), "the broker refuses 100 MB")
        wild.disconnect()
        wild.loop_stop()
        scene.send(nodes, 10)
    large = next(letter for letter in scene.letters() if letter.size_bytes > MAX_EVENT_BYTES)
    assert (large.size_bytes, len(large.head), large.outcome) == (200 * 1024, 4096, "oversized")
    scene.assert_whole(nodes)


@pytest.mark.parametrize("jump_s", [-2 * 86400, 400 * 86400])
def test_the_servers_clock_jumps(scene: Scene, jump_s: int) -> None:
    """Forward nothing happens; two days back all lies in the future: kept whole, and replayed when it is right."""
    with scene.ingester("--at", Point.AFTER_COMMIT, "--times", "1", "--jump-s", str(jump_s)):
        nodes = scene.nodes(2)
        scene.send(nodes, EVENTS // 2)
        scene.send(nodes, EVENTS // 2)
    kept = len(scene.letters())
    assert (kept > 0) == (jump_s < 0)
    assert scene.replay("impossible_time") == ["taken"] * kept
    scene.assert_whole(nodes)
    scene.assert_cases(incidents_of(nodes))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_both_protocols_take_live_events_past_a_backlog(url: str, tmp_path: Path, protocol: str) -> None:
    with mosquitto() as port:
        scene = Scene(url, port, tmp_path, protocol)
        with scene.ingester():
            late, live = scene.nodes(4, "late", is_backfill=True), scene.nodes(1, "live")
            late.flood(EVENTS, CLOCK.monotonic() + 5, lambda: live.send_until(live.sent + 1))
            scene.settle(late)
            scene.settle(live)
        scene.close()
        scene.assert_whole(late, live)
