"""What is measured of an area in a period beside its cases: camera hours, cameras, and how its ground is covered."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from central.domain.assessment.coverage import Coverage, coverage
from central.domain.assessment.exposure import midnight
from central.domain.assessment.figures import Measure
from central.domain.assessment.scopes import Scope, Window
from central.domain.registers.areas import AreaLevel
from central.domain.registers.snapshot import Registers
from central.services.assessment_counting import camera_days
from central.store import assessment, assessment_frozen

_HOUR_S = 3600


class Exposure:
    """Of one window; what several areas ask for is read once."""

    def __init__(self, connection: Connection, registers: Registers, window: Window, timezone: ZoneInfo) -> None:
        self._registers = registers
        self._window = window
        self._timezone = timezone
        self._live_s = self._read(connection)
        self._since = assessment_frozen.first_days(connection)
        self._places = {camera.camera_id: camera.area_code for camera in registers.cameras}
        self._coverage: dict[str, Coverage] = {}

    def measures(self, scope: Scope) -> dict[Measure, float]:
        """Nothing is measured of a department, a post or a person: cameras and ground are nobody's own."""
        if scope.department is not None or scope.post is not None or scope.person is not None:
            return {}
        found = self._of_cameras(scope)
        if scope.camera_id is None:
            found |= self.coverage(scope.area).measures() if self.coverage(scope.area).grids else {}
        return found

    def coverage(self, area: str) -> Coverage:
        """In the week of the window's last day."""
        if area not in self._coverage:
            last = min(self._window.last, self._window.today)
            grids = [found.code for found in self._registers.areas_within(area) if found.level is AreaLevel.GRID]
            watched = frozenset(place for place in self._places.values() if place)
            monday = last - timedelta(days=last.weekday())
            self._coverage[area] = coverage(grids, self._registers.duties, watched, monday)
        return self._coverage[area]

    def _of_cameras(self, scope: Scope) -> dict[Measure, float]:
        known = set(self._live_s) | set(self._places)
        cameras = [camera for camera in sorted(known) if self._is_within(camera, scope)]
        wanted_s = sum(self._wanted_s(camera) for camera in cameras)
        if not wanted_s:
            return {}
        hours = sum(self._live_s.get(camera, 0) for camera in cameras) / _HOUR_S
        return {
            Measure.CAMERAS: sum(self._wanted_s(camera) > 0 for camera in cameras),
            Measure.CAMERA_HOURS: round(hours, 4),
            Measure.CAMERA_DAYS: round(hours / 24, 6),
            Measure.CAMERA_HOURS_WANTED: round(wanted_s / _HOUR_S, 4),
        }

    def _is_within(self, camera: str, scope: Scope) -> bool:
        if scope.camera_id is not None and camera != scope.camera_id:
            return False
        return self._places.get(camera, "").startswith(scope.area)

    def _wanted_s(self, camera: str) -> float:
        """From the day it was first heard of, or entered service by the register, to now or the window's end."""
        window, registered = self._window, self._registers.camera(camera)
        first, last = window.first, window.last
        begins = [day for day in (self._since.get(camera), registered and registered.validity.first) if day]
        if not begins:
            return 0.0  # registered without a date and never heard of: nobody knows since when it should deliver
        first = max(first, min(begins))
        if registered is not None and registered.validity.last is not None:
            last = min(last, registered.validity.last)
        end = min(midnight(last + timedelta(days=1), self._timezone), window.now)
        return max(0.0, (end - midnight(first, self._timezone)).total_seconds())

    def _read(self, connection: Connection) -> Mapping[str, int]:
        """Days that are written down, and what has come since from the fleet's own history."""
        window = self._window
        found = assessment_frozen.camera_seconds(connection, window.first, window.last)
        kept_until = assessment.progress(connection).cameras_until
        first = window.first if kept_until is None else max(window.first, kept_until + timedelta(days=1))
        until = min(window.now, midnight(window.last + timedelta(days=1), self._timezone))
        if first <= until.astimezone(self._timezone).date():
            for (_, camera), seconds in self._fresh(connection, first, until).items():
                found[camera] = found.get(camera, 0) + seconds
        return found

    def _fresh(self, connection: Connection, first: date, until: datetime) -> dict[tuple[date, str], int]:
        return camera_days(connection, self._timezone, first, until)
