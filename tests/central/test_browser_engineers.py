"""Drawing, calibrating and the officer's phone in a real browser: by keyboard, by clicks, and without a network."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from central.store import case_queries
from contract.plane import Origin, Point
from edge.scene.streets import demo_street
from tests.central.parts import OPERATOR_TOKEN
from tests.central.registers_files import as_csv, square, zone
from tests.central.test_browser import CHROMIUM, QUIET
from tests.central.workshop_parts import CAMERA, HOSTILE, NODE, PASSWORD, Workshop, serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
CORNERS = ((0.15, 0.5), (0.85, 0.5), (0.15, 0.9), (0.85, 0.9))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Workshop, str]]:
    with serving(tmp_path_factory.mktemp("workshop")) as served:
        yield served


@contextmanager
def visiting(browser: Browser, width: int = 1280, locale: str = "en-GB") -> Iterator[Page]:
    """A page that fails the test on any error of its scripts or its console."""
    context = browser.new_context(viewport={"width": width, "height": 780}, locale=locale)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "console",
        lambda said: errors.append(said.text) if said.type == "error" and "ERR_INTERNET" not in said.text else None,
    )
    yield page
    context.close()
    assert errors == []


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
        assert page.locator("polygon.zone").count() == 2
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
        assert page.locator(".heat").count() > 20
        assert page.locator(".ground-mark").count() == 4
        page.fill("input[name=why]", "surveyed by tape")
        page.locator("#keep").click()
        page.wait_for_url("**/fleet/cameras/cam-2")
    assert len(newest(workshop, "node-2")["options"]["calibration"]["points"]) == 4


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
        assert "is not one of" not in report.locator("body").inner_text()
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
        assert page.locator("tbody tr").count() == 50


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
        expect(page.locator(".photos figcaption")).to_have_count(1)
    with workshop.database.read() as connection:
        steps = [entry.action for entry in case_queries.history(connection, case_id)]
    assert steps[-2:] == ["comment", "finish"]
