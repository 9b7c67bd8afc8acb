"""The fleet's parts without a network: a link by hand that keeps what was retained, as a broker does."""

from pathlib import Path
from typing import Any

from central.api.access import Access, Tokens
from central.api.fleet import artifacts_router, fleet_router
from central.api.http import make_http_app
from central.artifacts import Artifacts
from central.keys import central_keys
from central.services.doors import Doors
from central.services.fleet import FleetDesk, Order
from central.services.fleet_watch import FleetMessage, FleetWatch
from central.services.hashing import Hasher
from central.services.sight import Sight
from central.store.database import Database
from contract.clock import VirtualClock
from contract.reported import BundleMark, BundleState, Reported
from contract.topics import Topics
from tests.central.builders import T0
from tests.central.databases import fresh_sqlite
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN

TOPICS = Topics()


class KeepingLink:
    """A broker by hand. `forget` is a restart without disk."""

    def __init__(self) -> None:
        self.is_connected = True
        self.retained: dict[str, bytes] = {}
        self.sent: list[tuple[str, bytes]] = []
        self._news: list[FleetMessage] = []

    def say(self, topic: str, payload: bytes) -> None:
        self._news.append(FleetMessage(topic, payload))

    def receive(self, timeout_s: float) -> list[FleetMessage]:
        found, self._news = self._news, []
        return found

    def publish(self, topic: str, payload: bytes, retain: bool) -> None:
        self.sent.append((topic, payload))
        if retain:
            self.retained[topic] = payload
            self.say(topic, payload)

    def forget(self) -> None:
        self.retained.clear()


class FleetParts:
    """Desk, watch and HTTP on one database."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(T0)
        self.database = Database(fresh_sqlite(folder))
        self.keys = central_keys(folder / "keys")
        self.link = KeepingLink()
        self.changes = 0
        self.desk = FleetDesk(self.database, lambda: self.keys, self.clock)
        self.watch = FleetWatch(self.database, self.link, TOPICS, self.clock, self._note_change)
        self.artifacts = Artifacts(folder / "artifacts")
        access = Access(
            Tokens(OPERATOR_TOKEN, NODE_TOKEN), Doors(self.database, Hasher(), self.clock), Sight(self.database)
        )
        self.http = make_http_app(
            [fleet_router(self.desk, self.artifacts, self.keys, access), artifacts_router(self.artifacts, access)]
        )

    def settle(self) -> None:
        """A connection lives long enough for the broker to have said what it holds."""
        self.watch.step()
        self.clock.sleep(2.0)
        self.watch.step()

    def reconnect(self) -> None:
        self.link.is_connected = False
        self.watch.step()
        self.link.is_connected = True
        for topic, payload in self.link.retained.items():
            self.link.say(topic, payload)
        self.settle()

    def _note_change(self) -> None:
        self.changes += 1


def order(*cameras: str, **more: Any) -> Order:
    content = {"cameras": [{"camera_id": name, "source": f"rtsp://192.0.2.1/{name}"} for name in cameras]} | more
    return Order(content, "wang.li", "a test", {})


def reported(node_id: str, state: BundleState, in_force: BundleMark | None, offered: BundleMark | None) -> bytes:
    return Reported(
        node_id=node_id,
        at=T0,
        state=state,
        in_force=in_force,
        offered=offered,
        config_version="c",
        software_in_force="s",
    ).to_wire()
