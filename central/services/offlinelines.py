"""The lines that `associate` and `what-if` print: one per incident, in words and as JSON."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.domain.values import Link
from central.services.replaying import Placed
from contract.events import Instant
from contract.plane import Point


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PartLine(_Line):
    """A stretch of an incident whose tracker swapped things."""

    case_id: str
    start: Instant
    end: Instant


class DecisionLine(_Line):
    """Why one incident is in its case. `distance` in standard deviations, places in metres east and north.

    `parts` is empty unless the track was cut; `case_id` is then the case of its longest part.
    """

    incident_id: str
    camera_id: str
    case_id: str
    score: float
    reason: str
    seen: str = ""
    basis: str = "first"
    rule: str = ""
    gate: float | None = None
    distance: float | None = None
    distance_m: float | None = None
    gap_s: float | None = None
    with_incident: str | None = None
    place_m: tuple[float, float] | None = None
    with_place_m: tuple[float, float] | None = None
    recurs_after: str | None = None
    is_confirmed: bool = True
    is_late: bool = False
    parts: Annotated[tuple[PartLine, ...], Field(max_length=1000)] = ()


def lines_of(placed: Iterable[Placed], late: Iterable[str] = ()) -> list[DecisionLine]:
    """One line per incident, in (first seen, id) order of its first part."""
    late_ids = frozenset(late)
    by_incident: dict[str, list[Placed]] = defaultdict(list)
    for entry in placed:
        by_incident[entry.sighting.incident_id].append(entry)
    return [_line(parts, parts[0].sighting.incident_id in late_ids) for parts in by_incident.values()]


def differences(before: Sequence[DecisionLine], after: Sequence[DecisionLine]) -> list[tuple[str, tuple[str, ...]]]:
    """(case before, cases after) for every case whose incidents are no longer exactly together."""
    now = {line.incident_id: line.case_id for line in after}
    sizes_after = _members(after)
    found = []
    for case_id, incidents in _members(before).items():
        cases = tuple(sorted({now[incident] for incident in incidents if incident in now}))
        if len(cases) != 1 or sizes_after[cases[0]] != incidents:
            found.append((case_id, cases))
    return found


def _members(lines: Iterable[DecisionLine]) -> Mapping[str, frozenset[str]]:
    members: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        members[line.case_id].add(line.incident_id)
    return {case_id: frozenset(incidents) for case_id, incidents in members.items()}


def _line(parts: Sequence[Placed], is_late: bool) -> DecisionLine:
    main = max(parts, key=lambda entry: entry.sighting.last_seen_at - entry.sighting.first_seen_at)
    link, sighting = main.link, main.sighting
    cuts = [
        PartLine(case_id=entry.case_id, start=entry.sighting.first_seen_at, end=entry.sighting.last_seen_at)
        for entry in parts
    ]
    return DecisionLine(
        incident_id=sighting.incident_id,
        camera_id=sighting.camera_id,
        case_id=main.case_id,
        score=round(link.score, 3),
        reason=_reason(main, len(parts)),
        seen=sighting.seen,
        basis=link.basis,
        rule=link.rule,
        gate=link.gate,
        distance=_rounded(link.distance),
        distance_m=_rounded(link.distance_m),
        gap_s=None if link.gap is None else link.gap.total_seconds(),
        with_incident=link.with_incident,
        place_m=_pair(link.place),
        with_place_m=_pair(link.with_place),
        recurs_after=main.recurs_after,
        is_confirmed=sighting.is_confirmed,
        is_late=is_late,
        parts=tuple(cuts) if len(cuts) > 1 else (),
    )


def _reason(entry: Placed, parts: int) -> str:
    text = _words(entry.link)
    if entry.recurs_after is not None and entry.link.basis == "first":
        text += f"; recurs after case {entry.recurs_after}"
    if parts > 1:
        text += f"; its position jumped, so the track was cut into {parts}"
    if entry.link.rule.endswith("/crowd"):
        text += "; in a crowd, where only the nearest were compared"
    return f"{text} [{entry.link.rule}]"


def _words(link: Link) -> str:
    gap_s = 0.0 if link.gap is None else link.gap.total_seconds()
    when = f"{gap_s:.0f} s later" if gap_s > 0 else "at the same time"
    match link.basis:
        case "first":
            return "first of its case"
        case "ground":
            distance = f"{link.distance_m:.1f} m = {link.distance:.1f} sigma (gate {link.gate})"
            return f"{distance} from incident {link.with_incident}, {when}{_corrected(link)}"
        case "view":
            return (
                f"{link.distance_m:.1f} m = {link.distance:.1f} sigma (gate {link.gate}) from incident "
                f"{link.with_incident}, {when}, where an uncalibrated camera's learnt view puts it"
            )
        case "place":
            return f"same named place of the same camera's picture as incident {link.with_incident}, {when}"
        case "picture":
            return f"same spot of the same camera's picture as incident {link.with_incident}, {when}"
        case "overlap":
            return f"there while incident {link.with_incident} was, which an overlapping camera saw"
        case "person":
            return f"held together with incident {link.with_incident}"


def _corrected(link: Link) -> str:
    shifts = [shift for shift in (link.shift, link.with_shift) if shift is not None]
    if not shifts:
        return ""
    return f", after {max(math.hypot(shift.east_m, shift.north_m) for shift in shifts):.1f} m of known camera error"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _pair(point: Point | None) -> tuple[float, float] | None:
    return None if point is None else (round(point.east_m, 2), round(point.north_m, 2))
