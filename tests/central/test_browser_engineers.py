"""Drawing, calibrating and the officer's phone in a real browser: by keyboard, by clicks, and without a network."""

import csv
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from central.services.registers_base import Register
from central.store import case_queries, photos
from central.store.sessions import SESSIONS
from contract.plane import Origin, Point
from contract.taxonomy import Seen
from edge.scene.streets import demo_street
from tests.central.browsing import CHROMIUM, chromium, visit
from tests.central.builders import T0, Street, minutes
from tests.central.parts import OPERATOR_TOKEN, Parts
from tests.central.registers_files import as_csv, square, zone
from tests.central.workshop_parts import CAMERA, HOSTILE, NODE, PASSWORD, Workshop, photograph, serving
from tests.edge.waiting import until

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
KEPT_PATHS = """async () => {
  const kept = await Promise.all((await caches.keys()).map(async name => (await caches.open(name)).keys()));
  return kept.flat().map(one => new URL(one.url).pathname);
}"""
STRANGE = '\'"><img src=x onerror="window.hit=1"><script>window.hit=1</script><svg onload=window.hit=1>{{7*7}}'
ROOMS_AND_FORMS = (
    "",
    "wall",
    "map",
    "bring",
    "silences",
    "handover",
    "figures",
    "registers",
    "registers/zones",
    "registers/zones/row",
    "fleet",
    f"fleet/nodes/{NODE}",
    f"fleet/nodes/{NODE}/policies",
    f"fleet/nodes/{NODE}/bundle",
    f"fleet/cameras/{CAMERA}",
    f"fleet/cameras/{CAMERA}/zones",
    f"fleet/cameras/{CAMERA}/calibration",
    "rollouts",
    "rules",
    "letters",
    "people",
    "street",
)
FILLS_AND_SENDS = """async ([text, isEverything, path]) => {
  const free = /why|note|reason|name_|address|description|place|holder|text|company|purpose|plaque|goods/;
  const parsed = (html) => new DOMParser().parseFromString(html, "text/html");
  const headers = { Accept: "text/html,application/xhtml+xml" };
  const told = [];
  const shown = parsed(await (await fetch("/" + path, { headers })).text());
  for (const form of [...shown.forms].filter((one) => one.method === "post")) {
    const action = form.getAttribute("action");
    if (/logout|sign-out|login/.test(action)) continue;
    const body = form.enctype.startsWith("multipart") ? new FormData(form) : new URLSearchParams(new FormData(form));
    for (const field of form.elements) {
      const { name, type } = field;
      if (!name || name === "csrf" || type === "checkbox" || type === "radio") continue;
      if (field.tagName === "SELECT") body.set(name, field.value || field.options[1]?.value || "");
      else if (type === "file") body.set(name, new Blob([text + "\\n" + text]), text + ".csv");
      else if (isEverything || free.test(name)) body.set(name, text);
      else if (type === "text") body.set(name, "x1");
    }
    const answer = await fetch(action, { method: "POST", body, headers });
    const isPage = answer.headers.get("content-type").includes("text/html");
    const page = parsed(isPage ? await answer.text() : "");
    told.push({ status: answer.status, hit: Boolean(page.querySelector("img[src=x], [onload], [onerror]")) });
  }
  return told;
}"""
NOTES_WHETHER_TOLD = """addEventListener("submit", () => {
  window.name = document.getElementById("weighing").hidden ? "silent" : "told";
})"""
CORNERS = ((0.15, 0.5), (0.85, 0.5), (0.15, 0.9), (0.85, 0.9))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workshop, str]]:
    with serving(tmp_path_factory.mktemp("workshop")) as served:
        yield served


def visiting(
    browser: Browser, width: int = 1280, locale: str = "en-GB", *, expected: str = "ERR_INTERNET"
) -> AbstractContextManager[Page]:
    """A page that fails the test on any error of its scripts or its console, but one that is `expected`."""
    return visit(browser, locale, width, height=780, expected=expected)


def newest(workshop: Workshop, node_id: str = NODE) -> Any:
    return json.loads(workshop.desk.bundles(node_id)[0].payload)["cameras"][0]


