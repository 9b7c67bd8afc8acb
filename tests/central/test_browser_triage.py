"""The live list by keyboard in a real browser: one request a decision, undone by the workflow, nothing lost."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Request, Route, expect

from contract.taxonomy import Seen
from tests.central.browsing import CHROMIUM, fix_time, stop_time
from tests.central.builders import T0, minutes
from tests.central.room import Room, open_room
from tests.edge.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with open_room(tmp_path_factory.mktemp("room")) as found:
        yield found


def changes_asked_by(page: Page) -> list[str]:
    """Fills with everything that the page asks to change from now on."""
    asked: list[str] = []

    def note(request: Request) -> None:
        if request.method != "GET":
            asked.append(f"{request.method} {request.url.rsplit('/', 1)[-1]}")

    page.on("request", note)
    return asked


def test_alerts_are_triaged_without_a_mouse_by_one_request_each_and_taken_back(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        stop_time(page)  # what was decided can be taken back for ten seconds
        room.enter(page, camera)
        asked = changes_asked_by(page)
        page.keyboard.press("?")
        page.wait_for_selector("#help[open]")
        page.keyboard.press("?")
        page.keyboard.press("j")
        expect(page.locator("#live [aria-current] a")).to_be_focused()
        expect(page.locator("#live [aria-current] a")).to_have_css("outline-style", "solid")
        page.keyboard.press("t")
        expect(page.locator("#toast")).to_be_visible()
        page.wait_for_selector("#live .confirmed")
        page.keyboard.press("f")
        page.wait_for_selector("#reasons[open]")
        page.keyboard.press("2")
        expect(page.locator("#live .card.pending_review")).to_have_count(1)
        assert asked == ["POST confirm", "POST reject"]
        assert room.states(camera) == ["confirmed", "pending_review", "rejected_false_alarm"]
        page.keyboard.press("z")
        expect(page.locator("#live .card.pending_review")).to_have_count(2)
        assert room.states(camera) == ["confirmed", "pending_review", "pending_review"]
        page.keyboard.press("k")
        page.keyboard.press("k")
        page.keyboard.press("c")
        page.wait_for_selector("#make[open]")
        page.keyboard.press("Enter")
        expect(page.locator("#live .card.confirmed")).to_have_count(0)
        assert room.states(camera) == ["pending_review", "pending_review", "reported"]
        assert asked == ["POST confirm", "POST reject", "POST reopen", "POST report"]


def test_several_are_decided_in_one_request_after_a_count_and_taken_back_in_one(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 4)
    with room.visiting("en-GB") as page:
        stop_time(page)
        room.enter(page, camera, 4)
        asked = changes_asked_by(page)
        page.keyboard.press("*")
        expect(page.locator("#picked b")).to_contain_text("4")
        page.keyboard.press("t")
        expect(page.locator("#several h2")).to_contain_text("4 cases")
        page.keyboard.press("Enter")
        expect(page.locator("#live .card.confirmed")).to_have_count(4)
        expect(page.locator("#picked")).to_be_hidden()
        page.keyboard.press("z")
        expect(page.locator("#live .card.pending_review")).to_have_count(4)
        assert asked == ["POST confirm", "POST reopen"]


def test_cases_are_merged_split_again_and_given_to_somebody(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 2)
    with room.visiting("en-GB") as page:
        room.enter(page, camera, 2)
        asked = changes_asked_by(page)
        page.keyboard.press("*")
        page.keyboard.press("m")
        page.wait_for_selector("#several[open]")
        page.keyboard.press("Enter")
        expect(page.locator("#live .card")).to_have_count(1)
        page.keyboard.press("j")
        page.keyboard.press("s")
        page.wait_for_selector("#parting[open]")
        page.locator("#parting input").first.check()
        page.locator("#parting .primary").click()
        expect(page.locator("#live .card")).to_have_count(2)
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.wait_for_selector("#giving[open]")
        page.keyboard.press("Enter")
        expect(page.locator("#live .assignee.own")).to_have_count(1)
        assert asked == ["POST merge", "POST split", "POST assign"]
        page.locator("input[name=mine]").check()
        page.locator(".filters button").click()
        page.wait_for_url("**mine=1*")
        expect(page.locator("#live .card")).to_have_count(1)


def test_a_fresh_picture_is_asked_for_and_where_none_comes_it_says_why(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    with room.visiting("en-GB") as page:
        room.enter(page, camera, 1)
        page.keyboard.press("j")
        page.keyboard.press("n")
        page.wait_for_selector("#look[open] progress:not([hidden])")
        expect(page.locator("#look .state")).to_contain_text("The node is not connected: node-1")
        page.route("**/looks/*", lambda route: route.fulfill(json=dict(LOOK, state="limited", reason="busy")))
        expect(page.locator("#look .state")).to_contain_text("Too many requests")
        page.keyboard.press("Escape")
        page.unroute("**/looks/*")
        page.route("**/looks/*", lambda route: route.fulfill(json=dict(LOOK, state="done", is_here=True)))
        page.route("**/looks", lambda route: route.fulfill(status=201, json=LOOK))
        page.keyboard.press("n")
        page.wait_for_selector("#look img[src$='/picture']:not([hidden])", state="attached")


def test_why_a_node_sends_no_picture_is_said_in_the_pages_language(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    with room.visiting() as page:
        room.enter(page, camera, 1)
        said = dict(LOOK, state="failed", reason="camera cam-1: no picture within 20 s", reason_zh="20 秒内没有画面")
        page.route("**/looks/*", lambda route: route.fulfill(json=said))
        page.route("**/looks", lambda route: route.fulfill(status=201, json=LOOK))
        page.keyboard.press("j")
        page.keyboard.press("n")
        expect(page.locator("#look .state")).to_contain_text("20 秒内没有画面")
        expect(page.locator("#look .state")).not_to_contain_text("no picture")


LOOK = {
    "request_id": "01900000-0000-7000-8000-000000000001",
    "state": "open",
    "reason": "",
    "is_here": False,
    "camera": "cam-1",
    "captured_at": None,
    "expires_at": "2026-07-01T10:00:00Z",
    "node_id": "node-1",
    "is_node_online": True,
    "node_heard_at": None,
    "camera_state": "live",
    "camera_reason": "",
}


def test_a_case_that_is_open_for_triage_shows_who_is_at_work_on_it_until_it_is_closed(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as mine, room.visiting("en-GB") as theirs:
        room.enter(mine, camera)
        room.enter(theirs, camera)
        mine.keyboard.press("j")
        mine.keyboard.press("Enter")
        mine.wait_for_selector("#live .card.open .claim.own")
        theirs.wait_for_selector("#live .claim:has-text('operator')")
        mine.keyboard.press("Escape")
        expect(theirs.locator("#live .claim")).to_have_count(0)


def test_a_decision_is_kept_when_the_page_closes_at_once(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        room.enter(page, camera)
        page.keyboard.press("j")
        page.keyboard.press("t")
        page.close()  # the browser goes on
        until(lambda: "confirmed" in room.states(camera), "the decision has arrived")


def test_what_can_not_be_sent_is_kept_and_sent_when_asked(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        room.enter(page, camera)
        page.route("**/actions/*", lambda route: route.abort())
        page.keyboard.press("j")
        page.keyboard.press("t")
        page.wait_for_selector("#toast.bad")
        expect(page.locator("#live .sent")).to_have_count(0)
        assert room.states(camera) == ["pending_review"] * 3
        page.unroute("**/actions/*")
        page.locator("#kept [value=send]").click()
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        expect(page.locator("#kept")).to_be_hidden()


def test_a_session_that_ended_keeps_the_decision_until_after_the_next_sign_in(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting("en-GB") as page:
        room.enter(page, camera)
        page.context.clear_cookies()
        page.keyboard.press("j")
        page.keyboard.press("t")
        page.locator("#kept a").click()
        page.wait_for_selector("#token", state="attached")
        page.locator("summary").click()
        page.locator("#token").fill(room.running.token)
        page.locator("details button").click()
        page.wait_for_url(f"**camera={camera}")
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        expect(page.locator("#kept")).to_be_hidden()


def test_of_two_operators_on_one_alert_the_second_is_told(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    with room.visiting("en-GB") as page:
        page.route("**/live?*", lambda route: route.fulfill(status=503))  # it sees nothing of the other's work
        page.goto(f"{room.running.console}?camera={camera}")
        page.keyboard.press("j")
        room.running.act(room.cases(camera)[0], "reject", reason=1)
        page.keyboard.press("t")
        expect(page.locator("#toast.bad")).to_be_visible()
        assert room.states(camera) == ["rejected_false_alarm"]


def test_a_storm_of_any_size_is_one_line_with_its_count_and_a_filter_stays_in_the_address(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 45)
    with room.visiting() as page:
        room.enter(page, camera, 1)
        expect(page.locator("#live .storm")).to_contain_text("45")
        expect(page.locator("#counts .severity-2 b")).to_have_text("45")
        page.locator("select[name=state]").select_option("confirmed")
        page.locator(".filters button").click()
        page.wait_for_url("**state=confirmed**")
        page.wait_for_selector("#live:empty", state="attached")
        room.running.act(room.cases(camera)[0], "confirm")
        page.wait_for_selector("#live .card.confirmed")


def test_a_storm_is_entered_and_left_by_one_key_and_what_waits_outside_is_told(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 42)
    with room.visiting() as page:
        fix_time(page)
        room.enter(page, camera, 1)
        page.keyboard.press("g")
        expect(page.locator("#live .card.pending_review")).to_have_count(40)
        expect(page.locator(".more a")).to_have_count(1)
        expect(page.locator("#live .storm")).to_have_count(0)
        page.wait_for_selector(".connection.on")
        expect(page.locator("#live [aria-current] > a")).to_be_focused()
        page.keyboard.press("t")
        expect(page.locator("#storm-count")).to_have_text("41")
        expect(page.locator("#elsewhere b")).to_have_text("1")  # what was confirmed belongs to no storm
        later = T0 + minutes(180 * room.cameras + 170)
        room.send(
            room.street.event(
                f"{camera} later", Seen.GRILL, (0, 0), camera=camera, first=later, last=later + minutes(2)
            )
        )
        expect(page.locator("#elsewhere b")).to_have_text("2")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "1")
        page.keyboard.press("g")
        expect(page.locator("#live [aria-current] .storm")).to_contain_text("41")
        page.wait_for_selector(".connection.on")
        page.keyboard.press("z")
        expect(page.locator("#live .storm")).to_contain_text("42")


def test_a_storm_that_is_decided_at_once_says_so(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 11)
    with room.visiting("en-GB") as page:
        room.enter(page, camera, 1)
        page.goto(page.url.replace("state=open", "state=pending_review"))
        page.wait_for_selector(".connection.on")
        page.keyboard.press("g")
        expect(page.locator("#live .card.pending_review")).to_have_count(11)
        page.wait_for_selector(".connection.on")
        page.keyboard.press("*")
        page.keyboard.press("f")
        page.keyboard.press("1")
        expect(page.locator(".empty").first).to_contain_text("All of this storm is decided")
        expect(page.locator(".empty").first).to_be_visible()
        expect(page.locator("#storm-count")).to_have_text("0")


def test_a_row_drawn_before_a_decision_does_not_take_it_back(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    with room.visiting() as page:
        room.enter(page, camera, 1)
        page.route("**/actions/*", lambda route: None)
        html = page.locator("#live .card").evaluate("card => card.outerHTML")
        page.keyboard.press("j")
        page.keyboard.press("t")
        page.wait_for_selector("#live .card.sent")
        page.evaluate("async (html) => { (await import('/static/rows.js')).put(html); }", html)
        expect(page.locator("#live .card.sent")).to_have_count(1)


COUNT_TONES = """
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
"""


def test_an_alert_sounds_until_somebody_has_seen_it_once_a_person_has_switched_sound_on(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        page.add_init_script(COUNT_TONES)
        stop_time(page)  # else it sounds again after some seconds
        room.enter(page, camera)
        case_id = room.cases(camera)[0]
        room.running.act(case_id, "confirm")
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        room.running.act(case_id, "reopen", note="again")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "1")
        assert page.evaluate("window.tones") == 0
        page.locator("#sound").click()
        expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
        assert page.evaluate("window.tones") == 2  # severity 2: two tones
        page.keyboard.press("x")
        expect(page.locator("#mute")).to_have_attribute("aria-pressed", "true")
        page.keyboard.press("q")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "0")


def test_a_muted_room_hears_again_after_ten_minutes(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    with room.visiting() as page:
        page.add_init_script(COUNT_TONES)
        stop_time(page)
        room.enter(page, camera, 1)
        room.running.act(room.cases(camera)[0], "confirm")
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        page.locator("#sound").click()
        expect(page.locator("#sound")).to_have_attribute("aria-pressed", "true")
        room.running.act(room.cases(camera)[0], "reopen", note="again")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "1")
        page.keyboard.press("x")
        expect(page.locator("#mute")).to_contain_text("10")
        before = page.evaluate("window.tones")
        page.clock.fast_forward("09:56")
        expect(page.locator("#mute")).to_contain_text(" 1 ")
        assert page.evaluate("window.tones") == before
        page.clock.fast_forward("00:08")
        expect(page.locator("#mute")).to_have_attribute("aria-pressed", "false")
        assert page.evaluate("window.tones") > before


def test_a_claim_lasts_two_minutes_unless_it_is_renewed_and_an_undo_ten_seconds(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 2)
    with room.visiting() as mine, room.visiting("en-GB") as theirs:
        for page in (mine, theirs):
            stop_time(page)
            room.enter(page, camera, 2)
        asked = changes_asked_by(mine)
        mine.keyboard.press("j")
        mine.keyboard.press("Enter")
        claim = theirs.locator("#live .claim")
        expect(claim).to_be_visible()
        theirs.clock.fast_forward("01:50")
        expect(claim).to_be_visible()
        theirs.clock.fast_forward("00:11")
        expect(claim).to_be_hidden()
        with mine.expect_response("**/claim"):
            mine.clock.fast_forward("01:00")
        expect(claim).to_be_visible()  # the row is drawn anew with a lease of two minutes more
        mine.keyboard.press("t")
        expect(mine.locator("#live .card.confirmed")).to_have_count(1)
        mine.clock.fast_forward("00:11")
        mine.keyboard.press("z")
        assert asked == ["POST claim", "POST claim", "POST confirm"]
        expect(mine.locator("#live .card.confirmed")).to_have_count(1)


def test_a_stream_that_is_refused_is_shown_as_a_gap_and_resumed_from_the_last_event(room: Room) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        is_open = False
        asked: list[str] = []

        def answer(route: Route) -> None:
            asked.append(route.request.url)
            if is_open:
                route.continue_()
            else:
                route.fulfill(status=503)

        page.route("**/live?*", answer)
        page.goto(f"{room.running.console}?camera={camera}")
        page.wait_for_selector("#gap:not([hidden])")
        expect(page.locator("#connection.off")).to_have_count(1)
        is_open, before = True, len(asked)
        page.wait_for_selector(".connection.on")
        expect(page.locator("#live .card.pending_review")).to_have_count(3)
        assert len(asked) == before + 1
        assert all("after=" in url for url in asked)


def test_a_browser_whose_clock_is_days_off_shows_the_same_ages(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    days = []
    for skew_ms in (0, 3 * 86_400_000):
        with room.visiting("en-GB") as page:
            page.add_init_script(f"const real = Date.now; Date.now = () => real() + {skew_ms};")
            room.enter(page, camera, 1)
            days.append(int(re.sub(r"\D", "", page.locator("#live .age").inner_text()) or 0))
    assert abs(days[0] - days[1]) <= 1  # a day may have ended between the two


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_wall_shows_the_worst_in_large_letters_and_follows(room: Room, theme: str) -> None:
    camera = room.camera()
    room.grills(camera)
    with room.visiting() as page:
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.goto(f"{room.running.console}wall?theme={theme}&camera={camera}")
        expect(page.locator("#rows article")).to_have_count(3)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1920
        assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('h2')).fontSize)") >= 45
        room.running.act(room.cases(camera)[0], "reject", reason=1)
        expect(page.locator("#rows article")).to_have_count(2)


def test_what_is_decided_hides_nothing_of_a_storm_that_still_waits(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 13)
    with room.visiting() as page:
        page.add_init_script(COUNT_TONES)
        room.enter(page, camera, 1)
        page.locator("#sound").click()
        page.keyboard.press("j")
        page.keyboard.press("t")
        expect(page.locator("#live .card.confirmed")).to_have_count(1)
        expect(page.locator("#live .card.pending_review .storm")).to_contain_text("12")
        page.keyboard.press("q")
        room.running.act(room.cases(camera)[5], "confirm")
        expect(page.locator("#live .storm")).to_contain_text("11")
        room.running.act(room.cases(camera)[5], "reopen", note="again")
        expect(page.locator("#live .storm")).to_contain_text("12")
        expect(page.locator("#sound")).to_have_attribute("data-waiting", "1")  # behind the line, and heard
        page.locator("#parts [data-part=todo]").click()
        expect(page.locator("#live .card")).to_have_count(1)
        expect(page.locator("#parts [data-part=leads] b")).to_have_text("1")
