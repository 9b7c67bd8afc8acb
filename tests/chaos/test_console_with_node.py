"""The console beside a real node: a fresh picture, a sealed original, a film, and what is said when one can't be had.

A node as a process watches a clip of the simulated street with the shipped model; central, broker and browser are real.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from deploy.parts import enrol_node
from tests.central.brokers import embedded_broker
from tests.central.browsing import CHROMIUM, chromium
from tests.central.served import ROOT, Served, serve
from tests.edge.clips import encode, street_pictures
from tests.edge.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
QUICK = {"look_every_s": 1, "share": 0.5, "present_after_s": 3, "gone_after_s": 30, "update_every_s": 3}
KINDS = ("grill", "stall", "smoke", "flame")
PATIENCE_S = 120.0
PATIENCE_MS = 30_000
WHY = "appeal 4711 names the keeper"


@dataclass
class Town:
    """Everything that runs, and the case that the node's camera found."""

    folder: Path
    served: Served
    browser: Browser
    case: str = ""
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @contextmanager
    def visiting(self, path: str = "") -> Iterator[Page]:
        """A signed-in page, at the case's unless told otherwise, that fails the test on any error of its scripts."""
        page = self.browser.new_context(locale="en-GB").new_page()
        page.set_default_timeout(PATIENCE_MS)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{self.served.console}login")
        page.request.get(f"{self.served.console}?token={self.served.token}")
        page.goto(f"{self.served.console}{path or f'cases/{self.case}'}")
        yield page
        page.context.close()
        assert errors == []

    def start_node(self) -> None:
        command = [sys.executable, "-m", "edge", "run", "--config", str(self.folder / "node.yaml")]
        environment = {**os.environ, "XUNJIE_SECRET_NODE_TOKEN": self.served.node_token}
        with (self.folder / "node.log").open("ab") as log:
            self.nodes.append(subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log))
        until(self.is_watching, "the node's camera is live", PATIENCE_S)

    def stop_node(self) -> None:
        self.nodes[-1].terminate()
        self.nodes[-1].wait(PATIENCE_S)
        until(lambda: not self.is_watching(), "central knows that the node is away", PATIENCE_S)

    def is_watching(self) -> bool:
        status = [one["status"] for one in self.served.get("nodes")["items"]]
        return any(one["state"] == "online" and one["cameras"][0]["state"] == "live" for one in status)

    def has_state(self, case_id: str, state: str) -> bool:
        return bool(self.served.get(f"cases/{case_id}")["state"] == state)

    def evidence(self, role: str) -> list[str]:
        """The case's pictures of that role that lie at central, oldest first."""
        found = self.served.get(f"cases/{self.case}")["evidence"]
        return [one["sha256"] for one in found if one["role"] == role and one["is_stored"]]

    def find_case(self) -> bool:
        """Whether there is a case with a film; it is the one that is looked at from then on."""
        for found in self.served.get("cases?state=any&limit=50")["items"]:
            self.case = found["id"]
            if self.evidence("clip") and self.evidence("confirmation"):
                return True
        return False


