"""Decisions against the truth, for ours and for the simple rules."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from central.simulation.metrics import Score, score


class Span(Protocol):
    """A stretch of truth."""

    @property
    def incident_id(self) -> str: ...
    @property
    def real_id(self) -> str: ...
    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class Decided:
    """Until `until` the incident's case was `case_id`; the last one of an incident holds for good."""

    case_id: str
    until: datetime


def grade(
    decided: Mapping[str, Sequence[Decided]], truth: Iterable[Span], located: frozenset[str] | None = None
) -> Score:
    """Scores every span of truth by the case that its middle was put into.

    Args:
        decided: per incident, in time order; an incident that is missing counts as a case of its own.
        truth: what was real.
        located: count only these incidents; None counts everything.
    """
    case_of: dict[str, str] = {}
    real_of: dict[str, str] = {}
    for number, span in enumerate(truth):
        if located is not None and span.incident_id not in located:
            continue
        sighting = f"{number}"
        real_of[sighting] = span.real_id
        found = decided.get(span.incident_id, ())
        middle = span.start + (span.end - span.start) / 2
        if found:
            case_of[sighting] = next((entry.case_id for entry in found if middle <= entry.until), found[-1].case_id)
    return score(case_of, real_of)
