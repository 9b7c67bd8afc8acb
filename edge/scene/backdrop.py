"""The picture behind everything that moves: sky, skyline, ground, house fronts, awnings and name boards."""

from dataclasses import dataclass, replace
from math import cos, hypot, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.air import Air
from edge.scene.camera import PinholeCamera
from edge.scene.dressing import dressed_board, dressed_wall
from edge.scene.fronts import board_mesh, may_show, wall_mesh
from edge.scene.ground import ground_picture
from edge.scene.paint import Drawing, Light, draw, paint
from edge.scene.plan import Wall
from edge.scene.sky import sky_picture
from edge.scene.weathered import add_bloom, add_cones, mirrored_ground, weathered_ground
from edge.scene.world import Ambience, World

_SCALE = 2
"""The backdrop is drawn at twice the picture's size and reduced, which costs once per camera, not per frame."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """`picture` is (H, W, 3) BGR; `boards` are the name boards by identity."""

    picture: NDArray[np.uint8]
    boards: tuple[tuple[str, Drawing], ...]


def light_of(ambience: Ambience) -> Light:
    """The direction of the sun and its share."""
    azimuth, elevation = radians(ambience.sun_azimuth_deg), radians(ambience.sun_elevation_deg)
    sun = np.array([sin(azimuth) * cos(elevation), cos(azimuth) * cos(elevation), sin(elevation)])
    return Light(sun, ambience.ambient)


def backdrop(world: World, camera: PinholeCamera, air: Air | None) -> Backdrop:
    """Draw what never changes for one camera."""
    light = light_of(world.ambience)
    ground, distance = ground_picture(world.plan, camera, _SCALE)
    ground *= 0.62 + 0.38 * (light.ambient + (1 - light.ambient) * light.sun[2]) * 1.1
    haze = np.exp(-np.minimum(distance, 1e5) / world.ambience.haze_m)[..., None]
    sky = sky_picture(world, camera, _SCALE)
    if air is None:
        canvas = np.clip(sky + haze * (np.minimum(ground, 255) - sky), 0, 255).astype(np.uint8)
        boards = _add_fronts(canvas, world, camera, light, None)
    else:
        ground = weathered_ground(ground, distance, world, camera, air, _SCALE)
        if world.conditions.wetness > 0:
            mirrored = _mirrored_fronts(sky, world, camera, light, air)
            ground = mirrored_ground(ground, mirrored, distance, world.conditions.wetness)
        far = sky if air.fog_bgr is None else np.asarray(air.fog_bgr, np.float32)
        behind = np.where(np.isfinite(distance)[..., None], far, sky)
        canvas = np.clip(behind + haze * (np.minimum(ground, 255) - behind), 0, 255).astype(np.uint8)
        boards = _add_fronts(canvas, world, camera, light, air)
        if air.is_dark:
            add_bloom(canvas)
            add_cones(canvas, world, camera, _SCALE)
    size = (camera.width_px, camera.height_px)
    return Backdrop(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.uint8), tuple(boards))


def _add_fronts(
    canvas: NDArray[np.uint8], world: World, camera: PinholeCamera, light: Light, air: Air | None
) -> list[tuple[str, Drawing]]:
    """Draw all house fronts in place, far to near; the name boards by identity."""
    boards: list[tuple[str, Drawing]] = []
    shown = [wall for wall in world.plan.walls if may_show(wall, camera)]
    for wall in sorted(shown, key=lambda wall: -_wall_distance(wall, camera)):
        mesh = wall_mesh(wall)
        drawing = draw(mesh, camera, light)
        if drawing is not None:
            if air is not None and _is_in_view(drawing, camera):
                drawing = draw(dressed_wall(wall, mesh, air, light), camera, _light_before(wall, air, light))
            if drawing is not None:
                paint(drawing, canvas, (0, 0), _SCALE, smooth=True)
        for board in wall.boards:
            sign = board_mesh(wall, board)
            if air is not None:
                sign = dressed_board(board, sign, air, light)
            seen = draw(sign, camera, light if air is None else _light_before(wall, air, light))
            if seen is not None:
                paint(seen, canvas, (0, 0), _SCALE, smooth=True)
                boards.append((board.identity, seen))
    return boards


def _mirrored_fronts(
    sky: NDArray[np.float32], world: World, camera: PinholeCamera, light: Light, air: Air
) -> NDArray[np.uint8]:
    """What wet ground mirrors: the fronts seen by a camera as far below the ground, turned upside down."""
    below = replace(camera, height_m=-camera.height_m, tilt_deg=-camera.tilt_deg)
    canvas = sky[::-1].astype(np.uint8)
    _add_fronts(canvas, world, below, light, replace(air, camera=below))
    return canvas[::-1]


def _light_before(wall: Wall, air: Air, light: Light) -> Light:
    """The light on a wall's awning."""
    return air.light_at((wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2, light)


def _is_in_view(drawing: Drawing, camera: PinholeCamera) -> bool:
    x1, y1, x2, y2 = drawing.box_px
    return x2 > 0 and y2 > 0 and x1 < camera.width_px and y1 < camera.height_px


def _wall_distance(wall: Wall, camera: PinholeCamera) -> float:
    east, north = (wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2
    return hypot(east - camera.east_m, north - camera.north_m)
