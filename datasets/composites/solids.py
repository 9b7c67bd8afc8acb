"""Solid things standing on a background's ground: rendered meshes and cut-outs, matched to the light around them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from datasets.composites.cutouts import CutOut
from datasets.composites.layers import Canvas, Colour, Cover, Layer
from edge.scene.camera import PinholeCamera
from edge.scene.mesh import Mesh
from edge.scene.paint import Light, draw
from edge.scene.shadow import cast_shadow
from edge.scene.sprites import sprite
from edge.scene.textures import fractal_noise

_USUAL_LIGHT = 118.0
"""Mean grey level of a street picture by day: things on a darker one are darkened in proportion."""


@dataclass(frozen=True, slots=True)
class Foot:
    """Where something stands: the ground point at a pixel, and how many pixels a metre takes there."""

    x_px: float
    y_px: float
    px_per_m: float
    east_m: float
    north_m: float


def render_mesh(
    canvas: Canvas,
    camera: PinholeCamera,
    mesh: Mesh,
    foot: Foot,
    heading_deg: float,
    label: str | None,
    seed: int,
    extends: str | None = None,
) -> bool:
    """Stand a mesh on the ground, with its shadow; False where it would hardly be seen."""
    light = light_of(seed)
    placed = mesh.placed(foot.east_m, foot.north_m, heading_deg)
    drawing = draw(placed, camera, light)
    made = None if drawing is None else sprite(drawing, camera.width_px, camera.height_px, f"composite-{seed}")
    if made is None:
        return False
    alpha = (1 - made.keep[..., 0] / 255).astype(np.float32)
    bgr = (made.colour / np.maximum(alpha, 0.05)[..., None]).astype(np.float32)
    gain = _gain(canvas.picture, foot)
    before = canvas.picture.copy()
    shaded = np.clip(canvas.picture, 0, 255).astype(np.uint8)
    cast_shadow(shaded, placed, camera, light)
    canvas.picture[...] = np.where(shaded < before - 1, shaded, before)
    worn = _weathered(np.minimum(bgr, 255), seed) * np.maximum(gain, _ember_share(bgr, label))
    clipped = np.clip(worn, 0, 255).astype(np.float32)
    if canvas.lay(Layer(label, made.left_px, made.top_px, clipped, _soft(alpha, seed)), extends):
        return True
    canvas.picture[...] = before
    return False


def lay_cut_out(canvas: Canvas, cut: CutOut, foot: Foot, height_m: float, lift_m: float, *, mirrored: bool) -> bool:
    """Stand a real thing on the ground, `height_m` tall and `lift_m` above it, with a contact shadow."""
    zoom = height_m * foot.px_per_m / cut.alpha.shape[0]
    size = (max(4, round(cut.alpha.shape[1] * zoom)), max(4, round(cut.alpha.shape[0] * zoom)))
    way = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    alpha = np.clip(cv2.resize(cut.alpha, size, interpolation=way), 0, 1).astype(np.float32)
    bgr = cv2.resize(cut.bgr, size, interpolation=way)
    if mirrored:
        alpha, bgr = alpha[:, ::-1], bgr[:, ::-1]
    left, bottom = round(foot.x_px - size[0] / 2), round(foot.y_px - lift_m * foot.px_per_m)
    own = float(cut.bgr[cut.alpha > 0.5].mean())
    gain = _gain(canvas.picture, foot) * np.clip(105.0 / max(own, 30.0), 0.75, 1.35) ** 0.5
    before = canvas.picture.copy()
    _contact_shadow(canvas.picture, foot, size[0])
    coloured = np.clip(bgr * gain, 0, 255).astype(np.float32)
    if canvas.lay(Layer(cut.label, left, bottom - size[1], coloured, alpha)):
        return True
    canvas.picture[...] = before
    return False


def light_of(seed: int) -> Light:
    """A sun somewhere before the scene and a sky that gives most of the light: backgrounds are mostly overcast."""
    random = np.random.default_rng([seed, 5])
    azimuth, rise = float(random.uniform(-2.2, 2.2)), float(random.uniform(0.5, 1.2))
    sun = np.array([np.sin(azimuth) * np.cos(rise), -np.cos(azimuth) * np.cos(rise), np.sin(rise)])
    return Light(sun, float(random.uniform(0.55, 0.85)))


def _gain(picture: Colour, foot: Foot) -> NDArray[np.float32]:
    """Factors (3,) from a daylight colour to one seen in the light around a place."""
    reach = max(12, int(1.2 * foot.px_per_m))
    x, y = int(foot.x_px), int(foot.y_px)
    around = picture[max(0, y - 2 * reach) : y + reach // 2 + 2, max(0, x - reach) : x + reach]
    if around.size == 0:
        return np.ones(3, np.float32)
    mean = np.clip(around.reshape(-1, 3).mean(axis=0), 4, 255)
    level = float(np.clip((mean.mean() / _USUAL_LIGHT) ** 0.8, 0.22, 1.3))
    cast = np.clip((mean / mean.mean()) ** 0.35, 0.8, 1.25)
    gain: Colour = (level * cast).astype(np.float32)
    return gain


def _ember_share(bgr: Colour, label: str | None) -> Colour:
    """How far each pixel shines by itself, (h, w, 1) 0..1: a grill's coals do."""
    if label != "grill":
        return np.zeros((*bgr.shape[:2], 1), np.float32)
    glow = np.clip((bgr[..., 2] - 1.5 * bgr[..., 0] - 60) / 60, 0, 1)
    return glow[..., None].astype(np.float32)


def _weathered(bgr: Colour, seed: int) -> Colour:
    """A rendered surface with the dirt, folds and wear that flat colour lacks."""
    height, width = bgr.shape[:2]
    tile = fractal_noise(seed % 17, 256, 6)
    stains = cv2.resize(tile, (max(2, width), max(2, height)), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng([seed, 6]).normal(0, 0.035, (height, width)).astype(np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.7) * 1.6
    return (bgr * (1 + 0.10 * stains + grain)[..., None]).astype(np.float32)


def _soft(alpha: Cover, seed: int) -> Cover:
    """Photographed outlines are never as sharp as drawn ones."""
    sigma = 0.45 + 0.5 * (seed % 7) / 6
    return np.minimum(cv2.GaussianBlur(alpha, (0, 0), sigma), 1).astype(np.float32)


def _contact_shadow(picture: Colour, foot: Foot, width_px: int) -> None:
    """The dark under a thing, in place."""
    height, width = picture.shape[:2]
    reach_x, reach_y = max(3.0, width_px * 0.56), max(2.0, width_px * 0.13)
    x1, x2 = max(0, int(foot.x_px - 1.6 * reach_x)), min(width, int(foot.x_px + 1.6 * reach_x))
    y1, y2 = max(0, int(foot.y_px - 1.8 * reach_y)), min(height, int(foot.y_px + 1.8 * reach_y))
    if x2 - x1 < 2 or y2 - y1 < 2:
        return
    x, y = np.meshgrid(np.arange(x1, x2), np.arange(y1, y2))
    far = ((x - foot.x_px) / reach_x) ** 2 + ((y - foot.y_px) / reach_y) ** 2
    picture[y1:y2, x1:x2] *= (1 - 0.55 * np.exp(-(far**1.5)))[..., None].astype(np.float32)
