"""A camera's calibration as it stands in a configuration, and as an installer writes it down in the street."""

import csv
from collections.abc import Sequence
from math import hypot
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from contract.calibration import Pair, Survey
from contract.configfile import Settings, load_yaml, parse_settings
from contract.errors import UsageError
from contract.plane import Origin, Point
from edge.position.calibration import Calibration, calibrate
from edge.position.gcj import shift_at

NEAR_M = 500.0
"""Points this far from where the camera is known to hang are not what it sees."""
SITE_M = 60_000.0
SHIFT_FIT_M = 120.0


class PointSettings(Settings):
    """A point on the ground: `x`, `y` in shares of the picture; the place as `lat`, `lon` or as `east_m`, `north_m`."""

    name: Annotated[str, Field(max_length=64)] = ""
    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]
    lat: float | None = None
    lon: float | None = None
    east_m: Annotated[float | None, Field(ge=-SITE_M, le=SITE_M)] = None
    north_m: Annotated[float | None, Field(ge=-SITE_M, le=SITE_M)] = None

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        degrees, metres = (self.lat, self.lon), (self.east_m, self.north_m)
        if (None in degrees) == (None in metres) or any(
            (pair[0] is None) != (pair[1] is None) for pair in (degrees, metres)
        ):
            raise ValueError("needs lat and lon, or east_m and north_m, and not both")
        if self.lat is not None and self.lon is not None:
            if abs(self.lat) > 90 and abs(self.lon) <= 90:
                raise ValueError(f"lat {self.lat} and lon {self.lon} look swapped")
            if abs(self.lat) > 90 or abs(self.lon) > 180:
                raise ValueError(f"lat {self.lat}, lon {self.lon} is no place on Earth")
        return self


class CalibrationSettings(Settings):
    """Where a camera's picture lies on the ground, from at least four points that both show.

    `aspect` is the picture's width over height. A turning camera has one under each preset.
    """

    origin_lat: Annotated[float, Field(ge=-90, le=90)]
    origin_lon: Annotated[float, Field(ge=-180, le=180)]
    aspect: Annotated[float, Field(ge=0.2, le=5)] = 16 / 9
    click_sigma: Annotated[float, Field(gt=0, le=0.1)] = 0.003
    """One sigma of a click, in shares of the picture's height: 3 pixels of 1080."""
    survey_sigma_m: Annotated[float, Field(gt=0, le=10)] = 0.2
    """One sigma of a surveyed point against the others: 0.02 with RTK, 0.2 with a tape, 0.5 off a good orthophoto."""
    offset_sigma_m: Annotated[float, Field(ge=0, le=50)] = 0.3
    """One sigma of what all points share: the map's or the receiver's own error."""
    points: Annotated[tuple[PointSettings, ...], Field(min_length=4, max_length=100)]

    @model_validator(mode="after")
    def _fits_a_camera(self) -> Self:
        try:
            self.to_calibration()
        except UsageError as error:
            raise ValueError(str(error)) from error
        return self

    def to_pairs(self) -> tuple[Pair, ...]:
        """The points in metres from the origin.

        Raises:
            UsageError: a point lies nowhere near the site.
        """
        origin = Origin(self.origin_lat, self.origin_lon)
        return tuple(to_pair(point, origin, str(number)) for number, point in enumerate(self.points, 1))

    def to_calibration(self) -> Calibration:
        """The camera, fitted.

        Raises:
            UsageError: see `edge.position.calibration.calibrate`.
        """
        survey = Survey(self.click_sigma, self.survey_sigma_m, self.offset_sigma_m)
        return calibrate(self.to_pairs(), Origin(self.origin_lat, self.origin_lon), self.aspect, survey)


def to_pair(point: PointSettings, origin: Origin, number: str = "?") -> Pair:
    """The point in metres from the origin; `number` is its name if it has none.

    Raises:
        UsageError: it lies nowhere near the site.
    """
    name = point.name or number
    if point.east_m is not None and point.north_m is not None:
        return Pair(name, point.x, point.y, Point(point.east_m, point.north_m))
    lat, lon = point.lat or 0.0, point.lon or 0.0
    ground = origin.to_local(lat, lon)
    if hypot(ground.east_m, ground.north_m) > SITE_M:
        swapped = origin.to_local(lon, lat) if abs(lon) <= 90 else None
        is_swapped = swapped is not None and hypot(swapped.east_m, swapped.north_m) < SITE_M
        remedy = "lat and lon look swapped" if is_swapped else "check it and the site's origin"
        far_km = hypot(ground.east_m, ground.north_m) / 1000
        raise UsageError(f"point {name}: lies {far_km:.0f} km from the site's origin: {remedy}")
    return Pair(name, point.x, point.y, ground)


def read_points(path: Path, size_px: tuple[int, int]) -> tuple[PointSettings, ...]:
    """Points from a CSV file with a header, or from YAML with ``points:``.

    Clicks above 1 are pixels of a picture of `size_px` (width, height).

    Raises:
        UsageError: it can't be read; each message names line or point.
    """
    if path.suffix.lower() == ".csv":
        clicks = tuple(parse_settings(row, _Click, f"{path}: line {number}") for number, row in _csv_rows(path))
    else:
        clicks = load_yaml(path, _Points).points
    is_pixels = any(click.x > 1 or click.y > 1 for click in clicks)
    width, height = size_px if is_pixels else (1, 1)
    found = []
    for number, click in enumerate(clicks, 1):
        content = click.model_dump(exclude_none=True) | {
            "x": round(click.x / width, 6),
            "y": round(click.y / height, 6),
        }
        found.append(parse_settings(content, PointSettings, f"{path}: point {click.name or number}"))
    return tuple(found)


def require_near(pairs: Sequence[Pair], camera: Point, origin: Origin) -> None:
    """Points must lie where the camera can see them.

    Args:
        camera: where it is known to hang.

    Raises:
        UsageError: they don't; the message says so if it is GCJ-02's shift.
    """
    east = sum(pair.ground.east_m for pair in pairs) / len(pairs) - camera.east_m
    north = sum(pair.ground.north_m for pair in pairs) / len(pairs) - camera.north_m
    shift = shift_at(origin.lat, origin.lon)
    if hypot(east - shift.east_m, north - shift.north_m) < SHIFT_FIT_M:
        raise UsageError(
            f"the points lie {hypot(east, north):.0f} m from the camera, as a GCJ-02 web map draws them here "
            "(Gaode, Tencent): take CGCS2000 or WGS-84 coordinates, from a receiver or the survey office"
        )
    if hypot(east, north) > NEAR_M:
        raise UsageError(
            f"the points lie {hypot(east, north):.0f} m from the camera: check the site's origin and the coordinates"
        )


class _Click(PointSettings):
    """A point whose click may be in pixels."""

    x: Annotated[float, Field(ge=0, le=20_000)]
    y: Annotated[float, Field(ge=0, le=20_000)]


class _Points(Settings):
    points: tuple[_Click, ...]


def _csv_rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: can't be read as CSV ({error}); write name,x,y,lat,lon a line") from error
    if not rows:
        raise UsageError(f"{path}: holds no points; write a header name,x,y,lat,lon and a point a line")
    if any(None in row for _, row in rows):
        raise UsageError(f"{path}: a line has more fields than the header; write name,x,y,lat,lon a line")
    return [
        (number, {key.strip(): value.strip() for key, value in row.items() if value is not None and value.strip()})
        for number, row in rows
    ]
