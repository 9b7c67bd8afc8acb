"""The fleet over HTTP: the register and its bundles for operators; keys, models and answers for nodes."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from central.api.access import Access
from central.artifacts import Artifacts
from central.domain.people import Operator, Right
from central.keys import public_keys
from central.services.fleet import FleetDesk, Order
from central.services.fleet_views import BundleView, NodeView, RequestView, StandingView, bundle_view, request_view
from contract.events import Name
from contract.ids import NAME_PATTERN, SHA256_PATTERN, UUID_PATTERN
from contract.keys import KeyPairs, PublicKeys, read_enrolment
from contract.requests import MAX_ANSWER_BYTES, Ask

NodePath = Annotated[str, Path(pattern=NAME_PATTERN)]
Sha256Path = Annotated[str, Path(pattern=SHA256_PATTERN)]
RequestPath = Annotated[str, Path(pattern=UUID_PATTERN)]
Limit = Annotated[int, Query(ge=1, le=1000)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BundleBody(_Body):
    """What a node shall run from now on. `content` as in a bundle file; `secrets` are sealed and not kept."""

    content: dict[str, Any]
    why: Annotated[str, Field(min_length=3, max_length=500)]
    secrets: dict[Name, Annotated[str, Field(min_length=1, max_length=2000)]] = Field(default_factory=dict)
    goes_back_from: int | None = None


class AskBody(_Body):
    """What is asked of a node, and for how long."""

    ask: Ask
    expires_in_s: Annotated[int, Field(ge=10, le=7 * 86400)] = 600


def fleet_router(desk: FleetDesk, artifacts: Artifacts, keys: KeyPairs, access: Access) -> APIRouter:
    """``/fleet``: everything about nodes but the files they fetch."""
    router = APIRouter(prefix="/fleet", tags=["fleet"])
    operator = [Depends(access.operator)]
    keeper = access.may(Right.KEEP_FLEET)
    kept = [Depends(keeper)]

    @router.get("/keys")
    def show_keys() -> PublicKeys:
        """Central's public keys, for nodes that enrol; their fingerprint is compared by a person."""
        return public_keys(keys)

    @router.get("/nodes", dependencies=operator)
    def list_nodes() -> list[NodeView]:
        """Every node: what it shall run, what it runs, and how far apart these are."""
        return desk.nodes()

    @router.post("/nodes", dependencies=kept, status_code=201)
    async def enrol(request: Request, renew: bool = False) -> NodeView:
        """Takes a node into the register; the body is the file that `python -m edge enroll` wrote."""
        enrolled = read_enrolment(await _body(request, 16 * 1024), "enrolment")
        await run_in_threadpool(desk.enrol, enrolled, renew)
        return await run_in_threadpool(desk.node, enrolled.name)

    @router.get("/nodes/{node_id}", dependencies=operator)
    def show_node(node_id: NodePath) -> NodeView:
        """One node."""
        return desk.node(node_id)

    @router.get("/nodes/{node_id}/bundles", dependencies=kept)
    def list_bundles(node_id: NodePath) -> list[BundleView]:
        """Every version the node was given: when, by whom, why."""
        return [bundle_view(entry) for entry in desk.bundles(node_id)]

    @router.post("/nodes/{node_id}/bundles", status_code=201)
    def set_bundle(node_id: NodePath, body: BundleBody, who: Annotated[Operator, Depends(keeper)]) -> BundleView:
        """Gives the node a new version."""
        order = Order(body.content, who.name, body.why, body.secrets, body.goes_back_from)
        return bundle_view(desk.set_bundle(node_id, order))

    @router.get("/nodes/{node_id}/diff", dependencies=kept)
    def show_diff(node_id: NodePath, old: int | None = None, new: int | None = None) -> list[str]:
        """What changed between two versions; by default the last two."""
        return desk.diff(node_id, old, new)

    @router.get("/nodes/{node_id}/history", dependencies=operator)
    def show_history(
        node_id: NodePath, camera_id: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None, limit: Limit = 100
    ) -> list[StandingView]:
        """How the node and its cameras stood, a row per change, newest first."""
        return [StandingView.model_validate(entry) for entry in desk.history(node_id, camera_id, limit)]

    @router.post("/nodes/{node_id}/requests", status_code=201)
    def ask(node_id: NodePath, body: AskBody, who: Annotated[Operator, Depends(keeper)]) -> RequestView:
        """Asks the node for a picture."""
        desk.node(node_id)
        asked = desk.ask(node_id, body.ask, who.name, timedelta(seconds=body.expires_in_s))
        return request_view(desk.request(asked.request_id))

    @router.get("/requests", dependencies=kept)
    def list_requests(node_id: str | None = None, limit: Limit = 50) -> list[RequestView]:
        """Newest first."""
        return [request_view(entry) for entry in desk.requests(node_id, limit)]

    @router.get("/requests/{request_id}", dependencies=kept)
    def show_request(request_id: RequestPath) -> RequestView:
        """How a request stands."""
        return request_view(desk.request(request_id))

    @router.put("/requests/{request_id}/answer", dependencies=[Depends(access.node)], status_code=201)
    async def put_answer(request_id: RequestPath, request: Request) -> dict[str, str]:
        """Takes the picture that an open request asked for."""
        stored = await run_in_threadpool(desk.request, request_id)
        if stored.state != "open":
            raise HTTPException(409, f"the request is {stored.state}")
        content = await _body(request, MAX_ANSWER_BYTES)
        sha256 = await run_in_threadpool(artifacts.keep, content)
        await run_in_threadpool(desk.note_answer, request_id, sha256, len(content))
        return {"sha256": sha256}

    @router.get("/requests/{request_id}/answer", dependencies=kept, response_class=FileResponse)
    def get_answer(request_id: RequestPath) -> Response:
        """The picture, as it came: an original is still sealed."""
        stored = desk.request(request_id)
        path = None if stored.answer_sha256 is None else artifacts.find(stored.answer_sha256)
        if path is None:
            raise HTTPException(404, "no answer here (yet)")
        told = None if stored.reply is None or stored.reply.answer is None else stored.reply.answer.media_type
        return FileResponse(path, media_type=told or "application/octet-stream")

    return router


def artifacts_router(artifacts: Artifacts, access: Access) -> APIRouter:
    """``/models`` and ``/software``: files by hash, in parts if asked (Range)."""
    router = APIRouter(tags=["fleet"])

    @router.get("/models/{sha256}", dependencies=[Depends(access.node)], response_class=FileResponse)
    @router.get("/software/{sha256}", dependencies=[Depends(access.node)], response_class=FileResponse)
    def get_file(sha256: Sha256Path) -> Response:
        """A model's file or a software archive. Its name is its content, so a broken download can go on."""
        path = artifacts.find(sha256)
        if path is None:
            raise HTTPException(404, "no such file here")
        headers = {"ETag": f'"{sha256}"', "Cache-Control": "private, max-age=31536000, immutable"}
        return FileResponse(path, media_type="application/octet-stream", headers=headers)

    return router


async def _body(request: Request, limit_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > limit_bytes:
            raise HTTPException(413, f"more than {limit_bytes} bytes")
    return bytes(content)
