"""Two deployments and the wire between them: it is cut, and it loses answers, when the test says so."""

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI
from sqlalchemy import select

from central.api.deliveries import PlatformDoor, platforms_router
from central.dispatching import Dispatching, Means
from central.domain.exchange import Side
from central.domain.workflow import Action, CaseState, Role
from central.evidence.folder import FolderStore
from central.flowrules import packaged_keeper
from central.gateways.calling import Answer, Caller
from central.gateways.exchange import ExchangeGateway, LinkedPictures
from central.ingest.address import parse_address
from central.services.byhand import HandDesk
from central.services.delivery_notices import PictureLinks
from central.services.delivery_port import Unavailable, Uncertain
from central.services.delivery_sending import Sender
from central.services.exchange_pictures import FetchParts, PictureFetcher
from central.services.exchange_taking import ExchangeDesk, ExchangeParts
from central.services.outgoing import enqueue
from central.services.reading import Reader
from central.services.steps import OperatorAction, Stepper
from central.store import case_queries, cases, shared_pictures
from central.store.cases import CASES, HISTORY, Projection
from central.store.database import Database
from central.store.delivery_replies import REPLIES
from central.store.shared_pictures import Awaited
from central.targets import TargetsSettings
from contract.clock import VirtualClock
from contract.events import EvidenceRole
from contract.notices import NoticePicture
from contract.taxonomy import Seen
from tests.central.asgi import AsgiClient
from tests.central.builders import ORIGIN, T0
from tests.central.databases import fresh_sqlite
from tests.central.delivery_parts import case_row
from tests.central.parts import LAW

GROUND = "370303"
SECRETS = {"XUNJIE_SECRET_SHARED": "a-secret-of-24-characters"}


@dataclass
class Wire:
    """In place of a `Caller`: requests go straight to the other's application."""

    client: AsgiClient
    path: str
    is_cut: bool = False
    loses_answers: bool = False
    passed: list[bytes] = field(default_factory=list)
    timeout_s: float = 1.0

    def call(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Unavailable | Uncertain:
        if self.is_cut:
            return Unavailable("no line")
        answer = self.client.send(method, self.path + path, headers=headers, content=content)
        self.passed.append(content or b"")
        if self.loses_answers:
            return Uncertain("no answer")
        return Answer(answer.status_code, answer.content)

    def close(self) -> None:
        """Nothing is open."""


class Deployment:
    """One central: `partner` is the other's name, `side` who the other is."""

    def __init__(self, folder: Path, clock: VirtualClock, name: str, partner: str, side: Side) -> None:
        folder.mkdir()
        self.clock, self.name, self.partner, self.side = clock, name, partner, side
        self.database = Database(fresh_sqlite(folder))
        self.database.create()
        target: dict[str, object] = {"name": partner, "kind": "exchange", "side": side, "url": "http://127.0.0.1:9/"}
        target |= {"secret": "shared", "districts": [GROUND] if side is Side.DISTRICT else []}
        links = PictureLinks(f"https://{name}.test", b"links of " + name.encode(), timedelta(days=30))
        self.objects = FolderStore(folder / "evidence")
        self.objects.create()
        settings = TargetsSettings.model_validate({"origin": name, "targets": [target]})
        self.stepper = Stepper(packaged_keeper())
        means = Means(
            database=self.database,
            clock=clock,
            law=LAW,
            plane=ORIGIN,
            broker=parse_address("mqtt://127.0.0.1:1"),
            stepper=self.stepper,
            worker="w1",
            links=links,
            objects=self.objects,
            environment=SECRETS,
        )
        self.dispatching = Dispatching(settings, means)
        self.dispatching.register()
        hands = HandDesk(self.database, LAW, self.stepper, clock, lambda: None)
        parts = ExchangeParts(self.database, hands, self.dispatching.replies, ORIGIN, clock, {partner: side})
        keys = self.dispatching.webhook_keys
        door = PlatformDoor(self.dispatching.replies, keys, links, self.objects, clock, ExchangeDesk(parts))
        app = FastAPI()
        app.include_router(platforms_router(door), prefix="/api/v1")
        self.client = AsgiClient(app)

    def connect(self, other: "Deployment", draw: random.Random) -> None:
        self.wire = Wire(other.client, f"/api/v1/platforms/{other.partner}/")
        gateway = ExchangeGateway(cast(Caller, self.wire), self.dispatching.webhook_keys[self.partner], self.clock)
        known = self.dispatching.routes[self.partner]
        route = replace(known, gateway=gateway)
        self.sender = Sender(self.database, route, self.clock, "s1", draw.random)
        pictures = Wire(other.client, "/")
        self.pictures = pictures
        fetching = FetchParts(self.database, self.objects, self.clock)
        self.fetcher = PictureFetcher(fetching, self.partner, LinkedPictures(cast(Caller, pictures)))

    def found(self, case_id: str) -> Projection | None:
        with self.database.read() as connection:
            return case_queries.find(connection, case_id)

    def confirmed(self, case_id: str, **more: Any) -> None:
        with self.database.write() as connection:
            cases.open_case(connection, replace(case_row(case_id, CaseState.CONFIRMED), **more))

    def photograph(self, case_id: str, content: bytes) -> str:
        """A picture that hangs on the case; gives its hash."""
        self.objects.put(content)
        picture = NoticePicture(sha256=hashlib.sha256(content).hexdigest(), role=EvidenceRole.LATEST, captured_at=T0)
        with self.database.write() as connection:
            one = Awaited(case_id, self.name, picture, 0)
            shared_pictures.hang(connection, one, Seen.STALL, len(content), self.clock.now())
            enqueue(connection, case_id, self.clock.now())
        return picture.sha256

    def shown(self, case_id: str) -> list[str]:
        """The hashes of the case's pictures, as its page shows them, that really lie here."""
        case = Reader(self.database, LAW, ORIGIN).detail(case_id)
        assert case is not None
        return sorted(picture.sha256 for picture in case.evidence if self.objects.find(picture.sha256))

    def act(self, case_id: str, action: Action, role: Role, **more: Any) -> None:
        with self.database.write() as connection:
            case = case_queries.find(connection, case_id)
            assert case is not None
            wanted = OperatorAction(action, f"{role}-{self.name}", roles=frozenset({role}), **more)
            self.stepper.take(connection, case, wanted, self.clock.now())

    def send(self) -> None:
        while self.sender.step():
            pass
        self.fetcher.step()

    def count(self) -> int:
        with self.database.read() as connection:
            return len(list(connection.execute(select(CASES.c.id))))

    def outcomes(self) -> list[str]:
        with self.database.read() as connection:
            return [str(row.outcome) for row in connection.execute(select(REPLIES.c.outcome).order_by(REPLIES.c.id))]

    def steps(self, case_id: str) -> list[tuple[str, str]]:
        """(action, actor), oldest first."""
        query = select(HISTORY.c.action, HISTORY.c.actor).where(
            HISTORY.c.case_id == case_id, HISTORY.c.action.is_not(None)
        )
        with self.database.read() as connection:
            return [(row.action, row.actor) for row in connection.execute(query.order_by(HISTORY.c.id))]
