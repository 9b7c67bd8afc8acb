"""Street things the simulated street has no form for: table with stools, banner, awning, cone, lantern."""

import numpy as np

from edge.scene.chance import generator
from edge.scene.mesh import Bgr, Mesh, MeshBuilder
from edge.scene.textures import sign_texture

_BRIGHT: tuple[Bgr, ...] = ((40, 40, 190), (190, 90, 40), (60, 140, 60), (50, 190, 230), (220, 220, 225))
_BANNERS: tuple[tuple[Bgr, Bgr], ...] = (
    ((25, 25, 200), (235, 245, 250)),
    ((25, 25, 200), (60, 220, 250)),
    ((170, 90, 20), (240, 240, 240)),
    ((225, 230, 230), (30, 30, 190)),
    ((40, 190, 240), (30, 30, 160)),
)
"""Cloth and writing, BGR: red above all."""


def table(seed: int) -> Mesh:
    """A folding table with plates and bottles, plastic stools around it."""
    builder, random = MeshBuilder(), generator("table", seed)
    wide, deep = float(random.uniform(0.45, 0.8)), float(random.uniform(0.35, 0.5))
    top, shade = float(random.uniform(0.6, 0.78)), float(random.uniform(0.55, 1.1))
    for x in (-wide + 0.05, wide - 0.05):
        for y in (-deep + 0.05, deep - 0.05):
            builder.limb((x, y, 0), (x * 0.9, y * 0.9, top), 0.02, (90, 90, 95))
    builder.box((0, 0, top), (2 * wide, 2 * deep, 0.04), (150 * shade, 180 * shade, 205 * shade))
    for _ in range(int(random.integers(2, 7))):
        x, y = float(random.uniform(-wide, wide)) * 0.8, float(random.uniform(-deep, deep)) * 0.8
        tall = float(random.choice([0.04, 0.06, 0.24]))
        builder.limb((x, y, top + 0.06), (x, y, top + 0.05 + tall), 0.035 if tall > 0.2 else 0.06, _bright(random))
    stool = _bright(random)
    for _ in range(int(random.integers(2, 6))):
        side = float(random.choice([-1, 1]))
        x, y = float(random.uniform(-wide, wide)), side * (deep + float(random.uniform(0.15, 0.45)))
        foot, seat = (x - 0.17, x + 0.17, y - 0.17, y + 0.17), (x - 0.12, x + 0.12, y - 0.12, y + 0.12)
        builder.frustum(foot, seat, (0, 0.44), stool)
    return builder.build()


def banner(seed: int) -> Mesh:
    """A strip of cloth with writing between two posts; the front is +y."""
    builder, random = MeshBuilder(), generator("banner", seed)
    half, low = float(random.uniform(1.2, 3.2)), float(random.uniform(0.9, 2.4))
    high = low + float(random.uniform(0.5, 0.9))
    for x in (-half - 0.06, half + 0.06):
        builder.limb((x, 0, 0), (x, 0, high + 0.1), 0.035, (120, 120, 125))
    cloth, ink = _BANNERS[int(random.integers(len(_BANNERS)))]
    board = sign_texture(int(random.integers(1 << 20)), max(4, round(2 * half / (high - low))), cloth, ink)
    builder.decal(((half, 0, high), (-half, 0, high), (-half, 0, low), (half, 0, low)), board, bias_m=0.3)
    return builder.build()


def awning(seed: int) -> Mesh:
    """A shop's red sunshade with nothing under it; it hangs towards +y."""
    builder, random = MeshBuilder(), generator("awning", seed)
    half, reach = float(random.uniform(0.9, 2.4)), float(random.uniform(0.7, 1.4))
    top, fall = float(random.uniform(2.7, 3.4)), float(random.uniform(0.4, 0.8))
    red: Bgr = (float(random.uniform(20, 60)), float(random.uniform(15, 60)), float(random.uniform(150, 225)))
    second: Bgr = red if random.random() < 0.5 else (225.0, 230.0, 232.0)
    strips, low = int(random.integers(4, 10)), top - fall
    for k in range(strips):
        x1, x2 = -half + 2 * half * k / strips, -half + 2 * half * (k + 1) / strips
        bgr = red if k % 2 else second
        builder.sheet(((x1, reach, low), (x2, reach, low), (x2, 0, top), (x1, 0, top)), bgr)
        builder.sheet(((x1, reach, low - 0.2), (x2, reach, low - 0.2), (x2, reach, low), (x1, reach, low)), bgr)
    return builder.build()


def cone() -> Mesh:
    """An orange traffic cone with a white band."""
    builder = MeshBuilder()
    builder.box((0, 0, 0), (0.36, 0.36, 0.04), (25, 75, 220))
    for low, high, bgr in ((0.04, 0.3, (25, 90, 245)), (0.3, 0.45, (230, 230, 230)), (0.45, 0.7, (25, 90, 245))):
        builder.limb((0, 0, low), (0, 0, high), 0.16 - 0.19 * low, bgr, end_radius_m=0.16 - 0.19 * high)
    return builder.build()


def lantern(height_m: float) -> Mesh:
    """A red paper lantern."""
    builder = MeshBuilder()
    builder.ball((0, 0, height_m), 0.24, (35, 45, 215))
    builder.limb((0, 0, height_m + 0.22), (0, 0, height_m + 0.3), 0.07, (40, 170, 220))
    builder.limb((0, 0, height_m - 0.45), (0, 0, height_m - 0.25), 0.03, (40, 170, 220))
    return builder.build()


def _bright(random: np.random.Generator) -> Bgr:
    return _BRIGHT[int(random.integers(len(_BRIGHT)))]
