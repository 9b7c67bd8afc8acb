"""Two deployments and the wire between them: it is cut, and it loses answers, when the test says so."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from central.gateways.exchange import StateGateway
from central.gateways.webhook import WebhookGateway
from central.ingest.address import parse_address
from central.services.byhand import HandDesk
from central.services.delivery_port import Unavailable, Uncertain
from central.services.delivery_sending import Sender
from central.services.exchange_taking import ExchangeDesk, ExchangeParts
from central.services.steps import OperatorAction, Stepper
from central.store import case_queries, cases
from central.store.cases import CASES, HISTORY, Projection
from central.store.database import Database
from central.store.delivery_replies import REPLIES
from central.targets import TargetsSettings
from contract.clock import VirtualClock
from tests.central.asgi import AsgiClient
from tests.central.builders import ORIGIN
from tests.central.databases import fresh_sqlite
from tests.central.delivery_parts import case_row
from tests.central.parts import LAW

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
        self, method: str, _path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer | Unavailable | Uncertain:
        if self.is_cut:
            return Unavailable("no line")
        answer = self.client.send(method, self.path, headers=headers, content=content)
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
        target = {"name": partner, "kind": "exchange", "side": side, "url": "http://127.0.0.1:9/", "secret": "shared"}
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
            environment=SECRETS,
        )
        self.dispatching = Dispatching(settings, means)
        self.dispatching.register()
        hands = HandDesk(self.database, LAW, self.stepper, clock, lambda: None)
        parts = ExchangeParts(self.database, hands, self.dispatching.replies, ORIGIN, clock, {partner: side})
        objects = FolderStore(folder / "evidence")
        keys = self.dispatching.webhook_keys
        door = PlatformDoor(self.dispatching.replies, keys, None, objects, clock, ExchangeDesk(parts))
        app = FastAPI()
        app.include_router(platforms_router(door), prefix="/api/v1")
        self.client = AsgiClient(app)

    def connect(self, other: "Deployment", draw: random.Random) -> None:
        end = "cases" if self.side is Side.CITY else "replies"
        self.wire = Wire(other.client, f"/api/v1/platforms/{other.partner}/{end}")
        kind = WebhookGateway if self.side is Side.CITY else StateGateway
        gateway = kind(cast(Caller, self.wire), self.dispatching.webhook_keys[self.partner], self.clock)
        known = self.dispatching.routes[self.partner]
        route = replace(known, gateway=gateway)
        self.sender = Sender(self.database, route, self.clock, "s1", draw.random)

    def found(self, case_id: str) -> Projection | None:
        with self.database.read() as connection:
            return case_queries.find(connection, case_id)

    def confirmed(self, case_id: str) -> None:
        with self.database.write() as connection:
            cases.open_case(connection, case_row(case_id, CaseState.CONFIRMED))

    def act(self, case_id: str, action: Action, role: Role, **more: Any) -> None:
        with self.database.write() as connection:
            case = case_queries.find(connection, case_id)
            assert case is not None
            wanted = OperatorAction(action, f"{role}-{self.name}", roles=frozenset({role}), **more)
            self.stepper.take(connection, case, wanted, self.clock.now())

    def send(self) -> None:
        while self.sender.step():
            pass

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
