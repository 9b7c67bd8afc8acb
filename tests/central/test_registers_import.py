"""Files into registers: what is taken, what is refused and why, and that nothing is half imported."""

import json
from collections.abc import Iterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from central.domain.registers.frames import Frame, from_cgcs2000, to_cgcs2000
from central.services.registers import rows_of
from central.services.registers_base import Register
from central.services.registers_columns import columns_of
from central.services.registers_files import FileFormat, read_table
from central.services.registers_findings import known_codes
from central.services.registers_orders import Report
from central.services.registers_rows import ROWS
from central.services.registers_writing import write_table, write_template
from central.store import registers as stored
from contract.errors import UsageError
from contract.plane import Origin
from tests.central.databases import fresh_sqlite
from tests.central.registers_files import (
    DISTRICT,
    SOUTH,
    STEP,
    WEST,
    Shelf,
    area_rows,
    as_csv,
    bring,
    camera,
    codes,
    desk_of,
    grid_code,
    middle,
    order,
    permit,
    square,
    zone,
)

ZHANGDIAN = (36.8135, 118.0548)


def said(report: Report, code: str) -> tuple[str, str, str, str]:
    """Problem and remedy in both languages of the first finding of that code."""
    found = next(finding for finding in report.findings if finding.code == code)
    return found.problem("zh"), found.remedy("zh"), found.problem("en"), found.remedy("en")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Shelf]:
    """What the database's kind can't change."""
    made = Shelf(fresh_sqlite(tmp_path))
    yield made
    made.database.close()


@pytest.fixture
def either(database_url: str) -> Iterator[Shelf]:
    """The same on either kind of database."""
    made = Shelf(database_url)
    yield made
    made.database.close()


@pytest.fixture
def drawn(parts: Shelf) -> Shelf:
    """Central with a district of sixteen drawn grids."""
    report = bring(parts, Register.AREAS, area_rows())
    assert (report.version, report.added, report.findings) == (1, 20, ())
    return parts


# coordinates


def test_gcj02_lies_545_metres_off_almost_due_east_at_zhangdian() -> None:
    off = Origin(*ZHANGDIAN).to_local(*from_cgcs2000(Frame.GCJ02, *ZHANGDIAN))
    assert (off.east_m**2 + off.north_m**2) ** 0.5 == pytest.approx(545, abs=1)
    assert abs(off.north_m) < 0.11 * off.east_m


@given(st.sampled_from(Frame), st.floats(18, 54), st.floats(73, 135))
def test_every_frame_comes_back_to_a_millimetre(frame: Frame, lat: float, lon: float) -> None:
    back = to_cgcs2000(frame, *from_cgcs2000(frame, lat, lon))
    assert back == pytest.approx((lat, lon), abs=1e-8)


def test_gcj02_is_no_other_frame_outside_china() -> None:
    assert from_cgcs2000(Frame.GCJ02, 51.5, 0.1) == (51.5, 0.1)


def test_gcj_coordinates_without_saying_so_are_caught_and_named(drawn: Shelf) -> None:
    rows = []
    for number in range(4):
        lat, lon = from_cgcs2000(Frame.GCJ02, *middle(number, number))
        rows.append(camera(f"cam-{number}", number, number, lat=lat, lon=lon))
    report = bring(drawn, Register.CAMERAS, rows)
    assert report.is_refused
    assert codes(report) == [(0, "frame_hint"), *((row, "outside_grid") for row in range(2, 6))]
    problem, remedy, english, english_remedy = said(report, "outside_grid")
    assert grid_code(0, 0) in problem
    assert grid_code(0, 0) in english
    metres = int(english.split(" m ")[0].removeprefix("lies "))
    assert 440 < metres < 560
    assert "GCJ-02" in remedy
    assert "--coordinates gcj02" in english_remedy
    assert "4" in said(report, "frame_hint")[0]


