"""Every page of the console in a real browser: for everybody (WCAG 2.2 AA by axe), light, and asking nobody else.

Each page is looked at in both languages and both themes, crosswise.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from central.console.libraries import require_libraries
from contract.errors import UsageError
from tests.central.browsing import CHROMIUM
from tests.central.room import Room, open_room
from tests.house.source import ROOT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (make test-deps)"),
]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES: tuple[str, ...] = (
    "",
    "map",
    "bring",
    "silences",
    "handover",
    "figures?by=street",
    "registers",
    "registers/zones",
    "me",
    "wall",
)
PAGES += ("public/map", "cases/{case}", "login", "fleet", "letters", "people", "rollouts", "street")
DRAWN = {
    "": "#connection.on",
    "map": "#map-page[data-ready=yes]",
    "public/map": "#map-page[data-ready=yes]",
    "figures?by=street": "#sheet[data-ready=yes]",
}
"""When a page is there that its scripts draw."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
LARGEST_BYTES, MOST_REQUESTS = 250_000, 12
LOOKS = (("zh-CN", "light"), ("en-GB", "dark"), ("zh-CN", "dark"), ("en-GB", "light"))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder = tmp_path_factory.mktemp("pages")
    settings = folder / "pages.yaml"
    settings.write_text(f"association: {folder}/association.yaml\npublic: true\n", encoding="utf-8")
    with open_room(folder, "--config", str(settings)) as found:
        found.camera()
        found.grills("view-1")
        yield found


def loaded(page: Page, address: str) -> tuple[int, int]:
    """Goes there with an empty cache; how many requests that took and how many bytes came over the wire."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes: list[float] = []
    asked: set[str] = set()
    session.on("Network.requestWillBeSent", lambda event: asked.add(event["requestId"]))
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load")
    session.detach()
    return len(asked), round(sum(sizes))


@pytest.mark.parametrize("look", range(len(LOOKS)), ids=["-".join(look) for look in LOOKS])
def test_every_page_is_for_everybody_light_and_asks_nobody_else(room: Room, look: int) -> None:
    locale, theme = LOOKS[look]
    case = room.cases("view-1")[0]
    problems: list[tuple[str, str, str]] = []
    foreign: list[str] = []

    def watch(request: Request) -> None:
        if not request.url.startswith((room.running.console, "data:", "blob:")):
            foreign.append(request.url)

    with room.visiting(locale) as page:
        page.emulate_media(color_scheme="dark" if theme == "dark" else "light", reduced_motion="reduce")
        page.on("request", watch)
        for path in PAGES[look // 2 :: 2]:
            address = room.running.console + path.format(case=case)
            requests, size = loaded(page, address)
            if requests > MOST_REQUESTS or size > LARGEST_BYTES:
                problems.append((path, "weight", f"{requests} requests, {size} bytes"))
            page.wait_for_selector(DRAWN.get(path, "body"))
            page.evaluate(AXE.read_text(encoding="utf-8"))
            found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
            problems += [
                (path, one["id"], str(one["nodes"][0]["target"]))
                for one in found
                if one["impact"] in {"serious", "critical"}
            ]
    assert problems == []
    assert foreign == []


def test_the_map_shows_cases_as_they_come_and_does_by_keyboard_what_a_mouse_can(room: Room) -> None:
    camera = room.camera()
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}map")
        page.wait_for_selector(".connection.on")
        page.evaluate("window.sameLoad = true")
        before = page.locator("#list-cases li").count()
        room.grills(camera, 1)
        expect(page.locator("#list-cases li")).to_have_count(before + 1)
        expect(page.locator(".case-mark")).to_have_count(before + 1)
        page.locator("#list-cases button").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#picked h2")).to_have_text("open-air barbecue")
        expect(page.locator("path.reason.sighting")).to_have_count(1)
        page.locator("[data-layer=cases]").focus()
        page.keyboard.press("Space")
        expect(page.locator(".case-mark")).to_have_count(0)
        page.select_option("#heat", "90")
        page.locator("#find").fill("no such thing")
        expect(page.locator("#list-cases li")).to_have_count(0)
        assert page.evaluate("window.sameLoad") is True
        page.locator("#picked .ways a").first.click()
        page.wait_for_selector("#case")


def test_a_plan_and_a_geojson_are_backgrounds_and_an_archive_of_tiles_too(room: Room, tmp_path: Path) -> None:
    square = [[118.05, 36.81], [118.06, 36.81], [118.06, 36.82], [118.05, 36.81]]
    street = {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": square}}
    files = {
        "plan.png": (bytes.fromhex(PIXEL), ".base-picture"),
        "streets.geojson": (
            json.dumps({"type": "FeatureCollection", "features": [street]}).encode(),
            "path.base-lines",
        ),
        "city.pmtiles": (tile_archive(bytes.fromhex(PIXEL)), ".leaflet-base-pane img.leaflet-tile-loaded"),
    }
    with room.visiting("zh-CN") as page:
        for name, (content, shown) in files.items():
            path = tmp_path / name
            path.write_bytes(content)
            page.goto(f"{room.running.console}map")
            page.locator(".bring-base summary").click()
            page.locator("#base-file").set_input_files(path)
            for side, value in {"south": "36.8", "west": "118.0", "north": "36.9", "east": "118.1"}.items():
                page.locator(f"#base-{side}").fill(value if name.endswith("png") else "")
            with page.expect_navigation():
                page.locator("form[action='/map/base'] button").click()
            expect(page.locator(".problem")).to_have_count(0)
            page.wait_for_selector(shown, state="attached")
        page.goto(f"{room.running.console}public/map")
        page.wait_for_selector("[data-ready=yes]")
        page.goto(f"{room.running.console}map")
        page.locator(".bring-base summary").click()
        page.locator("form[action='/map/base/remove'] button").click()
        page.wait_for_selector("#map-page:not([data-base])")


def test_a_sheet_is_drawn_and_asked_anew_without_a_reload(room: Room) -> None:
    with room.visiting("en-GB") as page:
        page.goto(f"{room.running.console}figures")
        page.wait_for_selector("#sheet[data-ready=yes]")
        page.evaluate("window.sameLoad = true")
        page.select_option("select[name=by]", "camera")
        page.wait_for_url("**/figures?**by=camera**")
        page.wait_for_selector("#sheet[data-ready=yes]")
        assert page.evaluate("window.sameLoad") is True


def test_a_service_without_its_libraries_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make setup"):
        require_libraries(tmp_path)


PIXEL = (
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)


def tile_archive(tile: bytes) -> bytes:
    """A PMTiles file (version 3) with one picture for the whole world at zoom 0."""
    directory = bytes([1, 0, 1, *_varint(len(tile)), 1])  # one entry: tile 0, a run of one, its length, offset + 1
    root, metadata = 127, b"{}"
    begins = [root, len(directory), root + len(directory), len(metadata)]
    data = root + len(directory) + len(metadata)
    begins += [data, 0, data, len(tile)]
    head = b"PMTiles\x03" + b"".join(number.to_bytes(8, "little") for number in [*begins, 1, 1, 1])
    head += bytes([1, 1, 1, 2, 0, 0])  # clustered, nothing compressed, PNG, zoom 0 to 0
    west, south, east, north = (round(value * 1e7) for value in (-180, -85, 180, 85))
    corners = b"".join(number.to_bytes(4, "little", signed=True) for number in (west, south, east, north))
    head += corners + bytes([0]) + bytes(8)
    return head + directory + metadata + tile


def _varint(number: int) -> bytes:
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
