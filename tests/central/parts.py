"""Central's parts without a network: a scripted broker link, a database in a folder, and everything wired to them."""

from collections import deque
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from fastapi import FastAPI

from central.api.access import Access, Tokens
from central.catalogue import load_catalogue, make_law
from central.evidence.folder import FolderStore
from central.rulebook import make_rules
from central.services.admission import Admission
from central.services.association import Association
from central.services.doors import Doors
from central.services.feed import LiveFeed
from central.services.hashing import Cost, Hasher
from central.services.intake import AckToken, Delivery, Intake
from central.services.people import PeopleDesk
from central.services.reading import Reader
from central.services.sight import Sight
from central.services.views import Health
from central.services.workingset import Bench
from central.site import SiteSettings
from central.store.database import Database
from central.web import Outside, make_http
from contract.clock import VirtualClock
from contract.events import Event
from contract.ids import NodeId
from contract.receipts import Receipt
from contract.topics import Topics
from tests.central.builders import T0
from tests.central.databases import fresh_sqlite

TOPICS = Topics()
OPERATOR_TOKEN = "operator-token"
NODE_TOKEN = "node-token"
HEALTHY = Health(
    ok=True,
    broker_connected=True,
    broker_problem="",
    events_taken=0,
    events_repeated=0,
    messages_refused=0,
    conflicts=0,
    inbox_waiting=0,
    dead_letters=0,
    step_failures=0,
)
BAN_SITE = SiteSettings.model_validate(
    {
        "zones": [
            {
                "id": "market",
                "kind": "vendor_guide_zone",
                "name": {"zh": "疏导区", "en": "vendor zone"},
                "polygon": {"local_m": [[-40, 0], [-20, 0], [-20, 20], [-40, 20]]},
                "hours": ["daily 17:00-22:00"],
            },
            {
                "id": "ban",
                "kind": "bbq_ban_area",
                "name": {"zh": "禁烧区", "en": "ban area"},
                "polygon": {"local_m": [[-500, -500], [500, -500], [500, 500], [-500, 500]]},
            },
        ]
    }
)
"""A vendor zone west of the origin, and a barbecue ban everywhere."""


QUICK_HASHER = Hasher(Cost(passes=1, memory_kib=8, lanes=1))
LAW = make_law(load_catalogue(), BAN_SITE)


class ScriptedLink:
    """A broker link by hand: what was pushed is received, what was acknowledged and published is remembered."""

    def __init__(self) -> None:
        self.inbound: deque[Delivery] = deque()
        self.acked: list[int] = []
        self.published: list[tuple[str, bytes]] = []
        self.reconnects = 0
        self.epoch = 1
        self._next_mid = 0

    def push(self, topic: str, payload: bytes) -> int:
        self._next_mid += 1
        self.inbound.append(Delivery(topic, payload, AckToken(self.epoch, self._next_mid, 1)))
        return self._next_mid

    def push_event(self, event: Event) -> int:
        return self.push(TOPICS.event_live(NodeId(event.data.node_id)), event.to_wire())

    def receive(self, limit: int, timeout_s: float, gather_s: float) -> list[Delivery]:
        return [self.inbound.popleft() for _ in range(min(limit, len(self.inbound)))]

    def ack(self, tokens: Sequence[AckToken]) -> int:
        alive = [token.mid for token in tokens if token.epoch == self.epoch]
        self.acked += alive
        return len(tokens) - len(alive)

    def publish(self, topic: str, payload: bytes) -> None:
        self.published.append((topic, payload))

    def reconnect(self) -> None:
        self.reconnects += 1
        self.epoch += 1

    def receipted(self) -> set[int]:
        """Every sequence number that some receipt covered."""
        receipts = [Receipt.model_validate_json(payload) for _, payload in self.published]
        return {seq for receipt in receipts for first, last in receipt.acked for seq in range(first, last + 1)}


class Parts:
    """Intake, association and reader on one database. `run` takes everything that was pushed."""

    def __init__(self, folder: Path, url: str | None = None) -> None:
        self.clock = VirtualClock(T0)
        self.database = Database(url or fresh_sqlite(folder))
        self.database.create()
        self.link = ScriptedLink()
        self.bench = Bench(make_rules(BAN_SITE), LAW, BAN_SITE.to_origin())
        self.admission = Admission(self.database, TOPICS, self.clock, BAN_SITE.to_surroundings())
        self.intake = Intake(self.admission, self.link, TOPICS, self.clock, lambda _taken: None, lambda: None)
        self.association = Association(self.database, self.bench, self.clock, lambda: None)
        self.reader = Reader(self.database, LAW, BAN_SITE.to_origin())
        self.objects = FolderStore(folder / "evidence")
        self.objects.create()
        self.people = PeopleDesk(self.database, QUICK_HASHER, self.clock)
        self.doors = Doors(self.database, QUICK_HASHER, self.clock)

    @cached_property
    def http(self) -> FastAPI:
        """Everything over HTTP; a third of a second to build, so only for who asks for it."""
        outside = Outside(self.database, self.objects, LAW, BAN_SITE, LiveFeed(), self.clock, hasher=QUICK_HASHER)
        access = Access(Tokens(OPERATOR_TOKEN, NODE_TOKEN), self.doors, Sight(self.database))
        return make_http(outside, access, lambda: HEALTHY)

    def take(self, *events: Event) -> None:
        """The events arrive and are worked off."""
        for event in events:
            self.link.push_event(event)
        self.run()

    def run(self) -> None:
        while self.intake.step():
            pass
        while self.association.step():
            pass

    def close(self) -> None:
        self.database.close()
