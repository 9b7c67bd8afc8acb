"""Which part of the ground a camera looks at, for drawing: by its pose, its calibration, or what the register says.

The best known holds. What the register says of a camera's direction is drawn and used for nothing else: a rough heading
would place things wrongly.
"""

import json
import math
from functools import lru_cache

from pydantic import ValidationError

from central.domain.registers.cameras import RegisteredCamera
from central.services.geojson import Sector, sector_of
from central.services.placing import LINES, Marks
from contract.bundle import CameraBlock
from contract.calibration import Pair, Survey, fit_ground
from contract.errors import UsageError
from contract.plane import Origin, Point

REACH_M = 30.0
"""Of a camera whose height and tilt nobody knows: the pavement before it, not the whole road."""
VIEW_DEG = 70.0
"""Of a street camera whose lens nobody named: 4 mm before a sensor of a third of an inch."""
FARTHEST_M = 80.0
NEAR, MIDDLE = 0.9, 0.5
"""Heights on the picture, from its top: its foot, where the ground is surely seen, and its middle."""


def sector(camera: CameraBlock | None, row: RegisteredCamera | None, origin: Origin) -> tuple[Sector, str] | None:
    """Where it looks, and by what that is known: ``pose``, ``calibration`` or ``register``; None where nobody knows."""
    if camera is not None and camera.pose is not None:
        return sector_of(camera.pose, origin), "pose"
    known = camera.options.get("calibration") if camera is not None else None
    if isinstance(known, dict):
        found = _of_calibration(json.dumps(known, sort_keys=True), origin)
        if found is not None:
            return found, "calibration"
    if row is None or row.point is None or row.heading_deg is None:
        return None
    return Sector(row.point, row.heading_deg, row.view_deg or VIEW_DEG, REACH_M), "register"


@lru_cache(maxsize=2048)
def _of_calibration(text: str, origin: Origin) -> Sector | None:
    """Kept by its text: fitting takes milliseconds a camera, and a city has thousands."""
    known = json.loads(text)
    try:
        marks = Marks.model_validate({name: known[name] for name in ("points", "aspect") if name in known})
        pairs = [
            Pair(point.name or str(number), point.x, point.y, origin.to_local(point.lat, point.lon))
            for number, point in enumerate(marks.points, 1)
        ]
        fit = fit_ground(
            pairs,
            origin,
            marks.aspect,
            Survey(marks.click_sigma_px / LINES, marks.survey_sigma_m, marks.offset_sigma_m),
        )
    except (ValidationError, UsageError):
        return None
    places = [fit.locate(at, 0.003) for at in ((0.0, NEAR), (1.0, NEAR), (0.5, NEAR), (0.5, MIDDLE))]
    if fit.lens_m is None or places[0] is None or places[1] is None or places[2] is None:
        return None
    eye = Point(float(fit.lens_m[0]), float(fit.lens_m[1]))
    left, right, ahead = (_bearing(eye, place[0]) for place in places[:3] if place is not None)
    far = places[3] or places[2]
    reach_m = math.hypot(float(far[0][0]) - eye.east_m, float(far[0][1]) - eye.north_m)
    return Sector(eye, ahead, min((right - left) % 360, 170.0), min(FARTHEST_M, 1.5 * reach_m))


def _bearing(eye: Point, place: object) -> float:
    east, north = (float(part) for part in place)  # type: ignore[attr-defined]  # an array of two
    return math.degrees(math.atan2(east - eye.east_m, north - eye.north_m)) % 360