def test_a_zone_is_drawn_and_undone_by_keyboard_alone(browser: Browser, service: tuple[Workshop, str]) -> None:
    workshop, address = service
    before = workshop.desk.bundles(NODE)[0].version
    with visiting(browser) as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/fleet/cameras/{CAMERA}/zones")
        page.locator("#add-zone").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#shapes li")).to_have_count(2)
        expect(page.locator("[data-corner='0']")).to_be_focused()
        for key in ("ArrowRight", "Shift+ArrowDown", "+", "Delete", "+"):
            page.keyboard.press(key)
        expect(page.locator(".corner")).to_have_count(5)
        page.keyboard.press("Control+z")
        expect(page.locator(".corner")).to_have_count(4)
        page.keyboard.press("Control+y")
        page.locator("#shapes li.chosen summary").focus()
        page.keyboard.press("Enter")
        page.locator("#shapes li.chosen [value=stall]").focus()
        page.keyboard.press("Space")
        page.locator("input[name=why]").focus()
        page.keyboard.type("the kerb as well")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/fleet/cameras/{CAMERA}")
        expect(page.locator("polygon.zone")).to_have_count(2)
    assert workshop.desk.bundles(NODE)[0].version == before + 1
    zone = newest(workshop)["zones"][1]
    assert (zone["name"], zone["kinds"], len(zone["polygon"])) == ("zone-1", ["stall"], 5)
    assert zone["polygon"][0] == [0.352, 0.32]


def test_points_on_picture_and_ground_show_what_each_is_off(browser: Browser, service: tuple[Workshop, str]) -> None:
    workshop, address = service
    camera, origin = demo_street().cameras[0], Origin(36.8135, 118.0548)
    with visiting(browser) as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/fleet/cameras/cam-2/calibration")
        sheet = page.locator("#sheet")
        for number, (x, y) in enumerate(CORNERS):
            frame = sheet.bounding_box()
            assert frame is not None
            sheet.click(position={"x": x * frame["width"], "y": y * frame["height"]})
            east, north = camera.ground_point((x * camera.width_px, y * camera.height_px)) or (0.0, 0.0)
            lat, lon = origin.to_degrees(Point(east, north))
            place = page.locator("#points .place").nth(number)
            place.fill(f"{lat:.7f}, {lon:.7f}")
            place.press("Tab")
        expect(page.locator("#points .error").first).to_have_text("0.00 m")
        expect(page.locator("#said")).to_contain_text("6.")
        expect(page.locator(".heat").nth(20)).to_be_attached()
        expect(page.locator(".ground-mark")).to_have_count(4)
        page.fill("input[name=why]", "surveyed by tape")
        page.locator("#keep").click()
        page.wait_for_url("**/fleet/cameras/cam-2")
    assert len(newest(workshop, "node-2")["options"]["calibration"]["points"]) == 4


def test_other_rules_are_weighed_on_a_stored_day_and_a_wrong_number_is_named(
    browser: Browser, service: tuple[Workshop, str], tmp_path: Path
) -> None:
    workshop, address = service
    parts, street = Parts(tmp_path, workshop.settings.database_url), Street()
    for number, gap in enumerate((0, 5, 30)):  # the second belongs to the first, the third is half an hour later
        first = T0 + minutes(gap)
        parts.take(street.event(f"g{number}", Seen.GRILL, (300, 0), first=first, last=first + minutes(3)))
    parts.close()
    with visiting(browser, expected="422") as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/rules")
        page.fill("[name=day]", "2026-07-01")
        page.locator(".engineer form .primary").click()
        expect(page.locator(".sums")).to_contain_text("2 → 2")
        page.wait_for_load_state()  # its scripts are there, too
        page.fill("[name='fire.gap_s']", "7200")
        page.evaluate(NOTES_WHETHER_TOLD)
        page.locator(".engineer form .primary").click()
        expect(page.locator(".sums")).to_contain_text("2 → 1")
        page.wait_for_load_state()
        assert page.evaluate("window.name") == "told"
        expect(page.locator(".diff li")).to_have_count(2)
        expect(page.locator("[name='fire.gap_s']")).to_have_value("7200")
        page.fill("[name='fire.gap_s']", "")
        page.evaluate("document.querySelector('.engineer form').noValidate = true")
        page.locator(".engineer form .primary").click()
        expect(page.get_by_role("alert")).to_contain_text("gap_s")


def test_a_cameras_direction_is_dragged_or_typed_and_the_map_draws_it(
    browser: Browser, service: tuple[Workshop, str]
) -> None:
    _, address = service
    with visiting(browser) as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/registers/cameras/row?new={CAMERA}")
        page.wait_for_selector("#camera-view[data-ready=yes]")
        for name, value in (
            ("name_zh", "北口"),
            ("lat", "36.8135"),
            ("lon", "118.0548"),
            ("why", "hung"),
        ):
            page.fill(f"[name={name}]", value)
        page.locator("#camera-view").scroll_into_view_if_needed()
        box = page.locator("#camera-view").bounding_box()
        end = page.locator(".view-handle.end").bounding_box()
        assert box is not None
        assert end is not None
        page.mouse.move(end["x"] + 12, end["y"] + 12)
        page.mouse.down()
        page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2, steps=5)
        page.mouse.up()
        assert 80 <= float(page.input_value("[name=heading_deg]")) <= 100
        page.fill("[name=heading_deg]", "90")
        page.fill("[name=view_deg]", "60")
        expect(page.locator("#camera-view path.camera.good")).to_have_count(1)
        page.locator("form.fields .primary").click()
        page.wait_for_url("**/registers/cameras")
        found = page.request.get(f"{address}/api/v1/map/cameras").json()["features"]
        shown = next(one for one in found if one["id"] == CAMERA)
        assert (shown["geometry"]["type"], shown["properties"]["view"]) == ("Polygon", "register")


