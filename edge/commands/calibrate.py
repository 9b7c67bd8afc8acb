"""`calibrate`: from points that an installer clicked and surveyed to a camera that knows where things stand."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
import yaml
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from contract.calibration import Residual, left_out, residuals, sigma_map
from contract.configfile import parse_settings
from contract.errors import PermanentError, UsageError
from contract.plane import Origin, Point
from edge.commands.exits import errors_as_exit_codes
from edge.position.calibration import Calibration
from edge.position.settings import CalibrationSettings, read_points, require_near, to_pair
from edge.position.sheet import draw, page


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    app.command("calibrate")(calibrate_command)


@dataclass(frozen=True, slots=True)
class _Result:
    camera: str
    settings: CalibrationSettings
    calibration: Calibration
    residuals: tuple[Residual, ...]


def calibrate_command(
    points: Annotated[
        Path, typer.Option(help="CSV (name,x,y,lat,lon or name,x,y,east_m,north_m) or YAML; x, y in shares or pixels.")
    ],
    camera: Annotated[str, typer.Option(help="The camera's name, for the report.")] = "camera",
    origin: Annotated[
        str | None, typer.Option(help="LAT,LON of the site's origin; the first point if the points have degrees.")
    ] = None,
    camera_at: Annotated[
        str | None, typer.Option(help="LAT,LON of the camera's pole: notices web-map coordinates and other mix-ups.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A picture of this camera: its shape, and the page's ground.")
    ] = None,
    size: Annotated[
        str | None, typer.Option(help="WIDTHxHEIGHT of the picture the clicks are on, where no --picture is given.")
    ] = None,
    click_sigma_px: Annotated[float, typer.Option(min=0.1, max=100, help="One sigma of a click, of 1080 lines.")] = 3.0,
    survey_sigma_m: Annotated[
        float, typer.Option(min=0.001, max=10, help="One sigma of a point against the others: RTK 0.02, tape 0.2.")
    ] = 0.2,
    offset_sigma_m: Annotated[
        float, typer.Option(min=0, max=50, help="One sigma of an error that all points share: the map's.")
    ] = 0.3,
    html: Annotated[
        Path | None, typer.Option(help="Write a page to look at: grid over the picture, residuals.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")] = False,
) -> None:
    """Calibrates a camera from four or more points on the ground; six or more also give the lens's distortion.

    A turning camera is calibrated once for each preset: put the block under that preset.

    Choose points that span what matters: two near, two far, left and right; kerb corners, manhole covers, the foot of
    a pole. Click the place on the ground itself. Coordinates are CGCS2000 or WGS-84, never a web map's.

    Exit 0 when the points fit a camera, 2 when they don't; the message says which point to look at.

    Example:  python -m edge calibrate --points cam-1.csv --picture cam-1.jpg --camera cam-1 --html cam-1.html
    """
    with errors_as_exit_codes():
        image = None if picture is None else _read_picture(picture)
        width, height = _size(image, size)
        sigmas = (click_sigma_px, survey_sigma_m, offset_sigma_m)
        settings = _settings(points, origin, camera_at, (width, height), sigmas)
        pairs = settings.to_pairs()
        site = Origin(settings.origin_lat, settings.origin_lon)
        calibration = settings.to_calibration()
        survey = calibration.survey
        left = left_out(pairs, site, settings.aspect, survey)
        result = _Result(camera, settings, calibration, residuals(calibration, pairs, left))
        if html is not None:
            _write_page(html, result, image)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(result), ensure_ascii=False) + "\n")
    else:
        _tell(result, html)


def _read_picture(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        raise UsageError(f"--picture {path}: no readable picture")
    return np.asarray(image, np.uint8)


def _size(image: NDArray[np.uint8] | None, size: str | None) -> tuple[int, int]:
    if image is not None:
        return image.shape[1], image.shape[0]
    if size is None:
        return 1920, 1080
    width, _, height = size.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise UsageError(f"--size {size}: write it as 1920x1080")
    return int(width), int(height)


def _settings(
    points: Path, origin: str | None, camera_at: str | None, size: tuple[int, int], sigmas: tuple[float, float, float]
) -> CalibrationSettings:
    found = read_points(points, size)
    if len(found) < 4:
        raise UsageError(f"{points}: {len(found)} point(s): at least 4 are needed, six or more are better")
    first = next(((point.lat, point.lon) for point in found if point.lat is not None and point.lon is not None), None)
    if origin is None and first is None:
        raise UsageError("--origin LAT,LON is needed: the points are in metres from it")
    lat, lon = first if origin is None and first is not None else _degrees(origin or "", "--origin")
    site = Origin(lat, lon)
    if camera_at is not None:
        require_near(
            [to_pair(point, site) for point in found], site.to_local(*_degrees(camera_at, "--camera-at")), site
        )
    content = {
        "origin_lat": lat,
        "origin_lon": lon,
        "aspect": round(size[0] / size[1], 6),
        "click_sigma": round(sigmas[0] / 1080, 6),
        "survey_sigma_m": sigmas[1],
        "offset_sigma_m": sigmas[2],
        "points": [point.model_dump(exclude_none=True) for point in found],
    }
    return parse_settings(content, CalibrationSettings, str(points))


def _degrees(text: str, option: str) -> tuple[float, float]:
    try:
        lat, lon = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text}: write it as 36.8135,118.0548") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise UsageError(f"{option} {text}: latitude first, then longitude")
    return lat, lon


def _write_page(path: Path, result: _Result, image: NDArray[np.uint8] | None) -> None:
    drawing = draw(result.calibration, result.residuals, image)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = page(result.calibration, result.residuals, drawing, result.camera, _block(result.settings))
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise PermanentError(f"{path}: can't be written ({error.strerror}); choose another --html") from error


def _block(settings: CalibrationSettings) -> str:
    content = settings.model_dump(exclude_none=True, exclude_defaults=True)
    content["points"] = [point.model_dump(exclude_none=True, exclude_defaults=True) for point in settings.points]
    return yaml.safe_dump({"calibration": content}, allow_unicode=True, sort_keys=False)


def _as_json(result: _Result) -> dict[str, object]:
    fitted, pose = result.calibration.fitted, result.calibration.pose
    return {
        "camera": result.camera,
        "points": [
            {
                "name": entry.pair.name,
                "error_m": round(entry.error_m, 3),
                "left_out_m": None if entry.left_out_m is None else round(entry.left_out_m, 3),
                "sigma_m": round(entry.sigma_m, 3),
            }
            for entry in result.residuals
        ],
        "chi2": round(fitted.chi2, 3),
        "freedom": fitted.freedom,
        "distortion": round(float(fitted.values[8]), 5) if fitted.has_lens else None,
        "camera_at": None if pose is None else _place(pose.east_m, pose.north_m, result),
        "pose": None if pose is None else {name: round(float(getattr(pose, name)), 2) for name in _POSE},
        "sigma_map_m": [
            [None if np.isnan(v) else round(float(v), 2) for v in row] for row in sigma_map(result.calibration)
        ],
        "settings": result.settings.model_dump(mode="json", exclude_none=True),
    }


_POSE = ("east_m", "north_m", "height_m", "yaw_deg", "tilt_deg", "fov_deg")


def _place(east_m: float, north_m: float, result: _Result) -> list[float]:
    lat, lon = result.calibration.origin.to_degrees(Point(east_m, north_m))
    return [round(lat, 7), round(lon, 7)]


def _tell(result: _Result, html: Path | None) -> None:
    console = Console()
    table = Table(title=f"{result.camera}: points", title_justify="left")
    for heading in ("point", "off (m)", "by the others alone (m)", "sigma (m)"):
        table.add_column(heading, justify="left" if heading == "point" else "right")
    for entry in result.residuals:
        left = "–" if entry.left_out_m is None else f"{entry.left_out_m:.2f}"
        table.add_row(entry.pair.name, f"{entry.error_m:.2f}", left, f"{entry.sigma_m:.2f}")
    console.print(table)
    pose, fitted = result.calibration.pose, result.calibration.fitted
    if pose is not None:
        typer.echo(
            f"camera: {pose.height_m:.1f} m high, looking {pose.yaw_deg % 360:.0f}° (clockwise from north), "
            f"{pose.tilt_deg:.0f}° below the horizon, field of view {pose.fov_deg:.0f}°: does that look right?"
        )
    if fitted.freedom > 0:
        typer.echo(
            f"chi-square {fitted.chi2:.1f} of {fitted.freedom} expected (much more: sigmas too small or a bad point)"
        )
    else:
        typer.echo("four points always fit: only a fifth could show a mistake")
    typer.echo("one sigma of a thing's place (m), by where in the picture its foot is:")
    for row in sigma_map(result.calibration, columns=8, rows=6):
        typer.echo("  " + " ".join("   ·" if np.isnan(value) else f"{value:4.1f}" for value in row))
    typer.echo("\n" + _block(result.settings) + ("" if html is None else f"page: {html}"))
