"""Shadows of objects on the ground: the sun's, and the dark contact below everything even under clouds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import NEAREST_DEPTH_M, PinholeCamera
from edge.scene.mesh import Mesh
from edge.scene.paint import SUBPIXEL_BITS, Light, fixed_point

_MARGIN_PX = 6


def cast_shadow(
    picture: NDArray[np.uint8], mesh: Mesh, camera: PinholeCamera, light: Light
) -> tuple[int, int, int, int] | None:
    """Darken the ground under and behind an object in place; gives the box (x1, y1, x2, y2) touched."""
    outlines = _ground_outlines(mesh, camera, light)
    if not len(outlines):
        return None
    height, width = picture.shape[:2]
    x1, y1 = np.maximum(np.floor(outlines.min(axis=(0, 1))).astype(int) - _MARGIN_PX, 0)
    x2, y2 = np.minimum(np.ceil(outlines.max(axis=(0, 1))).astype(int) + _MARGIN_PX, (width, height))
    if x2 - x1 < 2 or y2 - y1 < 2:
        return None
    mask = np.zeros((int(y2 - y1), int(x2 - x1)), np.uint8)
    for outline in fixed_point(outlines, (float(x1), float(y1)), 1.0):
        cv2.fillConvexPoly(mask, outline, 255, cv2.LINE_8, SUBPIXEL_BITS)
    mask = cv2.blur(mask, (5, 5)).astype(np.uint8)
    strength = 0.30 + 0.28 * (1 - light.ambient)
    keep = cv2.convertScaleAbs(255 - mask, alpha=strength, beta=255 * (1 - strength))
    window = picture[y1:y2, x1:x2]
    picture[y1:y2, x1:x2] = cv2.multiply(window, cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    return int(x1), int(y1), int(x2), int(y2)


def _ground_outlines(mesh: Mesh, camera: PinholeCamera, light: Light) -> NDArray[np.float64]:
    """Pixel outlines (N, 4, 2) of the parts' shadows; a limb's is a strip as wide as the limb."""
    quads = _fall(mesh.quads_m, light)
    limbs = _fall(mesh.limbs_m, light)
    along = limbs[:, 1] - limbs[:, 0]
    length = np.maximum(np.linalg.norm(along[:, :2], axis=1, keepdims=True), 1e-6)
    is_short = length < 1e-3
    along = np.where(is_short, np.array([1.0, 0.0, 0.0]), along / length)
    side = np.stack([-along[:, 1], along[:, 0], np.zeros(len(along))], axis=1)
    wide = side[:, None] * mesh.limb_radius_m[..., None]
    reach = along * mesh.limb_radius_m.max(axis=1, initial=0.0)[:, None] * 0.7
    start, end = limbs[:, 0] - reach, limbs[:, 1] + reach
    strips = np.stack([start + wide[:, 0], end + wide[:, 1], end - wide[:, 1], start - wide[:, 0]], axis=1)
    shapes = np.concatenate([quads, strips])
    points, depth = camera.project(shapes.reshape(-1, 3))
    is_seen = depth.reshape(-1, 4).min(axis=1) > NEAREST_DEPTH_M
    seen: NDArray[np.float64] = points.reshape(-1, 4, 2)[is_seen]
    return seen


def _fall(points_m: NDArray[np.float64], light: Light) -> NDArray[np.float64]:
    """Points slid along the sunlight to the ground; a clouded sky's shadow falls nearly straight down."""
    lean = (1 - light.ambient) * 1.3
    ground = points_m.copy()
    ground[..., :2] -= points_m[..., 2:] * light.sun[:2] / max(float(light.sun[2]), 0.3) * lean
    ground[..., 2] = 0.0
    return ground
