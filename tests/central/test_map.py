"""The map's layers: whose they are, where they lie, how cameras stand; and the background that somebody brings."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from central.domain.registers.cameras import RegisteredCamera
from central.domain.registers.names import Names
from central.domain.registers.snapshot import Registers
from central.services.atlas import Atlas
from central.services.basemap import BaseKind, BaseMap, Brought, Corners
from central.services.case_atlas import CaseAtlas
from central.services.registers import from_rows
from central.services.registers_base import Register
from central.services.registers_rows import ROWS
from central.services.sectors import sector
from central.store import nodes
from central.store.cases import CASES
from contract.bundle import CameraBlock, PoseBlock
from contract.errors import UsageError
from contract.plane import Point
from contract.status import NodeStatus
from contract.taxonomy import Seen
from edge.scene.streets import demo_street
from tests.central.asgi import AsgiClient
from tests.central.builders import ORIGIN, T0, Street, minutes, uuid_of
from tests.central.parts import OPERATOR_TOKEN, Parts

SHANGHAI = ZoneInfo("Asia/Shanghai")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
CORNERS = Corners(south=36.8, west=118.0, north=36.9, east=118.1)
HERE, THERE = "370303001002003", "370302001002003"


def registers() -> Registers:
    """Two grids of two districts, with a camera in each and one that hangs nowhere."""

    def ring(east: float) -> str:
        corners = [ORIGIN.to_degrees(Point(east + x, y)) for x, y in ((0, 0), (100, 0), (100, 100), (0, 100))]
        return "; ".join(f"{lon:.7f} {lat:.7f}" for lat, lon in corners)

    def camera(name: str, area: str, east: float | None) -> dict[str, Any]:
        lat, lon = ORIGIN.to_degrees(Point(east or 0, 50))
        where = {} if east is None else {"lat": lat, "lon": lon}
        return {"id": name, "name_zh": name, "name_en": name, "area_code": area, **where}

    areas = [
        {"code": code, "name_zh": code, "name_en": code, "rings": ring(east)}
        for code, east in ((HERE, 0), (THERE, 200))
    ]
    cameras = [camera("cam-1", HERE, 50), camera("cam-2", THERE, 250), camera("cam-3", "", None)]
    return from_rows(
        ORIGIN,
        (
            (Register.AREAS, [ROWS[Register.AREAS].model_validate(row) for row in areas]),
            (Register.CAMERAS, [ROWS[Register.CAMERAS].model_validate(row) for row in cameras]),
        ),
    )


def names(found: dict[str, Any]) -> list[str]:
    return [str(feature["id"]) for feature in found["features"]]


@pytest.fixture
def atlas(file_parts: Parts) -> Atlas:
    known = registers()
    return Atlas(file_parts.database, lambda _connection: known, ORIGIN, SHANGHAI, file_parts.clock)


def test_layers_show_what_lies_in_the_askers_district_and_what_lies_in_none(atlas: Atlas) -> None:
    assert names(atlas.areas("")) == [THERE, HERE] or names(atlas.areas("")) == [HERE, THERE]
    assert names(atlas.areas("370303")) == [HERE]
    assert names(atlas.cameras("")) == ["cam-1", "cam-2", "cam-3"]
    assert names(atlas.cameras("370303")) == ["cam-1", "cam-3"]
    by_name = {feature["id"]: feature for feature in atlas.cameras("")["features"]}
    lon, lat = by_name["cam-1"]["geometry"]["coordinates"]
    assert ORIGIN.to_local(lat, lon).east_m == pytest.approx(50, abs=0.1)
    assert by_name["cam-3"]["geometry"] is None


def test_a_camera_stands_as_its_node_says_and_nobody_knows_of_one_whose_node_is_away(
    atlas: Atlas, file_parts: Parts
) -> None:
    def say(state: str, *cameras: dict[str, str]) -> None:
        told = {
            "node_id": "node-1", "boot_id": uuid_of("boot"), "state": state, "at": T0.isoformat(), "software": "1",
            "config_version": "1", "clock_state": "synchronised", "cameras": cameras,
        }  # fmt: skip
        with file_parts.database.write() as connection:
            nodes.remember(connection, NodeStatus.model_validate(told), T0)

    def health() -> dict[str, str]:
        return {feature["id"]: feature["properties"]["health"] for feature in atlas.cameras("")["features"]}

    assert set(health().values()) == {"unknown"}
    say(
        "online",
        {"camera_id": "cam-1", "state": "live", "condition": "clear"},
        {"camera_id": "cam-2", "state": "live", "condition": "covered"},
        {"camera_id": "cam-3", "state": "failed"},
    )
    assert health() == {"cam-1": "good", "cam-2": "poor", "cam-3": "bad"}
    say("offline", {"camera_id": "cam-1", "state": "live"})
    assert health()["cam-1"] == "unknown"


def test_a_camera_is_a_sector_by_pose_calibration_or_register_and_says_which() -> None:
    hangs = RegisteredCamera("cam", Names("摄像机", "camera"), point=Point(10, 20))
    assert sector(None, hangs, ORIGIN) is None
    told = sector(None, replace(hangs, heading_deg=90.0, view_deg=40.0), ORIGIN)
    assert told is not None
    assert (told[0].eye, told[0].bearing_deg, told[0].width_deg, told[1]) == (Point(10, 20), 90.0, 40.0, "register")
    seen = demo_street().cameras[0]
    points = [
        {"name": f"{x} {y}", "x": x, "y": y, "lat": degrees[0], "lon": degrees[1]}
        for x, y in ((0.1, 0.6), (0.9, 0.6), (0.1, 0.95), (0.9, 0.95), (0.5, 0.7), (0.4, 0.8))
        if (at := seen.ground_point((x * seen.width_px, y * seen.height_px)))
        and (degrees := ORIGIN.to_degrees(Point(*at)))
    ]
    block = CameraBlock.model_validate(
        {"camera_id": "cam", "source": "rtsp://192.0.2.1/1", "options": {"calibration": {"points": points}}}
    )
    fitted = sector(block, hangs, ORIGIN)
    assert fitted is not None
    middle = seen.ground_point((0.5 * seen.width_px, 0.9 * seen.height_px)) or (0.0, 0.0)
    eye = fitted[0].eye
    expected = math.degrees(math.atan2(middle[0] - eye.east_m, middle[1] - eye.north_m)) % 360
    assert fitted[1] == "calibration"
    assert abs((fitted[0].bearing_deg - expected + 180) % 360 - 180) < 2
    assert 20 < fitted[0].width_deg < 120
    pose = PoseBlock(
        origin_lat=ORIGIN.lat,
        origin_lon=ORIGIN.lon,
        east_m=1,
        north_m=2,
        height_m=6,
        yaw_deg=45,
        tilt_deg=20,
        fov_deg=70,
    )
    measured = sector(block.model_copy(update={"pose": pose}), hangs, ORIGIN)
    assert measured is not None
    assert (round(measured[0].bearing_deg), measured[1]) == (45, "pose")


def test_zones_say_whether_they_are_open_now(parts: Parts) -> None:
    client = AsgiClient(parts.http, OPERATOR_TOKEN)

    def zones() -> dict[str, Any]:
        found = client.get("/api/v1/map/zones")
        assert found.headers["content-type"] == "application/geo+json"
        return {feature["id"]: feature["properties"] for feature in found.json()["features"]}

    assert zones()["market"]["is_open"] is True
    assert zones()["ban"]["kind"] == "bbq_ban_area"
    parts.clock.sleep(6 * 3600)
    assert zones()["market"]["is_open"] is False


def test_open_cases_are_shown_live_with_why_they_are_one_and_gather_into_squares(parts: Parts) -> None:
    client, street = AsgiClient(parts.http, OPERATOR_TOKEN), Street()
    parts.take(
        street.event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)),
        street.event("s", Seen.SMOKE, (3, 2), camera="cam-2", sigma_m=3, last=T0 + minutes(3)),
    )
    (case,) = client.get("/api/v1/map/cases").json()["features"]
    lon, lat = case["geometry"]["coordinates"]
    assert abs(ORIGIN.to_local(lat, lon).east_m) < 3
    assert case["properties"]["kind"]["en"] == "open-air barbecue"
    why = client.get(f"/api/v1/map/cases/{case['id']}").json()["features"]
    assert sorted(feature["properties"]["what"] for feature in why) == ["case", "link", "sighting", "sighting"]
    (link,) = [feature for feature in why if feature["properties"]["what"] == "link"]
    assert link["properties"]["distance_m"] == pytest.approx(3.6, abs=0.2)
    parts.clock.sleep(60)
    (square,) = client.get("/api/v1/map/heat?days=1").json()["features"]
    assert square["properties"]["cases"] == 1
    asked = f"/api/v1/map/cases?id={case['id']}&id={uuid_of('none')}"
    assert names(client.get(asked).json()) == [case["id"]]
    client.send("POST", f"/api/v1/cases/{case['id']}/actions/reject", json={"reason": 2})
    assert names(client.get(asked).json()) == names(client.get("/api/v1/map/cases").json()) == []
    assert client.get("/api/v1/map/heat?days=1").json()["features"] == []


def test_cases_of_another_district_are_on_nobody_elses_map(file_parts: Parts) -> None:
    file_parts.take(Street().event("g", Seen.GRILL, (0, 0), last=T0 + minutes(3)))
    with file_parts.database.write() as connection:
        connection.execute(update(CASES).values(area_code=HERE))
    file_parts.clock.sleep(60)
    cases = CaseAtlas(
        file_parts.database, lambda _connection: registers(), ORIGIN, file_parts.clock, lambda _kind: None
    )
    assert len(cases.heat("370303", 7)["features"]) == 1
    assert cases.heat("370302", 7)["features"] == []


@pytest.mark.parametrize("path", ["areas", "zones", "permits", "cameras", "cases", "heat", "base"])
def test_the_map_is_for_operators(file_parts: Parts, path: str) -> None:
    assert AsgiClient(file_parts.http).get(f"/api/v1/map/{path}").status_code == 401
    assert AsgiClient(file_parts.http).get("/public/map").status_code == 404


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, BaseKind.PICTURE),
        (b"\xff\xd8\xff\xe0" + bytes(9), BaseKind.PICTURE),
        (b"PMTiles\x03" + bytes(120), BaseKind.PMTILES),
        (b' {"type": "FeatureCollection", "features": []}', BaseKind.GEOJSON),
    ],
)
def test_a_background_replaces_the_one_before(tmp_path: Path, content: bytes, kind: BaseKind) -> None:
    base = BaseMap(tmp_path / "map")
    assert base.current() is None
    base.put(Brought([b'{"type": "FeatureCollection", "features": []}'], None, "wang", T0))
    facts = base.put(Brought([content[:3], content[3:]], CORNERS, "wang", T0))
    assert (facts.kind, base.current()) == (kind, facts)
    assert base.path(facts).read_bytes() == content
    assert len(list((tmp_path / "map").glob("base-*"))) == 1
    base.remove()
    assert base.current() is None
    assert list((tmp_path / "map").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (PNG, "needs its corners"),
        (b"<svg onload='x'/>", "neither PNG or JPEG"),
        (b'{"type": "Topology"}', "neither PNG or JPEG"),
        (b"", "neither PNG or JPEG"),
    ],
)
def test_what_is_no_background_leaves_the_old_one_in_force(tmp_path: Path, content: bytes, problem: str) -> None:
    base = BaseMap(tmp_path)
    before = base.put(Brought([PNG], CORNERS, "wang", T0))
    with pytest.raises(UsageError, match=problem):
        base.put(Brought([content], None, "wang", T0))
    assert base.current() == before
    assert len(list(tmp_path.glob("base-*"))) == 1
