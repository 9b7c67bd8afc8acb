"""The screenshots leave out no page, and the contact sheets stay small."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from contract.clock import SystemClock
from deploy.contact_sheets import Shot, write_sheets
from deploy.screens import NO_PAGES, PAGES, SIZES, Screen, link_to
from tests.central.workshop_parts import Workshop
from tests.house.source import ROOT

LARGEST_BYTES = 2_000_000


def declared(included: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Path and methods of an included router's routes; what was mounted has none."""
    for one in getattr(included, "effective_route_contexts", tuple)():
        yield one.path, frozenset(one.methods)


def test_every_page_of_the_service_has_a_screenshot(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, SystemClock())
    routes = [route for included in workshop.central.http.routes for route in declared(included)]
    workshop.close()
    outside = {path for path, methods in routes if "GET" in methods and not path.startswith(("/api/", "/open311/"))}
    drawn = {page.route for page in PAGES}
    assert outside - set(NO_PAGES) - drawn == set()
    assert drawn - outside == {"/public/map"}  # declared only where the map is public
    assert set(NO_PAGES) - outside == set()


def test_a_link_to_a_page_of_its_own_is_taken_for_no_other() -> None:
    links = ["/registers/findings", "/registers", "/registers/zones?find=x", "/registers/zones/row?key=1"]
    assert link_to("/registers/{register}", links) == "/registers/zones?find=x"
    assert link_to("/registers/{register}/row", links) == "/registers/zones/row?key=1"
    assert link_to("/cases/{case_id}", links) is None


def test_sheets_are_written_anew_and_labelled(tmp_path: Path) -> None:
    picture = tmp_path / "x.png"
    Image.new("RGB", SIZES[Screen.DESK], "white").save(picture)
    (tmp_path / "sheets").mkdir()
    (tmp_path / "sheets" / "old.webp").write_bytes(b"")
    write_sheets([Shot("live", Screen.DESK, "zh", "light", picture)] * 7, tmp_path / "sheets")
    (sheet,) = (tmp_path / "sheets").iterdir()
    with Image.open(sheet) as drawn:
        assert (sheet.name, drawn.width > 2000, drawn.height > 600) == ("desk-zh-light.webp", True, True)


def test_the_sheets_in_the_repository_are_small() -> None:
    sheets = list((ROOT / "docs" / "images" / "console").glob("*.webp"))
    assert sheets
    assert sum(sheet.stat().st_size for sheet in sheets) <= LARGEST_BYTES
