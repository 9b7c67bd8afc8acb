"""What is mistaken for smoke, fire and stalls: drawn like them, and never labelled."""

import cv2
import numpy as np

from datasets.composites.forms import awning, cone, lantern
from datasets.composites.layers import Layer
from datasets.composites.plumes import draw_plume, draw_steam
from datasets.composites.site import Site
from datasets.composites.smoke import SmokeLook, smoke_layer
from datasets.composites.solids import Foot, render_mesh
from edge.scene.textures import fractal_noise


def add_look_alikes(site: Site, count: int) -> None:
    """Lay `count` look-alikes of chance."""
    kinds = (steam, mist, exhaust, red_awning, headlights, lamp, lanterns, cones)
    for number in site.random.choice(len(kinds), count, p=[0.13, 0.13, 0.13, 0.17, 0.17, 0.12, 0.09, 0.06]):
        foot = site.place()
        if foot is not None:
            kinds[int(number)](site, foot)


def steam(site: Site, foot: Foot) -> None:
    """A white puff from a pot, a vent or a manhole, gone within a metre or two."""
    plume = draw_steam(site.random, site.pool, site.daylight)
    tall = float(site.random.uniform(0.5, 1.5)) * foot.px_per_m
    source = (foot.x_px, foot.y_px - float(site.random.choice([0.0, 0.9])) * foot.px_per_m)
    site.canvas.lay(smoke_layer(None, plume.field, plume.look, source, max(tall, 20.0), site.number()))


def exhaust(site: Site, foot: Foot) -> None:
    """A bluish puff a hand above the road."""
    plume = draw_plume(site.random, site.pool, site.daylight)
    level = 185.0 * site.daylight
    look = SmokeLook(float(site.random.uniform(0.15, 0.4)), (level * 1.06, level, level * 0.98), 0.05)
    # seen lying: the flow's own rise is turned into drift
    lying = np.ascontiguousarray(np.rot90(plume.field, int(site.random.choice([1, 3]))))
    tall = float(site.random.uniform(0.5, 1.1)) * foot.px_per_m
    size = (plume.field.shape[1], plume.field.shape[0])
    upright = cv2.resize(lying, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    site.canvas.lay(
        smoke_layer(None, upright, look, (foot.x_px, foot.y_px + 0.2 * tall), max(tall, 16.0), site.number())
    )


def mist(site: Site, foot: Foot) -> None:
    """A bank of mist across the whole picture: everywhere alike, without a source."""
    del foot
    height, width = site.canvas.picture.shape[:2]
    tile = cv2.resize(fractal_noise(site.number() % 19, 256, 3), (width, height), interpolation=cv2.INTER_CUBIC)
    rows = (np.arange(height, dtype=np.float32) / height - site.view.horizon)[:, None]
    band = np.exp(-((rows / float(site.random.uniform(0.15, 0.5))) ** 2))
    alpha = np.clip(band * float(site.random.uniform(0.2, 0.6)) * (1 + 0.35 * tile), 0, 0.85).astype(np.float32)
    pale = np.full((height, width, 3), 215.0 * site.daylight, np.float32)
    site.canvas.lay(Layer(None, 0, 0, pale, alpha))


def red_awning(site: Site, foot: Foot) -> None:
    """A shop's red sunshade."""
    turned = 180.0 + float(site.random.uniform(-60, 60))
    render_mesh(site.canvas, site.camera, awning(site.number()), foot, turned, None, site.number())


def cones(site: Site, foot: Foot) -> None:
    """Orange cones."""
    for k in range(int(site.random.integers(1, 4))):
        beside = site.foot(foot.x_px + 0.9 * k * foot.px_per_m, foot.y_px)
        if beside is not None:
            render_mesh(site.canvas, site.camera, cone(), beside, 0.0, None, site.number())


def lanterns(site: Site, foot: Foot) -> None:
    """A string of red lanterns, lit by night."""
    for k in range(int(site.random.integers(2, 6))):
        beside = site.foot(foot.x_px + 0.8 * k * foot.px_per_m, foot.y_px)
        if beside is not None and render_mesh(site.canvas, site.camera, lantern(2.6), beside, 0.0, None, site.number()):
            at = (beside.x_px, beside.y_px - 2.6 * foot.px_per_m)
            _dazzle(site, at, 0.5 * foot.px_per_m, (20.0, 60.0, 255.0), 0.5 * (1 - site.daylight))


def headlights(site: Site, foot: Foot) -> None:
    """A pair of dazzling lamps, white or amber; red from behind."""
    colours = ((240.0, 250.0, 255.0), (190.0, 230.0, 255.0), (120.0, 200.0, 255.0), (30.0, 40.0, 255.0))
    colour = colours[int(site.random.integers(len(colours)))]
    size = float(site.random.uniform(0.5, 1.4)) * foot.px_per_m
    for side in (-0.7, 0.7):
        at = (foot.x_px + side * foot.px_per_m, foot.y_px - 0.7 * foot.px_per_m)
        _dazzle(site, at, size, colour, float(site.random.uniform(0.6, 1.0)))


def lamp(site: Site, foot: Foot) -> None:
    """An orange street lamp or the low sun in a pane."""
    at = (foot.x_px, foot.y_px - float(site.random.uniform(1.5, 5.0)) * foot.px_per_m)
    colour = (60.0, float(site.random.uniform(130, 200)), 255.0)
    _dazzle(site, at, float(site.random.uniform(0.6, 2.0)) * foot.px_per_m, colour, float(site.random.uniform(0.6, 1)))


def _dazzle(
    site: Site, at_px: tuple[float, float], size_px: float, bgr: tuple[float, float, float], strength: float
) -> None:
    """Light that clips the sensor: a white core, a coloured halo, a faint star. No flame has the shape."""
    reach = max(6, round(1.6 * size_px))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].astype(np.float32) / max(3.0, size_px)
    distance = np.hypot(x, y)
    halo = np.exp(-((distance * 2.2) ** 2)) * 0.7 + np.exp(-np.abs(x) * 14) * np.exp(-np.abs(y) * 3) * 0.25
    core = np.clip(1.25 - distance * 7, 0, 1)
    rim = np.clip(1.6 - distance, 0, 1)
    alpha = np.clip((halo + core) * rim, 0, 1) * strength
    white = np.clip(core * 1.5, 0, 1)[..., None]
    colour = np.array(bgr, np.float32) * (1 - white) + 255.0 * white
    left, top = round(at_px[0]) - reach, round(at_px[1]) - reach
    site.canvas.lay(Layer(None, left, top, colour.astype(np.float32), alpha.astype(np.float32)))
