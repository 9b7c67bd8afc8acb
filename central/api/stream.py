"""The live feed: server-sent events from the change log, resumed by Last-Event-ID.

``event: case`` carries a CaseSummary, ``event: node`` a node's id, ``event: reset`` says that the client was away for
longer than the log reaches and must load the page anew. The id is the change's number.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from central.api.access import Access
from central.domain.people import Operator
from central.domain.values import Change
from central.services.feed import LiveFeed
from central.services.reading import Reader
from central.services.sight import Sight

CHUNK = 100
HEARTBEAT_S = 10.0
STILL_IN_S = 30.0
"""How long a listener may stay whose session has ended meanwhile, or see what was theirs before."""


def stream_router(reader: Reader, feed: LiveFeed, access: Access) -> APIRouter:
    """``/events/stream``, for operators."""
    router = APIRouter(prefix="/events", tags=["live feed"])

    @router.get("/stream", dependencies=[Depends(feed.require_room)], response_class=EventSourceResponse)
    async def stream(
        request: Request,
        operator: Annotated[Operator, Depends(access.operator)],
        last_event_id: Annotated[str | None, Header()] = None,
        after: Annotated[int | None, Query(ge=0, description="Like Last-Event-ID, for the first connection.")] = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """Changes as they are committed, from Last-Event-ID on, or from now."""
        oldest, newest = await run_in_threadpool(reader.change_range)
        at = _start(last_event_id, after, newest)
        yield ServerSentEvent(comment="open", retry=2000)
        if at + 1 < oldest or at > newest:
            at = newest
            yield ServerSentEvent(event="reset", data={}, id=str(at))
        who: Operator | None = operator
        looked_at_s = asyncio.get_running_loop().time()
        with feed.listen() as listener:
            while who is not None and not listener.is_closed:
                if asyncio.get_running_loop().time() - looked_at_s > STILL_IN_S:
                    who = await run_in_threadpool(access.still, request)
                    looked_at_s = asyncio.get_running_loop().time()
                    continue
                changes = await run_in_threadpool(reader.changes_after, at, CHUNK)
                for change in _latest(changes):
                    message = await run_in_threadpool(message_of, reader, access.sight, who, change)
                    if message is not None:
                        yield message
                if changes:
                    at = changes[-1].change_id
                    continue
                if not await listener.wait(HEARTBEAT_S):
                    yield ServerSentEvent(comment="still here")

    return router


def _start(last_event_id: str | None, after: int | None, newest: int) -> int:
    if last_event_id is not None and last_event_id.isdecimal() and len(last_event_id) < 16:
        return int(last_event_id)
    return newest if after is None else after


def _latest(changes: Sequence[Change]) -> list[Change]:
    """One change per subject, its last: the message carries the state as it is now anyway."""
    by_subject = {(change.is_of_case, change.subject): change for change in changes}
    return sorted(by_subject.values(), key=lambda change: change.change_id)


def message_of(reader: Reader, sight: Sight, who: Operator, change: Change) -> ServerSentEvent | None:
    """None for a case that is not theirs to see."""
    if change.is_of_case:
        if not sight.sees(who, change.subject):
            return None
        summary = reader.summary(change.subject)
        data: object = None if summary is None else summary.model_dump(mode="json")
    else:
        data = {"node_id": change.subject}
    return ServerSentEvent(event="case" if change.is_of_case else "node", data=data, id=str(change.change_id))
