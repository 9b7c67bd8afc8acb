"""The map's layers over HTTP, as GeoJSON: each in the asker's district."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import FileResponse, JSONResponse, Response

from central.api.access import Access
from central.domain.people import Operator
from central.domain.values import CaseFilter
from central.domain.workflow import OPEN
from central.services.atlas import Atlas
from central.services.basemap import BaseMap
from central.services.case_atlas import CaseAtlas
from central.services.geojson import Json
from contract.ids import UUID_PATTERN

LONGEST_DAYS = 92
CaseId = Annotated[str, Query(pattern=UUID_PATTERN)]
Ids = Annotated[list[CaseId], Query(default_factory=list, max_length=100, alias="id")]


def map_router(atlas: Atlas, cases: CaseAtlas, base: BaseMap | None, access: Access) -> APIRouter:
    """``/map``."""
    router = APIRouter(prefix="/map", tags=["map"])
    reader = [Depends(access.operator)]

    @router.get("/areas")
    def areas(who: Annotated[Operator, Depends(access.operator)]) -> Response:
        """Outlines of the district, its streets, communities and unit grids."""
        return _answer(atlas.areas(who.district))

    @router.get("/zones")
    def zones(who: Annotated[Operator, Depends(access.operator)]) -> Response:
        """Zones in force today, and whether they are open now."""
        return _answer(atlas.zones(who.district))

    @router.get("/permits")
    def permits(who: Annotated[Operator, Depends(access.operator)]) -> Response:
        """Permits in force today that hold on the ground."""
        return _answer(atlas.permits(who.district))

    @router.get("/cameras")
    def cameras(who: Annotated[Operator, Depends(access.operator)]) -> Response:
        """Cameras: a sector where the pose is known, else a point; without a geometry where neither is."""
        return _answer(atlas.cameras(who.district))

    @router.get("/cases")
    def open_cases(who: Annotated[Operator, Depends(access.operator)], wanted: Ids) -> Response:
        """Open cases with a place, the most severe first; with ``id``, those of them that are open still."""
        return _answer(cases.cases(_open_of(who), wanted))

    @router.get("/ground")
    def ground(who: Annotated[Operator, Depends(access.operator)]) -> JSONResponse:
        """What a map begins with, in one answer: areas, zones, cameras and cases, each a FeatureCollection."""
        return JSONResponse(
            {
                "areas": atlas.areas(who.district),
                "zones": atlas.zones(who.district),
                "cameras": atlas.cameras(who.district),
                "cases": cases.cases(_open_of(who)),
            }
        )

    @router.get("/cases/{case_id}", dependencies=reader)
    def reasons(case_id: str) -> Response:
        """Why one case is one: ellipses of two standard deviations, and lines with basis, distance and gate."""
        return _answer(cases.reasons(case_id))

    @router.get("/heat")
    def heat(
        who: Annotated[Operator, Depends(access.operator)], days: Annotated[int, Query(ge=1, le=LONGEST_DAYS)] = 7
    ) -> Response:
        """Squares of 50 m by how many cases began there in the last days."""
        return _answer(cases.heat(who.district, days))

    @router.get("/base", dependencies=reader)
    def background() -> Response:
        """The background that somebody brought, in parts if a Range is asked for; 404 without one."""
        facts = base.current() if base else None
        if base is None or facts is None:
            raise HTTPException(404, "the map has no background of its own")
        return FileResponse(base.path(facts), media_type=facts.media_type)

    return router


def _open_of(who: Operator) -> CaseFilter:
    return CaseFilter(states=OPEN, silenced=False, district=who.district, is_by_severity=True)


def _answer(found: Json) -> JSONResponse:
    return JSONResponse(found, media_type="application/geo+json")
