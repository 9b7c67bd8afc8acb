"""Drawing zones and masks on the camera's own picture; what was drawn becomes the node's next version."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from central.console.fleet_pages import CameraPath, Gate, Preset
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room
from central.console.spoken import spoken
from central.domain.people import Operator
from central.domain.why import reason_of
from central.services.fleet import Overtaken
from central.services.fleet_book import CameraEntry, FleetBook
from central.services.tailoring import Tailor, Wish, read_shapes
from contract.bundle import CameraBlock
from contract.errors import UsageError
from contract.taxonomy import Seen

LONGEST_DRAWING = 120_000
"""Characters: 64 shapes of 200 corners."""


def shaping_pages(book: FleetBook, tailor: Tailor, gate: Gate, pages: Pages) -> APIRouter:
    """``/fleet/cameras/{camera}/zones``."""
    router = APIRouter(prefix="/fleet/cameras/{camera_id}/zones", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.WORKSHOP], is_page=True))]  # noqa: N806  # a type

    def page(request: Request, camera: CameraEntry, preset: str, status: int = 200, **typed: object) -> Response:
        facts = {"drawing": drawing_of(camera, preset), "why": "", "problems": ()} | typed
        return pages.render(
            request,
            "shapes.html",
            status,
            camera=camera,
            preset=preset,
            has_masks=not preset,
            pictures=book.pictures(camera, preset),
            kinds=list(Seen),
            **facts,
        )

    @router.get("")
    def show(request: Request, camera_id: CameraPath, _who: Keeper, preset: Preset = "") -> Response:
        return page(request, book.camera(camera_id), preset)

    @router.post("")
    def save(
        request: Request,
        camera_id: CameraPath,
        who: Keeper,
        drawing: Annotated[str, Form(max_length=LONGEST_DRAWING)],
        after: Annotated[int, Form(ge=0, le=2**53)],
        why: Annotated[str, Form(max_length=500)] = "",
        preset: Annotated[str, Form(max_length=64)] = "",
    ) -> Response:
        camera = book.camera(camera_id)
        node_id = camera.node.view.node_id
        try:
            tailor.set_shapes(node_id, camera_id, preset, read_shapes(drawing), Wish(who.name, reason_of(why), after))
        except UsageError as error:
            status = 409 if isinstance(error, Overtaken) else 422
            problems = spoken(pages, request, error)
            return page(request, camera, preset, status, drawing=drawing, why=why, problems=problems)
        return RedirectResponse(f"/fleet/cameras/{camera_id}" + (f"?preset={preset}" if preset else ""), 303)

    return router


def drawing_of(camera: CameraEntry, preset: str) -> str:
    """The shapes as the editor takes them and gives them back: JSON, see `tailoring.read_shapes`."""
    part = camera.part(preset)
    zones = part.zones if part else ()
    masks = part.masks if isinstance(part, CameraBlock) else ()
    return json.dumps(
        {
            "zones": [
                {"name": zone.name, "polygon": zone.polygon, "kinds": [str(kind) for kind in zone.kinds or ()]}
                for zone in zones
            ],
            "masks": [{"polygon": mask.polygon, "kinds": [str(kind) for kind in mask.kinds]} for mask in masks],
        }
    )
