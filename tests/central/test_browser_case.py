"""The page of one case in a real browser: its evidence player, its clocks, and whatever strangers wrote into it."""

import hashlib
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from contract.events import EvidenceRole
from contract.taxonomy import Seen
from tests.central.browsing import CHROMIUM
from tests.central.builders import T0, evidence_ref, minutes, seconds
from tests.central.room import Room, open_room
from tests.central.test_browser import drawn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
NOTED = "retry: 100\nid: 1\nevent: changed\ndata: {}\n\n"
IS_LARGE = """() => {
  const frame = document.querySelector(".lane .frame");
  return frame !== null && frame.offsetWidth / frame.parentElement.clientWidth > 0.6;
}"""
HOSTILE = '\'"><img src=x onerror="window.hit=1"><script>window.hit=1</script><svg onload=window.hit=1>{{7*7}}'


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with open_room(tmp_path_factory.mktemp("room")) as found:
        yield found


def test_the_player_goes_through_the_frames_of_all_cameras_at_one_moment(room: Room) -> None:
    one, other = room.camera(), room.camera()
    pictures: dict[str, bytes] = {}
    for index, camera in enumerate((one, other)):
        refs = []
        for number, role in enumerate((EvidenceRole.LEAD_UP, EvidenceRole.CONFIRMATION, EvidenceRole.LATEST)):
            content = drawn(40 * number + 20 * index + 20)
            taken = T0 + seconds(5 * number + index)
            refs.append(evidence_ref(content, role).model_copy(update={"captured_at": taken}))
            pictures[refs[-1].sha256] = content
        seen = Seen.SMOKE if index else Seen.GRILL
        place = (60.0 + 2 * index, 20.0)
        room.send(room.street.event(camera, seen, place, camera=camera, last=T0 + minutes(2), evidence=tuple(refs)))
    late = hashlib.sha256(drawn(120)).hexdigest()  # the second camera's latest is still on its way
    for sha256, content in pictures.items():
        if sha256 != late:
            room.running.wait_for_picture(sha256, content)
    (case_id,) = room.cases(one)
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}cases/{case_id}")
        lanes = page.locator(".lane")
        expect(lanes).to_have_count(2)
        expect(lanes.nth(0).locator(".stage img")).to_have_js_property("naturalWidth", 640)
        expect(lanes.nth(1).locator(".stage")).to_contain_text("still on its way")
        expect(lanes.nth(0).locator(".proof")).to_contain_text("hash holds")
        page.keyboard.press("ArrowLeft")
        expect(lanes.nth(1).locator(".stage img")).to_have_js_property("naturalWidth", 640)
        page.keyboard.press("b")
        expect(lanes.nth(0).locator(".stage img")).to_have_count(2)
        page.keyboard.press("+")
        page.wait_for_function(IS_LARGE)
        page.locator("#window").select_option("near")
        expect(page.locator("#moment-text")).to_contain_text("6:00:05")  # the site's clocks, whatever the browser's
        page.locator("#show-boxes").uncheck()
        expect(lanes.nth(0).locator(".boxes").first).to_be_hidden()


def test_an_original_is_shown_only_with_a_reason_and_the_asking_is_on_record(room: Room) -> None:
    camera = room.camera()
    content = drawn(200)
    ref = evidence_ref(content)
    room.grills(camera, 1, evidence=(ref,))
    room.running.wait_for_picture(ref.sha256, content)
    (case_id,) = room.cases(camera)
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}cases/{case_id}")
        page.locator(".reveal").click()
        page.locator("#revealing .primary").click()
        page.wait_for_selector("#revealing[open]")  # a reason is asked for
        page.locator("#revealing textarea").fill("complaint 4711 names the seller")
        with page.expect_request("**/originals") as asked:
            page.locator("#revealing .primary").click()
        assert (asked.value.post_data_json or {})["reason"] == "complaint 4711 names the seller"
        expect(page.locator(".proof").first).to_contain_text(
            "its node is not connected: node-1 · the request stands until"
        )
        response = asked.value.response()
        assert response is not None
        assert response.status == 202


