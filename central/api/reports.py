"""What people told of a case over Open311, for operators, under ``/api/v1``."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from central.api.access import Access
from central.services.georeport import ReportDesk
from contract.clock import format_rfc3339
from contract.ids import UUID_PATTERN


def reports_router(desk: ReportDesk, access: Access) -> APIRouter:
    """One route."""
    router = APIRouter(tags=["cases"], dependencies=[Depends(access.operator)])

    @router.get("/cases/{case_id}/reports")
    def show_reports(case_id: Annotated[str, Path(pattern=UUID_PATTERN)]) -> list[dict[str, object]]:
        """What citizens and hotlines reported that is this case now, in their words."""
        return [
            {
                "service_request_id": one.request.request_id,
                "source": one.request.source,
                "kind": one.request.kind,
                "requested_at": format_rfc3339(one.request.requested_at),
                "lat": one.request.lat,
                "lon": one.request.lon,
                "address": one.request.address,
                "description": one.request.description,
                "media_url": one.request.media_url,
            }
            for one in desk.of_case(case_id)
        ]

    return router