def test_saying_so_brings_them_in_where_they_are(drawn: Shelf) -> None:
    lat, lon = from_cgcs2000(Frame.GCJ02, *middle(1, 1))
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", lat=lat, lon=lon)], frame=Frame.GCJ02)
    assert (report.findings, report.added) == ((), 1)
    with drawn.database.read() as connection:
        (row,) = rows_of(connection, Register.CAMERAS)
    assert row.place == pytest.approx(middle(1, 1)[::-1], abs=1e-7)


def test_converting_what_is_cgcs2000_already_is_caught(drawn: Shelf) -> None:
    report = bring(drawn, Register.CAMERAS, [camera("cam-1")], frame=Frame.GCJ02)
    assert codes(report) == [(2, "outside_grid")]
    assert "already" in said(report, "outside_grid")[3]


def test_swapped_latitude_and_longitude_are_named(drawn: Shelf) -> None:
    lat, lon = middle(1, 1)
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", lat=lon, lon=lat)])
    assert codes(report) == [(2, "swapped")]
    assert "写反" in said(report, "swapped")[0]


def test_projected_metres_are_no_degrees(drawn: Shelf) -> None:
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", lon=39594000.0, lat=4075000.0)])
    assert {code for _, code in codes(report)} == {"projected"}


@pytest.mark.parametrize("number", [39_000_000.0, 0.0])
def test_metres_of_a_named_zone_become_degrees(drawn: Shelf, number: float) -> None:
    """With the zone's number in front or without, in whichever column; the camera stands in its grid."""
    lat, lon = middle(1, 1)
    east, north = Transformer.from_crs(4490, 4548, always_xy=True).transform(lon, lat)
    cameras = [camera("cam-1", lon=east + number, lat=north), camera("cam-2", lon=north, lat=east + number)]
    report = bring(drawn, Register.CAMERAS, cameras, zone=39)
    assert (codes(report), report.version is None) == ([], False)
    with drawn.database.read() as connection:
        found = list(rows_of(connection, Register.CAMERAS))
    assert [(row.lat, row.lon) for row in found] == [pytest.approx((lat, lon), abs=2e-7)] * 2  # type: ignore[attr-defined]


def test_metres_of_another_zone_than_was_named_are_refused(drawn: Shelf) -> None:
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", lon=40594000.0, lat=4075000.0)], zone=39)
    assert {code for _, code in codes(report)} == {"projected"}
    assert "--zone" in said(report, "projected")[1]


def test_a_camera_just_over_the_border_is_a_warning(drawn: Shelf) -> None:
    lat, _ = middle(1, 1)
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", lat=lat, lon=WEST + 2 * STEP + 0.0001)])
    assert (codes(report), report.version is None) == ([(2, "near_grid")], False)


def test_a_camera_in_the_wrong_grid_is_told_which_one_it_is_in(drawn: Shelf) -> None:
    report = bring(drawn, Register.CAMERAS, [camera("cam-1", 3, 3, area_code=grid_code(0, 0))])
    assert codes(report) == [(2, "outside_grid")]
    assert grid_code(3, 3) in said(report, "outside_grid")[0]


# polygons


def test_a_polygon_that_crosses_itself_is_told_where(drawn: Shelf) -> None:
    bow = "POLYGON((118.051 36.811, 118.053 36.813, 118.053 36.811, 118.051 36.813, 118.051 36.811))"
    report = bring(drawn, Register.ZONES, [zone("a"), zone("b", rings=bow)])
    assert (report.is_refused, codes(report)) == (True, [(3, "self_crossing")])
    assert "36.812, 118.052" in said(report, "self_crossing")[2]


@pytest.mark.parametrize(
    ("rings", "code"),
    [
        ("118.05 36.81; 118.06 36.81", "few_corners"),
        ("118.05 36.81; 118.06 36.81; 118.07 36.81", "no_ground"),
        ("POLYGON((118 36", "no_polygon"),
        ("LINESTRING(118 36, 119 36)", "no_polygon"),
        ('{"type": "Point", "coordinates": [118, 36]}', "no_polygon"),
        ("36.81 118.05; 36.82 118.05; 36.82 118.06", "swapped"),
        ("", "missing"),
    ],
)
def test_a_polygon_that_is_none_is_told_why(parts: Shelf, rings: str, code: str) -> None:
    report = bring(parts, Register.ZONES, [zone("a", rings=rings)])
    assert (report.is_refused, codes(report)) == (True, [(2, code)])


