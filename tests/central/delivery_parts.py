"""Delivery against a simulated platform that really listens on a port; time is the test's."""

import json
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import func, select

from central.dispatching import Dispatching, Means
from central.domain.delivery import DeliveryState
from central.domain.workflow import CaseState
from central.flowrules import packaged_keeper
from central.ingest.address import parse_address
from central.services.delivery_notices import PictureLinks
from central.services.delivery_sending import Point, Sender, nobody_watches
from central.services.outgoing import enqueue
from central.services.steps import OperatorAction, Stepper
from central.simulation.city_platform import Fault, Moods, Platform, PlatformServer
from central.simulation.platform_records import Records
from central.store import case_queries, cases, deliveries
from central.store.cases import Projection
from central.store.database import Database
from central.store.deliveries import DELIVERIES, DeliveryRow
from central.targets import TargetsSettings
from contract.clock import SystemClock, VirtualClock
from contract.taxonomy import KindGroup, Seen, Violation
from tests.central.builders import ORIGIN, T0, uuid_of
from tests.central.parts import LAW

SECRETS = {"XUNJIE_SECRET_CITY": "city-token", "XUNJIE_SECRET_HOOK": "a-secret-of-24-characters"}
HANG_S = 1.6
TIMEOUT_S = 1.0
"""Shorter than the platform hangs: for who shall give up waiting for it. All others wait as long as they must."""
HANGING = frozenset({Fault.ACCEPT_THEN_HANG, Fault.ACCEPT_LATE})
CITY: dict[str, Any] = {
    "name": "city",
    "kind": "http",
    "timeout_s": 60.0,
    "district": "370303",
    "codes": "GB/T 30428.2-2013",
    "coordinates": "GCJ-02",
    "headers": {"Authorization": {"secret": "city", "prefix": "Bearer "}},
    "pace": {"settle_s": 5},
    "create": {
        "method": "POST",
        "path": "cases",
        "fields": {
            "ref": "case_id",
            "rev": "revision",
            "eventCode": "code",
            "status": {"path": "state", "words": {state.value: state.value for state in CaseState}},
            "location.x": "lon",
            "location.y": "lat",
            "foundAt": {"path": "first_seen_at", "time_format": "%Y-%m-%d %H:%M:%S"},
            "channel": {"value": "video"},
        },
        "said": {"path": "code", "accepts": [0]},
        "complaint": "msg",
        "id": "data.id",
    },
    "update": {
        "method": "PUT",
        "path": "cases/{external_id}",
        "fields": {"rev": "revision", "status": "state"},
        "said": {"path": "code", "accepts": [0]},
        "complaint": "msg",
    },
    "find": {"path": "cases?ref={case_id}", "items": "data.list", "id": "id", "revision": "rev"},
    "status": {"path": "cases/{external_id}", "state": "data.state", "version": "data.version"},
    "list": {
        "path": "all?page={page}", "items": "data.list", "id": "id", "case_id": "ref", "revision": "rev",
        "state": "state",
    },
    "states": {"filed": "registered", "taken": "accepted", "sent_out": "dispatched", "done": "handled"},
}  # fmt: skip


@contextmanager
def platform(folder: Path, *, knows_repeats: bool = False, port: int = 0) -> Iterator["Listening"]:
    """The simulated platform, on a thread of this process."""
    records = Records(folder / "platform.db")
    parts = Platform(records, SystemClock(), Moods(hang_s=HANG_S, late_s=1.3), knows_repeats)
    parts.hook_key = SECRETS["XUNJIE_SECRET_HOOK"].encode()
    server = PlatformServer(port, parts)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield Listening(parts, int(server.server_address[1]))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        records.close()


@dataclass
class Listening:
    """A platform that answers at `port`."""

    parts: Platform
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def control(self, **wanted: Any) -> Any:
        return httpx.post(f"http://127.0.0.1:{self.port}/control", json=wanted, timeout=60.0).json()

    def refs(self) -> list[str]:
        """The case ids of all records, doubles twice."""
        found, page = [], 1
        while some := self.parts.records.page(page):
            found += [record.ref for record in some]
            page += 1
        return sorted(found)


