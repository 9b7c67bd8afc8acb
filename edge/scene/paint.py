"""From a placed mesh to pixels: projection, culling, shading and painter's order inside one object."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import NEAREST_DEPTH_M, PinholeCamera
from edge.scene.mesh import Decal, Mesh

SUBPIXEL_BITS = 4
_CAP_STEPS = np.linspace(np.pi / 2, 3 * np.pi / 2, 6)
_ROUND_LIMB_PX = 2.2
"""Limbs thicker than this get a lighter inner side; on thinner ones it would be below a pixel and only cost time."""


@dataclass(frozen=True, slots=True)
class Veil:
    """Fog before a thing: it hides `share` 0..1 of the thing and shows its own colour instead."""

    share: float
    bgr: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Light:
    """Where light comes from: `sun` is the unit vector (3,) towards it, `ambient` 0..1 is the sky's share.

    `tint_bgr` (3,) is the light on one thing as a share of daylight, and `veil` the fog before it; None on a clear day,
    when parts that glow need not be told apart either.
    """

    sun: NDArray[np.float64]
    ambient: float
    tint_bgr: NDArray[np.float64] | None = None
    veil: Veil | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """One convex polygon in the picture, (n, 2) pixels, with its colour."""

    points_px: NDArray[np.float64]
    bgr: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PlacedDecal:
    """A textured rectangle: `to_px` (3, 3) takes the unit square (u right, v down) to homogeneous pixels."""

    outline_px: NDArray[np.float64]
    to_px: NDArray[np.float64]
    texture: NDArray[np.uint8]
    shade: float
    tint_bgr: NDArray[np.float64] | None = None
    veil: Veil | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    """An object's visible parts, far to near, and the box (x1, y1, x2, y2) in pixels around them, unclipped."""

    parts: tuple[Outline | PlacedDecal, ...]
    box_px: tuple[float, float, float, float]


def draw(mesh: Mesh, camera: PinholeCamera, light: Light) -> Drawing | None:
    """Project and shade a placed mesh; None when nothing of it lies before the lens."""
    keyed: list[tuple[float, Outline | PlacedDecal]] = []
    keyed += _quad_parts(mesh, camera, light)
    keyed += _limb_parts(mesh, camera, light)
    keyed += [part for decal in mesh.decals if (part := _decal_part(decal, camera, light)) is not None]
    if not keyed:
        return None
    keyed.sort(key=lambda item: -item[0])
    parts = tuple(part for _, part in keyed)
    corners = np.concatenate([p.points_px if isinstance(p, Outline) else p.outline_px for p in parts])
    x1, y1 = corners.min(axis=0)
    x2, y2 = corners.max(axis=0)
    return Drawing(parts, (float(x1), float(y1), float(x2), float(y2)))


def paint(
    drawing: Drawing, canvas: NDArray[np.uint8], origin_px: tuple[float, float], scale: float, *, smooth: bool
) -> None:
    """Draw onto a canvas in place; its pixel (0, 0) is at `origin_px` and a picture pixel is `scale` of its pixels."""
    line = cv2.LINE_AA if smooth else cv2.LINE_8
    for part, outline in zip(drawing.parts, _outlines(drawing, origin_px, scale), strict=True):
        if isinstance(part, Outline):
            cv2.fillConvexPoly(canvas, outline, part.bgr, line, SUBPIXEL_BITS)
        else:
            _paint_decal(part, canvas, origin_px, scale)


def silhouette(
    drawing: Drawing, mask: NDArray[np.uint8], origin_px: tuple[float, float], scale: float, value: int
) -> None:
    """Fill the object's outline into a one-channel mask in place, without smoothing."""
    for outline in _outlines(drawing, origin_px, scale):
        cv2.fillConvexPoly(mask, outline, value, cv2.LINE_8, SUBPIXEL_BITS)


def fixed_point(points_px: NDArray[np.float64], origin_px: tuple[float, float], scale: float) -> NDArray[np.int32]:
    """Picture positions as OpenCV's fixed-point canvas coordinates (its integers are pixel centres, ours corners)."""
    moved = (points_px - origin_px) * scale - 0.5
    return np.clip(np.rint(moved * (1 << SUBPIXEL_BITS)), -200_000, 200_000).astype(np.int32)


def _outlines(drawing: Drawing, origin_px: tuple[float, float], scale: float) -> list[NDArray[np.int32]]:
    """All parts' outlines on a canvas, converted in one go: part by part it took a third of the drawing time."""
    outlines = [part.points_px if isinstance(part, Outline) else part.outline_px for part in drawing.parts]
    fixed = fixed_point(np.concatenate(outlines), origin_px, scale)
    ends = np.cumsum([len(outline) for outline in outlines]).tolist()
    return [fixed[end - len(outline) : end] for outline, end in zip(outlines, ends, strict=True)]


