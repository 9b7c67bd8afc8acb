"""The map's page, the background that somebody brings for it, and the public map of places where trade is welcome."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse

from central.console.pages import Pages
from central.domain.people import Operator, Right, denial
from central.domain.registers.areas import AreaLevel
from central.services.atlas import Atlas
from central.services.basemap import BaseMap, Brought, Corners
from central.services.geojson import collection
from central.services.reading import Reader
from contract.clock import Clock
from contract.errors import UsageError

CHUNK_BYTES = 1024 * 1024
HEAT_DAYS = (1, 7, 30, 90)
PUBLIC_LEVELS = frozenset(AreaLevel) - {AreaLevel.GRID}
SPOKEN = ("state.", "seen.", "severity.", "camera.", "basis.")
"""Groups of words that the map's script says beside its own."""
Degree = Annotated[float | None, Form(ge=-180, le=180, allow_inf_nan=False)]


class Gate(Protocol):
    """What these pages need of the access rules."""

    @property
    def page(self) -> Callable[[Request], Awaitable[Operator]]: ...
    def may(self, right: Right, *, is_page: bool = False) -> Callable[[Request], Awaitable[Operator]]: ...


def map_pages(
    reader: Reader, base: BaseMap | None, gate: Gate, pages: Pages, clock: Clock, timezone: ZoneInfo
) -> APIRouter:
    """``/map``."""
    router = APIRouter(prefix="/map", include_in_schema=False)
    keeper = gate.may(Right.KEEP_REGISTERS, is_page=True)

    def page(request: Request, who: Operator, problem: str = "", status: int = 200) -> Response:
        return pages.render(
            request,
            "map.html",
            status,
            change_id=reader.change_range()[1],
            base=base.current() if base else None,
            may_bring=base is not None and denial(who, Right.KEEP_REGISTERS) is None and not who.district,
            heat_days=HEAT_DAYS,
            timezone=timezone.key,
            spoken=SPOKEN,
            problem=problem,
        )

    @router.get("")
    def show_map(request: Request, who: Annotated[Operator, Depends(gate.page)]) -> Response:
        return page(request, who)

    @router.post("/base")
    async def bring_base(
        request: Request,
        who: Annotated[Operator, Depends(keeper)],
        file: UploadFile,
        south: Degree = None,
        west: Degree = None,
        north: Degree = None,
        east: Degree = None,
    ) -> Response:
        """Takes a picture, a PMTiles archive or a GeoJSON file in place of the background in force."""
        folder = _for_everywhere(base, who)

        def take() -> None:
            chunks = _chunks(file)
            folder.put(Brought(chunks, _corners(south, west, north, east), who.name, clock.now()))

        try:
            await run_in_threadpool(take)
        except UsageError as error:
            return await run_in_threadpool(page, request, who, str(error), 422)
        return RedirectResponse("/map", 303)

    @router.post("/base/remove")
    def remove_base(who: Annotated[Operator, Depends(keeper)]) -> Response:
        _for_everywhere(base, who).remove()
        return RedirectResponse("/map", 303)

    return router


def public_map_pages(atlas: Atlas, base: BaseMap | None, pages: Pages) -> APIRouter:
    """``/public/map``, for everybody: mounted only where the city has switched it on."""
    router = APIRouter(prefix="/public/map", include_in_schema=False)

    @router.get("")
    def show_public_map(request: Request, area: Annotated[str, Query(pattern=r"^[0-9A-Z]{0,15}$")] = "") -> Response:
        return pages.render(request, "public_map.html", area=area, base=base.current() if base else None)

    @router.get("/areas")
    def outlines(area: Annotated[str, Query(pattern=r"^[0-9A-Z]{0,15}$")] = "") -> Response:
        found = atlas.areas(area)["features"]
        return JSONResponse(collection(one for one in found if one["properties"]["level"] in PUBLIC_LEVELS))

    @router.get("/base")
    def background() -> Response:
        facts = base.current() if base else None
        if base is None or facts is None:
            raise HTTPException(404, "the map has no background of its own")
        return FileResponse(base.path(facts), media_type=facts.media_type)

    return router


def _for_everywhere(base: BaseMap | None, who: Operator) -> BaseMap:
    """The background belongs to all districts at once."""
    if base is None:
        raise HTTPException(404, "this process keeps no background for the map")
    if who.district:
        raise HTTPException(403, f"the map's background is everybody's; {who.name} answers for {who.district}")
    return base


def _corners(south: float | None, west: float | None, north: float | None, east: float | None) -> Corners | None:
    given = {"south": south, "west": west, "north": north, "east": east}
    if all(value is None for value in given.values()):
        return None
    try:
        return Corners.model_validate(given)
    except ValueError as error:
        raise UsageError("corners: give all four in degrees, south below north and west left of east") from error


def _chunks(file: UploadFile) -> Iterator[bytes]:
    while chunk := file.file.read(CHUNK_BYTES):
        yield chunk
