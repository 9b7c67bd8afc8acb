"""Pages of the fleet: every node and camera, one node, one camera with its newest picture. They change nothing but
what is asked of a node."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from central.console.fleet_shown import shapes_of, summed_up, wanted
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room, entrances_for, is_open_to
from central.domain.people import Operator, Right
from central.services.fleet import FleetDesk, UnknownNode
from central.services.fleet_book import FleetBook
from central.services.fleet_views import Drift
from contract.errors import UsageError
from contract.ids import NAME_PATTERN
from contract.requests import Ask, CalibrationPicture, FreshFrame

HISTORY = 60
REQUESTS = 15
PATIENCE = timedelta(minutes=5)
"""How long a picture is asked for: whoever wants it sits before the page."""

NodePath = Annotated[str, Path(pattern=NAME_PATTERN)]
CameraPath = Annotated[str, Path(pattern=NAME_PATTERN)]
Preset = Annotated[str, Query(max_length=64)]


class Gate(Protocol):
    """What these pages need of the access rules."""

    def may(self, right: Right, *, is_page: bool = False) -> Callable[[Request], Awaitable[Operator]]: ...


def fleet_pages(book: FleetBook, desk: FleetDesk, gate: Gate, pages: Pages) -> APIRouter:
    """``/fleet`` and what lies under it."""
    router = APIRouter(prefix="/fleet", include_in_schema=False)
    keeper = gate.may(ROOMS[Room.WORKSHOP], is_page=True)
    Reader = Annotated[Operator, Depends(gate.may(ROOMS[Room.FLEET], is_page=True))]  # noqa: N806  # a type

    def missing(request: Request, name: str) -> Response:
        return pages.render(request, "fleet_missing.html", 404, name=name)

    @router.get("")
    def show_fleet(
        request: Request,
        who: Reader,
        query: Annotated[str, Query(max_length=64)] = "",
        trouble: bool = False,
    ) -> Response:
        nodes = book.nodes()
        found = wanted([camera for node in nodes for camera in node.cameras], query, is_trouble_only=trouble)
        return pages.render(
            request,
            "fleet.html",
            nodes=nodes,
            cameras=found,
            sums=summed_up(nodes),
            query=query,
            trouble=trouble,
            rooms=entrances_for(who),
        )

    @router.get("/nodes/{node_id}")
    def show_node(request: Request, node_id: NodePath, who: Reader) -> Response:
        try:
            node = book.node(node_id)
        except UnknownNode:
            return missing(request, node_id)
        versions = desk.bundles(node_id) if node.bundle else []
        return pages.render(
            request,
            "fleet_node.html",
            node=node,
            versions=versions,
            history=desk.history(node_id, None, HISTORY),
            asked=desk.requests(node_id, REQUESTS),
            is_settling=node.view.drift is Drift.WAITING,
            keeps_fleet=is_open_to(who, Room.WORKSHOP),
        )

    @router.get("/nodes/{node_id}/diff/{version}", dependencies=[Depends(keeper)])
    def show_diff(request: Request, node_id: NodePath, version: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
        try:
            lines = desk.diff(node_id, version - 1, version)
        except UnknownNode:
            return missing(request, f"{node_id} v{version}")
        return pages.render(request, "fleet_diff.html", node_id=node_id, version=version, lines=lines)

    @router.get("/cameras/{camera_id}")
    def show_camera(request: Request, camera_id: CameraPath, who: Reader, preset: Preset = "") -> Response:
        try:
            camera = book.camera(camera_id)
        except UnknownNode:
            return missing(request, camera_id)
        return pages.render(
            request,
            "fleet_camera.html",
            camera=camera,
            preset=preset,
            shapes=shapes_of(camera, preset),
            pictures=book.pictures(camera, preset),
            history=desk.history(camera.node.view.node_id, camera_id, HISTORY),
            is_settling=camera.node.view.drift is Drift.WAITING,
            keeps_fleet=is_open_to(who, Room.WORKSHOP),
        )

    @router.post("/cameras/{camera_id}/picture")
    def ask_picture(
        camera_id: CameraPath,
        who: Annotated[Operator, Depends(keeper)],
        preset: Annotated[str, Form(max_length=64)] = "",
        full: Annotated[str, Form(max_length=8)] = "",
        back: Annotated[str, Form(pattern=r"^(zones|calibration)?$")] = "",
    ) -> Response:
        camera = book.camera(camera_id)
        desk.ask(camera.node.view.node_id, _ask(camera_id, preset, is_full=bool(full)), who.name, PATIENCE)
        path = f"/fleet/cameras/{camera_id}" + (f"/{back}" if back else "")
        return RedirectResponse(path + (f"?preset={preset}" if preset else ""), 303)

    return router


def _ask(camera_id: str, preset: str, *, is_full: bool) -> Ask:
    """At a preset, or in full size, a picture to calibrate by; else simply the newest.

    Raises:
        UsageError: the preset is no name.
    """
    try:
        if preset or is_full:
            return CalibrationPicture(camera_id=camera_id, preset=preset or None)
        return FreshFrame(camera_id=camera_id)
    except ValueError as error:
        raise UsageError(f"preset {preset!r}: is no preset's name") from error
