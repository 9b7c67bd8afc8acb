"""The registers as judgement and people get them: versions, site files, coverage, the API and its rights, the pages."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.catalogue import load_catalogue
from central.domain.people import RIGHTS, Operator, Right, refusal
from central.domain.registers.coverage import coverage
from central.domain.registers.snapshot import Registers
from central.domain.registers.zones import ZoneKind
from central.domain.workflow_words import Role
from central.services.camerabook import FRESH_S, FleetCameras
from central.services.noticing import ANY_NODE, ListedCameras
from central.services.registers import RegisterBook, from_rows
from central.services.registers_base import Register
from central.services.registers_rows import ROWS
from central.site import load_site
from central.siteregisters import registers_of_files, site_rows
from central.timelimits import load_time_limits
from contract.plane import Origin
from contract.taxonomy import Violation
from tests.central.asgi import AsgiClient
from tests.central.commandline import CommandLine
from tests.central.databases import fresh_sqlite
from tests.central.parts import OPERATOR_TOKEN, Parts
from tests.central.registers_files import (
    SOUTH,
    STEP,
    WEST,
    Shelf,
    area_rows,
    as_csv,
    bring,
    camera,
    desk_of,
    grid_code,
    middle,
    permit,
    zone,
)

DEMO = Path(__file__).parents[2] / "configs" / "site" / "demo.yaml"
ORIGIN = Origin(SOUTH, WEST)
DAY = date(2026, 7, 1)


@pytest.fixture
def shelf(database_url: str) -> Iterator[Shelf]:
    made = Shelf(database_url)
    yield made
    made.database.close()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(fresh_sqlite(tmp_path))
    yield made
    made.database.close()


def current(book: RegisterBook, shelf: Shelf) -> Registers:
    with shelf.database.read() as connection:
        return book.current(connection)


# the book


def test_a_register_of_the_database_takes_the_place_of_the_files_own(shelf: Shelf) -> None:
    files = registers_of_files(load_site(DEMO), load_catalogue(), load_time_limits())
    book = RegisterBook(ORIGIN, files)
    before = current(book, shelf)
    assert (before.version, len(before.zones)) == (0, 3)
    bring(shelf, Register.ZONES, [zone("mine", valid_to="2026-06-30")])
    after = current(book, shelf)
    assert (after.version, [found.zone_id for found in after.zones]) == (1, ["mine"])
    assert after.codes == files.codes
    spot = ORIGIN.to_local(SOUTH + STEP / 8, WEST + STEP / 8)
    assert after.zones_at(spot, DAY) == ()
    assert [found.zone_id for found in after.past_zones_at(spot, DAY)] == ["mine"]


def test_a_register_that_was_emptied_stays_the_databases(shelf: Shelf) -> None:
    files = registers_of_files(load_site(DEMO), load_catalogue(), load_time_limits())
    bring(shelf, Register.ZONES, [zone("mine")])
    desk_of(shelf).remove(Register.ZONES, ["mine"], "王", "gone")
    assert current(RegisterBook(ORIGIN, files), shelf).zones == ()


def test_the_same_version_is_the_same_object_and_another_register_is_not_read_again(shelf: Shelf) -> None:
    book = RegisterBook(ORIGIN)
    bring(shelf, Register.ZONES, [zone("a")])
    first = current(book, shelf)
    assert current(book, shelf) is first
    bring(shelf, Register.CAMERAS, [camera("cam-1")])
    second = current(book, shelf)
    assert (second.version, second.zones is first.zones, len(second.cameras)) == (2, True, 1)


def test_yesterday_is_judged_with_yesterdays_register(shelf: Shelf) -> None:
    book = RegisterBook(ORIGIN)
    bring(shelf, Register.PERMITS, [permit("P1")])
    shelf.clock.sleep(60)
    then = shelf.clock.now()
    shelf.clock.sleep(60)
    desk_of(shelf).remove(Register.PERMITS, ["P1"], "王", "withdrawn")
    now = current(book, shelf)
    with shelf.database.read() as connection:
        past = book.as_of(connection, then)
    assert [len(found.permits_of_place("cam-1", "board-1", DAY)) for found in (past, now)] == [1, 0]
    assert current(book, shelf) is now


def test_every_row_of_the_files_is_a_row_of_a_register() -> None:
    found = registers_of_files(load_site(DEMO), load_catalogue(), load_time_limits())
    assert {zone.kind for zone in found.zones} == {
        ZoneKind.VENDOR_GUIDE_ZONE,
        ZoneKind.RECYCLING_ZONE,
        ZoneKind.BBQ_BAN_AREA,
    }
    codes = {code.standard: code.code for code in found.codes_of(Violation.OPEN_BBQ, DAY)}
    assert codes == {"GB/T 47678.5-2026": "06029", "GB/T 30428.2-2013": "0129", "CJ/T 214-2007": "0510"}
    profile = load_time_limits().profile("example_city_2026")
    handled = {one.kind: one.limit for one in found.limits_of("example_city_2026") if one.kind is not None}
    assert handled == profile.handle


def test_a_site_files_zones_come_back_where_they_were(plain: Shelf) -> None:
    site = load_site(DEMO)
    for register, rows in site_rows(site).items():
        for row in rows:
            ROWS[register].model_validate(row)
    found = from_rows(
        site.to_origin(),
        ((register, map(ROWS[register].model_validate, rows)) for register, rows in site_rows(site).items()),
    )
    for mine, theirs in zip(found.zones, site.to_zones(), strict=True):
        assert replace(mine, polygon=theirs.polygon) == theirs
        for corner, was in zip(mine.polygon, theirs.polygon, strict=True):
            assert (corner.east_m, corner.north_m) == pytest.approx((was.east_m, was.north_m), abs=0.02)


def test_cameras_of_the_register_are_known_to_intake(shelf: Shelf) -> None:
    book = FleetCameras(shelf.database, ListedCameras({}), shelf.clock)
    assert not book.is_kept
    bring(
        shelf,
        Register.CAMERAS,
        [camera("cam-1", node_id="node-1"), camera("cam-2"), camera("old", valid_to="2020-01-01")],
    )
    shelf.clock.sleep(FRESH_S)
    assert book.is_kept
    nodes = [book.nodes_of(name) for name in ("cam-1", "cam-2", "old", "cam-9")]
    assert nodes == [{"node-1"}, {ANY_NODE}, set(), set()]


# coverage

SHIFTS = st.lists(
    st.tuples(st.integers(0, 23), st.integers(0, 23)).map(lambda pair: f"daily {pair[0]:02d}:00-{pair[1]:02d}:00"),
    min_size=1,
    max_size=4,
)


def duty_rows(shifts: list[str], target: str = grid_code(0, 0)) -> list[dict[str, object]]:
    return [
        {"id": f"d{number}", "scope": "area", "target": target, "person": "王", "shift": shift}
        for number, shift in enumerate(shifts)
    ]


def registered(**rows: list[dict[str, object]]) -> Registers:
    return from_rows(
        ORIGIN,
        ((Register(name), [ROWS[Register(name)].model_validate(row) for row in found]) for name, found in rows.items()),
    )


@settings(max_examples=30)
@given(SHIFTS)
def test_gaps_are_what_a_walk_through_the_hours_finds(shifts: list[str]) -> None:
    registers = registered(areas=[{"code": grid_code(0, 0), "name_zh": "格"}], duties=duty_rows(shifts))
    found = coverage(registers, DAY, DAY)
    covered = {hour for hour in range(24) for line in shifts if hour in _hours(line)}
    missing = {hour for gap in found.gaps for span in gap.spans for hour in range(24) if _in(span, hour)}
    assert missing == set(range(24)) - covered
    assert found.covered_hours == len(covered)


def _hours(line: str) -> set[int]:
    start, end = (int(part[:2]) for part in line.removeprefix("daily ").split("-"))
    return set(range(start, end)) if start < end else {*range(start, 24), *range(end)}


def _in(span: object, hour: int) -> bool:
    start, end = getattr(span, "start"), getattr(span, "end")  # noqa: B009
    return bool(start <= start.replace(year=2026, month=7, day=1, hour=hour) < end)


def test_a_community_officer_covers_its_grids_and_roads_and_a_camera_its_own_grid() -> None:
    grids: list[dict[str, object]] = [
        {"code": grid_code(0, row), "name_zh": "格", "rings": [[(WEST, lat), (WEST + STEP, lat), (WEST, lat + STEP)]]}
        for row, lat in ((0, SOUTH), (1, SOUTH + STEP))
    ]
    roads: list[dict[str, object]] = [{"id": "r", "name_zh": "路", "road_class": "main", "area_code": "370303001001"}]
    lat, lon = middle(0, 0)
    registers = registered(
        areas=grids,
        roads=roads,
        cameras=[camera("cam-1", area_code="", lat=lat - 0.0004, lon=lon - 0.0004)],
        duties=duty_rows(["always"], "370303001001"),
    )
    found = coverage(registers, DAY, DAY)
    assert (found.share, found.gaps, found.without_camera, found.without_backup) == (
        1.0,
        (),
        (grid_code(0, 1),),
        ("d0",),
    )
    ended = replace(
        registers,
        duties=tuple(
            replace(duty, validity=replace(duty.validity, last=date(2026, 6, 30))) for duty in registers.duties
        ),
    )
    assert coverage(ended, DAY, DAY).share == 0.0


# the command line


def test_import_reports_row_by_row_and_exits_with_1(command_line: CommandLine, tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)
    path = tmp_path / "areas.csv"
    path.write_bytes(as_csv([*area_rows(1, 1), {"编码": "37030300100200", "名称": "短"}]))
    refused = command_line("registers", "import", "areas", str(path), "--database-url", url)
    assert refused.returncode == 1
    assert "编码“37030300100200”是 14 位" in refused.stdout
    assert "nothing imported" in refused.stdout
    taken = command_line("registers", "import", "areas", str(path), "--only-good", "--json", "--database-url", url)
    assert json.loads(taken.stdout)["added"] == 5
    out = tmp_path / "out.xlsx"
    assert command_line("registers", "export", "areas", "--out", str(out), "--database-url", url).returncode == 0
    back = command_line("registers", "import", "areas", str(out), "--json", "--database-url", url)
    assert json.loads(back.stdout)["unchanged"] == 5
    listed = json.loads(command_line("registers", "list", "--json", "--database-url", url).stdout)
    assert {one["kind"]: one["rows"] for one in listed}["areas"] == 5


def test_a_site_file_comes_in_by_command(command_line: CommandLine, tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)
    taken = command_line("registers", "import", "site", str(DEMO), "--json", "--database-url", url)
    reports = json.loads(taken.stdout)
    assert (taken.returncode, {one["kind"]: one["added"] for one in reports}) == (0, {"zones": 3, "cameras": 4})
    shown = command_line("registers", "check", "--language", "en", "--database-url", url)
    assert "has no plaque" in shown.stdout
    missing = command_line("registers", "show", "zones", "nowhere", "--database-url", url)
    assert (missing.returncode, missing.stderr) == (2, "zones: no row nowhere\n")


# the API and the pages


def test_rows_come_in_and_out_over_http(parts: Parts) -> None:
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    content = as_csv(area_rows(2, 2))
    tried = client.send("POST", "/api/v1/registers/areas/import?name=a.csv&dry_run=true", content=content)
    assert (tried.status_code, tried.json()["version"], tried.json()["added"]) == (200, None, 8)
    done = client.send("POST", "/api/v1/registers/areas/import?name=a.csv&why=first", content=content)
    assert (done.status_code, done.json()["version"]) == (201, 1)
    body = {"rows": [camera("cam-1", area_code="37030300100200")], "why": "a new one"}
    refused = client.send("PUT", "/api/v1/registers/cameras/rows", json=body)
    assert refused.status_code == 422
    assert refused.json()["findings"][0]["problem"]["zh"] == "编码“37030300100200”是 14 位"
    body["rows"] = [camera("cam-1")]
    assert client.send("PUT", "/api/v1/registers/cameras/rows", json=body).status_code == 201
    assert client.get("/api/v1/registers/cameras").json()["items"][0]["id"] == "cam-1"
    assert client.get("/api/v1/registers/cameras/row?key=cam-1").json()["area_code"] == grid_code(1, 1)
    exported = client.get("/api/v1/registers/cameras/export?file=geojson").json()
    assert exported["features"][0]["geometry"]["type"] == "Point"
    assert client.send("DELETE", "/api/v1/registers/cameras/row?key=cam-1&why=gone").json() == {"version": 3}
    history = client.get("/api/v1/registers/cameras/history?key=cam-1").json()
    assert [one["facts"] is None for one in history] == [True, False]
    assert client.get("/api/v1/registers/cameras/row?key=cam-1").status_code == 404
    assert len(client.get("/api/v1/registers/changes").json()) == 3
    assert client.get("/api/v1/registers/coverage").json()["grids"] == 4
    assert client.send("POST", "/api/v1/registers/areas/import?name=a.pdf", content=b"x").status_code == 422


def test_registers_are_for_those_who_are_signed_in(parts: Parts) -> None:
    client = AsgiClient(parts.http)
    for method, path in (
        ("GET", ""),
        ("GET", "/zones"),
        ("POST", "/zones/import?name=a.csv"),
        ("GET", "/merchants/welfare?key=m"),
    ):
        assert client.send(method, f"/api/v1/registers{path}").status_code == 401, path


def test_hardship_is_shown_to_named_roles_alone(parts: Parts) -> None:
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    body = {"rows": [{"id": "m-1", "name": "张", "is_hardship": True, "hardship_note": "secret-note"}], "why": "care"}
    assert client.send("PUT", "/api/v1/registers/merchants/rows", json=body).status_code == 201
    for path in ("/merchants", "/merchants/row?key=m-1", "/merchants/history?key=m-1", "/merchants/export?file=csv"):
        assert "secret-note" not in client.get(f"/api/v1/registers{path}").text, path
    assert client.get("/api/v1/registers/merchants/welfare?key=m-1").json()["hardship_note"] == "secret-note"
    assert refusal(Operator("admin", frozenset({Role.ADMIN})), RIGHTS[Right.READ_WELFARE]) is not None


def test_pages_show_registers_a_form_and_an_import_with_its_bar(parts: Parts) -> None:
    client = AsgiClient(parts.http, OPERATOR_TOKEN)
    assert "登记簿" in client.get("/registers").text
    boundary = "----xunjie"
    content = as_csv(area_rows(1, 1)).decode()
    form = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="mode"\r\n\r\nall\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        f"{content}\r\n--{boundary}--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    answer = client.send("POST", "/registers/areas/import", headers=headers, content=form.encode())
    assert '<progress class="tick" value="5" max="5">' in answer.text
    assert "已导入，版本 1" in answer.text
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert grid_code(0, 0) in client.get("/registers/areas").text
    saved = client.send("POST", "/registers/areas/row", form={"code": "3707", "name_zh": "潍坊", "why": "neighbour"})
    assert saved.status_code == 303
    again = client.send("POST", "/registers/areas/row", form={"code": "37", "name_zh": "潍坊", "why": "neighbour"})
    assert "是 2 位" in again.text
    assert "潍坊" in client.get("/registers/areas/row?key=3707").text
    assert client.get("/registers/coverage").status_code == 200
    assert client.get("/registers/findings?lang=en").status_code == 200