def test_a_file_with_wrong_rows_is_read_in_chinese_page_by_page_and_its_good_rows_go_in(
    browser: Browser, service: tuple[Workshop, str], tmp_path: Path
) -> None:
    _, address = service
    rows = [zone(f"z{number}", rings=square(118.0 + number / 1000, 36.8, 0.0005)) for number in range(260)]
    for number in range(130):
        rows[2 * number] |= {"kind": "=HYPERLINK(1)", "name_zh": f"{HOSTILE}{number}"}
    path = tmp_path / "zones.csv"
    path.write_bytes(as_csv(rows))
    with visiting(browser, locale="zh-CN") as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/registers/zones")
        page.set_input_files("input[name=file]", path)
        page.locator(".import .primary").click()
        report = page.frame_locator("iframe[name=report]")
        expect(report.locator(".sums")).to_contain_text("260 行 · 130")
        expect(report.locator("tbody tr")).to_have_count(100)
        expect(report.locator(".kinds")).to_contain_text("不在可选值之内")
        expect(report.locator("body")).not_to_contain_text("is not one of")
        report.locator(".pager a").click()
        expect(report.locator("tbody tr")).to_have_count(30)
        with page.expect_download() as taken:
            report.locator("a[download]").click()
        lines = list(csv.reader(taken.value.path().read_text(encoding="utf-8-sig").splitlines()))
        assert (len(lines), lines[0][-3:]) == (131, ["行号", "问题", "改法"])
        assert not [cell for line in lines for cell in line if cell.startswith("=")]
        page.locator("#take-good").click()
        expect(report.locator(".outcome")).to_contain_text("已导入")
        expect(page.locator("#take-good")).to_be_hidden()
        page.goto(f"{address}/registers/zones?query=z")
        expect(page.locator("tbody tr")).to_have_count(50)
        page.locator("a[target=report]", has_text="130/260").last.click()
        expect(report.locator(".sums")).to_contain_text("260 行 · 130")