def configure(town: Town, clip: Path, broker: int) -> None:
    """The file of an enrolled node that watches `clip` over and over and films what it finds."""
    folder, console = town.folder, town.served.console.rstrip("/")
    presence = {kind: QUICK | {"gate": 0.2, "confirm_score": 0.2} for kind in KINDS}
    (folder / "policies.yaml").write_text(yaml.safe_dump({"presence": presence}), encoding="utf-8")
    settings = {
        "node_id": "node-1",
        "state_dir": str(folder / "node"),
        "policies": str(folder / "policies.yaml"),
        "clock": "assume-synchronised",
        "uplink": {"mqtt_url": f"mqtt://127.0.0.1:{broker}", "central_url": console},
        "evidence": {"redact_finely": False, "clips_of": list(KINDS), "clip_pictures": 6},
        "cameras": [{"camera_id": "cam-1", "source": str(clip), "look_every_s": 1.0}],
    }
    (folder / "node.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    enrol_node(console, town.served.token, "node-1", folder / "node")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    clip = encode(folder / "street.mp4", street_pictures(30, each=5))
    (folder / "central").mkdir()
    with embedded_broker() as broker, serve(folder / "central", broker) as served, chromium() as browser:
        served.wait_for_log("broker connected")
        found = Town(folder, served, browser)
        configure(found, clip, broker)
        try:
            found.start_node()
            until(found.find_case, "a case with a film is at central", PATIENCE_S)
            yield found
        finally:
            found.nodes[-1].terminate()
            found.nodes[-1].wait(PATIENCE_S)


def test_a_fresh_picture_comes_for_everybody_who_asks(town: Town) -> None:
    with town.visiting("?state=all") as one, town.visiting("?state=all") as other:
        for page in (one, other):
            page.wait_for_selector(".connection.on")
            page.keyboard.press("j")
            page.keyboard.press("n")
        for page in (one, other):
            expect(page.locator("#look .state")).to_contain_text("cam-1 · taken at", timeout=PATIENCE_MS)
            expect(page.locator("#look img")).to_have_js_property("naturalWidth", 640)


def test_live_alerts_of_the_node_are_decided_by_keyboard_and_taken_back(town: Town) -> None:
    """One alert after the other: the node goes on telling of them meanwhile, and none of it takes a decision back."""
    with town.visiting("?state=open") as page:
        page.wait_for_selector(".connection.on")
        expect(page.locator("#live .card.pending_review").first).to_be_visible(timeout=2 * PATIENCE_MS)
        case_id = str(page.locator("#live .card.pending_review").first.get_attribute("data-case"))
        row = page.locator(f"#live [data-case='{case_id}']")
        stand_on(page, case_id)
        page.keyboard.press("a")
        page.wait_for_selector("#giving[open]")
        page.keyboard.press("Enter")
        expect(row.locator(".assignee.own")).to_be_visible()
        for keys, state in (("t", "confirmed"), ("f2", "rejected_false_alarm")):
            stand_on(page, case_id)
            for key in keys:
                page.keyboard.press(key)
            until(partial(town.has_state, case_id, state), state)
            page.keyboard.press("z")
            until(partial(town.has_state, case_id, "pending_review"), "it is taken back")
            expect(row.locator(".badge.pending_review")).to_be_visible()
        stand_on(page, case_id)
        page.keyboard.press("c")
        expect(page.locator("#toast")).to_contain_text("first say that it is true (T)")
        page.keyboard.press("t")
        expect(row).to_have_attribute("data-state", "confirmed")
        stand_on(page, case_id)
        page.keyboard.press("c")
        page.wait_for_selector("#make[open]")
        page.keyboard.press("Enter")
        expect(row).to_have_count(0)
        assert town.has_state(case_id, "reported")


def stand_on(page: Page, case_id: str) -> None:
    """Moves there by J from the first row on."""
    for _ in range(page.locator("#live .card").count()):
        page.keyboard.press("k")
    while page.locator("#live [aria-current]").get_attribute("data-case") != case_id:
        page.keyboard.press("j")


def test_a_film_plays_and_stands_at_the_players_moment_with_its_box_and_its_proof(town: Town) -> None:
    with town.visiting() as page:
        page.locator(".frames button[data-role=clip]").first.click()
        page.wait_for_function("() => document.querySelector('.stage video')?.readyState >= 2")
        film = page.locator(".stage video")
        assert film.evaluate("film => [film.error, film.videoWidth]") == [None, 640]
        assert 0.2 < film.evaluate("film => film.duration") < 6
        expect(page.locator(".stage .boxes rect.line").first).to_be_attached()
        expect(page.locator(".proof").first).to_have_text("hash holds · signature holds")
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => Math.abs(document.querySelector('.stage video').currentTime - 0.251) < 0.01")
        page.keyboard.press("p")
        page.wait_for_function("() => !document.querySelector('.stage video')")  # through its end to the next picture
        page.locator("#window").select_option("near")
        page.keyboard.press("b")
        expect(page.locator(".stage.comparing img")).to_have_count(2)


def test_an_original_is_shown_for_a_reason_and_stands_in_the_history(town: Town) -> None:
    with town.visiting() as page:
        page.locator(".frames button[data-role=confirmation]").first.click()
        ask_original(page)
        page.wait_for_selector(".stage.unredacted img")
        expect(page.locator(".said").first).to_contain_text("original, not redacted")
        page.locator(".reveal").first.click()
        expect(page.locator(".stage.unredacted")).to_have_count(0)
        page.reload()
        expect(page.locator(".timeline .original_opened")).to_contain_text(WHY)


def ask_original(page: Page) -> None:
    page.locator(".reveal").first.click()
    page.locator("#revealing textarea").fill(WHY)
    page.locator("#revealing .primary").click()


def test_the_package_that_is_downloaded_holds_the_film_and_verifies(town: Town) -> None:
    package = town.folder / "package.zip"
    with town.visiting() as page:
        with page.expect_download() as under_way:
            page.locator("a[download]").click()
        under_way.value.save_as(package)
    assert any(name.endswith(".mp4") for name in ZipFile(package).namelist())
    command = [sys.executable, "-m", "central", "verify-package", str(package)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_picture_whose_file_was_changed_is_shown_as_broken(town: Town) -> None:
    sha256 = town.evidence("lead_up")[0]
    path = town.folder / "central" / "evidence" / sha256[:2] / f"{sha256}.jpg"
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:-500] + bytes(500))
    with town.visiting() as page:
        page.locator(f".frames button[data-sha='{sha256}']").first.click()
        expect(page.locator(".proof.bad")).to_have_text("hash broken! · signature holds")
        expect(page.locator(".stage.unproven")).to_have_count(1)
    path.write_bytes(content)


def test_a_node_that_went_away_is_named_and_the_request_waits_for_it(town: Town) -> None:
    town.stop_node()
    with town.visiting() as page:
        page.locator(".now").first.click()
        expect(page.locator("#look .state")).to_contain_text("The node is not connected: node-1")
        page.keyboard.press("Escape")
        page.locator(".frames button[data-role=latest]").first.click()
        ask_original(page)
        expect(page.locator(".proof").first).to_contain_text("its node is not connected: node-1 · the request stands")
        town.start_node()
        page.wait_for_selector(".stage.unredacted img")
