"""A case's history as its reader expects it: in the order in which things happened.

The history itself stands in the order of writing, for ever. A camera that was cut off tells late, so what it saw is
shown at the time it was seen, and beside it when it was written down. What central or a person decided stays where it
was written: decisions follow each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from central.services.views import HistoryView

SEEN = frozenset({"opened", "joined", "gone", "back"})
"""Steps that tell of something seen; the others tell of something done."""
LATE = timedelta(minutes=1)
"""What is written down sooner than this after it was seen is as good as at once: nodes tell once a minute."""


@dataclass(frozen=True, slots=True)
class Line:
    """A step, the time it is shown at, and when it was written, if that is another time."""

    step: HistoryView
    at: datetime
    written_at: datetime | None


def in_time(history: Sequence[HistoryView]) -> list[Line]:
    """The steps in order of time, those of one moment as they were written; a case begins with its opening."""
    lines = [_line(step) for step in history]
    first = next((number for number, line in enumerate(lines) if line.step.what == "opened"), None)
    opening = [] if first is None else [lines.pop(first)]
    return opening + sorted(lines, key=lambda line: line.at)


def _line(step: HistoryView) -> Line:
    at = step.event_at if step.event_at is not None and step.what in SEEN else step.at
    return Line(step, at, step.at if abs(step.at - at) > LATE else None)
