"""The ground as the camera sees it: for each pixel, the ground point under it and what lies there."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.plan import Plan, Polygon, Rectangle
from edge.scene.textures import fractal_noise

Field = NDArray[np.float32]


def ground_picture(plan: Plan, camera: PinholeCamera, scale: int) -> tuple[Field, Field]:
    """The ground's colours and each pixel's distance.

    Returns:
        BGR 0..255 as (H*scale, W*scale, 3), and the distance in metres as (H*scale, W*scale), infinite in the sky.
    """
    east, north, distance, footprint = ground_points(camera, scale)
    road = _road_distance(plan.roads, east, north)
    picture = _paving(plan, east, north, footprint)
    asphalt = _asphalt(plan, east, north)
    picture = np.where((road < 0)[..., None], asphalt, picture)
    _stroke(picture, np.abs(road - 0.08), 0.16, footprint, (175, 178, 178))
    _stroke(picture, np.abs(road - 0.18), 0.03, footprint, (70, 72, 72))
    _lane_marks(plan, picture, east, north, footprint)
    for area in plan.painted:
        _stroke(picture, _polygon_distance(area.polygon_m, east, north), area.line_m, footprint, area.bgr)
    return picture, distance


def ground_points(camera: PinholeCamera, scale: int) -> tuple[Field, Field, Field, Field]:
    """East, north, distance and the ground length one picture cell covers, each (H*scale, W*scale)."""
    x = (np.arange(camera.width_px * scale, dtype=np.float32) + 0.5) / scale - camera.width_px / 2
    y = (np.arange(camera.height_px * scale, dtype=np.float32) + 0.5) / scale - camera.height_px / 2
    right, down, forward = camera.axes().astype(np.float32)
    focal = np.float32(camera.focal_px)
    rays = [right[i] * x[None, :] / focal + down[i] * y[:, None] / focal + forward[i] for i in range(3)]
    falls = np.maximum(-rays[2], 1e-4)
    reach = np.where(rays[2] < -1e-3, camera.height_m / falls, 1e4).astype(np.float32)
    east = (camera.east_m + reach * rays[0]).astype(np.float32)
    north = (camera.north_m + reach * rays[1]).astype(np.float32)
    length = np.sqrt(rays[0] ** 2 + rays[1] ** 2 + rays[2] ** 2).astype(np.float32)
    distance = np.where(rays[2] < -1e-3, reach * length, np.inf).astype(np.float32)
    footprint = (reach * length / focal / scale * np.sqrt(length / np.maximum(falls, 0.02))).astype(np.float32)
    return east, north, distance, footprint


def _road_distance(roads: tuple[Rectangle, ...], east: Field, north: Field) -> Field:
    """Signed distance to the nearest carriageway edge, negative on the carriageway."""
    nearest = np.full(east.shape, 1e6, np.float32)
    for x1, y1, x2, y2 in roads:
        beside = np.maximum(np.abs(east - (x1 + x2) / 2) - (x2 - x1) / 2, np.abs(north - (y1 + y2) / 2) - (y2 - y1) / 2)
        nearest = np.minimum(nearest, beside).astype(np.float32)
    return nearest


def _noise_at(seed: int, east: Field, north: Field, cell_m: float) -> Field:
    noise = fractal_noise(seed, 512, 6)
    x = np.mod(east / cell_m, 512).astype(np.float32)
    y = np.mod(north / cell_m, 512).astype(np.float32)
    return cv2.remap(noise, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP).astype(np.float32)


def _asphalt(plan: Plan, east: Field, north: Field) -> Field:
    seed = plan.surface.seed
    tone = 1 + 0.055 * _noise_at(seed, east, north, 0.05) + 0.08 * _noise_at(seed + 1, east, north, 0.011)
    asphalt: Field = (np.array(plan.surface.asphalt_bgr, np.float32) * tone[..., None]).astype(np.float32)
    return asphalt


def _paving(plan: Plan, east: Field, north: Field, footprint: Field) -> Field:
    surface, step = plan.surface, plan.surface.paving_step_m
    tone = (
        1
        + 0.07 * _noise_at(surface.seed + 2, east, north, 0.06)
        + 0.05 * _noise_at(surface.seed + 3, east, north, 0.012)
    )
    row = np.floor(north / step)
    shift = np.mod(row, 2) * 0.5 if surface.has_bond else 0.0
    column = np.floor(east / step + shift)
    fade = np.clip(1.5 - footprint / step * 2, 0, 1)
    stone = np.mod(np.sin(row * 12.9898 + column * 78.233) * 43758.5453, 1.0) - 0.5
    tone = tone + 0.12 * stone * fade
    picture: Field = (np.array(surface.paving_bgr, np.float32) * tone[..., None]).astype(np.float32)
    for along in (np.mod(north / step, 1.0), np.mod(east / step + shift, 1.0)):
        gap = np.minimum(along, 1 - along) * step
        _stroke(picture, gap.astype(np.float32), 0.018, footprint, tuple(0.62 * c for c in surface.paving_bgr))
    return picture


def _lane_marks(plan: Plan, picture: Field, east: Field, north: Field, footprint: Field) -> None:
    """Dashed middle lines, edge lines and zebra stripes, painted in place."""
    white = (205.0, 208.0, 208.0)
    nowhere = np.float32(1e6)
    on_crossing = np.zeros(east.shape, np.bool_)
    for x1, y1, x2, y2 in plan.crossings:
        inside = (east > x1) & (east < x2) & (north > y1) & (north < y2)
        on_crossing |= inside
        across = east if x2 - x1 > y2 - y1 else north  # stripes lie along the traffic, side by side across it
        gap = np.abs(np.mod(across, 0.9) - 0.45)
        _stroke(picture, np.where(inside, np.maximum(gap - 0.2, 0), nowhere), 0.05, footprint, white)
    for k, (x1, y1, x2, y2) in enumerate(plan.roads):
        others = plan.roads[:k] + plan.roads[k + 1 :]
        free = (_road_distance(others, east, north) > 0.3) & ~on_crossing if others else ~on_crossing
        lies_east = x2 - x1 > y2 - y1
        along, across = (east, north) if lies_east else (north, east)
        low, high = (y1, y2) if lies_east else (x1, x2)
        start, end = (x1, x2) if lies_east else (y1, y2)
        free = free & (along > start) & (along < end)
        dashes = free & (np.mod(along, 6.0) < 3.2)
        _stroke(picture, np.where(dashes, np.abs(across - (low + high) / 2), nowhere), 0.13, footprint, white)
        for edge in (low + 0.35, high - 0.35):
            _stroke(picture, np.where(free, np.abs(across - edge), nowhere), 0.1, footprint, white)


def _polygon_distance(polygon: Polygon, east: Field, north: Field) -> Field:
    """Distance to the polygon's border."""
    nearest = np.full(east.shape, 1e6, np.float32)
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        dx, dy = x2 - x1, y2 - y1
        share = np.clip(((east - x1) * dx + (north - y1) * dy) / (dx * dx + dy * dy), 0, 1)
        nearest = np.minimum(nearest, np.hypot(east - x1 - share * dx, north - y1 - share * dy)).astype(np.float32)
    return nearest


def _stroke(picture: Field, off: Field, width_m: float, footprint: Field, bgr: tuple[float, ...]) -> None:
    """Paint a line in place where `off` (distance from its middle) is small, thinned where a pixel is wider than it."""
    cover = np.clip((width_m / 2 + footprint / 2 - off) / footprint, 0, 1) * np.minimum(1, width_m / footprint)
    picture += cover[..., None] * 0.85 * (np.array(bgr, np.float32) - picture)
