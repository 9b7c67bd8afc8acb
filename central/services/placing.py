"""Calibrating a camera from the console: points clicked on its picture and named on the ground, tried before they are
kept. The node fits the same points by the same maths (`contract.calibration`) when the bundle reaches it."""

from math import isfinite, sqrt
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from contract.calibration import GroundFit, Pair, Survey, fit_ground, left_out, residuals, sigma_map
from contract.errors import UsageError
from contract.plane import Origin, Point

LINES = 1080
"""Sigmas of clicks are said in pixels of a picture this high."""
NEAR_M = 5000.0
"""Points this far from each other are not in one picture: a digit is wrong, or lat and lon are swapped."""
COLUMNS, ROWS = 12, 8


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class MarkedPoint(_Block):
    """A point: `x`, `y` in shares of the picture, the place in degrees (CGCS2000)."""

    name: Annotated[str, Field(max_length=64)] = ""
    x: Annotated[float, Field(ge=0, le=1)]
    y: Annotated[float, Field(ge=0, le=1)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Marks(_Block):
    """What an engineer marked, and how sure of it they are."""

    points: Annotated[tuple[MarkedPoint, ...], Field(min_length=4, max_length=100)]
    aspect: Annotated[float, Field(ge=0.2, le=5)] = 16 / 9
    click_sigma_px: Annotated[float, Field(ge=0.1, le=100)] = 3.0
    survey_sigma_m: Annotated[float, Field(ge=0.001, le=10)] = 0.2
    offset_sigma_m: Annotated[float, Field(ge=0, le=50)] = 0.3

    def to_settings(self, origin: Origin) -> dict[str, object]:
        """As the node's settings have it."""
        return {
            "origin_lat": origin.lat,
            "origin_lon": origin.lon,
            "aspect": round(self.aspect, 6),
            "click_sigma": round(self.click_sigma_px / LINES, 6),
            "survey_sigma_m": self.survey_sigma_m,
            "offset_sigma_m": self.offset_sigma_m,
            "points": [point.model_dump() for point in self.points],
        }


class PointTrial(_Block):
    """How far the fit is off at a point, what the others alone would say, and one sigma there, in metres.

    None: the fit has no answer there, or the others are too few to say.
    """

    name: str
    error_m: float | None
    left_out_m: float | None
    sigma_m: float | None


class Trial(_Block):
    """What the points give. `sigma_m`: rows over the picture, top left first; None above the horizon or too far."""

    points: tuple[PointTrial, ...]
    sigma_m: tuple[tuple[float | None, ...], ...]
    camera: tuple[float, float] | None
    """Where it hangs, in degrees; None when it looks straight down."""
    height_m: float | None
    chi2: float
    freedom: int
    has_lens: bool


def tried(marks: Marks, origin: Origin) -> Trial:
    """What the marks give.

    Raises:
        UsageError: they determine no camera, contradict each other, or lie nowhere near each other; says which to
            look at.
    """
    pairs = [
        Pair(point.name or str(number), point.x, point.y, origin.to_local(point.lat, point.lon))
        for number, point in enumerate(marks.points, 1)
    ]
    _require_near(pairs)
    survey = Survey(marks.click_sigma_px / LINES, marks.survey_sigma_m, marks.offset_sigma_m)
    fit = fit_ground(pairs, origin, marks.aspect, survey)
    left = left_out(pairs, origin, marks.aspect, survey)
    return Trial(
        points=tuple(
            PointTrial(
                name=found.pair.name,
                error_m=_metres(found.error_m),
                left_out_m=_metres(found.left_out_m),
                sigma_m=_metres(found.sigma_m),
            )
            for found in residuals(fit, pairs, left)
        ),
        sigma_m=tuple(tuple(_metres(float(value)) for value in row) for row in sigma_map(fit, COLUMNS, ROWS)),
        camera=_hangs_at(fit, origin),
        height_m=None if fit.lens_m is None else round(float(fit.lens_m[2]), 2),
        chi2=round(fit.fitted.chi2, 3),
        freedom=fit.fitted.freedom,
        has_lens=fit.fitted.has_lens,
    )


def _hangs_at(fit: GroundFit, origin: Origin) -> tuple[float, float] | None:
    if fit.lens_m is None:
        return None
    lat, lon = origin.to_degrees(Point(float(fit.lens_m[0]), float(fit.lens_m[1])))
    return round(lat, 7), round(lon, 7)


def _require_near(pairs: list[Pair]) -> None:
    east = sorted(pair.ground.east_m for pair in pairs)[len(pairs) // 2]
    north = sorted(pair.ground.north_m for pair in pairs)[len(pairs) // 2]
    for pair in pairs:
        away = sqrt((pair.ground.east_m - east) ** 2 + (pair.ground.north_m - north) ** 2)
        if away > NEAR_M:
            raise UsageError(f"point {pair.name}: lies {away / 1000:.0f} km from the others: check its lat and lon")


def _metres(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else round(value, 3)