def test_zones_of_one_kind_that_lie_over_each_other_are_told_once(parts: Shelf) -> None:
    report = bring(parts, Register.ZONES, [zone("a"), zone("b"), zone("c", kind="摊点群")])
    assert codes(report) == [(3, "zones_overlap")]
    again = bring(parts, Register.ZONES, [zone("d")])
    assert [finding.facts["other"] for finding in again.findings] == ["a", "b"]


def test_a_grid_that_reaches_out_of_its_community_is_told(drawn: Shelf) -> None:
    far = [{"编码": grid_code(9, 9), "名称": "远", "边界": square(WEST + 3.5 * STEP, SOUTH + 2 * STEP)}]
    found = {code for _, code in codes(bring(drawn, Register.AREAS, far))}
    assert found == {"outside_parent", "grids_overlap"}


# permits, plaques, codes


def test_permits_for_one_place_at_one_time_are_told(parts: Shelf) -> None:
    first = permit("P1", 生效日期="2026-01-01", 失效日期="2026-06-30")
    later = permit("P2", 生效日期="2026-07-01")
    double = permit("P3", 生效日期="2026-06-30", 失效日期="2027-01-01")
    report = bring(parts, Register.PERMITS, [first, later, double])
    told = [(one.row, one.facts["other"]) for one in report.findings if one.code == "permits_overlap"]
    assert (sorted(told), report.version) == ([(4, "P1"), (4, "P2")], 1)


def test_permits_that_lie_over_each_other_on_the_ground_are_told(parts: Shelf) -> None:
    lat, lon = middle(1, 1)
    there = {"places": "", "lon": lon, "lat": lat, "kind": "摊位"}
    report = bring(
        parts,
        Register.PERMITS,
        [permit("P1", **there), permit("P2", **there), permit("P3", **there | {"kind": "广告"})],
    )
    assert codes(report) == [(3, "permits_overlap")]


def test_an_expired_plaque_is_a_warning_that_names_its_last_day(parts: Shelf) -> None:
    report = bring(parts, Register.ZONES, [zone("a", plaque_to="2020-12-31")])
    assert (codes(report), report.added) == ([(2, "plaque_expired")], 1)
    assert "2020-12-31" in said(report, "plaque_expired")[0]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [("37030300100200", "code_length"), ("370303-01002003", "code_letters"), ("3703030010020O3X", "code_length")],
)
def test_a_14_digit_grid_code_is_refused(parts: Shelf, code: str, wrong: str) -> None:
    report = bring(parts, Register.AREAS, [{"编码": code, "名称": "网格"}])
    assert (report.is_refused, codes(report)) == (True, [(2, wrong)])


def test_a_penalty_reviewed_camera_needs_its_document_and_published_place(parts: Shelf) -> None:
    graded = camera("cam-1", evidence_grade="已审核")
    assert codes(bring(parts, Register.CAMERAS, [graded])) == [(2, "unreviewed")]
    proven = graded | {"审核文件": "审字1号", "公布位置": "官网"}
    assert bring(parts, Register.CAMERAS, [proven]).version == 1


def test_a_code_that_a_spreadsheet_has_rounded_is_caught(parts: Shelf) -> None:
    content = BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["摄像机编号", "名称", "国标编号"])
        sheet.write_row(1, 0, ["cam-1", "一号", 37030300081320000001])
    report = desk_of(parts).bring_in(order(Register.CAMERAS, name="c.xlsx", content=content.getvalue()))
    assert codes(report) == [(2, "digits_lost")]


# responsibility


def duty(name: str, target: str, shift: str, **more: object) -> dict[str, object]:
    return {"id": name, "scope": "网格", "target": target, "person": "王", "backup": "李", "shift": shift} | more


