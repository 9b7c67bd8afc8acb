"""House fronts as things to draw: the wall with its awning, and the boards on it."""

from math import atan2, hypot

import numpy as np

from edge.scene.camera import PinholeCamera
from edge.scene.glyphs import board_texture
from edge.scene.mesh import Bgr, Mesh, MeshBuilder
from edge.scene.plan import NameBoard, Wall
from edge.scene.textures import shop_front, sign_texture

_METAL: Bgr = (95, 95, 98)
_OVERHANG_M = 1.6
"""Awnings and boards stand out of the wall by less than this."""


def wall_width(wall: Wall) -> float:
    """Metres from end to end."""
    return hypot(wall.right_m[0] - wall.left_m[0], wall.right_m[1] - wall.left_m[1])


def may_show(wall: Wall, camera: PinholeCamera) -> bool:
    """Whether the camera's view may hold some of it: a cheap look at the corners, before anything is drawn."""
    corners = [(*end, z) for end in (wall.left_m, wall.right_m) for z in (0.0, wall.height_m)]
    right, down, forward = camera.axes() @ (np.array(corners) - camera.position_m).T
    ahead = np.maximum(forward, 0.0) + _OVERHANG_M
    wide, tall = camera.width_px / 2 / camera.focal_px, camera.height_px / 2 / camera.focal_px
    is_out = (
        (forward < -_OVERHANG_M).all()
        or (right > ahead * wide + _OVERHANG_M).all()
        or (right < -ahead * wide - _OVERHANG_M).all()
        or (down > ahead * tall + _OVERHANG_M).all()
        or (down < -ahead * tall - _OVERHANG_M).all()
    )
    return not is_out


def wall_mesh(wall: Wall) -> Mesh:
    """The front and its awning; the front is the first decal."""
    builder = MeshBuilder()
    width = wall_width(wall)
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


def board_mesh(wall: Wall, board: NameBoard) -> Mesh:
    """One board in its place on the wall."""
    builder = MeshBuilder()
    texture = (
        board_texture(board.seed, board.glyphs, board.ground_bgr, board.stroke_bgr, is_upright=board.is_upright)
        if board.is_modern
        else sign_texture(board.seed, board.glyphs, board.ground_bgr, board.stroke_bgr)
    )
    low, high = board.z_m
    half_wall = wall_width(wall) / 2
    middle = board.centre * half_wall
    if board.juts_m > 0:
        near, far = -0.25, -0.25 - board.juts_m
        builder.box((middle, (near + far) / 2, low), (0.16, board.juts_m, high - low), _METAL)
        builder.limb((middle, 0.0, high - 0.1), (middle, far, high - 0.1), 0.025, _METAL)
        for side in (-1, 1):
            x, y1, y2 = middle + side * 0.09, far if side > 0 else near, near if side > 0 else far
            builder.decal(((x, y1, high), (x, y2, high), (x, y2, low), (x, y1, low)), texture, bias_m=0.3)
        return _against(wall, builder.build())
    half = board.half if board.is_upright else half_wall * board.half
    left, right = middle - half, middle + half
    builder.decal(((left, -0.2, high), (right, -0.2, high), (right, -0.2, low), (left, -0.2, low)), texture)
    return _against(wall, builder.build())


def _against(wall: Wall, mesh: Mesh) -> Mesh:
    """Turn a front drawn in the local frame (seen from -y) onto its wall."""
    east, north = (wall.left_m[0] + wall.right_m[0]) / 2, (wall.left_m[1] + wall.right_m[1]) / 2
    across = atan2(wall.right_m[0] - wall.left_m[0], wall.right_m[1] - wall.left_m[1])
    return mesh.placed(east, north, np.degrees(across) - 90.0)