def test_a_case_shows_its_clock_its_place_and_takes_comments(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 2)
    case_id = room.cases(camera)[0]
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}cases/{case_id}")
        page.get_by_role("button", name="Confirm", exact=True).click()
        page.wait_for_selector(".headline.confirmed")
        page.locator("#comment").fill("half a comment")
        room.running.act(case_id, "report")
        expect(page.locator("#stale")).to_be_visible()  # what is being typed is left alone
        assert page.locator("#comment").input_value() == "half a comment"
        page.locator(".comment button").click()
        expect(page.locator(".timeline")).to_contain_text("half a comment")
        expect(page.locator(".standing .clock b")).to_contain_text(":")


def test_a_page_loads_anew_only_when_something_that_it_shows_has_changed(room: Room) -> None:
    camera = room.camera()
    room.grills(camera, 1)
    (case_id,) = room.cases(camera)
    with room.visiting("en-GB") as page:
        page.add_init_script("sessionStorage.loads = Number(sessionStorage.loads ?? 0) + 1;")
        page.route("**/live/cases/**", lambda route: route.fulfill(content_type="text/event-stream", body=NOTED))
        with page.expect_response(lambda one: one.request.resource_type == "fetch" and one.url.endswith(case_id)):
            page.goto(f"{room.running.console}cases/{case_id}")
        room.running.act(case_id, "comment", note="it is out again")
        expect(page.locator(".timeline")).to_contain_text("it is out again")
        assert page.evaluate("sessionStorage.loads") == "2"


def test_whatever_strangers_write_stays_text_on_every_page(room: Room) -> None:
    camera = room.camera()
    ref = evidence_ref(drawn(90)).model_copy(update={"redaction": HOSTILE[:64]})
    event = room.street.event(HOSTILE, Seen.GRILL, (-80, -50), camera=camera, last=T0 + minutes(3), evidence=(ref,))
    data = event.data.model_copy(update={"camera_id": HOSTILE, "zones": (HOSTILE,)})
    room.send(event)
    room.send(event.model_copy(update={"data": data.model_copy(update={"seq": event.data.seq + 1})}))  # a dead letter
    room.street.seqs["node-1"] += 1
    (case_id,) = room.cases(camera)
    room.running.act(case_id, "comment", note=HOSTILE)
    room.running.act(case_id, "reject", reason=5, note=HOSTILE)
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}bring")
        page.locator("[name=kind]").select_option(index=1)
        page.locator("[name=source]").select_option("citizen")
        for name in ("address", "description"):
            page.locator(f"[name={name}]").fill(HOSTILE)
        page.locator("main form button").last.click()
        page.wait_for_selector("#case")
        told = page.url.removeprefix(room.running.console)
        drawn_last = {
            "": ".card",
            "?state=all": ".card",
            "wall?state=all": "#rows article",
            f"cases/{case_id}": ".said:has-text('onerror')",
            told: ".headline:has-text('onerror')",
        }
        for path, last in drawn_last.items():
            page.goto(f"{room.running.console}{path}")
            expect(page.locator(last)).not_to_have_count(0)
            assert page.evaluate("[window.hit, document.querySelector('img[src=x]')]") == [None] * 2, path
        page.locator("#comment").fill(HOSTILE)
        page.locator(".comment button").click()
        expect(page.locator(".timeline li", has_text="onerror")).to_have_count(1)
        assert page.evaluate("window.hit") is None


def test_four_megabytes_of_description_are_refused_and_lose_nothing(room: Room) -> None:
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}bring")
        page.locator("[name=kind]").select_option(index=1)
        page.locator("[name=source]").select_option("citizen")
        page.locator("[name=address]").fill("by the bridge")
        field = page.locator("[name=description]")
        field.evaluate("field => { field.removeAttribute('maxlength'); field.value = 'x'.repeat(4 * 1024 * 1024); }")
        with page.expect_response("**/bring") as answered:
            page.locator("main form button").last.click()
        assert answered.value.status in (400, 413, 422)
        cases = room.running.get("cases?state=any&limit=500")["items"]
        assert [case for case in cases if case["address"] == "by the bridge"] == []
