"""Simulated days on disk: events as nodes publish them, the truth beside them, and the site they belong to."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from central.simulation.wire import TruthSpan
from central.simulation.world import ORIGIN, City
from contract.errors import UsageError
from contract.events import Event, Instant
from contract.problems import first_problem
from contract.taxonomy import Seen

LineT = TypeVar("LineT", bound=BaseModel)


class TruthLine(BaseModel):
    """From `start` to `end` the incident showed the real incident `real_id`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    incident_id: str
    camera_id: str
    seen: Seen
    real_id: str
    start: Instant
    end: Instant


def write_events(path: Path, events: Iterable[Event], on_event: Callable[[], None] = lambda: None) -> None:
    """One event a line, in arrival order."""
    with _whole(path) as file:
        for event in events:
            file.write(event.to_wire().decode() + "\n")
            on_event()


def write_truth(path: Path, truth: Iterable[TruthSpan]) -> None:
    """One span a line."""
    with _whole(path) as file:
        for span in truth:
            line = TruthLine(
                incident_id=span.incident_id,
                camera_id=span.camera_id,
                seen=span.seen,
                real_id=span.real_id,
                start=span.start,
                end=span.end,
            )
            file.write(line.model_dump_json() + "\n")


def write_site(path: Path, city: City) -> None:
    """The site file: where the origin lies and which cameras share a view."""
    content = {
        "name": {"zh": "模拟城区", "en": "simulated city"},
        "origin": {"lat": ORIGIN.lat, "lon": ORIGIN.lon},
        "camera_overlaps": [list(pair) for pair in city.overlaps],
    }
    with _whole(path) as file:
        yaml.safe_dump(content, file, allow_unicode=True, sort_keys=False, default_flow_style=None)


def read_lines(path: Path, line_of: type[LineT], written_by: str) -> Iterator[LineT]:
    """The JSON lines of a file, blank ones left out.

    Args:
        written_by: the command that makes such files, for whoever brought another.

    Raises:
        UsageError: it can't be read, or a line is no `line_of`; the message names the line.
    """
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                number += 1
                if line.strip():
                    yield line_of.model_validate_json(line)
    except ValidationError as error:
        problem = first_problem(error, "line")
        raise UsageError(f"{path}: line {number}: {problem}; write it with `{written_by}`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: can't be read ({error}); check the path") from error


def read_truth(path: Path) -> Iterator[TruthLine]:
    """The spans of a truth file.

    Raises:
        UsageError: as `read_lines`.
    """
    return read_lines(path, TruthLine, "simulate")


@contextmanager
def _whole(path: Path) -> Iterator[TextIO]:
    """A file that appears under its name only when it is complete.

    Raises:
        UsageError: it can't be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: can't be written ({error.strerror}); choose another place") from error
    finally:
        partial.unlink(missing_ok=True)
