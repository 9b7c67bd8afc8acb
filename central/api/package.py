"""A case's evidence package over HTTP. Who takes one out stands in the case's history and in the log of access."""

import tempfile
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from central.api.access import Access, visitor_of
from central.domain.people import Happening, Operator, Right
from central.package.exporting import Exporter
from central.services.actions import UnknownCase
from central.services.reading import Reader
from contract.ids import UUID_PATTERN


def package_router(exporter: Exporter, reader: Reader, access: Access) -> APIRouter:
    """``/cases/{case_id}/package``."""
    router = APIRouter(prefix="/cases", tags=["cases"])

    @router.get("/{case_id}/package", response_class=FileResponse)
    def get_package(
        request: Request,
        case_id: Annotated[str, InPath(pattern=UUID_PATTERN)],
        operator: Annotated[Operator, Depends(access.may(Right.EXPORT_PACKAGE))],
    ) -> FileResponse:
        """The case's pictures, manifests, sealed history, judgement and sheet as a ZIP that anybody can verify."""
        case = reader.summary(case_id)
        if case is None:
            raise UnknownCase(case_id)
        folder = tempfile.TemporaryDirectory(prefix="xunjie-package-")
        try:
            path = Path(folder.name) / "case.zip"
            exporter.export(case_id, path, operator.name)
            facts = {"case": case_id}
            access.doors.note(operator.name, visitor_of(request), Happening.PACKAGE_EXPORTED, facts)
        except BaseException:
            folder.cleanup()
            raise
        name = f"{case.number or case_id}.zip"
        return FileResponse(
            path, media_type="application/zip", filename=name, background=BackgroundTask(folder.cleanup)
        )

    return router
