"""An incident's story is told from its beginning: what the disk refused is written as soon as it takes it.

The rules move on when they have decided; a refused `opened` would otherwise let the incident first appear as `updated`,
and a refused `closed` leave it open for ever at central. A refused `updated` is forgotten: the next says more.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

import structlog

from contract.errors import PermanentError
from contract.events import Event, IncidentState
from contract.ids import StreamId
from edge.outbox.rows import TooLarge

MAX_OWED = 10_000
"""Openings and closings held in memory: 2 KB each, some hours of a street on a full disk. Beyond it a look fails."""

Build = Callable[[StreamId, int], Event]
_log = structlog.get_logger(__name__)


class Book(Protocol):
    """See `edge.events.EventBook`."""

    @property
    def stream_id(self) -> StreamId:
        """The stream it writes now."""
        ...

    def append(self, build: Build) -> Event: ...

    def unfinished(self, camera_id: str | None = None) -> list[Event]: ...


class StoryBook:
    """A book over `book` that keeps an incident's order. Belongs to the look thread."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._owed: deque[Build] = deque()
        self._untold: set[str] = set()

    @property
    def owed(self) -> int:
        """Openings and closings that wait for the disk."""
        return len(self._owed)

    def unfinished(self, camera_id: str | None = None) -> list[Event]:
        """See `edge.unfinished.Stories`."""
        return self._book.unfinished(camera_id)

    def append(self, build: Build) -> Event:
        """See `edge.events.EventBook`; an event that the disk refuses is kept in memory and written before the next.

        Raises:
            PermanentError: it is too large, follows one that was, or too many wait already.
        """
        event = build(self._book.stream_id, 1)
        if event.subject in self._untold:
            raise PermanentError(f"incident {event.subject}: its opening was refused, so is what follows")
        try:
            self._write_owed()
            return self._book.append(build)
        except TooLarge:
            if event.data.state is IncidentState.OPENED:
                self._untold.add(event.subject)
            raise
        except PermanentError as error:
            self._owe(build, event, error)
        return event

    def _write_owed(self) -> None:
        while self._owed:
            self._book.append(self._owed[0])
            self._owed.popleft()

    def _owe(self, build: Build, event: Event, error: PermanentError) -> None:
        if event.data.state is IncidentState.UPDATED:
            _log.warning("an update was refused by the disk; the next says more", incident_id=event.subject)
            return
        if len(self._owed) >= MAX_OWED:
            raise error
        self._owed.append(build)
        _log.error(
            "the disk refuses an event; it waits in memory",
            incident_id=event.subject,
            state=event.data.state.value,
            reason=str(error),
            waiting=len(self._owed),
        )