def test_hours_in_which_nobody_answers_are_named(drawn: Shelf) -> None:
    rows = [duty("a", grid_code(0, 0), "daily 08:00-20:00"), duty("b", grid_code(0, 0), "daily 20:00-07:00")]
    report = bring(drawn, Register.DUTIES, rows)
    assert codes(report) == [(0, "duty_gap")]
    assert "07:00–" in said(report, "duty_gap")[2]
    assert (
        codes(bring(drawn, Register.DUTIES, [duty("c", "370303001001", "daily 06:00-09:00")])) == [(0, "duty_gap")] * 15
    )
    assert codes(bring(drawn, Register.DUTIES, [duty("c", "370303001001", "always")])) == []


def test_an_officer_without_a_stand_in_is_a_warning(drawn: Shelf) -> None:
    report = bring(drawn, Register.DUTIES, [duty("a", "370303", "always", backup="")])
    assert codes(report) == [(2, "no_backup")]


# how a file is taken


def test_nothing_is_imported_while_a_row_is_wrong_and_the_good_ones_on_request(either: Shelf) -> None:
    rows = [camera("cam-1"), camera("cam-2", area_code="37030300100200"), camera("cam-1", 2, 2)]
    report = bring(either, Register.CAMERAS, rows)
    assert (report.is_refused, report.bad_rows, report.version) == (True, 2, None)
    assert codes(report) == [(3, "code_length"), (4, "double_key")]
    with either.database.read() as connection:
        assert list(rows_of(connection, Register.CAMERAS)) == []
    taken = bring(either, Register.CAMERAS, rows, only_good=True)
    assert (taken.is_refused, taken.added, taken.version) == (False, 1, 1)


def test_a_dry_run_says_the_same_and_writes_nothing(drawn: Shelf) -> None:
    rows = [camera("cam-1"), camera("cam-2", 2, 2, number="123")]
    tried = bring(drawn, Register.CAMERAS, rows, is_dry_run=True)
    done = bring(drawn, Register.CAMERAS, rows, only_good=True)
    assert (tried.findings, tried.added, tried.version) == (done.findings, done.added, None)
    with drawn.database.read() as connection:
        assert len(list(rows_of(connection, Register.CAMERAS))) == 1


def test_a_file_that_says_what_is_registered_makes_no_version(drawn: Shelf) -> None:
    report = bring(drawn, Register.AREAS, area_rows())
    assert (report.version, report.unchanged) == (None, 20)


def test_replacing_takes_out_what_the_file_lacks_but_not_while_rows_are_wrong(either: Shelf) -> None:
    bring(either, Register.CAMERAS, [camera("cam-1"), camera("cam-2", 2, 2)])
    spoilt = [camera("cam-2", 2, 2), camera("cam-1", area_code="1")]
    assert bring(either, Register.CAMERAS, spoilt, replace=True, only_good=True).removed == 0
    report = bring(either, Register.CAMERAS, [camera("cam-2", 2, 2)], replace=True)
    assert (report.removed, report.unchanged) == (1, 1)


def test_someone_of_a_district_changes_their_own_rows_only(drawn: Shelf) -> None:
    report = bring(drawn, Register.CAMERAS, [camera("cam-1"), camera("cam-2", 2, 2)], district="370302")
    assert codes(report) == [(2, "other_district"), (3, "other_district")]
    assert bring(drawn, Register.CAMERAS, [camera("cam-1")], district=DISTRICT).version == 2


