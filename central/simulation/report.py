"""Files of events, truth and decisions → the table of scores, the simple rules in the same run."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from central.services.eventfile import BadLine, read_events
from central.services.offlinelines import DecisionLine
from central.simulation.baselines import BASELINES
from central.simulation.files import read_lines, read_truth
from central.simulation.grading import Decided, grade
from central.simulation.metrics import Score
from contract.plane import Origin

FOREVER = datetime.max.replace(tzinfo=UTC)


def judge_files(events: Path, truth: Path, decisions: Path) -> list[dict[str, str | float]]:
    """One row per rule: these decisions, over all sightings and over those with a ground point, then the simple rules.

    Raises:
        UsageError: a file can't be read or a line of truth or decisions is wrong.
    """
    known = [entry for entry in read_events(events) if not isinstance(entry, BadLine)]
    spans = tuple(read_truth(truth))
    grounds = [event.data.ground for event in known if event.data.ground is not None]
    located = frozenset(event.data.incident_id for event in known if event.data.ground is not None)
    origin = Origin(grounds[0].lat, grounds[0].lon) if grounds else Origin(0.0, 0.0)
    ours = decided_by(read_decisions(decisions))
    rows = [_row("these decisions", grade(ours, spans)), _row("… with a ground point", grade(ours, spans, located))]
    rows += [_row(name, grade(undivided(policy(known, origin)), spans)) for name, policy in BASELINES.items()]
    return rows


def decided_by(lines: Iterable[DecisionLine]) -> dict[str, tuple[Decided, ...]]:
    """What `associate` decided, part by part."""
    return {
        line.incident_id: tuple(Decided(part.case_id, part.end) for part in line.parts)
        or (Decided(line.case_id, FOREVER),)
        for line in lines
    }


def undivided(case_of: Mapping[str, str]) -> dict[str, tuple[Decided, ...]]:
    """What a rule decided that knows whole incidents only."""
    return {incident_id: (Decided(case_id, FOREVER),) for incident_id, case_id in case_of.items()}


def read_decisions(path: Path) -> Iterator[DecisionLine]:
    """The lines that `associate --json` printed.

    Raises:
        UsageError: as `read_lines`.
    """
    return read_lines(path, DecisionLine, "associate --json")


def _row(rule: str, found: Score) -> dict[str, str | float]:
    return {
        "rule": rule,
        "precision": round(found.precision, 4),
        "recall": round(found.recall, 4),
        "f1": round(found.f1, 4),
        "cases_per_incident": round(found.cases_per_incident, 4),
        "mixed": round(found.mixed, 4),
        "split": round(found.split, 4),
        "sightings": found.sightings,
    }
