"""What the disk refuses is written before what follows: no incident first appears as `updated`."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs

from contract.errors import PermanentError
from contract.events import Event, IncidentState
from contract.ids import StreamId
from edge.outbox.rows import TooLarge
from edge.outbox.story import StoryBook
from tests.contract.builders import event, uuid_of
from tests.edge.fakes import STREAM


@dataclass
class Disk:
    """A book that takes events or refuses them with `error`."""

    stream_id: StreamId = STREAM
    error: PermanentError | None = None
    events: list[Event] = field(default_factory=list)

    def append(self, build: Callable[[StreamId, int], Event]) -> Event:
        if self.error is not None:
            raise self.error
        self.events.append(build(self.stream_id, len(self.events) + 1))
        return self.events[-1]

    def unfinished(self, camera_id: str | None = None) -> list[Event]:
        del camera_id
        return []

    def told(self) -> list[tuple[str, int]]:
        assert [entry.data.seq for entry in self.events] == list(range(1, len(self.events) + 1))
        return [(entry.data.state.value, entry.data.revision) for entry in self.events]


def revision(state: IncidentState, number: int, incident: str = "a") -> Callable[[StreamId, int], Event]:
    return lambda stream, seq: event(
        stream_id=stream, seq=seq, state=state, revision=number, incident_id=uuid_of(incident)
    )


def test_a_refused_opening_is_written_before_its_update() -> None:
    disk = Disk(error=PermanentError("disk full"))
    book = StoryBook(disk)
    with capture_logs() as logs:
        book.append(revision(IncidentState.OPENED, 1))
        book.append(revision(IncidentState.UPDATED, 2))
        assert book.owed == 1
        disk.error = None
        book.append(revision(IncidentState.UPDATED, 3))
    assert disk.told() == [("opened", 1), ("updated", 3)]
    assert book.owed == 0
    assert [entry["log_level"] for entry in logs] == ["error", "warning"]


def test_openings_and_closings_of_many_keep_their_order() -> None:
    disk = Disk(error=PermanentError("disk full"))
    book = StoryBook(disk)
    with capture_logs():
        book.append(revision(IncidentState.OPENED, 1, "a"))
        book.append(revision(IncidentState.OPENED, 1, "b"))
        book.append(revision(IncidentState.CLOSED, 2, "a"))
    disk.error = None
    book.append(revision(IncidentState.OPENED, 1, "c"))
    assert [entry.subject for entry in disk.events] == [uuid_of(name) for name in "abac"]


def test_an_incident_whose_opening_the_wire_refuses_is_never_heard_of_and_costs_no_other() -> None:
    disk = Disk(error=TooLarge("70000 bytes"))
    book = StoryBook(disk)
    with pytest.raises(TooLarge):
        book.append(revision(IncidentState.OPENED, 1))
    disk.error = None
    with pytest.raises(PermanentError, match="its opening was refused"):
        book.append(revision(IncidentState.UPDATED, 2))
    book.append(revision(IncidentState.OPENED, 1, "b"))
    assert [entry.subject for entry in disk.events] == [uuid_of("b")]
