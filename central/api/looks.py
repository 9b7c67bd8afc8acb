"""A camera's newest picture for who looks at a case, and how what was asked of a node stands."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from central.api.access import Access
from central.domain.people import Operator
from central.services.looking import LookDesk, LookView
from contract.events import Name
from contract.ids import UUID_PATTERN

CaseIdPath = Annotated[str, Path(pattern=UUID_PATTERN)]
RequestPath = Annotated[str, Path(pattern=UUID_PATTERN)]


class LookBody(BaseModel):
    """Which of the case's cameras; the one that saw it last unless given."""

    model_config = ConfigDict(extra="forbid")

    camera: Name | None = None


def looks_router(desk: LookDesk, access: Access) -> APIRouter:
    """``/cases/{case_id}/looks``, for operators."""
    router = APIRouter(prefix="/cases", tags=["cases"])
    operator = access.operator

    @router.post("/{case_id}/looks", status_code=201)
    def look(case_id: CaseIdPath, body: LookBody, who: Annotated[Operator, Depends(operator)]) -> LookView:
        """Asks a camera of the case for its newest picture, redacted like all evidence."""
        return desk.look(case_id, body.camera, who.name)

    @router.get("/{case_id}/looks/{request_id}", dependencies=[Depends(operator)])
    def show_look(case_id: CaseIdPath, request_id: RequestPath) -> LookView:
        """How it stands; of an original that was asked for, too."""
        return desk.asked(case_id, request_id)

    @router.get("/{case_id}/looks/{request_id}/picture", dependencies=[Depends(operator)], response_class=FileResponse)
    def show_picture(case_id: CaseIdPath, request_id: RequestPath) -> FileResponse:
        """The picture."""
        path = desk.picture(case_id, request_id)
        if path is None:
            raise HTTPException(404, "no picture here (yet)")
        return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})

    return router
