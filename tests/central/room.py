"""A control room for browser tests: one service, one broker and one browser for a whole file.

Each test has a camera of its own and looks at the list of that camera alone, so that none sees another's cases.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from contract.events import Event, EvidenceRef
from contract.taxonomy import Seen
from tests.central.brokers import embedded_broker
from tests.central.browsing import chromium, visit
from tests.central.builders import T0, Street, minutes
from tests.central.served import PATIENCE_S, EdgeEnd, Served, serve


@dataclass
class Room:
    """The service, a node that sends to it, and a browser. Cameras are numbered as they are asked for."""

    running: Served
    node: EdgeEnd
    browser: Browser
    street: Street = field(default_factory=Street)
    cameras: int = 0

    def camera(self) -> str:
        self.cameras += 1
        return f"view-{self.cameras}"

    def send(self, *events: Event) -> None:
        """Sends, and waits until association has them."""
        self.node.send(*events)
        self.node.wait_for_receipt(*(event.data.seq for event in events))
        deadline = time.monotonic() + PATIENCE_S
        while self.running.get("health")["inbox_waiting"]:
            assert time.monotonic() < deadline, "association takes too long"

    def grills(self, camera: str, count: int = 3, *, evidence: tuple[EvidenceRef, ...] = ()) -> None:
        """Grills to review, 20 m and more apart, seen by the camera alone, hours after those of the camera before."""
        step_m, across = (30.0, 6) if count <= 24 else (20.0, 9)  # all of them in the zone where grills are banned
        places = [(step_m * (number % across) - 80, step_m * (number // across) - 40) for number in range(count)]
        first = T0 + minutes(180 * self.cameras)
        self.send(
            *(
                self.street.event(
                    f"{camera} {number}",
                    Seen.GRILL,
                    place,
                    camera=camera,
                    first=first,
                    last=first + minutes(2 + number),
                    evidence=evidence if number == 0 else (),
                )
                for number, place in enumerate(places)
            )
        )

    def cases(self, camera: str) -> list[str]:
        """Ids of the camera's cases, newest first."""
        items = self.running.get("cases?state=any&limit=500")["items"]
        return [case["id"] for case in items if camera in case["cameras"]]

    def states(self, camera: str) -> list[str]:
        items = self.running.get("cases?state=any&limit=500")["items"]
        return sorted(case["state"] for case in items if camera in case["cameras"])

    @contextmanager
    def visiting(self, locale: str = "zh-CN", width: int = 1280) -> Iterator[Page]:
        """A signed-in page that fails the test on any error of its scripts or word on its console."""
        with visit(self.browser, locale, width, expected="Failed to load resource") as page:
            page.goto(f"{self.running.console}login")
            page.request.get(f"{self.running.console}?token={self.running.token}")
            yield page

    def enter(self, page: Page, camera: str, count: int = 3) -> None:
        """The list of all that the room has to decide and to report of that camera.

        Where more alerts than `count` are one line, that takes a moment: they are looked for now and then.
        """
        page.goto(f"{self.running.console}?state=open&camera={camera}")
        page.wait_for_selector(".connection.on")
        expect(page.locator("#live .card.pending_review")).to_have_count(count)


@contextmanager
def open_room(folder: Path, *flags: str) -> Iterator[Room]:
    with embedded_broker() as port, serve(folder, port, *flags) as running, chromium() as browser:
        running.wait_for_log("broker connected")
        node = EdgeEnd(port)
        yield Room(running, node, browser)
        node.close()
