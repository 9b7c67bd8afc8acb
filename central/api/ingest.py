"""Events over HTTP, for a node whose way to the broker is shut; and what became of all that came in, however it came.

The same admission as over MQTT: the same checks, the same inbox, the same outcomes.
"""

from collections.abc import AsyncIterator, Callable
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict
from starlette.requests import ClientDisconnect

from central.api.access import Access
from central.domain.people import Right
from central.services.admission import NodeReceipt, Settled
from central.services.bodies import split_body
from central.services.outcomes import Mark, Outcome
from central.services.submitting import EventDesk, MarkedPage, OutcomePage
from contract.ids import NAME_PATTERN, NodeId
from contract.receipts import Receipt

MAX_EVENTS = 500
MAX_BODY_BYTES = 4 * 1024 * 1024
LINES = "application/x-ndjson"


class LaneName(StrEnum):
    """Whether it happens now, or happened while the node was cut off."""

    LIVE = "live"
    BACKFILL = "backfill"


class EventAnswer(BaseModel):
    """What became of one event, in the order of the request."""

    model_config = ConfigDict(frozen=True)

    outcome: Outcome
    event_id: str | None
    marks: tuple[Mark, ...]
    reason: str | None


class SubmitAnswer(BaseModel):
    """`receipts` are what the node may delete, as over MQTT."""

    model_config = ConfigDict(frozen=True)

    receipts: tuple[Receipt, ...]
    events: tuple[EventAnswer, ...]


def ingest_router(desk: EventDesk, on_taken: Callable[[], None], access: Access) -> APIRouter:
    """``/nodes/{node}/events`` for nodes, ``/intake/…`` for operators. `on_taken` wakes association."""
    router = APIRouter(tags=["intake"])
    keeper = [Depends(access.may(Right.KEEP_INTAKE))]

    @router.post("/nodes/{node}/events", dependencies=[Depends(access.node)])
    async def submit_events(
        node: Annotated[str, Path(pattern=NAME_PATTERN)], request: Request, lane: LaneName = LaneName.LIVE
    ) -> SubmitAnswer:
        """Takes one event, a JSON array of them, or one a line (application/x-ndjson); at most 500 and 4 MiB.

        Every event gets an outcome; one that can't be taken is kept as a dead letter and costs the others nothing.
        """
        try:
            body = b"".join([chunk async for chunk in _capped(request)])
        except ClientDisconnect as error:
            raise HTTPException(400, "the request broke off") from error
        is_lines = request.headers.get("content-type", "").partition(";")[0].strip().lower() == LINES
        payloads = await run_in_threadpool(split_body, body, is_lines)
        if len(payloads) > MAX_EVENTS:
            raise HTTPException(413, f"{len(payloads)} events; send at most {MAX_EVENTS} at a time")
        submitted = await run_in_threadpool(desk.submit, NodeId(node), payloads, lane is LaneName.BACKFILL)
        on_taken()
        return _answer(submitted.settled, submitted.receipts)

    @router.get("/intake/outcomes", dependencies=keeper)
    def list_outcomes(limit: Annotated[int, Query(ge=1, le=1000)] = 200) -> OutcomePage:
        """How often what was refused or marked, per node and day, the newest day first."""
        return desk.outcomes(limit)

    @router.get("/intake/marked", dependencies=keeper)
    def list_marked(limit: Annotated[int, Query(ge=1, le=500)] = 50) -> MarkedPage:
        """The newest events that were taken although something about them is odd."""
        return desk.marked(limit)

    return router


async def _capped(request: Request) -> AsyncIterator[bytes]:
    """The body's pieces, no more than the limit.

    Raises:
        HTTPException: 413 as soon as it is too long.
    """
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise HTTPException(413, f"more than {MAX_BODY_BYTES} bytes; send fewer events at a time")
        yield chunk


def _answer(settled: tuple[Settled, ...], receipts: tuple[NodeReceipt, ...]) -> SubmitAnswer:
    return SubmitAnswer(
        receipts=tuple(one.receipt for one in receipts),
        events=tuple(
            EventAnswer(outcome=one.outcome, event_id=one.event_id, marks=one.marks, reason=one.reason)
            for one in settled
        ),
    )
