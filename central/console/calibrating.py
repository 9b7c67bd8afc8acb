"""Calibrating by clicking ground points on the picture and on the map, with what each point is off as they are set."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Body, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from central.console.fleet_pages import CameraPath, Gate, Preset
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room
from central.console.spoken import spoken
from central.domain.people import Operator
from central.domain.why import reason_of
from central.services.basemap import BaseFacts
from central.services.fleet import Overtaken
from central.services.fleet_book import CameraEntry, FleetBook
from central.services.placing import LINES, Marks, Trial, tried
from central.services.tailoring import Tailor, Wish
from central.services.views import ZoneView
from contract.errors import UsageError
from contract.plane import Origin, Point
from contract.problems import every_problem

LONGEST_MARKS = 40_000


@dataclass(frozen=True, slots=True)
class Ground:
    """What the map shows: where the site's metres begin, its zones, and the ground under them."""

    origin: Origin
    zones: Callable[[], Sequence[ZoneView]]
    base: Callable[[], BaseFacts | None] = lambda: None
    """The background that somebody brought for the map."""


def calibrating_pages(book: FleetBook, tailor: Tailor, ground: Ground, gate: Gate, pages: Pages) -> APIRouter:
    """``/fleet/cameras/{camera}/calibration``."""
    router = APIRouter(prefix="/fleet/cameras/{camera_id}/calibration", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.WORKSHOP], is_page=True))]  # noqa: N806  # a type

    def page(request: Request, camera: CameraEntry, preset: str, status: int = 200, **typed: object) -> Response:
        facts = {"marks": json.dumps(marks_of(camera, preset, ground.origin)), "why": "", "problems": ()} | typed
        return pages.render(
            request,
            "calibration.html",
            status,
            camera=camera,
            preset=preset,
            pictures=book.pictures(camera, preset),
            outlines=json.dumps(outlines_of(ground)),
            origin=ground.origin,
            base=ground.base(),
            **facts,
        )

    @router.get("")
    def show(request: Request, camera_id: CameraPath, _who: Keeper, preset: Preset = "") -> Response:
        return page(request, book.camera(camera_id), preset)

    @router.post("/trial")
    def try_out(_who: Keeper, marks: Annotated[Marks, Body()]) -> Trial:
        """What the points give; nothing is kept."""
        return tried(marks, ground.origin)

    @router.post("")
    def save(
        request: Request,
        camera_id: CameraPath,
        who: Keeper,
        marks: Annotated[str, Form(max_length=LONGEST_MARKS)],
        after: Annotated[int, Form(ge=0, le=2**53)],
        why: Annotated[str, Form(max_length=500)] = "",
        preset: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        camera = book.camera(camera_id)
        try:
            wish = Wish(who.name, reason_of(why), after)
            read = read_marks(marks)
            tried(read, ground.origin)
            settings = read.to_settings(ground.origin)
            tailor.set_calibration(camera.node.view.node_id, camera_id, preset, settings, wish)
        except UsageError as error:
            status = 409 if isinstance(error, Overtaken) else 422
            return page(request, camera, preset, status, marks=marks, why=why, problems=spoken(pages, request, error))
        return RedirectResponse(f"/fleet/cameras/{camera_id}" + (f"?preset={preset}" if preset else ""), 303)

    return router


def read_marks(text: str) -> Marks:
    """What the page sent.

    Raises:
        UsageError: a line per problem, each with its place.
    """
    try:
        return Marks.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(every_problem(error, "marks")) from error


def marks_of(camera: CameraEntry, preset: str, origin: Origin) -> dict[str, object]:
    """The calibration that the bundle has, as the page takes it; without one, no points."""
    part = camera.part(preset)
    known = part.options.get("calibration") if part else None
    if not isinstance(known, dict):
        return {"points": []}
    own = Origin(_number(known, "origin_lat", origin.lat), _number(known, "origin_lon", origin.lon))
    given = known.get("points")
    points = [_point(point, own) for point in given if isinstance(point, dict)] if isinstance(given, list) else []
    return {
        "points": points,
        "click_sigma_px": round(_number(known, "click_sigma", 3 / LINES) * LINES, 2),
        "survey_sigma_m": _number(known, "survey_sigma_m", 0.2),
        "offset_sigma_m": _number(known, "offset_sigma_m", 0.3),
    }


def outlines_of(ground: Ground) -> list[list[tuple[float, float]]]:
    """The zones' corners as (lat, lon)."""
    return [[ground.origin.to_degrees(Point(*corner)) for corner in zone.polygon_m] for zone in ground.zones()]


def _point(point: Mapping[str, object], origin: Origin) -> dict[str, object]:
    lat, lon = point.get("lat"), point.get("lon")
    if lat is None or lon is None:
        lat, lon = origin.to_degrees(Point(_number(point, "east_m", 0.0), _number(point, "north_m", 0.0)))
    return {"name": point.get("name", ""), "x": point.get("x"), "y": point.get("y"), "lat": lat, "lon": lon}


def _number(values: Mapping[str, object], name: str, otherwise: float) -> float:
    found = values.get(name)
    return float(found) if isinstance(found, (int, float)) else otherwise
