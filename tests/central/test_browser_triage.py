"""The live list by keyboard in a real browser: one request a decision, undone by the workflow, nothing lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect, sync_playwright

from contract.taxonomy import Seen
from tests.central.brokers import embedded_broker
from tests.central.builders import T0, Street, minutes
from tests.central.served import EdgeEnd, Served, serve
from tests.central.test_browser import CHROMIUM, QUIET

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
GRILLS = 3


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)


@contextmanager
def visiting(browser: Browser, locale: str = "zh-CN") -> Iterator[Page]:
    """A page that fails the test on any error of its scripts."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale=locale)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@contextmanager
def street_of_grills(folder: Path, count: int = GRILLS) -> Iterator[Served]:
    """Central with some grills to review, 40 m apart."""
    with embedded_broker() as port, serve(folder, port) as running:
        running.wait_for_log("broker connected")
        node, street = EdgeEnd(port), Street()
        for number in range(count):
            place = (30.0 * (number % 6) - 80, 30.0 * (number // 6) - 30)
            node.send(street.event(f"grill {number}", Seen.GRILL, place, last=T0 + minutes(2 + number)))
        node.wait_for_receipt(*range(1, count + 1))
        yield running
        node.close()


def enter(page: Page, running: Served, count: int = GRILLS) -> None:
    page.goto(f"{running.console}?token={running.token}")
    page.wait_for_selector(".connection.on")
    expect(page.locator("#live .card.pending_review")).to_have_count(count)


def states(running: Served) -> list[str]:
    return sorted(case["state"] for case in running.get("cases?state=any")["items"])


def test_alerts_are_triaged_without_a_mouse_by_one_request_each_and_taken_back(
    browser: Browser, tmp_path: Path
) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as page:
        enter(page, running)
        asked: list[str] = []

        def note(request: Request) -> None:
            if request.method != "GET":
                asked.append(f"{request.method} {request.url.rsplit('/', 1)[-1]}")

        page.on("request", note)
        page.keyboard.press("?")
        page.wait_for_selector("#help[open]")
        page.keyboard.press("?")
        page.keyboard.press("j")
        assert page.locator("[aria-current] a").evaluate("link => link === document.activeElement")
        assert page.locator("[aria-current] a").evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
        page.keyboard.press("t")
        assert page.locator("#toast").is_visible()
        page.wait_for_selector("#live .confirmed")
        page.keyboard.press("f")
        page.wait_for_selector("#reasons[open]")
        page.keyboard.press("2")
        expect(page.locator("#live .card.pending_review")).to_have_count(1)
        assert asked == ["POST confirm", "POST reject"]
        assert states(running) == ["confirmed", "pending_review", "rejected_false_alarm"]
        page.keyboard.press("z")
        expect(page.locator("#live .card.pending_review")).to_have_count(2)
        assert states(running) == ["confirmed", "pending_review", "pending_review"]
        page.keyboard.press("k")
        page.keyboard.press("k")
        page.keyboard.press("c")
        page.wait_for_selector("#make[open]")
        page.keyboard.press("Enter")
        expect(page.locator("#live .card.confirmed")).to_have_count(0)
        assert states(running) == ["pending_review", "pending_review", "reported"]
        assert asked == ["POST confirm", "POST reject", "POST reopen", "POST report"]


def test_a_case_that_is_open_for_triage_shows_who_is_at_work_on_it_until_it_is_closed(
    browser: Browser, tmp_path: Path
) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as mine, visiting(browser, "en-GB") as theirs:
        enter(mine, running)
        enter(theirs, running)
        mine.keyboard.press("j")
        mine.keyboard.press("Enter")
        mine.wait_for_selector("#live .card.open .claim")
        theirs.wait_for_selector("#live .claim:has-text('operator')")
        mine.keyboard.press("Escape")
        expect(theirs.locator("#live .claim")).to_have_count(0)


def test_a_decision_is_kept_when_the_page_closes_at_once(browser: Browser, tmp_path: Path) -> None:
    with street_of_grills(tmp_path) as running, running.live(1_000_000) as messages:
        next(messages)  # "reset": listening from now on
        with visiting(browser) as page:
            enter(page, running)
            page.keyboard.press("j")
            page.keyboard.press("t")
        while "confirmed" not in states(running):
            next(messages)


def test_what_the_service_refuses_is_said_and_the_card_is_as_it_was(browser: Browser, tmp_path: Path) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as page:
        enter(page, running)
        page.route("**/actions/*", lambda route: route.abort())
        page.keyboard.press("j")
        page.keyboard.press("t")
        page.wait_for_selector("#toast.bad")
        assert page.locator("#live .sent").count() == 0
        assert states(running) == ["pending_review"] * GRILLS


def test_a_storm_stands_behind_one_card_with_its_count_and_a_filter_stays_in_the_address(
    browser: Browser, tmp_path: Path
) -> None:
    with street_of_grills(tmp_path, 12) as running, visiting(browser) as page:
        enter(page, running, 12)
        expect(page.locator("#live .card:not(.folded)")).to_have_count(1)
        expect(page.locator("#live .storm")).to_contain_text("12")
        page.keyboard.press("j")
        page.keyboard.press("g")
        expect(page.locator("#live .card:not(.folded)")).to_have_count(12)
        page.locator("select[name=state]").select_option("confirmed")
        page.locator(".filters button").click()
        page.wait_for_selector("#live:empty", state="attached")
        assert "state=confirmed" in page.url
        case_id = running.get("cases?state=any")["items"][0]["id"]
        running.act(case_id, "confirm")
        page.wait_for_selector("#live .card.confirmed")


COUNT_TONES = """
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
"""


def test_an_alert_sounds_until_somebody_has_seen_it_once_a_person_has_switched_sound_on(
    browser: Browser, tmp_path: Path
) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as page:
        page.add_init_script(COUNT_TONES)
        enter(page, running)
        case_id = running.get("cases")["items"][0]["id"]
        running.act(case_id, "confirm")
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        running.act(case_id, "reopen", note="again")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "1")
        assert page.evaluate("window.tones") == 0
        page.locator("#sound").click()
        assert page.evaluate("window.tones") == 2  # severity 2: two tones
        page.keyboard.press("x")
        expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("q")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "0")


def test_a_stream_that_is_refused_is_shown_as_a_gap_and_resumed_from_the_last_event(
    browser: Browser, tmp_path: Path
) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as page:
        refused = [True]
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            if refused:
                refused.clear()
                route.fulfill(status=503)
            else:
                route.continue_()

        page.route("**/events/stream*", answer)
        page.goto(f"{running.console}?token={running.token}")
        page.wait_for_selector("#gap:not([hidden])")
        assert page.locator("#connection.off").count() == 1
        page.wait_for_selector(".connection.on")
        expect(page.locator("#live .card.pending_review")).to_have_count(GRILLS)
        assert len(asked) == 2
        assert all("?after=" in url for url in asked)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_wall_shows_the_worst_in_large_letters_and_follows(browser: Browser, tmp_path: Path, theme: str) -> None:
    with street_of_grills(tmp_path) as running, visiting(browser) as page:
        page.set_viewport_size({"width": 1920, "height": 1080})
        enter(page, running)
        page.goto(f"{running.console}wall?theme={theme}")
        expect(page.locator("#rows article")).to_have_count(GRILLS)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1920
        assert page.locator("h2").first.evaluate("title => parseFloat(getComputedStyle(title).fontSize)") >= 45
        running.act(running.get("cases")["items"][0]["id"], "reject", reason=1)
        expect(page.locator("#rows article")).to_have_count(GRILLS - 1)
