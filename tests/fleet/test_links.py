"""Central's and the node's fleet connections over both brokers: retained, echoed, remembered, told again."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from central.ingest.address import parse_address
from central.ingest.fleet import MqttFleetLink
from central.services.fleet import FleetDesk
from central.services.fleet_watch import FleetWatch
from central.services.worker import Worker
from central.store.database import Database
from contract.clock import SystemClock
from contract.ids import NodeId
from contract.keys import KeyPairs
from contract.reported import BundleMark, BundleState
from contract.topics import Topics
from edge.desired.link import DesiredLink, Ears
from edge.uplink_settings import UplinkSettings
from tests.central.brokers import embedded_broker
from tests.central.databases import fresh_sqlite
from tests.central.fleet_parts import order, reported
from tests.edge.brokers import mosquitto_on
from tests.edge.desired_parts import DesiredNode
from tests.edge.waiting import until
from tests.house.source import ROOT
from tests.ports import free_port

pytestmark = pytest.mark.broker
CENTRAL = KeyPairs.generate()
DIES_WHILE_APPLYING = """
import os, signal, sys
from pathlib import Path
from tests.edge.desired_parts import DesiredNode
from contract.keys import parse_public_keys
folder, bundle = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
node = DesiredNode(folder, central=parse_public_keys(Path(sys.argv[3]).read_bytes(), "f"))
node.before_change = lambda: os.kill(os.getpid(), signal.SIGKILL)
node.keeper.offer(bundle)
"""


@contextmanager
def mosquitto_at(port: int, folder: Path) -> Iterator[None]:
    with mosquitto_on(port, folder):
        yield


@contextmanager
def iotcore_at(port: int, _folder: Path) -> Iterator[None]:
    with embedded_broker(port):
        yield


class Central:
    """The fleet's watch over a real connection."""

    def __init__(self, folder: Path, port: int) -> None:
        self.database = Database(fresh_sqlite(folder))
        self.link = MqttFleetLink(parse_address(f"mqtt://127.0.0.1:{port}"), "central-fleet")
        self.watch = FleetWatch(self.database, self.link, Topics(), SystemClock(), lambda: None)
        self.worker = Worker("fleet", self.watch.step, self.watch.recover, idle_s=0.0)
        self.desk = FleetDesk(self.database, lambda: CENTRAL, SystemClock())

    @contextmanager
    def running(self) -> Iterator["Central"]:
        self.worker.start()
        self.link.start()
        try:
            yield self
        finally:
            self.link.stop()
            self.worker.stop()
            self.database.close()


class Ear:
    """A node's end of the wire that says what it heard."""

    def __init__(self, port: int) -> None:
        self.bundles: list[bytes] = []
        self.stop = threading.Event()
        uplink = UplinkSettings(mqtt_url=f"mqtt://127.0.0.1:{port}")
        ears = Ears(self._hear, lambda _wire: None, self._report)
        self.link = DesiredLink(uplink, NodeId("node-1"), None, ears, self.stop)
        self.thread = threading.Thread(target=self.link.run, daemon=True)

    def __enter__(self) -> "Ear":
        self.thread.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        self.stop.set()
        self.thread.join()

    def _hear(self, wire: bytes) -> bool:
        self.bundles.append(wire)
        return True

    def _report(self) -> bytes:
        mark = BundleMark(version=len(self.bundles), sha256="0" * 64) if self.bundles else None
        return reported("node-1", BundleState.APPLIED, mark, mark)


@pytest.mark.parametrize("broker", [mosquitto_at, iotcore_at], ids=["mosquitto", "iotcore"])
def test_a_bundle_waits_at_the_broker_and_the_report_comes_back(
    tmp_path: Path, broker: Callable[[int, Path], AbstractContextManager[None]]
) -> None:
    port = free_port()
    fleet = Central(tmp_path, port)
    fleet.desk.set_bundle("node-1", order("cam-1"))
    second = fleet.desk.set_bundle("node-1", order("cam-2"))
    with broker(port, tmp_path), fleet.running() as central:
        until(lambda: central.watch.republished > 0, "it is published")
        with Ear(port) as ear:
            until(lambda: second.wire in ear.bundles, "the newest arrives")
            assert ear.bundles == [second.wire], "a version that was passed by is never seen"
            until(lambda: central.desk.node("node-1").runs_version == 1, "the report arrives")
            third = central.desk.set_bundle("node-1", order("cam-3"))
            until(lambda: third.wire in ear.bundles, "the next arrives")


def test_a_broker_that_lost_its_memory_is_told_again(tmp_path: Path) -> None:
    port = free_port()
    central = Central(tmp_path, port)
    with mosquitto_at(port, tmp_path):
        first = central.desk.set_bundle("node-1", order("cam-1"))
        central.worker.start()
        central.link.start()
        until(lambda: central.watch.republished >= 1, "it is published")
    with mosquitto_at(port, tmp_path), Ear(port) as ear:
        until(lambda: first.wire in ear.bundles, "it is there again")
    central.link.stop()
    central.worker.stop()
    central.database.close()


def test_a_node_killed_while_it_applies_starts_with_the_last_good_one(tmp_path: Path) -> None:
    central = Central(tmp_path, 1)
    pinned = CENTRAL.public("central", "central")
    (tmp_path / "central.json").write_bytes(pinned.to_wire())
    policies = {"policies": json.loads((ROOT / "tests/contract/samples/bundle.json").read_bytes())["policies"]}
    first = central.desk.set_bundle("node-1", order("cam-1", **policies))
    second = central.desk.set_bundle("node-1", order("cam-2", **policies))
    central.database.close()
    state = tmp_path / "state"
    node = DesiredNode(state, central=pinned)
    assert node.keeper.offer(first.wire)
    (tmp_path / "second.json").write_bytes(second.wire)
    files = [str(path) for path in (state, tmp_path / "second.json", tmp_path / "central.json")]
    command = [sys.executable, "-c", DIES_WHILE_APPLYING, *files]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=300).returncode == -9
    after = DesiredNode(state, central=pinned)
    assert after.cameras() == ["cam-1"]
    assert after.keeper.offer(second.wire), "the broker offers it again, and it is tried again"
    assert after.cameras() == ["cam-2"]
