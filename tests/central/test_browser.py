"""The console in a real browser: light, self-contained, live, and honest about its connection."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Response, expect

from contract.taxonomy import Seen
from tests.central.brokers import embedded_broker
from tests.central.browsing import CHROMIUM, chromium, visit
from tests.central.builders import T0, Street, evidence_ref, minutes
from tests.central.served import EdgeEnd, serve
from tests.ports import free_port

FIRST_LOAD_LIMIT = 250_000
"""Bytes as they come, compressed."""
FIRST_LOAD_REQUESTS = 12
TOKEN = "a-token-that-stays"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
NO_CONNECTION = "Failed to load resource"
FITS = """([selector, width]) => document.readyState === "complete" && document.querySelector(selector) !== null
  && document.documentElement.scrollWidth <= width"""


def drawn(grey: int) -> bytes:
    """A picture that a browser can show."""
    out = BytesIO()
    Image.new("L", (640, 360), grey).convert("RGB").save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def broker() -> Iterator[int]:
    with embedded_broker() as port:
        yield port


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A desktop page in Chinese."""
    with visit(browser, expected=NO_CONNECTION) as opened:
        yield opened


def test_first_load_is_light_and_asks_nobody_else(page: Page, broker: int, tmp_path: Path) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    with serve(tmp_path, broker, backroom=False) as running:
        running.wait_for_log("broker connected")
        page.goto(f"{running.console}?token={running.token}")
        page.wait_for_selector(".connection.on")
        assert page.url == running.console
        loaded = [a for a in answers if "/live" not in a.url and "token=" not in a.url and a.status == 200]
        assert sum(a.request.sizes()["responseBodySize"] for a in loaded) <= FIRST_LOAD_LIMIT
        assert len({a.url for a in loaded}) + len(("/live", "/thumbs")) <= FIRST_LOAD_REQUESTS
        assert all(answer.url.startswith(running.console) for answer in answers)


def test_a_case_appears_changes_and_gets_its_picture_without_a_reload(page: Page, broker: int, tmp_path: Path) -> None:
    street, node, ref = Street(), EdgeEnd(broker), evidence_ref(drawn(90))
    with serve(tmp_path, broker, backroom=False) as running:
        running.wait_for_log("broker connected")
        page.goto(f"{running.console}?token={running.token}")
        page.wait_for_selector(".connection.on")
        page.evaluate("window.sameLoad = true")
        node.send(street.event("grill", Seen.GRILL, (0, 0)))
        page.wait_for_selector("#live .card.observing")
        last = T0 + minutes(2)
        node.send(street.event("grill", Seen.GRILL, (0, 0), revision=2, last=last, evidence=(ref,)))
        page.wait_for_selector("#live .card.pending_review.severity-2 h3:has-text('露天烧烤')")
        node.wait_for_receipt(2)
        running.wait_for_picture(ref.sha256, drawn(90))
        page.wait_for_selector(f"#live .thumb[data-picture='{ref.sha256}'] img")
        node.send(street.event("stall", Seen.STALL, (-20, 8), last=last))
        page.wait_for_selector("#lawful .card.suppressed")
        expect(page.locator("#live .card")).to_have_count(1)
        assert page.evaluate("window.sameLoad") is True
    node.close()


def test_a_lost_connection_is_shown_and_what_was_missed_is_filled_in(page: Page, broker: int, tmp_path: Path) -> None:
    street, node, port = Street(), EdgeEnd(broker), str(free_port())
    with serve(tmp_path, broker, "--port", port, operator_token=TOKEN, backroom=False) as running:
        running.wait_for_log("broker connected")
        page.goto(f"{running.console}?token={TOKEN}")
        page.wait_for_selector(".connection.on")
    page.wait_for_selector(".connection.off")
    mended = page.locator("#gap", has_text=str(page.locator("#gap").get_attribute("data-closed")))
    node.send(street.event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(2)))
    with serve(tmp_path, broker, "--port", port, operator_token=TOKEN, backroom=False):
        mended.wait_for()  # said for some seconds, before what was missed is here or after
        page.wait_for_selector("#live .card.pending_review")
    node.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_pages_fit_their_width(browser: Browser, broker: int, tmp_path: Path, width: int) -> None:
    street, node = Street(), EdgeEnd(broker)
    with (
        serve(tmp_path, broker, backroom=False) as running,
        visit(browser, "en-GB", width, height=740, expected=NO_CONNECTION) as page,
    ):
        page.emulate_media(color_scheme="dark")
        running.wait_for_log("broker connected")
        node.send(street.event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(2), evidence=(evidence_ref(),)))
        page.goto(f"{running.console}?token={running.token}")
        page.locator("#live .card a").first.click()
        for selector in ("#case", "#feed"):
            page.wait_for_function(FITS, arg=[selector, width])  # the case's page may load anew meanwhile
            page.goto(running.console)
    node.close()


def test_an_operator_confirms_and_reopens_through_the_forms(page: Page, broker: int, tmp_path: Path) -> None:
    node = EdgeEnd(broker)
    with serve(tmp_path, broker, backroom=False) as running:
        running.wait_for_log("broker connected")
        node.send(Street().event("grill", Seen.GRILL, (0, 0), last=T0 + minutes(2)))
        page.goto(f"{running.console}?token={running.token}")
        page.locator("#live .card.pending_review a").click()
        page.get_by_role("button", name="确认属实").click()
        page.wait_for_selector(".headline.confirmed")
        reopening = page.locator("form").filter(has=page.get_by_role("button", name="重新打开"))
        reopening.locator("input[name=note]").fill("再看一次")
        page.get_by_role("button", name="重新打开").click()
        page.wait_for_selector(".headline.pending_review")
        expect(page.locator(".timeline")).to_contain_text("再看一次")
    node.close()