def test_columns_go_by_chinese_english_and_usual_names_and_others_are_told(parts: Shelf) -> None:
    rows = [{"网格编码*": "370303001001001", "名 称（必填）": "一", "name_en": "one", "备注": "x"}]
    report = bring(parts, Register.AREAS, rows)
    assert (report.version, [(finding.row, finding.code) for finding in report.findings]) == (
        1,
        [(1, "unknown_column"), (2, "no_parent")],
    )
    missing = bring(parts, Register.AREAS, [{"编码": "3703", "区划代码": "3703"}])
    assert {code for _, code in codes(missing)} == {"double_column", "missing_column"}
    assert missing.is_refused


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_as_chinese_spreadsheets_save_it(parts: Shelf, encoding: str) -> None:
    content = as_csv([{"编码": "3703", "名称": "淄博"}], encoding)
    assert desk_of(parts).bring_in(order(Register.AREAS, content=content)).added == 1


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("a.pdf", b"x", "bring a .csv, .xlsx or .geojson"),
        ("a.csv", b"", "no headings"),
        ("a.csv", "编码,名称\n".encode(), "holds no rows"),
        ("a.csv", b"\xff\xff\xff", "neither UTF-8 nor GB 18030"),
        ("a.xlsx", b"PK\x03\x04", "no workbook that can be read"),
        ("a.geojson", b"{", "is no JSON"),
        ("a.geojson", b"[1]", "no GeoJSON FeatureCollection"),
        ("a.geojson", b'{"type":"FeatureCollection","features":[]}', "holds no rows"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_what_to_do(name: str, content: bytes, problem: str) -> None:
    with pytest.raises(UsageError, match=f"{name}.*{problem}"):
        read_table(name, content)


def test_geojson_in_projected_metres_is_refused_by_its_name(parts: Shelf) -> None:
    document = {
        "type": "FeatureCollection",
        "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4528"}},
        "features": [{"type": "Feature", "properties": {"编码": "3703", "名称": "淄博"}, "geometry": None}],
    }
    content = json.dumps(document).encode()
    report = desk_of(parts).bring_in(order(Register.AREAS, name="a.geojson", content=content))
    assert (codes(report), report.is_refused) == ([(0, "crs")], True)
    assert "4528" in said(report, "crs")[0]


# out and in again

HOURS = ("daily 17:00-22:00", "05-01..10-15 daily 17:00-23:30")


@pytest.mark.parametrize("kind", FileFormat)
@pytest.mark.parametrize("frame", [Frame.CGCS2000, Frame.GCJ02, Frame.BD09])
def test_what_goes_out_comes_in_unchanged(drawn: Shelf, kind: FileFormat, frame: Frame) -> None:
    hole = f"POLYGON(({WEST} {SOUTH}, {WEST + STEP} {SOUTH}, {WEST + STEP} {SOUTH + STEP}, {WEST} {SOUTH}),"
    first = f"{WEST + 0.0006} {SOUTH + 0.0002}"
    hole += f"({first}, {WEST + 0.0008} {SOUTH + 0.0002}, {WEST + 0.0008} {SOUTH + 0.0004}, {first}))"
    facts = {
        "hours": "; ".join(HOURS),
        "capacity": 12,
        "goods": "蔬菜、水果",
        "plaque": "=1+1",
        "valid_from": "2026-07-01",
    }
    bring(drawn, Register.ZONES, [zone("a", rings=hole, **facts), zone("shut", hours="never", kind="烧烤点")])
    bring(drawn, Register.CAMERAS, [camera("cam-1")])
    for register in (Register.AREAS, Register.ZONES, Register.CAMERAS):
        with drawn.database.read() as connection:
            content = write_table(ROWS[register], rows_of(connection, register), kind, frame)
        back = desk_of(drawn).bring_in(order(register, name=f"out.{kind}", content=content, frame=frame))
        assert (back.errors, back.added, back.changed) == (0, 0, 0), register
        assert back.unchanged == back.rows


lons = st.integers(11800000, 11810000).map(lambda value: value / 1e5)
lats = st.integers(3670000, 3690000).map(lambda value: value / 1e5)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(lons, lats), min_size=3, max_size=8, unique=True),
    st.sampled_from([Frame.GCJ02, Frame.BD09]),
)
def test_any_polygon_comes_back_from_a_foreign_frame(corners: list[tuple[float, float]], frame: Frame) -> None:
    row = ROWS[Register.AREAS].model_validate({"code": "3703", "name_zh": "-", "rings": [corners]})
    table = read_table("a.csv", write_table(ROWS[Register.AREAS], [row], FileFormat.CSV, frame, "en"))
    back = ROWS[Register.AREAS].model_validate({name: cell for name, cell in table.rows[0].cells.items() if cell})
    rings: tuple[tuple[tuple[float, float], ...], ...] = getattr(back, "rings")  # noqa: B009
    mine: tuple[tuple[tuple[float, float], ...], ...] = getattr(row, "rings")  # noqa: B009
    for (lon, lat), (was_lon, was_lat) in zip(rings[0], mine[0], strict=True):
        there_lat, there_lon = to_cgcs2000(frame, lat, lon)
        assert (there_lon, there_lat) == pytest.approx((was_lon, was_lat), abs=2e-7)


