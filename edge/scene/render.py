"""One camera's pictures of the street, and what is truly in them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.backdrop import backdrop, light_of
from edge.scene.camera import PinholeCamera
from edge.scene.fire import add_glow
from edge.scene.lens import lens_of
from edge.scene.paint import paint
from edge.scene.shadow import cast_shadow
from edge.scene.sprites import Box, Sprite, lay, sprite
from edge.scene.stage import Solid, Stage, Vapour
from edge.scene.truth import SceneObject, scene_objects
from edge.scene.world import Flame, World


class Renderer:
    """Draws one world for one camera; what it keeps only saves time, every picture depends on the moment alone.

    Not safe for two threads at once.
    """

    def __init__(self, world: World, camera: PinholeCamera) -> None:
        self._camera = camera
        self._light = light_of(world.ambience)
        self._backdrop = backdrop(world, camera)
        self._stage = Stage(world, camera, self._light)
        self._lens = lens_of(world.ambience, camera, world.seed)
        self._sprites: dict[str, Sprite | None] = {}
        # A fire clips the sensor at noon and at dusk alike, so it must not be dimmed with the rest.
        self._flame_gain = max(1.0, 0.9 / world.ambience.exposure)
        self._still_key: tuple[str, ...] | None = None
        self._still_picture = self._backdrop.picture

    def frame(self, t_s: float) -> NDArray[np.uint8]:
        """The picture at a moment: (H, W, 3) BGR, owned by the caller."""
        items = self._stage.at(t_s)
        stills = [item for item in items if isinstance(item, Solid) and item.is_still]
        picture = self._with_stills(stills).copy()
        for index, item in enumerate(items):
            if isinstance(item, Solid) and item.is_still:
                continue
            touched = self._draw_mover(item, picture)
            for nearer in items[index + 1 :]:
                if isinstance(nearer, Solid) and nearer.is_still:
                    self._lay(nearer, picture, touched)
        return self._lens.apply(picture, t_s)

    def truth(self, t_s: float) -> tuple[SceneObject, ...]:
        """What is in the picture at a moment, near to far."""
        return scene_objects(self._stage.at(t_s), self._backdrop.boards, self._camera)

    def _with_stills(self, stills: list[Solid]) -> NDArray[np.uint8]:
        """The backdrop with everything that stands still; kept until somebody comes or goes."""
        key = tuple(still.now.identity for still in stills)
        if key != self._still_key:
            picture = self._backdrop.picture.copy()
            for still in stills:
                cast_shadow(picture, still.mesh, self._camera, self._light)
            for still in stills:
                self._lay(still, picture, None)
            self._still_key, self._still_picture = key, picture
        return self._still_picture

    def _lay(self, still: Solid, picture: NDArray[np.uint8], within: Box | None) -> None:
        key = still.now.identity
        if key not in self._sprites:
            size = (self._camera.width_px, self._camera.height_px)
            self._sprites[key] = sprite(still.drawing, *size, grain_key=key)
        made = self._sprites[key]
        if made is not None:
            lay(made, picture, within)

    def _draw_mover(self, item: Solid | Vapour, picture: NDArray[np.uint8]) -> Box:
        """Draw something that moves in place; gives the box it touched."""
        if isinstance(item, Vapour):
            return _lay_cover(item, picture, self._flame_gain)
        shade = cast_shadow(picture, item.mesh, self._camera, self._light)
        paint(item.drawing, picture, (0.0, 0.0), 1.0, smooth=True)
        x1, y1, x2, y2 = item.drawing.box_px
        box = (max(0, int(x1) - 1), max(0, int(y1) - 1), int(x2) + 2, int(y2) + 2)
        if shade is None:
            return box
        return min(box[0], shade[0]), min(box[1], shade[1]), max(box[2], shade[2]), max(box[3], shade[3])


def _lay_cover(item: Vapour, picture: NDArray[np.uint8], flame_gain: float) -> Box:
    """Blend smoke or flame into the picture in place; gives the box it touched."""
    cover, cell = item.cover, item.cell_px
    rows, columns = cover.alpha.shape
    x1, y1 = cover.left_px, cover.top_px
    x2, y2 = min(picture.shape[1], x1 + columns * cell), min(picture.shape[0], y1 + rows * cell)
    is_flame = isinstance(item.now.actor.form, Flame)
    gain = flame_gain if is_flame else 1.0
    added = np.minimum(cover.bgr * (cover.alpha * gain)[..., None], 255).astype(np.uint8)
    keep = (255 - cover.alpha * 255).astype(np.uint8)
    if cell > 1:
        size = (columns * cell, rows * cell)
        added = cv2.resize(added, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        keep = cv2.resize(keep, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    keep, added = keep[: y2 - y1, : x2 - x1], added[: y2 - y1, : x2 - x1]
    below = cv2.multiply(picture[y1:y2, x1:x2], cv2.cvtColor(keep, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    picture[y1:y2, x1:x2] = cv2.add(below, added)
    if is_flame:
        add_glow(picture, cover)
    return x1, y1, x2, y2
