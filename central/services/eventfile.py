"""Reading a file of wire events, one JSON object a line. A bad line costs itself and nothing else."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from central.services.parse import first_problem
from contract.errors import UsageError
from contract.events import MAX_EVENT_BYTES, Event


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no event; `number` counts from 1."""

    number: int
    reason: str


def read_events(path: Path, on_bytes: Callable[[int], None] = lambda _: None) -> Iterator[Event | BadLine]:
    """The file's events in its order, and what is wrong with the lines that hold none; empty lines are skipped.

    Args:
        path: the file.
        on_bytes: is told how many bytes each line took.

    Raises:
        UsageError: the file can't be read.
    """
    try:
        with path.open("rb") as file:
            number = 0
            while line := file.readline(MAX_EVENT_BYTES + 2):
                number += 1
                size = len(line)
                while not line.endswith(b"\n") and (more := file.readline(MAX_EVENT_BYTES)):
                    size += len(more)  # the rest of a line that is too long: counted, never kept
                    if more.endswith(b"\n"):
                        break
                on_bytes(size)
                if number == 1:
                    line = line.removeprefix(BOM_UTF8)  # what some editors put in front of a text file
                if line.strip():
                    yield _event(line.strip(), size, number)
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path") from error


def _event(line: bytes, size: int, number: int) -> Event | BadLine:
    if size > MAX_EVENT_BYTES + 1:
        return BadLine(number, f"{size} bytes, over the limit of {MAX_EVENT_BYTES}")
    try:
        return Event.model_validate_json(line)
    except ValidationError as error:
        return BadLine(number, first_problem(error))
