"""A whole central without a broker, with a small fleet in its database: for the engineers' and the officers' pages."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image

from central.api.access import Tokens
from central.app import Central
from central.artifacts import Artifacts
from central.domain.byhand import Tale
from central.domain.people import SERVICE
from central.domain.workflow import Action
from central.domain.workflow_words import FILING, PEOPLE, Role, Source
from central.foundation import lay_foundation
from central.keys import central_keys
from central.services.actions import CaseDesk, OperatorAction
from central.services.byhand import HandDesk
from central.services.fleet import FleetDesk, Order, content_of
from central.services.people import By, Rights
from central.settings import CentralSettings
from central.store import fleet_requests, nodes
from contract.clock import Clock, SystemClock
from contract.events import ClockState
from contract.ids import uuid7
from contract.plane import Point
from contract.requests import Answer, FreshFrame, Outcome, Reply
from contract.status import CameraState, CameraStatus, NodeState, NodeStatus
from contract.taxonomy import Violation
from tests.central.builders import JPEG
from tests.central.databases import fresh_sqlite
from tests.central.parts import NODE_TOKEN, OPERATOR_TOKEN
from tests.central.served import PATIENCE_S, SITE

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
PASSWORD = "seven quiet bicycles"
NODE, CAMERA = "node-1", "cam-1"
ZONE = {"name": "pavement", "polygon": [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]}


def photograph(seed: int = 0, exif: Image.Exif | None = None, size: tuple[int, int] = (120, 90)) -> bytes:
    """A JPEG as a phone takes it: another one for each seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (size[1] // 10, size[0] // 10, 3), dtype=np.uint8)
    out = BytesIO()
    Image.fromarray(noise).resize(size).save(out, "JPEG", exif=exif or Image.Exif())
    return out.getvalue()


class Workshop:
    """`central` with two nodes that have bundles; the first has sent a picture of its camera."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.settings = CentralSettings.model_validate(
            {
                "database_url": fresh_sqlite(folder),
                "evidence_dir": str(folder / "evidence"),
                "keys_dir": str(folder / "keys"),
                "artifacts_dir": str(folder / "artifacts"),
                "site": str(SITE),
                "roles": ["api"],
            }
        )
        self.clock = clock
        self.central = Central(self.settings, Tokens(OPERATOR_TOKEN, NODE_TOKEN), clock)
        self.database = self.central.database
        keys = central_keys(self.settings.keys_folder)
        self.desk = FleetDesk(self.database, lambda: keys, clock)
        self._begin()

    def content(self, node_id: str = NODE) -> dict[str, object]:
        """What the node shall run."""
        return dict(content_of(self.desk.bundles(node_id)[0]))

    def officer(self, name: str, department: str) -> None:
        rights = Rights(frozenset({Role.HANDLING_UNIT}), "", department)
        self.central.people.add(name, PASSWORD, rights, By("test"), must_change=False)

    def case(self, department: str) -> str:
        """A case that was dispatched to the department."""
        base = lay_foundation(self.settings, self.clock)
        hands = HandDesk(self.database, base.law, base.stepper, self.clock, lambda: None, base.terrain)
        seen_at = self.clock.now() - timedelta(minutes=3)
        tale = Tale(Violation.OPEN_BBQ, Source.INSPECTOR, seen_at, Point(20, 5), f"Market Road {HOSTILE}", "", True)
        case_id = hands.open(tale, SERVICE).case_id
        desk = CaseDesk(self.database, self.clock, lambda: None)
        for action in (Action.ACCEPT, Action.REGISTER, Action.DISPATCH):
            desk.act(
                case_id,
                OperatorAction(
                    action,
                    f"the {action}er",
                    roles=PEOPLE,
                    condition=min(FILING) if action is Action.REGISTER else None,
                    department=department if action is Action.DISPATCH else None,
                ),
            )
        base.database.close()
        return case_id

    def close(self) -> None:
        self.database.close()

    def _begin(self) -> None:
        for number in (1, 2):
            block = {"camera_id": f"cam-{number}", "source": f"rtsp://192.0.2.1/{number}", "zones": [ZONE]}
            self.desk.set_bundle(f"node-{number}", Order({"cameras": [block]}, "wang.li", f"first {HOSTILE}", {}))
        now = self.clock.now()
        camera = CameraStatus(camera_id=CAMERA, state=CameraState.FAILED, reason=HOSTILE, last_frame_at=now)
        status = NodeStatus(
            node_id=NODE,
            boot_id=uuid7(now),
            state=NodeState.ONLINE,
            at=now,
            software="1.0",
            config_version="c",
            clock_state=ClockState.SYNCHRONISED,
            cameras=(camera,),
        )
        asked = self.desk.ask(NODE, FreshFrame(camera_id=CAMERA), "wang.li", timedelta(minutes=5)).request_id
        sha256 = Artifacts(self.settings.artifacts_folder).keep(JPEG)
        self.desk.note_answer(asked, sha256, len(JPEG))
        answer = Answer(sha256=sha256, size_bytes=len(JPEG), media_type="image/jpeg")
        reply = Reply(request_id=asked, node_id=NODE, at=now, outcome=Outcome.DONE, answer=answer)
        with self.database.write() as connection:
            nodes.remember(connection, status, now)
            fleet_requests.close(connection, asked, Outcome.DONE, reply, now)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[Workshop, str]]:
    """The same behind a real socket, and its address."""
    workshop = Workshop(folder, SystemClock())
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(workshop.central.http, log_config=None, access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield workshop, f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        workshop.central.feed.close()
        thread.join(PATIENCE_S)
        listening.close()
        workshop.close()
