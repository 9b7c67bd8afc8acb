"""The simple rules that alarm systems use, as yardsticks: each maps an incident to a case by its events in turn."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contract.events import Event
from contract.plane import Origin, Point
from contract.taxonomy import GROUP_BY_SEEN, KindGroup

Policy = Callable[[Iterable[Event], Origin], Mapping[str, str]]


@dataclass(slots=True)
class _Case:
    name: str
    group: KindGroup
    point: Point
    first_at: datetime
    last_at: datetime


def by_camera_and_class(events: Iterable[Event], _origin: Origin) -> Mapping[str, str]:
    """One case per camera and class, whatever happens."""
    return {event.data.incident_id: f"{event.data.camera_id}/{event.data.seen}" for event in events}


def by_camera_and_class_resolving(events: Iterable[Event], _origin: Origin) -> Mapping[str, str]:
    """One case per camera and class until it has been silent for five minutes of arrival."""
    case_of: dict[str, str] = {}
    open_cases: dict[str, tuple[str, datetime]] = {}
    for event in events:
        key = f"{event.data.camera_id}/{event.data.seen}"
        name, last_at = open_cases.get(key, ("", event.time))
        if not name or event.time - last_at > timedelta(minutes=5):
            name = f"{key}/{event.data.incident_id}"
        open_cases[key] = name, max(last_at, event.time)
        case_of.setdefault(event.data.incident_id, name)
    return case_of


def by_arrival(events: Iterable[Event], origin: Origin) -> Mapping[str, str]:
    """30 m and ten minutes of arrival: the nearest case of the group that was heard of lately."""
    return _nearest(events, origin, 30.0, by_event_time=False)


def by_event_time(events: Iterable[Event], origin: Origin) -> Mapping[str, str]:
    """8 m and ten minutes of event time."""
    return _nearest(events, origin, 8.0, by_event_time=True)


BASELINES: Mapping[str, Policy] = {
    "key per camera and class": by_camera_and_class,
    "five-minute resolve per camera and class": by_camera_and_class_resolving,
    "30 m / 10 min by arrival": by_arrival,
    "8 m / 10 min by event time": by_event_time,
}


def _nearest(events: Iterable[Event], origin: Origin, reach_m: float, by_event_time: bool) -> Mapping[str, str]:
    gap = timedelta(minutes=10)
    case_of: dict[str, str] = {}
    cases: dict[str, _Case] = {}
    newest = datetime.min.replace(tzinfo=UTC)
    for event in events:
        data = event.data
        newest = max(newest, event.time)
        heard_at = data.last_seen_at if by_event_time else newest
        began_at = data.first_seen_at if by_event_time else heard_at
        name = case_of.get(data.incident_id)
        if name is None and data.ground is not None:
            point = origin.to_local(data.ground.lat, data.ground.lon)
            near = [
                (_apart_m(case.point, point), case.name)
                for case in cases.values()
                if case.group is GROUP_BY_SEEN[data.seen]
                and case.last_at >= began_at - gap
                and case.first_at <= heard_at + gap
                and _apart_m(case.point, point) <= reach_m
            ]
            name = min(near)[1] if near else data.incident_id
            cases.setdefault(name, _Case(name, GROUP_BY_SEEN[data.seen], point, began_at, heard_at))
        case_of[data.incident_id] = name = name or data.incident_id
        if name in cases:
            cases[name].last_at = max(cases[name].last_at, heard_at)
            cases[name].first_at = min(cases[name].first_at, began_at)
    return case_of


def _apart_m(a: Point, b: Point) -> float:
    return math.hypot(a.east_m - b.east_m, a.north_m - b.north_m)
