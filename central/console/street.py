"""The phone's pages for officers: my cases, the way there, a photograph, done. What is sent waits on the phone until
it has arrived, so that a street without a signal loses nothing."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, RedirectResponse

from central.console.fleet_pages import Gate
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room
from central.console.street_offline import mark
from central.domain.people import Operator
from central.domain.workflow import ASIDE
from central.services.photobook import PhotoBook
from central.services.reading import Reader
from central.services.street import MOST_PHOTO_BYTES, StreetDesk, Taken
from central.services.views import CaseSummary
from contract.errors import PermanentError
from contract.ids import SHA256_PATTERN, UUID_PATTERN

CasePath = Annotated[str, Path(pattern=UUID_PATTERN)]
Around = Callable[[str, Operator], list[CaseSummary]]
"""The newest cases at a case's place that somebody may see."""
MOST_EARLIER = 3


def street_pages(
    desk: StreetDesk, book: PhotoBook, reader: Reader, around: Around, gate: Gate, pages: Pages
) -> APIRouter:
    """``/street``."""
    router = APIRouter(prefix="/street", include_in_schema=False)
    Officer = Annotated[Operator, Depends(gate.may(ROOMS[Room.STREET], is_page=True))]  # noqa: N806  # a type

    @router.get("")
    def show_mine(request: Request, who: Officer) -> Response:
        return mark(request, pages.render(request, "street.html", cases=desk.mine(who)))

    @router.get("/cases/{case_id}")
    def show_case(request: Request, case_id: CasePath, who: Officer) -> Response:
        case = reader.detail(case_id, *who.roles)
        if case is None:
            return pages.render(request, "missing.html", 404)
        if case.merged_into is not None:
            return RedirectResponse(f"/street/cases/{case.merged_into}", 303)
        steps = [step for step in case.steps if step.action not in ASIDE and set(step.needs) <= {"note"}]
        spot, photos = desk.spot(case_id), book.of_case(case_id)
        earlier = list(islice(book.before(case, around(case.id, who)), MOST_EARLIER))
        page = pages.render(
            request, "street_case.html", case=case, steps=steps, spot=spot, photos=photos, earlier=earlier
        )
        return mark(request, page)

    @router.post("/cases/{case_id}/photos")
    async def take_photo(
        request: Request, case_id: CasePath, who: Officer, taken_at: Annotated[datetime | None, Query()] = None
    ) -> Response:
        """A JPEG picture as the body; the same one again changes nothing."""
        content = await _body(request)
        moment = taken_at if taken_at is not None and taken_at.tzinfo is not None else None
        taken = Taken(content, hashlib.sha256(content).hexdigest(), moment)
        try:
            await run_in_threadpool(desk.keep, case_id, who, taken)
        except PermanentError as error:
            raise HTTPException(415, str(error)) from error
        return Response(status_code=201)

    @router.get("/cases/{case_id}/photos/{photo}", response_class=FileResponse)
    def show_photo(case_id: CasePath, photo: Annotated[str, Path(pattern=SHA256_PATTERN)], _who: Officer) -> Response:
        path = book.shown(case_id, photo)
        if path is None:
            raise HTTPException(404, "no such photograph of this case")
        return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, no-store"})

    return router


async def _body(request: Request) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_PHOTO_BYTES:
            raise HTTPException(413, f"more than {MOST_PHOTO_BYTES >> 20} MiB")
    return bytes(content)
