"""Deliveries over HTTP: how they stand, what platforms answer (signed), and pictures by a link that runs out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from central.api.access import Access
from central.domain.delivery import DeliveryState
from central.domain.people import Right
from central.services.delivery_hearing import Outcome, ReplyDesk
from central.services.delivery_notices import PictureLinks
from central.services.delivery_signature import verify
from central.services.delivery_views import CaseDeliveries, DeliveryReader, DeliveryView, TargetView
from central.services.evidence import ObjectStore, media_type_of
from central.services.exchange_taking import ExchangeDesk
from contract.clock import Clock
from contract.errors import PermanentError
from contract.ids import NAME_PATTERN, SHA256_PATTERN, UUID_PATTERN
from contract.notices import MAX_NOTICE_BYTES, MAX_REPLY_BYTES, CaseNotice, PlatformReply
from contract.problems import first_problem


class ReplyAnswer(BaseModel):
    """What became of a reply. Whatever it is, the reply is kept and need not come again."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class PlatformDoor:
    """What the way in for platforms is made of. `keys`: target → its webhooks' secret."""

    replies: ReplyDesk
    keys: Mapping[str, bytes]
    links: PictureLinks | None
    objects: ObjectStore
    clock: Clock
    exchange: ExchangeDesk | None = None


def deliveries_router(reader: DeliveryReader, access: Access) -> APIRouter:
    """For operators."""
    router = APIRouter(tags=["deliveries"], dependencies=[Depends(access.operator)])

    @router.get("/cases/{case_id}/deliveries")
    def show_deliveries(case_id: Annotated[str, Path(pattern=UUID_PATTERN)]) -> CaseDeliveries:
        """Who was told of the case, what they have of it, and what they answered."""
        return reader.of_case(case_id)

    @router.get("/deliveries", dependencies=[Depends(access.may(Right.KEEP_DELIVERY))])
    def list_deliveries(
        state: Annotated[list[DeliveryState] | None, Query()] = None,
        target: Annotated[str | None, Query(pattern=NAME_PATTERN)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> tuple[DeliveryView, ...]:
        """The newest in those states; what a person must look at (``dead``) unless given."""
        return reader.listed(state or [DeliveryState.DEAD], target, limit)

    @router.get("/deliveries/targets")
    def list_targets() -> tuple[TargetView, ...]:
        """Every target: what waits, what was refused, whether its breaker is open."""
        return reader.targets()

    return router


def platforms_router(door: PlatformDoor) -> APIRouter:
    """For platforms: they prove themselves by a signature, or by the link they were given."""
    router = APIRouter(tags=["platforms"])

    @router.post("/platforms/{target}/replies")
    async def take_reply(target: Annotated[str, Path(pattern=NAME_PATTERN)], request: Request) -> ReplyAnswer:
        """A PlatformReply with the headers webhook-id, webhook-timestamp and webhook-signature (Standard Webhooks)."""
        body = await _signed(door, target, request, MAX_REPLY_BYTES)
        try:
            reply = PlatformReply.model_validate_json(body)
        except ValidationError as error:
            raise _malformed(error) from error
        verdict = await run_in_threadpool(door.replies.take, target, reply)
        return ReplyAnswer(outcome=verdict.outcome, reason=verdict.reason)

    @router.post("/platforms/{target}/cases")
    async def take_case(target: Annotated[str, Path(pattern=NAME_PATTERN)], request: Request) -> ReplyAnswer:
        """A CaseNotice of a district that shares its cases with this city; signed as replies are."""
        body = await _signed(door, target, request, MAX_NOTICE_BYTES)
        if door.exchange is None:
            raise HTTPException(404, "no cases are exchanged here")
        try:
            notice = CaseNotice.model_validate_json(body)
        except ValidationError as error:
            raise _malformed(error) from error
        verdict = await run_in_threadpool(door.exchange.take, target, notice)
        return ReplyAnswer(outcome=verdict.outcome, reason=verdict.reason)

    @router.get("/shared/pictures/{sha256}", response_class=FileResponse)
    def shared_picture(
        sha256: Annotated[str, Path(pattern=SHA256_PATTERN)],
        until: Annotated[int, Query(ge=0, lt=10**11)],
        signature: Annotated[str, Query(pattern=SHA256_PATTERN)],
    ) -> Response:
        """A redacted picture, by the link in a notice."""
        if door.links is None or not door.links.is_good(sha256, until, signature, door.clock.now()):
            raise HTTPException(403, "this link has run out or was changed")
        path = door.objects.find(sha256)
        if path is None:
            raise HTTPException(404, "no such picture here (any more)")
        with path.open("rb") as file:
            media_type = media_type_of(file.read(12)) or "application/octet-stream"
        return FileResponse(path, media_type=media_type, headers={"Cache-Control": "private, no-store"})

    return router


async def _signed(door: PlatformDoor, target: str, request: Request, most: int) -> bytes:
    key = door.keys.get(target)
    body = await _body(request, most)
    try:
        if key is None:
            raise PermanentError("no such target, or none that signs its replies")
        verify(key, {name.lower(): value for name, value in request.headers.items()}, body, door.clock.now())
    except PermanentError as error:
        raise HTTPException(401, str(error)) from error
    return body


def _malformed(error: ValidationError) -> HTTPException:
    return HTTPException(422, first_problem(error, "body"))


async def _body(request: Request, most: int) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise HTTPException(413, f"{most} bytes are the most")
    return body
