"""Central and a node over a real broker and real HTTP: what central wants is what the node runs."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn

from central.ingest.address import parse_address
from central.ingest.fleet import MqttFleetLink
from central.services.fleet_views import Drift
from central.services.fleet_watch import FleetWatch
from central.services.worker import Worker
from central.serving import bind
from contract.clock import SystemClock
from contract.requests import Ask, CalibrationPicture, FreshFrame, Original
from contract.topics import Topics
from deploy.broker import free_port
from edge.app import Node
from edge.keys import node_keys, pin_central
from edge.settings import NodeSettings
from tests.central.brokers import embedded_broker
from tests.central.fleet_parts import FleetParts, order
from tests.central.parts import NODE_TOKEN
from tests.contract.builders import uuid_of
from tests.edge.brokers import mosquitto_on
from tests.edge.waiting import until

pytestmark = pytest.mark.broker
APPLY_S = 2.0


@contextmanager
def mosquitto_at(port: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder, mosquitto_on(port, Path(folder)):
        yield


@contextmanager
def iotcore_at(port: int) -> Iterator[None]:
    with embedded_broker(port):
        yield


class City:
    """Central's fleet over a broker at `port`, its HTTP on a free port, and one node."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.central = FleetParts(folder / "central")
        self.central.clock = SystemClock()  # type: ignore[assignment]
        self.central.desk._clock = SystemClock()
        self.link = MqttFleetLink(parse_address(f"mqtt://127.0.0.1:{port}"), "central-fleet")
        self.watch = FleetWatch(self.central.database, self.link, Topics(), SystemClock(), lambda: None)
        self.worker = Worker("fleet", self.watch.step, self.watch.recover, idle_s=0.0)
        self.sock = bind("127.0.0.1", 0)
        config = uvicorn.Config(self.central.http, log_config=None, access_log=False, lifespan="off")
        self.server = uvicorn.Server(config)
        self.http = threading.Thread(target=self.server.run, kwargs={"sockets": [self.sock]}, daemon=True)
        pin_central(folder / "node", self.central.keys.public("central", "central"))
        self.central.desk.enrol(node_keys(folder / "node").own.public("node", "node-1"), renew=False)

    def start(self) -> None:
        self.worker.start()
        self.link.start()
        self.http.start()

    def stop(self) -> None:
        self.link.stop()
        self.worker.stop()
        self.server.should_exit = True
        self.http.join()
        self.sock.close()
        self.central.database.close()

    @contextmanager
    def node(self) -> Iterator[Node]:
        settings = NodeSettings.model_validate(
            {
                "node_id": "node-1",
                "state_dir": self.folder / "node",
                "uplink": {
                    "mqtt_url": f"mqtt://127.0.0.1:{self.port}",
                    "central_url": f"http://127.0.0.1:{self.sock.getsockname()[1]}",
                },
                "evidence": {"redact_finely": False},
                "cameras": [{"camera_id": "own-1", "source": "scene:demo/cam-1"}],
            }
        )
        node = Node(settings, SystemClock())
        node.start()
        try:
            yield node
        finally:
            node.stop()

    def runs(self, version: int) -> bool:
        return self.central.desk.node("node-1").runs_version == version


def scene(*names: str) -> dict[str, object]:
    return {"cameras": [{"camera_id": name, "source": f"scene:demo/{name}"} for name in names]}


def set_bundle(city: City, *names: str, **more: object) -> None:
    given = order("x")
    content = scene(*names) | more
    city.central.desk.set_bundle("node-1", type(given)(content, given.by, given.why, {}))


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], City]]:
    monkeypatch.setenv("XUNJIE_SECRET_NODE_TOKEN", NODE_TOKEN)
    made: list[City] = []

    def build(port: int) -> City:
        made.append(City(tmp_path, port))
        made[0].start()
        return made[0]

    (tmp_path / "central").mkdir()
    yield build
    for one in made:
        one.stop()


@pytest.mark.parametrize("broker", [mosquitto_at, iotcore_at], ids=["mosquitto", "iotcore"])
def test_what_central_wants_is_what_the_node_runs(
    city: Callable[[int], City], broker: Callable[[int], AbstractContextManager[None]]
) -> None:
    port = free_port()
    with broker(port):
        town = city(port)
        desk = town.central.desk
        with town.node():
            set_bundle(town, "cam-1", "cam-2")
            until(lambda: town.runs(1), "version 1 runs")
            assert desk.node("node-1").drift is Drift.IN_STEP
            began_s = SystemClock().monotonic()
            set_bundle(town, "cam-2")
            until(lambda: town.runs(2), "version 2 runs")
            assert SystemClock().monotonic() - began_s < APPLY_S + 2.0, "central polls and reports within that"
            set_bundle(town, "cam-2", evidence={"jpeg_quality": 3})
            until(lambda: desk.node("node-1").drift is Drift.REJECTED, "version 3 is refused")
            assert "evidence.jpeg_quality" in desk.node("node-1").reasons[0]
        set_bundle(town, "cam-1")  # the node is away meanwhile
        set_bundle(town, "cam-1", "cam-2")
        with town.node():
            until(lambda: town.runs(5), "the newest, not the one between")


def test_a_broker_that_forgot_is_told_and_a_picture_is_fetched(city: Callable[[int], City]) -> None:
    port = free_port()
    with mosquitto_at(port):
        town = city(port)
        desk = town.central.desk
        with town.node():
            set_bundle(town, "cam-1")
            until(lambda: town.runs(1), "version 1 runs")
    published = town.watch.republished
    with mosquitto_at(port):
        until(lambda: town.watch.republished > published, "the broker is told again", 30)
        with town.node():
            asks: list[Ask] = [
                FreshFrame(camera_id="cam-1"),
                CalibrationPicture(camera_id="cam-1"),
                FreshFrame(camera_id="cam-9"),
                Original(sha256="0" * 64, case_id=uuid_of("case"), reason="an appeal"),
            ]
            ids = [desk.ask("node-1", ask, "wang.li", timedelta(minutes=5)).request_id for ask in asks]
            until(lambda: all(desk.request(entry).state != "open" for entry in ids), "all are answered", 40)
            assert [desk.request(entry).state for entry in ids] == ["done", "done", "unknown", "unknown"]
            for request_id in ids[:2]:
                stored = desk.request(request_id)
                assert stored.answer_sha256 is not None
                path = town.central.artifacts.find(stored.answer_sha256)
                assert path is not None
                assert path.read_bytes()[:2] == b"\xff\xd8"
                assert stored.reply is not None
                assert stored.reply.answer is not None
                assert stored.reply.answer.redaction
