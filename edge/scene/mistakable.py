"""Which look-alikes of smoke, flame and stalls a picture shows: for judging results by them, never for teaching."""

import numpy as np

from edge.scene.camera import PinholeCamera
from edge.scene.conditions import Lookalike
from edge.scene.plan import Wall
from edge.scene.stage import Solid, Vapour
from edge.scene.world import World

_LEAST_SIDE_PX = 5.0
_LEAST_ALPHA = 0.12
_AWNING_REACH_M = 45.0


def seen_lookalikes(world: World, items: tuple[Solid | Vapour, ...], camera: PinholeCamera) -> tuple[Lookalike, ...]:
    """The kinds in view, sorted; what hides behind other things counts as well."""
    found = {item.now.actor.lookalike for item in items if item.now.actor.lookalike and _shows(item, camera)}
    kinds: set[Lookalike] = {kind for kind in found if kind is not None}
    if any(
        wall.awning_bgr is not None and _is_red(wall.awning_bgr) and _sees(wall, camera) for wall in world.plan.walls
    ):
        kinds.add("red awning")
    off_deg = (world.ambience.sun_azimuth_deg - camera.yaw_deg + 180) % 360 - 180
    if world.conditions.light == "dusk" and abs(off_deg) < camera.fov_deg / 2 + 10:
        kinds.add("sunset")
    if world.conditions.glare > 0 and abs(off_deg) < 70:
        kinds.add("sun glare")
    return tuple(sorted(kinds))


def _shows(item: Solid | Vapour, camera: PinholeCamera) -> bool:
    if isinstance(item, Vapour):
        return bool(item.cover.alpha.max() > _LEAST_ALPHA)
    x1, y1, x2, y2 = item.drawing.box_px
    wide = min(x2, camera.width_px) - max(x1, 0.0)
    return min(wide, min(y2, camera.height_px) - max(y1, 0.0)) >= _LEAST_SIDE_PX


def _is_red(bgr: tuple[float, float, float]) -> bool:
    return bgr[2] > 120 and bgr[2] > 1.6 * bgr[0]


def _sees(wall: Wall, camera: PinholeCamera) -> bool:
    middle = np.array([[(wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2, 2.5]])
    pixels, depth = camera.project(middle)
    x, y = (float(v) for v in pixels[0])
    is_inside = 0 <= x < camera.width_px and 0 <= y < camera.height_px
    return bool(1.0 < depth[0] < _AWNING_REACH_M) and is_inside


def lookalike_boxes(
    items: tuple[Solid | Vapour, ...],
) -> tuple[tuple[Lookalike, tuple[float, float, float, float]], ...]:
    """Where the actors among the look-alikes show, xyxy in pixels, uncut: for saying what a false finding was."""
    found = []
    for item in items:
        kind = item.now.actor.lookalike
        if kind is not None:
            found.append((kind, item.drawing.box_px if isinstance(item, Solid) else _cover_box(item)))
    return tuple(found)


def _cover_box(item: Vapour) -> tuple[float, float, float, float]:
    cover, cell = item.cover, item.cell_px
    rows, columns = np.nonzero(cover.alpha > _LEAST_ALPHA)
    if not rows.size:
        return (0.0, 0.0, 0.0, 0.0)
    left, top = float(cover.left_px), float(cover.top_px)
    return (
        left + float(columns.min()) * cell,
        top + float(rows.min()) * cell,
        left + float(columns.max() + 1) * cell,
        top + float(rows.max() + 1) * cell,
    )
