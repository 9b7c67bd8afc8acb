"""The calibration command: from an installer's file to a block for the configuration, or one clear line."""

import json
from pathlib import Path

import cv2
import pytest
import yaml
from typer.testing import CliRunner, Result

from contract.configfile import parse_settings
from edge.cli import app
from edge.position.gcj import shift_at
from edge.position.settings import CalibrationSettings
from tests.edge.fakes import noise
from tests.edge.test_position import CAMERA, CORNERS, MORE, ORIGIN, pairs_of


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)])


def csv_of(path: Path, *, pixels: bool = False, east_m: float = 0.0, north_m: float = 0.0, swap: bool = False) -> Path:
    lines = ["name,x,y,lat,lon"]
    for pair in pairs_of(CAMERA, CORNERS + MORE[:2]):
        place = type(pair.ground)(pair.ground.east_m + east_m, pair.ground.north_m + north_m)
        lat, lon = ORIGIN.to_degrees(place)
        first, second = (lon, lat) if swap else (lat, lon)
        x, y = (pair.x * 1280, pair.y * 720) if pixels else (pair.x, pair.y)
        lines.append(f"{pair.name},{x:.6f},{y:.6f},{first:.9f},{second:.9f}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


SITE = f"{ORIGIN.lat},{ORIGIN.lon}"


def test_points_become_a_block_that_loads_and_a_page(tmp_path: Path) -> None:
    picture = tmp_path / "cam-1.jpg"
    cv2.imwrite(str(picture), noise(1, 1280, 720))
    page = tmp_path / "out" / "cam-1.html"
    points = csv_of(tmp_path / "p.csv", pixels=True)
    done = run("--points", points, "--camera", "cam-1", "--origin", SITE, "--picture", picture, "--html", page)
    assert done.exit_code == 0, done.output
    block = done.stdout[done.stdout.index("calibration:") : done.stdout.index("page:")]
    settings = parse_settings(yaml.safe_load(block)["calibration"], CalibrationSettings, "block")
    pose = settings.to_calibration().pose
    assert pose is not None
    assert pose.height_m == pytest.approx(CAMERA.height_m, abs=0.1)
    text = page.read_text(encoding="utf-8")
    assert "data:image/jpeg;base64" in text and "http" not in text and "cam-1" in text


def test_the_report_is_machine_readable(tmp_path: Path) -> None:
    done = run("--points", csv_of(tmp_path / "p.csv"), "--origin", SITE, "--json")
    report = json.loads(done.stdout)
    assert len(report["points"]) == 6
    assert all(point["error_m"] < 0.01 for point in report["points"])
    assert report["pose"]["tilt_deg"] == pytest.approx(CAMERA.tilt_deg, abs=0.1)
    assert report["sigma_map_m"][0][0] is None or report["sigma_map_m"][0][0] > report["sigma_map_m"][-1][0]


def test_yaml_points_in_metres_work_too(tmp_path: Path) -> None:
    pairs = pairs_of(CAMERA, CORNERS)
    points = [{"x": p.x, "y": p.y, "east_m": p.ground.east_m, "north_m": p.ground.north_m} for p in pairs]
    path = tmp_path / "points.yaml"
    path.write_text(yaml.safe_dump({"points": points}), encoding="utf-8")
    done = run("--points", path, "--origin", SITE)
    assert done.exit_code == 0, done.output
    assert "four points always fit" in done.output
    assert run("--points", path).exit_code == 2, "metres from nowhere"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no points"),
        ("name,x,y,lat,lon\na,0.1,0.2,36.8,118.0\n", "at least 4"),
        ("name,x,y,lat,lon\na,0.1,0.2,thirty,118.0\n", "line 2: lat"),
        ("name,x,y,lat,lon\na,0.1,0.2,36.8\n", "needs lat and lon"),
        ("name,x,y,lat,lon\na,0.1,0.2,118.05,36.81\n", "look swapped"),
        ("name,x,y,height\na,0.1,0.2,4\n", "unknown key"),
        ("name,x,y,lat,lon\na,0.1,-3,36.8,118.0\n", "line 2: y"),
    ],
)
def test_a_bad_file_is_named_with_line_and_remedy(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "points.csv"
    path.write_text(content, encoding="utf-8")
    done = run("--points", path, "--origin", SITE)
    assert done.exit_code == 2
    assert message in done.output, done.output
    assert "points.csv" in done.output


def test_coordinates_of_a_web_map_are_refused(tmp_path: Path) -> None:
    shift = shift_at(ORIGIN.lat, ORIGIN.lon)
    pole = "{},{}".format(*ORIGIN.to_degrees(type(shift)(CAMERA.east_m, CAMERA.north_m)))
    good = csv_of(tmp_path / "good.csv")
    assert run("--points", good, "--origin", SITE, "--camera-at", pole).exit_code == 0
    shifted = csv_of(tmp_path / "gcj.csv", east_m=shift.east_m, north_m=shift.north_m)
    done = run("--points", shifted, "--origin", SITE, "--camera-at", pole)
    assert done.exit_code == 2 and "GCJ-02" in done.output


def test_an_unwritable_page_and_a_missing_picture_are_said(tmp_path: Path) -> None:
    points = csv_of(tmp_path / "p.csv")
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert run("--points", points, "--origin", SITE, "--html", tmp_path / "file" / "x.html").exit_code == 1
    missing = run("--points", points, "--origin", SITE, "--picture", tmp_path / "none.jpg")
    assert missing.exit_code == 2 and "none.jpg" in missing.output