@dataclass
class Post:
    """Central's delivery on one database: cases by hand, senders step by step."""

    database: Database
    target: Mapping[str, Any]
    clock: VirtualClock = field(default_factory=lambda: VirtualClock(T0))
    reached: Any = nobody_watches

    def __post_init__(self) -> None:
        settings = {"origin": "zhangdian", "targets": [dict(self.target)]}
        self.settings = TargetsSettings.model_validate(settings)
        self.stepper = Stepper(packaged_keeper())
        around = Means(
            database=self.database,
            clock=self.clock,
            law=LAW,
            plane=ORIGIN,
            broker=parse_address("mqtt://127.0.0.1:1"),
            stepper=self.stepper,
            worker="w1",
            links=PictureLinks("https://central.test", b"s" * 32, timedelta(days=30)),
            environment=SECRETS,
            reached=self.reached,
        )
        self.dispatching = Dispatching(self.settings, around)
        self.dispatching.register()
        self.name = str(self.target["name"])

    def facing(self, fault: Fault) -> "Post":
        """Itself; or, where the platform will hang, one that gives up before the platform answers."""
        if fault not in HANGING:
            return self
        return Post(self.database, {**self.target, "timeout_s": TIMEOUT_S}, self.clock, self.reached)

    def sender(self, holder: str = "s1", seed: int = 1) -> Sender:
        draw = random.Random(seed).random
        return Sender(self.database, self.dispatching.routes[self.name], self.clock, holder, draw, reached=self.reached)

    def confirmed(self, name: str, state: CaseState = CaseState.CONFIRMED) -> str:
        """A case that a person believes, queued."""
        case_id = uuid_of("case", name)
        with self.database.write() as connection:
            cases.open_case(connection, case_row(case_id, state))
            enqueue(connection, case_id, self.clock.now())
        return case_id

    def step(self, case_id: str, wanted: OperatorAction) -> None:
        with self.database.write() as connection:
            case = case_queries.find(connection, case_id)
            assert case is not None
            self.stepper.take(connection, case, wanted, self.clock.now())

    def change(self, case_id: str, **values: Any) -> None:
        """Any change of the case's row, and what follows from it."""
        with self.database.write() as connection:
            connection.execute(cases.CASES.update().where(cases.CASES.c.id == case_id).values(values))
            enqueue(connection, case_id, self.clock.now())

    def run(self, sender: Sender | None = None, for_s: float = 0.0, every_s: float = 1.0) -> None:
        """Sends what is due, and again every `every_s` for `for_s` more seconds of the test's time."""
        worker, until = sender or self.sender(), self.clock.now() + timedelta(seconds=for_s)
        while True:
            while worker.step():
                pass
            if self.clock.now() >= until:
                return
            self.clock.sleep(every_s)

    def rows(self, case_id: str) -> list[DeliveryRow]:
        with self.database.read() as connection:
            return deliveries.rows_of(connection, case_id)

    def states(self, case_id: str) -> list[DeliveryState]:
        return [row.state for row in self.rows(case_id)]

    def unsettled(self) -> int:
        done = (DeliveryState.ACCEPTED, DeliveryState.SUPERSEDED)
        with self.database.read() as connection:
            query = select(func.count()).select_from(DELIVERIES).where(DELIVERIES.c.state.not_in(done))
            return int(connection.execute(query).scalar_one())


def case_row(case_id: str, state: CaseState) -> Projection:
    return Projection(
        case_id=case_id,
        group=KindGroup.FIRE,
        state=state,
        kind=Violation.OPEN_BBQ,
        seen=Seen.GRILL,
        severity=2,
        is_prominent=True,
        first_seen_at=T0,
        last_seen_at=T0,
        gone_at=None,
        east_m=0.0,
        north_m=0.0,
        zone_id=None,
        judgement=json.dumps({"verdict": "violation", "law_version": "1", "sentence": {"zh": "", "en": ""}}),
    )


def nowhere(target: Mapping[str, Any]) -> dict[str, Any]:
    """The target at an address where nobody listens."""
    return {**target, "url": "http://127.0.0.1:9/api/"}


__all__ = ["CITY", "HANG_S", "Listening", "Point", "Post", "nowhere", "platform"]
