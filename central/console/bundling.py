"""What a node shall run, beside shapes and calibration: its policies as a form, the whole bundle as YAML, and the way
back to an earlier version."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from central.console.fleet_pages import Gate, NodePath
from central.console.pages import Pages
from central.console.rooms import ROOMS, Room
from central.console.spoken import spoken
from central.domain.people import Operator
from central.domain.why import reason_of
from central.services.fleet import FleetDesk, Overtaken, UnknownNode, content_of
from central.services.fleet_book import FleetBook, NodeEntry
from central.services.policies import GATHER, KNOBS, RANGES, Findings, Weighed, read_policies, shipped, typed_of
from central.services.tailoring import Tailor, Wish
from contract.errors import UsageError
from contract.taxonomy import Seen

LONGEST_BUNDLE = 180_000
Why = Annotated[str, Form(max_length=500)]
After = Annotated[int, Form(ge=0, le=2**53)]


def bundling_pages(
    book: FleetBook, desk: FleetDesk, tailor: Tailor, findings: Findings, gate: Gate, pages: Pages
) -> APIRouter:
    """``/fleet/nodes/{node}/policies``, ``…/bundle`` and ``…/back``."""
    router = APIRouter(prefix="/fleet/nodes/{node_id}", include_in_schema=False)
    Keeper = Annotated[Operator, Depends(gate.may(ROOMS[Room.WORKSHOP], is_page=True))]  # noqa: N806  # a type

    def policies_page(request: Request, node: NodeEntry, status: int = 200, **typed: Any) -> Response:
        own = node.bundle.policies if node.bundle else None
        facts = {"fields": typed_of(own or shipped()), "why": "", "problems": (), "trouble": ()} | typed
        facts["fields"] = defaultdict(str, facts["fields"])
        return pages.render(
            request,
            "policies.html",
            status,
            node=node,
            is_own_file=own is None,
            kinds=list(Seen),
            knobs=KNOBS,
            ranges=RANGES,
            gathers=GATHER,
            **facts,
        )

    def bundle_page(request: Request, node: NodeEntry, status: int = 200, **typed: Any) -> Response:
        content = tailor.content(node.view.node_id)
        text = yaml.safe_dump(content or _first_of(node), allow_unicode=True, sort_keys=False)
        facts = {"text": text, "why": "", "problems": ()} | typed
        return pages.render(request, "bundle.html", status, node=node, **facts)

    @router.get("/policies")
    def show_policies(request: Request, node_id: NodePath, _who: Keeper) -> Response:
        return policies_page(request, book.node(node_id))

    @router.get("/policies/weighed")
    def show_weighed(
        node_id: NodePath,
        _who: Keeper,
        seen: Seen,
        present_after_s: Annotated[float, Query(ge=0, le=1e7)],
        confirm_score: Annotated[float, Query(ge=0, le=1)],
    ) -> Weighed:
        cameras = [camera.camera_id for camera in book.node(node_id).cameras]
        return findings.weigh(cameras, seen, present_after_s, confirm_score)

    @router.post("/policies")
    async def save_policies(request: Request, node_id: NodePath, who: Keeper) -> Response:
        typed = {name: str(value) for name, value in (await request.form()).items()}

        def save() -> Response:
            node = book.node(node_id)
            policies, problems = read_policies(typed)
            told = {"fields": typed, "why": typed.get("why", "")}
            if problems:
                return policies_page(request, node, 422, problems=problems, **told)
            try:
                wish = _wish(who, typed.get("why", ""), _version(typed.get("after", "")))
                kept = node.bundle.policies if node.bundle else {}
                tailor.set_parts(node_id, {"policies": {**(kept or {}), **policies}}, wish)
            except UsageError as error:
                return policies_page(request, node, _status(error), trouble=spoken(pages, request, error), **told)
            return RedirectResponse(f"/fleet/nodes/{node_id}", 303)

        return await run_in_threadpool(save)

    @router.get("/bundle")
    def show_bundle(request: Request, node_id: NodePath, _who: Keeper) -> Response:
        return bundle_page(request, book.node(node_id))

    @router.post("/bundle")
    def save_bundle(
        request: Request,
        node_id: NodePath,
        who: Keeper,
        text: Annotated[str, Form(max_length=LONGEST_BUNDLE)],
        after: After,
        why: Why = "",
    ) -> Response:
        try:
            tailor.set_all(node_id, _read(text), _wish(who, why, after))
        except UsageError as error:
            told = {"text": text, "why": why, "problems": spoken(pages, request, error)}
            return bundle_page(request, book.node(node_id), _status(error), **told)
        return RedirectResponse(f"/fleet/nodes/{node_id}", 303)

    @router.post("/back")
    def go_back(
        node_id: NodePath, who: Keeper, version: Annotated[int, Form(ge=1, le=2**53)], after: After
    ) -> Response:
        found = next((entry for entry in desk.bundles(node_id) if entry.version == version), None)
        if found is None:
            raise UnknownNode(f"version {version} of node {node_id}")
        tailor.set_all(node_id, content_of(found), Wish(who.name, f"v{version}: {found.why}"[:500], after))
        return RedirectResponse(f"/fleet/nodes/{node_id}", 303)

    return router


def _first_of(node: NodeEntry) -> Mapping[str, object]:
    """A first bundle to fill in: the cameras that the node tells of, without their streams, which it doesn't tell."""
    return {"cameras": [{"camera_id": camera.camera_id, "source": "rtsp://"} for camera in node.cameras]}


def _read(text: str) -> Mapping[str, object]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UsageError(f"YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError("YAML: needs keys such as cameras:")
    return content


def _wish(who: Operator, why: str, after: int) -> Wish:
    return Wish(who.name, reason_of(why), after)


def _version(text: str) -> int:
    if not text.isdecimal():
        raise UsageError("after: the page is incomplete; load it again")
    return int(text)


def _status(error: UsageError) -> int:
    return 409 if isinstance(error, Overtaken) else 422
