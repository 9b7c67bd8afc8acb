"""Which cameras' calibration a person should look at."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import Literal

from central.domain.registration import Registration
from central.domain.rules import AssociationRules


@dataclass(frozen=True, slots=True)
class CalibrationAlarm:
    """`camera` (``node/camera``) places things `metres` beside where the others do, or was moved by so much.

    `since` is None for a camera that has always been off.
    """

    camera: str
    kind: Literal["off", "moved"]
    metres: float
    since: datetime | None = None


def alarms_of(known: Registration, rules: AssociationRules) -> tuple[CalibrationAlarm, ...]:
    """An alarm for every camera that differs from its neighbours, or was moved, by more than `rules.alarm_m`.

    Common things tell only how cameras differ. Of three or more the middle one is taken to be right; of two that
    disagree both are named.
    """
    found = []
    neighbours = _neighbours(known)
    for camera, shifts in sorted(known.shifts.items()):
        for before, after in pairwise(shifts):
            metres = math.hypot(after.east_m - before.east_m, after.north_m - before.north_m)
            if metres >= rules.alarm_m:
                since = datetime.fromtimestamp(after.since, UTC)
                found.append(CalibrationAlarm(camera, "moved", round(metres, 2), since))
        metres = _beside_the_others_m(known, camera, neighbours[camera])
        if metres >= rules.alarm_m:
            found.append(CalibrationAlarm(camera, "off", round(metres, 2)))
    return tuple(found)


def _neighbours(known: Registration) -> dict[str, set[str]]:
    """The cameras that common things connect with each."""
    found: dict[str, set[str]] = defaultdict(set)
    for a, b in known.variance_m2:
        found[a].add(b)
        found[b].add(a)
    return found


def _beside_the_others_m(known: Registration, camera: str, others: Iterable[str]) -> float:
    own = known.shifts[camera][0]
    peers = [known.shifts[other][0] for other in sorted(others)]
    if not peers:
        return 0.0
    if len(peers) == 1:  # each has its part of the difference
        return math.hypot(own.east_m - peers[0].east_m, own.north_m - peers[0].north_m) / math.sqrt(2)
    peers.append(own)
    east_m, north_m = median(shift.east_m for shift in peers), median(shift.north_m for shift in peers)
    return math.hypot(own.east_m - east_m, own.north_m - north_m)
