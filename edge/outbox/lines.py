"""An event book that is a file of lines: what a replay writes."""

from collections.abc import Callable
from typing import BinaryIO

from contract.events import Event
from contract.ids import StreamId
from edge.outbox.rows import check_size


class LineBook:
    """One wire event a line, in the order they were decided; sequence numbers are line numbers."""

    def __init__(self, file: BinaryIO, stream_id: StreamId) -> None:
        self._file = file
        self._stream_id = stream_id
        self.events: list[Event] = []

    def append(self, build: Callable[[StreamId, int], Event]) -> Event:
        event = build(self._stream_id, len(self.events) + 1)
        payload = event.to_wire()
        check_size(event, payload)
        self._file.write(payload + b"\n")
        self.events.append(event)
        return event