def _quad_parts(mesh: Mesh, camera: PinholeCamera, light: Light) -> list[tuple[float, Outline | PlacedDecal]]:
    quads = mesh.quads_m
    if not len(quads):
        return []
    normals = np.cross(quads[:, 1] - quads[:, 0], quads[:, 2] - quads[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    centres = quads.mean(axis=1)
    towards = camera.position_m - centres
    away = np.einsum("ij,ij->i", normals, towards) < 0
    normals = np.where(away[:, None], -normals, normals)
    points, depth = camera.project(quads.reshape(-1, 3))
    is_drawn = (~away | mesh.quad_is_sheet) & (depth.reshape(-1, 4).min(axis=1) > NEAREST_DEPTH_M)
    lit = light.ambient + (1 - light.ambient) * np.maximum(normals @ light.sun, 0.0) + 0.08 * normals[:, 2]
    colours = np.clip(mesh.quad_bgr * lit[:, None] * 1.12, 0, 255)
    if light.tint_bgr is not None:
        colours = _seen(colours, mesh.quad_bgr, mesh.quad_glow, light.tint_bgr, light.veil)
    distance = np.linalg.norm(towards, axis=1) - mesh.quad_bias_m
    outlines = points.reshape(-1, 4, 2)
    return [(float(distance[i]), Outline(outlines[i], _bgr(colours[i]))) for i in np.flatnonzero(is_drawn)]


def _limb_parts(mesh: Mesh, camera: PinholeCamera, light: Light) -> list[tuple[float, Outline | PlacedDecal]]:
    limbs = mesh.limbs_m
    if not len(limbs):
        return []
    points, depth = camera.project(limbs.reshape(-1, 3))
    ends, depths = points.reshape(-1, 2, 2), depth.reshape(-1, 2)
    radii = mesh.limb_radius_m * camera.focal_px / np.maximum(depths, NEAREST_DEPTH_M)
    capsules = _capsules(ends, radii)
    sun_right, sun_down, _ = camera.axes() @ light.sun
    lean = np.array([sun_right, sun_down]) * 0.3
    inner = _capsules(ends + lean * radii[..., None], radii * 0.62)
    level = light.ambient + (1 - light.ambient) * 0.45
    dark = np.clip(mesh.limb_bgr * level * 0.92, 0, 255)
    bright = np.clip(mesh.limb_bgr * (level + (1 - light.ambient) * 0.35 + 0.06), 0, 255)
    if light.tint_bgr is not None:
        dark = _seen(dark, mesh.limb_bgr, mesh.limb_glow, light.tint_bgr, light.veil)
        bright = _seen(bright, mesh.limb_bgr, mesh.limb_glow, light.tint_bgr, light.veil)
    distance = np.linalg.norm(camera.position_m - limbs.mean(axis=1), axis=1) - mesh.limb_bias_m
    parts: list[tuple[float, Outline | PlacedDecal]] = []
    for i in np.flatnonzero(depths.min(axis=1) > NEAREST_DEPTH_M):
        is_round = radii[i].max() > _ROUND_LIMB_PX
        parts.append(
            (float(distance[i]), Outline(capsules[i], _bgr(dark[i] if is_round else (dark[i] + bright[i]) / 2)))
        )
        if is_round:
            parts.append((float(distance[i]), Outline(inner[i], _bgr(bright[i]))))
    return parts


def _capsules(ends_px: NDArray[np.float64], radii_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """Outlines (L, 12, 2) of rods between two ends (L, 2, 2) with a radius at each (L, 2)."""
    along = ends_px[:, 1] - ends_px[:, 0]
    theta = np.arctan2(along[:, 1], along[:, 0])
    caps = []
    for end in (0, 1):
        angle = theta[:, None] + _CAP_STEPS + end * np.pi
        circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
        caps.append(ends_px[:, end, None] + circle * radii_px[:, end, None, None])
    return np.concatenate(caps, axis=1)


def _decal_part(decal: Decal, camera: PinholeCamera, light: Light) -> tuple[float, PlacedDecal] | None:
    upper_left, upper_right, _, lower_left = decal.corners_m
    across, down = upper_right - upper_left, lower_left - upper_left
    normal = np.cross(down, across)
    normal /= max(float(np.linalg.norm(normal)), 1e-9)
    towards = camera.position_m - decal.corners_m.mean(axis=0)
    if normal @ towards <= 0:
        return None
    outline = _clipped_outline(decal.corners_m, camera)
    if outline is None:
        return None
    matrix = camera.matrix()
    to_px = np.stack([matrix[:, :3] @ across, matrix[:, :3] @ down, matrix[:, :3] @ upper_left + matrix[:, 3]], axis=1)
    shade = (light.ambient + (1 - light.ambient) * max(float(normal @ light.sun), 0.0)) * 1.12
    placed = PlacedDecal(outline, to_px, decal.texture, 1.0 if decal.is_finished else shade)
    if light.tint_bgr is not None and not decal.is_finished:
        tint = np.maximum(light.tint_bgr, decal.glow / shade)
        placed = replace(placed, tint_bgr=tint, veil=light.veil)
    return float(np.linalg.norm(towards)) - decal.bias_m, placed


def _clipped_outline(corners_m: NDArray[np.float64], camera: PinholeCamera) -> NDArray[np.float64] | None:
    """A convex polygon's outline after cutting off what lies behind the lens: long walls pass beside the camera."""
    forward = camera.axes()[2]
    depths = (corners_m - camera.position_m) @ forward - NEAREST_DEPTH_M
    kept: list[NDArray[np.float64]] = []
    for i in range(len(corners_m)):
        j = (i + 1) % len(corners_m)
        if depths[i] > 0:
            kept.append(corners_m[i])
        if (depths[i] > 0) != (depths[j] > 0):
            kept.append(corners_m[i] + (corners_m[j] - corners_m[i]) * depths[i] / (depths[i] - depths[j]))
    if len(kept) < 3:
        return None
    return camera.project(np.array(kept))[0]


def _paint_decal(part: PlacedDecal, canvas: NDArray[np.uint8], origin_px: tuple[float, float], scale: float) -> None:
    height, width = canvas.shape[:2]
    moved = (part.outline_px - origin_px) * scale
    x1, y1 = np.maximum(np.floor(moved.min(axis=0)), 0).astype(int)
    x2, y2 = np.minimum(np.ceil(moved.max(axis=0)) + 1, (width, height)).astype(int)
    if x2 <= x1 or y2 <= y1:
        return
    texture = part.texture
    size = moved.max(axis=0) - moved.min(axis=0)
    shrink = min(1.0, float(max(size[0] / texture.shape[1], size[1] / texture.shape[0])) * 1.5)
    if shrink < 0.7:  # without this, thin strokes of far signs turn into sparkle
        small = (max(2, int(texture.shape[1] * shrink)), max(2, int(texture.shape[0] * shrink)))
        texture = cv2.resize(texture, small, interpolation=cv2.INTER_AREA).astype(np.uint8)
    rows, columns = texture.shape[:2]
    canvas_from_px = np.array(
        [[scale, 0, -origin_px[0] * scale - x1], [0, scale, -origin_px[1] * scale - y1], [0, 0, 1.0]]
    )
    warp = canvas_from_px @ part.to_px @ np.diag([1 / columns, 1 / rows, 1.0])
    if canvas.ndim == 2:
        picture: NDArray[np.uint8] = np.full((y2 - y1, x2 - x1), 255, np.uint8)
    else:
        shaded = cv2.convertScaleAbs(texture, alpha=part.shade) if part.tint_bgr is None else _toned(texture, part)
        picture = cv2.warpPerspective(
            shaded, warp, (int(x2 - x1), int(y2 - y1)), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        ).astype(np.uint8)
    mask = np.zeros((y2 - y1, x2 - x1), np.uint8)
    outline = fixed_point(part.outline_px, (origin_px[0] + x1 / scale, origin_px[1] + y1 / scale), scale)
    cv2.fillConvexPoly(mask, outline, 255, cv2.LINE_8, SUBPIXEL_BITS)
    cv2.copyTo(picture, mask, canvas[y1:y2, x1:x2])


def _seen(
    lit: NDArray[np.float64],
    own: NDArray[np.float64],
    glow: NDArray[np.float64],
    tint_bgr: NDArray[np.float64],
    veil: Veil | None,
) -> NDArray[np.float64]:
    """Colours (N, 3) in lamplight and fog: what glows keeps its own colour."""
    toned = np.maximum(np.minimum(lit * tint_bgr, 255), own * glow[:, None])
    return toned if veil is None else toned * (1 - veil.share) + np.asarray(veil.bgr) * veil.share


def _toned(texture: NDArray[np.uint8], part: PlacedDecal) -> NDArray[np.uint8]:
    """A decal's texture in lamplight and fog."""
    toned = np.minimum(texture * (part.shade * (np.ones(3) if part.tint_bgr is None else part.tint_bgr)), 255)
    if part.veil is not None:
        toned = toned * (1 - part.veil.share) + np.asarray(part.veil.bgr) * part.veil.share
    return toned.astype(np.uint8)


def _bgr(colour: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(colour[0]), float(colour[1]), float(colour[2])