@pytest.mark.parametrize("register", Register)
@pytest.mark.parametrize("kind", FileFormat)
def test_a_template_has_every_column_and_no_row(register: Register, kind: FileFormat) -> None:
    content = write_template(ROWS[register], kind)
    if kind is FileFormat.GEOJSON:
        assert json.loads(content)["features"] == []
        return
    with pytest.raises(UsageError, match="holds no rows"):
        read_table(f"a.{kind}", content)
    if kind is FileFormat.CSV:
        headings = content.decode("utf-8-sig").strip().split(",")
        model = ROWS[register]
        assert headings == [column.zh for column in columns_of(model) if column.field not in model.RESTRICTED]


def test_no_heading_of_a_register_means_two_fields() -> None:
    for register, model in ROWS.items():
        columns = columns_of(model)
        for language in ("zh", "field"):
            names = [getattr(column, language) for column in columns]
            assert len(set(names)) == len(names), register


# versions


def test_yesterdays_rows_can_be_had_again(either: Shelf) -> None:
    bring(either, Register.ZONES, [zone("a", capacity=5)])
    either.clock.sleep(3600)
    between = either.clock.now()
    either.clock.sleep(3600)
    bring(either, Register.ZONES, [zone("a", capacity=9), zone("b", kind="摊点群")])
    assert desk_of(either).remove(Register.ZONES, ["b"], "王", "gone") == 3
    with either.database.read() as connection:
        assert stored.version_at(connection, between) == 1
        told = {v: {r.key: getattr(r, "capacity") for r in rows_of(connection, Register.ZONES, v)} for v in (1, 2, 3)}  # noqa: B009
        history = stored.history(connection, Register.ZONES, "b")
    assert told == {1: {"a": 5}, 2: {"a": 9, "b": None}, 3: {"a": 9}}
    assert [(change.version, change.who, change.why, row.facts is None) for change, row in history] == [
        (3, "王", "gone", True),
        (2, "王", "test", False),
    ]


def test_hardship_is_kept_apart_and_never_exported(either: Shelf) -> None:
    rows = [{"id": "m-1", "name": "张", "困难帮扶": "是", "帮扶说明": "secret-note"}]
    assert bring(either, Register.MERCHANTS, rows).version == 1
    with either.database.read() as connection:
        for kind in FileFormat:
            content = write_table(ROWS[Register.MERCHANTS], rows_of(connection, Register.MERCHANTS), kind)
            assert b"secret-note" not in content
        assert stored.restricted_of(connection, Register.MERCHANTS)["m-1"]["is_hardship"] is True
    silent = bring(either, Register.MERCHANTS, [{"id": "m-1", "name": "张三"}])
    assert silent.changed == 1
    with either.database.read() as connection:
        assert stored.restricted_of(connection, Register.MERCHANTS)["m-1"]["hardship_note"] == "secret-note"


def test_every_code_that_the_checks_name_has_words_in_both_languages() -> None:
    services = Path(__file__).parents[2] / "central" / "services"
    text = "".join(path.read_text(encoding="utf-8") for path in services.glob("registers*.py"))
    unused = {code for code in known_codes() if f'"{code}"' not in text}
    assert unused == set()


def test_days_are_read_as_people_write_them(parts: Shelf) -> None:
    written = ["2027-02-20", "2027/2/21", "2027.2.22", "20270223", "2027年2月24日"]
    rows = [{"日期": day, "上班": "是"} for day in written]
    assert bring(parts, Register.HOLIDAYS, rows).added == 5
    with parts.database.read() as connection:
        days = [getattr(row, "day") for row in rows_of(connection, Register.HOLIDAYS)]  # noqa: B009
    assert days == [date(2027, 2, 20 + number) for number in range(5)]
