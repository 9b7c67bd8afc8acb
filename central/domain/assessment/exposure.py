"""How long cameras really delivered: from the changes of their and their node's standing to hours a local day. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LIVE = "live"
OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class StandingChange:
    """From `at` on, the node (`camera_id` empty) or one of its cameras stood like this."""

    at: datetime
    node_id: str
    camera_id: str
    state: str


def live_stretches(changes: Iterable[StandingChange], until: datetime) -> dict[str, list[tuple[datetime, datetime]]]:
    """Camera → when it was live on a node that was connected; what is live still is so until `until`.

    A camera that two nodes report counts once for each moment.
    """
    states: dict[tuple[str, str], str] = {}
    since: dict[tuple[str, str], datetime] = {}
    found: dict[str, list[tuple[datetime, datetime]]] = {}

    def settle(key: tuple[str, str], at: datetime) -> None:
        is_on = states.get(key) == LIVE and states.get((key[0], "")) != OFFLINE
        if is_on and key not in since:
            since[key] = at
        elif not is_on and key in since:
            _add(found, key[1], since.pop(key), min(at, until))

    for change in sorted(changes, key=lambda change: change.at):
        if change.at >= until:
            break
        states[change.node_id, change.camera_id] = change.state
        touched = [key for key in states if key[0] == change.node_id and key[1]]
        for key in touched if not change.camera_id else [(change.node_id, change.camera_id)]:
            settle(key, change.at)
    for key, start in since.items():
        _add(found, key[1], start, until)
    return {camera: _joined(stretches) for camera, stretches in found.items()}


def seconds_a_day(
    stretches: Mapping[str, list[tuple[datetime, datetime]]], timezone: ZoneInfo
) -> dict[tuple[date, str], int]:
    """(Local day, camera) → seconds live."""
    found: dict[tuple[date, str], float] = {}
    for camera, own in stretches.items():
        for start, end in own:
            for day, seconds in _by_day(start, end, timezone):
                found[day, camera] = found.get((day, camera), 0.0) + seconds
    return {key: round(seconds) for key, seconds in found.items()}


def midnight(day: date, timezone: ZoneInfo) -> datetime:
    """The instant at which the local day begins."""
    return datetime.combine(day, time(0), timezone)


def _by_day(start: datetime, end: datetime, timezone: ZoneInfo) -> Iterator[tuple[date, float]]:
    while start < end:
        day = start.astimezone(timezone).date()
        stop = min(end, midnight(day + timedelta(days=1), timezone))
        yield day, (stop - start).total_seconds()
        start = stop


def _add(found: dict[str, list[tuple[datetime, datetime]]], camera: str, start: datetime, end: datetime) -> None:
    if end > start:
        found.setdefault(camera, []).append((start, end))


def _joined(stretches: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    joined: list[tuple[datetime, datetime]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined
