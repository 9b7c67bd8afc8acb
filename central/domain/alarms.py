"""Which cameras' calibration a person should look at."""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
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
    """An alarm for every camera whose shift, or a change of it, exceeds `rules.alarm_m`."""
    found = []
    for camera, shifts in sorted(known.shifts.items()):
        for before, after in pairwise(shifts):
            metres = math.hypot(after.east_m - before.east_m, after.north_m - before.north_m)
            if metres >= rules.alarm_m:
                since = datetime.fromtimestamp(after.since, UTC)
                found.append(CalibrationAlarm(camera, "moved", round(metres, 2), since))
        metres = math.hypot(shifts[0].east_m, shifts[0].north_m)
        if metres >= rules.alarm_m:
            found.append(CalibrationAlarm(camera, "off", round(metres, 2)))
    return tuple(found)
