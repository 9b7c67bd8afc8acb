"""House fronts and boards in lamplight and fog: their light is worked out across the picture they carry."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.air import Air
from edge.scene.chance import generator
from edge.scene.fronts import wall_width
from edge.scene.glyphs import neon
from edge.scene.mesh import Decal, Mesh
from edge.scene.paint import Light
from edge.scene.plan import NameBoard, Wall
from edge.scene.textures import Pane, panelled_front

_WINDOW_LIGHTS = ((150, 215, 250), (205, 230, 240), (120, 190, 245), (235, 225, 205))


def dressed_wall(wall: Wall, mesh: Mesh, air: Air, light: Light) -> Mesh:
    """The wall with its windows lit, in its light and seen through the air."""
    given = _window_light(wall) if air.is_dark else None
    return replace(mesh, decals=tuple(_dressed(decal, given, air, light) for decal in mesh.decals))


def dressed_board(board: NameBoard, mesh: Mesh, air: Air, light: Light) -> Mesh:
    """A board in its light, or giving its own."""
    decals = []
    for decal in mesh.decals:
        given: NDArray[np.float32] | None = None
        if air.is_dark and board.shine == "box":
            given = decal.texture.astype(np.float32) * np.float32(0.75 + 0.15 * (board.seed % 3))
        elif air.is_dark and board.shine == "neon":
            given = neon(decal.texture, board.ground_bgr)
        decals.append(_dressed(decal, given, air, light))
    return replace(mesh, decals=tuple(decals))


def _dressed(decal: Decal, given: NDArray[np.float32] | None, air: Air, light: Light) -> Decal:
    """A decal whose texture holds lamplight, its own light `given` (h, w, 3), and fog."""
    upper_left, upper_right, _, lower_left = decal.corners_m
    across, down = upper_right - upper_left, lower_left - upper_left
    normal = np.cross(down, across)
    normal /= max(float(np.linalg.norm(normal)), 1e-9)
    shade = 1.12 * (light.ambient + (1 - light.ambient) * max(float(normal @ light.sun), 0.0))
    height, width = decal.texture.shape[:2]
    columns = int(np.clip(np.linalg.norm(across) / 0.8, 2, 14))
    rows = int(np.clip(np.linalg.norm(down) / 0.8, 2, 18))
    u, v = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    points = upper_left + u.reshape(-1, 1) * across + v.reshape(-1, 1) * down + normal * 0.3
    glow = cv2.resize((air.glow(points) * shade).reshape(rows, columns, 3).astype(np.float32), (width, height))
    seen = decal.texture * glow
    if given is not None:
        seen += given
    seen = np.minimum(seen, 255)
    if air.fog_bgr is not None:
        away = np.linalg.norm(points - air.camera.position_m, axis=1)
        clear = cv2.resize(air.clearness(away).reshape(rows, columns).astype(np.float32), (width, height))[..., None]
        seen = seen * clear + np.asarray(air.fog_bgr, np.float32) * (1 - clear)
    return replace(decal, texture=seen.astype(np.uint8), is_finished=True)


def _window_light(wall: Wall) -> NDArray[np.float32]:
    """What the wall's lit windows and shop give off, (h, w, 3)."""
    texture, panes = panelled_front(wall.seed, wall_width(wall), wall.height_m, has_shop=wall.has_shop)
    random = generator("lit windows", wall.seed)
    given = np.zeros(texture.shape, np.float32)
    for pane in panes:
        _light_pane(given, texture, pane, wall, random)
    return given


def _light_pane(
    given: NDArray[np.float32], texture: NDArray[np.uint8], pane: Pane, wall: Wall, random: np.random.Generator
) -> None:
    is_lit, which, strength = random.random() < wall.lit_windows, int(random.integers(4)), float(random.uniform(0.4, 1))
    rows, columns = slice(max(0, pane.top), pane.bottom), slice(max(0, pane.left), pane.right)
    inside = texture[rows, columns].astype(np.float32)
    if pane.is_shop:
        if wall.glow_bgr is not None:
            given[rows, columns] = (inside * 1.15 + 18) * np.asarray(wall.glow_bgr, np.float32)
        return
    if is_lit:
        colour = np.asarray(_WINDOW_LIGHTS[which], np.float32)
        given[rows, columns] = (0.35 + 0.45 * inside / 140) * colour * strength
