"""Who answers for which ground and when: grids, road sections and lanes by shift, with a backup (DOMAIN §1)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from central.domain.hours import ALWAYS
from central.domain.registers.names import ALWAYS_VALID, Names, Validity
from central.domain.registers.seasons import Hours
from central.domain.registers.shapes import Shape


class RoadClass(StrEnum):
    MAIN = "main"
    SECONDARY = "secondary"
    BRANCH = "branch"
    LANE = "lane"


@dataclass(frozen=True, slots=True)
class Road:
    """A section of a road, or a lane, as the ground between its kerbs and house fronts."""

    road_id: str
    names: Names
    road_class: RoadClass
    shape: Shape | None = None
    area_code: str = ""


class DutyScope(StrEnum):
    """What a duty is for. ``area`` is an area code of any level: an officer of a community has its grids."""

    AREA = "area"
    ROAD = "road"


@dataclass(frozen=True, slots=True)
class Duty:
    """One person's answer for one piece of ground during a shift. `backup` stands in."""

    duty_id: str
    scope: DutyScope
    target: str
    person: str
    post: str = ""
    department: str = ""
    backup: str = ""
    shift: Hours = ALWAYS
    validity: Validity = ALWAYS_VALID

    def is_on(self, local: datetime) -> bool:
        """Whether the shift runs at the local wall time."""
        return self.validity.holds(local.date()) and self.shift.is_open(local)
