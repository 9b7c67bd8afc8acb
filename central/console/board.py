"""The live lists of all consoles: what changed is read once, told to each list at most four times a second, and shared.

Consoles that ask for the same list share one view. A view keeps its last batches for those who come a little late, and
nothing for each of them: who missed too much, or reads too slowly, gets the whole list instead.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import structlog
from fastapi.concurrency import run_in_threadpool

from central.console.batches import COUNT_EVERY_S, Asked, Draw, LiveList, Looks, Told
from central.console.liveview import PACE_S, View
from central.console.words import Language
from central.domain.storms import Storm
from central.domain.values import ChangeTopic
from central.services.feed import FeedFull, LiveFeed
from central.services.reading import Reader
from contract.errors import TransientError

STEP_S = 0.12
"""From one look at the log to the next. Shorter: a change reaches a list that was told nothing lately sooner."""
NODES_EVERY_S = 5.0
AWAY_S = 1.0
"""From one try to the next while the database is away."""
MOST_CONSOLES = 1000
_CHUNK = 1000
LOG = structlog.get_logger("central.console")


class Board:
    """All views. Its methods belong to the event loop; reading and drawing are done on threads, a step at a time."""

    def __init__(
        self,
        reader: Reader,
        feed: LiveFeed,
        draw: Draw,
        draw_nodes: Callable[[Language], str],
        storms: Callable[[], tuple[Storm, ...]] = tuple,
        look_for_storms: Callable[[], object] = tuple,
    ) -> None:
        """`storms` tells which are known; `look_for_storms` is called beside everything else, since it takes long."""
        self._reader, self._feed, self._draw, self._draw_nodes = reader, feed, draw, draw_nodes
        self._storms, self._look_for_storms = storms, look_for_storms
        self._views: dict[Asked, View] = {}
        self._watched: dict[str, set[asyncio.Event]] = {}
        self._touched: frozenset[str] = frozenset()
        self._rung_at_s = float("-inf")
        self._at = 0
        self._nodes_at_s, self._are_nodes_due = float("-inf"), False
        self._pump: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        self.is_closed = False

    def require_room(self) -> None:
        """A check before the first byte of an answer.

        Raises:
            FeedFull: there are too many consoles.
        """
        bells = [*self._watched.values(), *(view.bells for view in self._views.values())]
        if sum(map(len, bells)) >= MOST_CONSOLES:
            raise FeedFull

    async def view(self, asked: Asked, bell: asyncio.Event) -> View:
        """The view, made if nobody had it; `bell` is rung at every batch from now on, until `leave`."""
        async with self._lock:
            if asked not in self._views:
                self._views[asked] = await run_in_threadpool(self._open, asked)
            view = self._views[asked]
            view.bells.add(bell)
        self._start()
        return view

    def leave(self, view: View, bell: asyncio.Event) -> None:
        view.bells.discard(bell)
        if not view.bells and self._views.get(view.state.asked) is view:
            del self._views[view.state.asked]

    async def whole(self, view: View) -> tuple[int, bytes]:
        """The list as it is now, and the number of the batch it is as of."""
        async with self._lock:
            message = await run_in_threadpool(view.whole, Looks(self._reader, self._draw, view.state.live.storms))
            return view.newest, message

    @contextmanager
    def watched(self, case_id: str, bell: asyncio.Event) -> Iterator[None]:
        """Rings `bell` whenever the case changed."""
        self._watched.setdefault(case_id, set()).add(bell)
        self._start()
        try:
            yield
        finally:
            self._watched[case_id].discard(bell)
            if not self._watched[case_id]:
                del self._watched[case_id]

    def _start(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        """Follows while anybody listens, also after the database was away; ends with the feed."""
        while True:
            try:
                await self._follow()
                return
            except TransientError as error:
                LOG.warning("lists stand still until the database is back", reason=str(error))
            await asyncio.sleep(AWAY_S)
            for view in self._views.values():
                view.forget()
                ring(view.bells)

    async def _follow(self) -> None:
        async with self._lock:
            newest = (await run_in_threadpool(self._reader.change_range))[1]
            self._at = min([newest, *(view.change_id for view in self._views.values())])
        now_s = asyncio.get_running_loop().time
        async with self._storms_looked_for():
            with self._feed.listen() as listener:
                while not listener.is_closed and (self._views or self._watched):
                    await listener.wait(min(COUNT_EVERY_S, max(0.0, self._due_at_s() - now_s())))
                    next_s = now_s() + STEP_S
                    await self._tell()
                    await asyncio.sleep(next_s - now_s())
                self.is_closed = listener.is_closed
        if self.is_closed:
            for bells in [*self._watched.values(), *(view.bells for view in self._views.values())]:
                ring(bells)

    def _due_at_s(self) -> float:
        """When something will have to be told that is known already."""
        watchers = self._rung_at_s + PACE_S if self._touched else float("inf")
        return min([watchers, *(view.due_at_s() for view in self._views.values())])

    async def _tell(self) -> None:
        """One step."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            touched = await run_in_threadpool(
                self._step, loop.time(), lambda bells: loop.call_soon_threadsafe(ring, bells)
            )
        self._touched = (self._touched | touched) & self._watched.keys()
        if self._touched and loop.time() >= self._rung_at_s + PACE_S:
            for case_id in self._touched:
                ring(self._watched[case_id])
            self._touched, self._rung_at_s = frozenset(), loop.time()

    @asynccontextmanager
    async def _storms_looked_for(self) -> AsyncIterator[None]:
        """Now and then while the block runs, beside the steps: a row must not wait for it."""

        async def look() -> None:
            while True:
                with suppress(TransientError):  # the steps meet it too, and say so
                    await run_in_threadpool(self._look_for_storms)
                await asyncio.sleep(COUNT_EVERY_S)

        looking = asyncio.create_task(look())
        try:
            yield
        finally:
            looking.cancel()

    def _open(self, asked: Asked) -> View:
        change_id = self._reader.change_range()[1]  # before the lists: a change in between comes again, none is missed
        return View(LiveList.opened(self._reader, asked, self._storms()), change_id)

    def _step(self, now_s: float, ring_soon: Callable[[set[asyncio.Event]], object]) -> frozenset[str]:
        """Reads what is new and tells every view whose turn it is, each as soon as it can be; which cases changed."""
        news = self._read()
        tells_nodes = self._are_nodes_due and now_s - self._nodes_at_s >= NODES_EVERY_S
        if tells_nodes:
            self._are_nodes_due, self._nodes_at_s = False, now_s
        looks, nodes = Looks(self._reader, self._draw, self._storms()), dict[Language, str]()
        for view in list(self._views.values()):
            language = view.state.asked.language
            if tells_nodes and language not in nodes:
                nodes[language] = self._draw_nodes(language)
            view.hear(news, nodes.get(language))
            if view.tell_at_pace(self._at, looks, now_s):
                ring_soon(view.bells)
        return news.changed | news.seen

    def _read(self) -> Told:
        """What the log tells since the last step; of the nodes only that there is something."""
        subjects = defaultdict[ChangeTopic, set[str]](set)
        while changes := self._reader.changes_after(self._at, _CHUNK):
            self._at = changes[-1].change_id
            for change in changes:
                subjects[change.topic].add(change.subject)
        self._are_nodes_due |= bool(subjects["node"])
        return Told(frozenset(subjects["case"]), frozenset(subjects["seen"] - subjects["case"]))


def ring(bells: Iterable[asyncio.Event]) -> None:
    for bell in list(bells):
        bell.set()
