"""The consoles' own server-sent events: batches of rows for lists, a word for the page of one case.

A console that stops reading is let go: its browser comes back by itself and goes on from the last batch it got.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from central.console.batches import Asked
from central.console.board import Board
from central.console.filters import FeedFilter
from central.console.pages import Gate
from central.console.words import wanted_language
from central.domain.people import Operator
from central.services.reading import Reader
from contract.ids import UUID_PATTERN

HEARTBEAT_S = 15.0
STUCK_S = 20.0
"""So long a console may leave what was sent to it unread."""
_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
Messages = Callable[[asyncio.Event], AsyncGenerator[bytes, None]]


class Stream(Response):
    """Sends what comes until the console leaves, sticks or may no longer see it."""

    def __init__(self, messages: Messages, is_welcome: Callable[[], bool], stuck_s: float = STUCK_S) -> None:
        """`messages` yields empty bytes where nothing came for a while; `is_welcome` is asked then, on a thread."""
        super().__init__()
        self._messages, self._is_welcome, self._stuck_s = messages, is_welcome, stuck_s

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        bell = asyncio.Event()
        left = asyncio.create_task(_left(receive))
        left.add_done_callback(lambda _: bell.set())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async with aclosing(self._messages(bell)) as messages:
                await self._send_all(messages, send, left)
            if not left.done():
                async with asyncio.timeout(self._stuck_s):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return  # the server closes what was not answered to its end
        finally:
            left.cancel()

    async def _send_all(self, messages: AsyncGenerator[bytes, None], send: Send, left: "asyncio.Task[None]") -> None:
        now_s = asyncio.get_running_loop().time
        asked_s = now_s()
        async for message in messages:
            if left.done():
                return
            async with asyncio.timeout(self._stuck_s):
                await send({"type": "http.response.body", "body": message or b": still\n\n", "more_body": True})
            if now_s() - asked_s > HEARTBEAT_S:
                asked_s = now_s()
                if not await run_in_threadpool(self._is_welcome):
                    return


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def live_router(board: Board, reader: Reader, gate: Gate) -> APIRouter:
    """``/live``."""
    router = APIRouter(prefix="/live", include_in_schema=False, dependencies=[Depends(board.require_room)])

    @router.get("")
    async def follow_list(
        request: Request,
        who: Annotated[Operator, Depends(gate.operator)],
        chosen: Annotated[FeedFilter, Depends()],
        after: Annotated[int, Query(ge=0)] = 0,
        folds: Annotated[str | None, Query(max_length=1000)] = None,
        last_event_id: Annotated[str, Header(pattern=r"^\d{0,16}$")] = "",
    ) -> Response:
        """The list's batches, from the change that the page was made of, or the last event on.

        `folds` names the cases that stand for storms on the page: a storm that was found since changes nothing else.
        """
        asked = Asked(chosen, chosen.reach(who), wanted_language(request))
        start = int(last_event_id or after)
        folded = None if folds is None or last_event_id else frozenset(filter(None, folds.split(",")))
        return Stream(lambda bell: _batches(board, asked, start, folded, bell), lambda: gate.still(request) == who)

    @router.get("/cases/{case_id}")
    async def follow_case(
        request: Request,
        case_id: Annotated[str, Path(pattern=UUID_PATTERN)],
        who: Annotated[Operator, Depends(gate.operator)],
        after: Annotated[int, Query(ge=0)] = 0,
        last_event_id: Annotated[str, Header(pattern=r"^\d{0,16}$")] = "",
    ) -> Response:
        """``changed`` whenever the case did, and at once when it has since that change."""
        start = int(last_event_id or after)
        return Stream(lambda bell: _changes(board, reader, case_id, start, bell), lambda: gate.still(request) == who)

    return router


async def _batches(
    board: Board, asked: Asked, start: int, folded: frozenset[str] | None, bell: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    view = await board.view(asked, bell)
    try:
        yield b"retry: 2000\n: open\n\n"
        number = view.resumed(start, folded)
        while not board.is_closed:
            told = None if number is None else view.after(number)
            if number is not None and told == []:
                await rung(bell)
                told = view.after(number)
            if number is None or told is None:
                number, whole = await board.whole(view)
                yield whole
            else:
                number += len(told)
                yield b"".join(told)
    finally:
        board.leave(view, bell)


async def _changes(
    board: Board, reader: Reader, case_id: str, start: int, bell: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    with board.watched(case_id, bell):
        yield b"retry: 2000\n: open\n\n"
        while not board.is_closed:
            newest = await run_in_threadpool(reader.newest_change_of, case_id)
            is_news = newest > start
            yield b"id: %d\nevent: changed\ndata: {}\n\n" % newest if is_news else b""
            start = max(start, newest)
            await rung(bell)


async def rung(bell: asyncio.Event) -> None:
    """Until the bell rings or it is time for a sign of life."""
    with suppress(TimeoutError):
        async with asyncio.timeout(HEARTBEAT_S):
            await bell.wait()
    bell.clear()
