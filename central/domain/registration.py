"""What cases teach about the cameras: how far each one places things beside where the others place them.

Two cameras that see the same things disagree by the difference of their fixed errors; many things tell it to a
few decimetres. Known, it is taken off before sightings are compared; large, it is an alarm about the calibration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from central.domain.geometry import Position
from central.domain.values import Observation
from central.domain.views import View
from contract.plane import Point
from contract.taxonomy import KindGroup


@dataclass(frozen=True, slots=True)
class Shift:
    """How far a camera places things east and north of the truth, from `since` (epoch seconds) on."""

    since: float
    east_m: float
    north_m: float


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of every camera (by ``node/camera``).

    `shifts`: in time order. `variance_m2`: of the difference of two cameras' remaining errors, per axis, by
    ``(camera, camera)`` in sorted order; a pair that is missing has never been compared. `bias_m`: how large fixed
    errors turned out to be in this city, per axis; None before anything was learnt. `views`: of cameras without
    calibration, where the spots of their pictures lie.
    """

    shifts: Mapping[str, tuple[Shift, ...]] = field(default_factory=dict)
    variance_m2: Mapping[tuple[str, str], float] = field(default_factory=dict)
    bias_m: float | None = None
    views: Mapping[str, View] = field(default_factory=dict)

    def at(self, camera: str, instant: float) -> Shift:
        """The camera's shift at `instant`; zero for a camera nobody knows."""
        return self.shifts[camera][self.era(camera, instant)] if camera in self.shifts else NO_SHIFT

    def era(self, camera: str, instant: float) -> int:
        """Which of the camera's shifts holds at `instant`: 0 until it was first moved."""
        return max(0, sum(shift.since <= instant for shift in self.shifts.get(camera, ())) - 1)

    def position(self, sighting: Observation) -> Position | None:
        """As the camera gave it, or else as its view tells it."""
        if sighting.position is not None or sighting.box is None or sighting.group is KindGroup.SIGNAGE:
            return sighting.position  # a board hangs above the ground
        view = self.views.get(camera_of(sighting))
        return None if view is None else view.place(sighting.box)

    def corrected(self, sighting: Observation) -> Point | None:
        """Where `sighting` stands once its camera's shift is taken off."""
        position = self.position(sighting)
        if position is None:
            return None
        shift = self.at(camera_of(sighting), middle_s(sighting))
        return Point(position.point.east_m - shift.east_m, position.point.north_m - shift.north_m)


NO_SHIFT = Shift(0.0, 0.0, 0.0)
UNREGISTERED = Registration()


def camera_of(sighting: Observation) -> str:
    """A camera's name is its own node's affair."""
    return f"{sighting.node_id}/{sighting.camera_id}"


def middle_s(sighting: Observation) -> float:
    """The middle of the sighting, epoch seconds."""
    return (sighting.first_seen_at.timestamp() + sighting.last_seen_at.timestamp()) / 2