def test_a_photograph_taken_without_a_network_arrives_later_and_before_done(
    browser: Browser, service: tuple[Workshop, str], tmp_path: Path
) -> None:
    workshop, address = service
    case_id = workshop.case("squad 3")
    workshop.officer("sun.jun", "squad 3")
    with visiting(browser, width=360) as page:
        page.goto(f"{address}/login")
        page.fill("#name", "sun.jun")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url(f"{address}/")
        page.goto(f"{address}/street")
        page.locator(".mine a").click()
        page.wait_for_url(f"{address}/street/cases/{case_id}")
        expect(page.locator("#shoot")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        small = [box for one in page.locator(".big").all() if (box := one.bounding_box()) and box["height"] < 44]
        assert small == []
        picture = tmp_path / "shot.png"
        page.locator("header h1").first.screenshot(path=picture)
        page.context.set_offline(True)
        page.set_input_files("#shoot", picture)
        expect(page.locator("#kept")).to_contain_text("waiting to be sent")
        page.locator("form[data-action=finish] textarea").fill("cleared away")
        page.locator("form[data-action=finish] button").click()
        expect(page.locator("#kept p")).to_have_count(3)
        page.context.set_offline(False)
        page.wait_for_selector(".badge.handled")
        expect(page.locator("#kept")).to_be_hidden()
        expect(page.locator(".photos:not(.earlier) figcaption")).to_have_count(1)
    with workshop.database.read() as connection:
        steps = [entry.action for entry in case_queries.history(connection, case_id)]
        (photo,) = photos.of_case(connection, case_id)
    assert steps[-2:] == ["comment", "finish"]
    with visiting(browser, expected="404") as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        page.goto(f"{address}/cases/{case_id}")
        lane = page.locator(".photographs .lane")
        expect(lane.locator("img")).to_have_js_property("complete", value=True)
        lane.locator(".reveal").click()
        page.locator("#revealing textarea").fill("was it swept clean")
        page.locator("#revealing .primary").click()
        expect(lane.locator("img")).to_have_js_property("naturalWidth", photo.width_px)
        expect(lane.locator(".proof")).not_to_be_empty()
        for path in workshop.settings.evidence_dir.rglob(f"{photo.sha256}.*"):
            path.unlink()
        page.reload()
        lane.scroll_into_view_if_needed()
        expect(lane.locator(".no-picture")).to_be_visible()


def test_the_phone_opens_without_a_network_loses_nothing_with_its_session_and_forgets_after_signing_out(
    browser: Browser, service: tuple[Workshop, str], tmp_path: Path
) -> None:
    workshop, address = service
    case_id = workshop.case("squad 7")
    workshop.officer("he.ping", "squad 7")
    picture = tmp_path / "shot.jpg"
    picture.write_bytes(photograph(9))
    with visiting(browser, width=360, expected="ERR_INTERNET|401") as page:
        sign_in(page, address, "he.ping", f"{address}/street")
        is_kept = f"async () => Boolean(await caches.match('/street/cases/{case_id}'))"
        until(lambda: bool(page.evaluate(is_kept)), "the case's page is kept")
        page.context.set_offline(True)
        page.goto(f"{address}/street")
        page.locator(".mine a").click()
        page.wait_for_url(f"{address}/street/cases/{case_id}")
        page.set_input_files("#shoot", picture)
        expect(page.locator("#kept")).to_contain_text("waiting to be sent")
        page.locator("form[data-action=finish] textarea").fill("swept")
        page.locator("form[data-action=finish] button").click()
        expect(page.locator("#kept")).to_contain_text("Handled")
        page.reload()
        expect(page.locator("#kept p")).to_have_count(3)
        with workshop.database.write() as connection:
            connection.execute(SESSIONS.delete())
        page.context.set_offline(False)
        page.locator("#kept a").click()
        sign_in(page, "", "he.ping", f"{address}/street/cases/{case_id}")
        page.wait_for_selector(".badge.handled")
        expect(page.locator(".photos:not(.earlier) figcaption")).to_have_count(1)
        kept = page.evaluate(KEPT_PATHS)
        assert [path for path in kept if "photos" in path or "evidence" in path] == []
        page.locator("form[action='/logout'] button").click()
        page.wait_for_url("**/login")
        are_gone = "async () => (await caches.keys()).every(name => !name.includes('pages'))"
        until(lambda: bool(page.evaluate(are_gone)), "no page is kept any more")
        page.context.set_offline(True)
        page.goto(f"{address}/street/cases/{case_id}")
        expect(page.locator("h1")).to_have_text("No network now")
        assert "Market Road" not in page.content()
    with workshop.database.read() as connection:
        steps = [entry.action for entry in case_queries.history(connection, case_id)]
    assert steps[-2:] == ["comment", "finish"]


def sign_in(page: Page, address: str, name: str, then: str) -> None:
    """From the sign-in page; ends at `then`."""
    if address:
        page.goto(f"{address}/login?next={then.removeprefix(address)}")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url(then)


def test_a_hostile_string_in_every_input_stays_text(browser: Browser, service: tuple[Workshop, str]) -> None:
    workshop, address = service
    case_id = workshop.case("squad 9")
    paths = [*ROOMS_AND_FORMS, f"cases/{case_id}", f"street/cases/{case_id}"]
    sent: list[int] = []
    with visiting(browser, expected="[345][0-9][0-9]|ERR_") as page:
        page.goto(f"{address}/?token={OPERATOR_TOKEN}")
        for is_everything in (True, False):
            rows = [] if is_everything else [f"registers/{register}/row" for register in Register]
            for path in [*paths, *rows]:
                told = page.evaluate(FILLS_AND_SENDS, [STRANGE, is_everything, path])
                assert [one for one in told if one["hit"]] == [], path
                sent += [one["status"] for one in told]
        for path in paths:
            page.goto(f"{address}/{path}")
            assert (
                page.evaluate("[window.hit, document.querySelector('img[src=x], [onload], [onerror]')]") == [None] * 2
            )
    assert len(sent) > 40
    assert 500 not in sent
    assert sum(status == 200 for status in sent) > 10


def test_a_wrong_clock_of_the_browser_makes_nothing_on_the_map_older(
    browser: Browser, service: tuple[Workshop, str]
) -> None:
    workshop, address = service
    case_id = workshop.case("squad 10")
    ages = []
    for skew_ms in (0, 3 * 86_400_000):
        with visiting(browser) as page:
            page.add_init_script(f"const real = Date.now; Date.now = () => real() + {skew_ms};")
            page.goto(f"{address}/?token={OPERATOR_TOKEN}")
            page.goto(f"{address}/map?cases={case_id}")
            ages.append(page.locator(f"#list-cases [data-thing='{case_id}'] small").inner_text().rpartition(" · ")[2])
    assert "ago" in ages[0]
    assert ("day" in ages[0], "day" in ages[1]) == (False, False)
