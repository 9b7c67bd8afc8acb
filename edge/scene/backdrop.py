"""The picture behind everything that moves: sky, skyline, ground, house fronts, awnings and name boards."""

from dataclasses import dataclass
from math import atan2, cos, hypot, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.ground import ground_picture
from edge.scene.mesh import Mesh, MeshBuilder
from edge.scene.paint import Drawing, Light, draw, paint
from edge.scene.plan import Wall
from edge.scene.textures import fractal_noise, shop_front, sign_texture
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


def backdrop(world: World, camera: PinholeCamera) -> Backdrop:
    """Draw what never changes for one camera."""
    light = light_of(world.ambience)
    ground, distance = ground_picture(world.plan, camera, _SCALE)
    ground *= 0.62 + 0.38 * (light.ambient + (1 - light.ambient) * light.sun[2]) * 1.1
    haze = np.exp(-np.minimum(distance, 1e5) / world.ambience.haze_m)[..., None]
    sky = _sky(world, camera)
    canvas = np.clip(sky + haze * (np.minimum(ground, 255) - sky), 0, 255).astype(np.uint8)
    boards: list[tuple[str, Drawing]] = []
    for wall in sorted(world.plan.walls, key=lambda wall: -_wall_distance(wall, camera)):
        drawing = draw(_wall_mesh(wall), camera, light)
        if drawing is not None:
            paint(drawing, canvas, (0, 0), _SCALE, smooth=True)
        board = draw(_board_mesh(wall), camera, light)
        if wall.board is not None and board is not None:
            paint(board, canvas, (0, 0), _SCALE, smooth=True)
            boards.append((wall.board.identity, board))
    size = (camera.width_px, camera.height_px)
    return Backdrop(cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.uint8), tuple(boards))


def _sky(world: World, camera: PinholeCamera) -> NDArray[np.float32]:
    """Sky and a far skyline, (H*scale, W*scale, 3) floats."""
    width, height = camera.width_px * _SCALE, camera.height_px * _SCALE
    random = generator("sky", world.seed)
    overcast = world.ambience.ambient
    zenith = np.array([215, 170, 120], np.float32) * (1 - overcast) + np.array([205, 200, 195], np.float32) * overcast
    rim = np.array([228, 222, 212], np.float32)
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.broadcast_to(zenith * (1 - rows) + rim * rows, (height, width, 3)).astype(np.float32).copy(order="C")
    shift = int(camera.yaw_deg * 3) % 512
    clouds = cv2.resize(np.roll(fractal_noise(world.seed % 7, 512, 6), shift, axis=1), (width, height))
    sky += np.clip(clouds, 0, 2)[..., None] * 22
    horizon = float(camera.project(np.array([_far_point(camera)]))[0][0, 1]) * _SCALE
    for _ in range(60):
        bearing = float(random.uniform(-180, 180)) - camera.yaw_deg
        off = (bearing + 180) % 360 - 180
        tall, wide, tone = (
            float(random.uniform(0.02, 0.16)),
            float(random.uniform(0.03, 0.09)),
            random.uniform(150, 205),
        )
        if abs(off) > 60:
            continue
        x = width / 2 + np.tan(np.radians(off)) * camera.focal_px * _SCALE
        corner = (int(x), int(horizon - tall * camera.focal_px * _SCALE))
        opposite = (int(x + wide * camera.focal_px * _SCALE), int(horizon + 4))
        cv2.rectangle(sky, corner, opposite, (float(tone) + 8, float(tone) + 3, float(tone)), -1)
    return np.minimum(sky, 255)


def _far_point(camera: PinholeCamera) -> tuple[float, float, float]:
    yaw = radians(camera.yaw_deg)
    return camera.east_m + 1e5 * sin(yaw), camera.north_m + 1e5 * cos(yaw), camera.height_m


def _wall_distance(wall: Wall, camera: PinholeCamera) -> float:
    east, north = (wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2
    return hypot(east - camera.east_m, north - camera.north_m)


def _wall_mesh(wall: Wall) -> Mesh:
    builder = MeshBuilder()
    width = hypot(wall.right_m[0] - wall.left_m[0], wall.right_m[1] - wall.left_m[1])
    texture = shop_front(wall.seed, width, wall.height_m, has_shop=wall.has_shop)
    half, high = width / 2, wall.height_m
    builder.decal(((-half, 0, high), (half, 0, high), (half, 0, 0), (-half, 0, 0)), texture)
    if wall.awning_bgr is not None:
        strips = 10
        for k in range(strips):
            x1, x2 = -half + 0.4 + (width - 0.8) * k / strips, -half + 0.4 + (width - 0.8) * (k + 1) / strips
            bgr = wall.awning_bgr if k % 2 else (225, 225, 222)
            builder.sheet(((x1, -1.1, 2.45), (x2, -1.1, 2.45), (x2, 0, 2.95), (x1, 0, 2.95)), bgr, bias_m=0.4)
            builder.sheet(((x1, -1.1, 2.25), (x2, -1.1, 2.25), (x2, -1.1, 2.45), (x1, -1.1, 2.45)), bgr, bias_m=0.5)
    return _against(wall, builder.build())


def _board_mesh(wall: Wall) -> Mesh:
    builder = MeshBuilder()
    if wall.board is not None:
        half = hypot(wall.right_m[0] - wall.left_m[0], wall.right_m[1] - wall.left_m[1]) / 2 * 0.86
        board = wall.board
        texture = sign_texture(board.seed, board.glyphs, board.ground_bgr, board.stroke_bgr)
        builder.decal(((-half, -0.2, 3.95), (half, -0.2, 3.95), (half, -0.2, 3.1), (-half, -0.2, 3.1)), texture)
    return _against(wall, builder.build())


def _against(wall: Wall, mesh: Mesh) -> Mesh:
    """Turn a front drawn in the local frame (seen from -y) onto its wall."""
    east, north = (wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2
    across = atan2(wall.right_m[0] - wall.left_m[0], wall.right_m[1] - wall.left_m[1])
    return mesh.placed(east, north, np.degrees(across) - 90.0)
