"""Which object hides which: far to near, with long vehicles compared by their sides."""

from functools import cmp_to_key
from math import cos, hypot, radians, sin

from edge.scene.camera import PinholeCamera
from edge.scene.world import ActorNow, Flame, Smoke

_LONG_M = 1.2
"""Half lengths above this can be beside and behind an object at once, so the middle's distance misleads."""


def far_to_near(nows: tuple[ActorNow, ...], camera: PinholeCamera) -> list[ActorNow]:
    """The painter's order from one camera."""
    apart = {id(now): _distance(now, camera) for now in nows}
    ordered = sorted(nows, key=lambda now: (-apart[id(now)], now.identity))
    if not any(_half_size(now)[1] > _LONG_M for now in nows):
        return ordered

    def compare(one: ActorNow, other: ActorNow) -> int:
        for long, point, sign in ((one, other, 1), (other, one, -1)):
            if _half_size(long)[1] > _LONG_M:
                verdict = _is_nearer(point, long, camera)
                if verdict is not None:
                    return -sign if verdict else sign
        return -1 if apart[id(one)] > apart[id(other)] else 1

    return sorted(ordered, key=cmp_to_key(compare))


def _distance(now: ActorNow, camera: PinholeCamera) -> float:
    away = hypot(now.stand.east_m - camera.east_m, now.stand.north_m - camera.north_m)
    # Fire and smoke stand in the thing that burns and must be drawn after it.
    return away - 0.6 if isinstance(now.actor.form, Smoke | Flame) else away


def _half_size(now: ActorNow) -> tuple[float, float]:
    form = now.actor.form
    return (0.3, 0.3) if isinstance(form, Smoke | Flame) else form.half_size_m


def _is_nearer(point: ActorNow, long: ActorNow, camera: PinholeCamera) -> bool | None:
    """Whether `point` is on the camera's side of a face of `long` (True), beyond one (False), or neither is clear."""
    wide, half = _half_size(long)
    px, py = _local(point.stand.east_m, point.stand.north_m, long)
    cx, cy = _local(camera.east_m, camera.north_m, long)
    for at, eye, reach in ((px, cx, wide), (py, cy, half)):
        if abs(at) > reach * 0.9:
            if abs(eye) > reach and (eye > 0) == (at > 0):
                return True
            if abs(eye) > reach and (eye > 0) != (at > 0):
                return False
    return None


def _local(east_m: float, north_m: float, now: ActorNow) -> tuple[float, float]:
    turn = radians(now.stand.heading_deg)
    dx, dy = east_m - now.stand.east_m, north_m - now.stand.north_m
    return dx * cos(turn) - dy * sin(turn), dx * sin(turn) + dy * cos(turn)
