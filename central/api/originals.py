"""The picture before it was redacted, for a case and with a reason; who looked stands in the log of access."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access, visitor_of
from central.domain.people import Happening, Operator, Right
from central.services.evidence import media_type_of
from central.services.originals import Opening
from central.services.revealing import Asked, RevealDesk
from contract.ids import SHA256_PATTERN, UUID_PATTERN


class OriginalBody(BaseModel):
    """Which redacted picture, and why its original must be seen."""

    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[str, Field(pattern=SHA256_PATTERN)]
    reason: Annotated[str, Field(min_length=5, max_length=500)]


class AskedView(BaseModel):
    """The node was asked; ask again once it has answered."""

    request_id: str


def originals_router(desk: RevealDesk, access: Access) -> APIRouter:
    """``/cases/{case_id}/originals``."""
    router = APIRouter(prefix="/cases", tags=["cases"])

    @router.post(
        "/{case_id}/originals",
        response_class=Response,
        responses={200: {"content": {"image/jpeg": {}, "video/mp4": {}}}, 202: {"model": AskedView}},
    )
    def open_original(
        request: Request,
        case_id: Annotated[str, Path(pattern=UUID_PATTERN)],
        body: OriginalBody,
        who: Annotated[Operator, Depends(access.may(Right.OPEN_ORIGINAL))],
    ) -> Response:
        """The original of one of the case's pictures or films; 202 while its node has still to send it."""
        found = desk.reveal(Opening(body.sha256, case_id, body.reason.strip(), who.name), who.roles)
        facts = {"case": case_id, "sha256": body.sha256, "reason": body.reason.strip()}
        if isinstance(found, Asked):
            access.doors.note(who.name, visitor_of(request), Happening.ORIGINAL_ASKED, facts)
            return JSONResponse({"request_id": found.request_id}, 202)
        access.doors.note(who.name, visitor_of(request), Happening.ORIGINAL_OPENED, facts)
        return Response(found, media_type=media_type_of(found[:12]), headers={"Cache-Control": "no-store"})

    return router
