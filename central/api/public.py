"""For everybody: statistics without personal data, and the map of places where trade is welcome (便民地图)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse

from central.api.access import Access
from central.api.assessment import read_period
from central.services.assessment_parts import Assessment
from central.services.openness import PublicStatistics

Area = Annotated[str, Query(max_length=15, pattern=r"^[0-9A-Z]*$")]
CACHED = {"Cache-Control": "public, max-age=300"}


def public_router(parts: Assessment, access: Access, *, is_open: bool) -> APIRouter:
    """``/public``: without a login only where the city has switched it on."""
    guards = [] if is_open else [Depends(access.operator)]
    router = APIRouter(prefix="/public", tags=["public"], dependencies=guards)

    @router.get("/statistics")
    def statistics(
        period: Annotated[str, Query(max_length=10, description="A month, quarter or year that is over.")],
        area: Area = "",
    ) -> PublicStatistics:
        """Shares, and filed cases by street and kind; small counts are withheld."""
        return parts.public.statistics(area, read_period(period, None, None))

    @router.get("/map")
    def map_of_places(area: Area = "") -> JSONResponse:
        """Markets, stall clusters, guide zones, barbecue yards and recycling points in force, as GeoJSON."""
        found: dict[str, Any] = parts.public.map(area)
        return JSONResponse(found, headers=CACHED if is_open else None, media_type="application/geo+json")

    return router
