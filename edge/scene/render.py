"""One camera's pictures of the street, and what is truly in them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.air import air_of
from edge.scene.backdrop import backdrop, light_of
from edge.scene.camera import PinholeCamera
from edge.scene.conditions import Lookalike
from edge.scene.fire import add_glow
from edge.scene.flare import add_flares, joined, light_around
from edge.scene.lens import lens_of
from edge.scene.mistakable import lookalike_boxes, seen_lookalikes
from edge.scene.paint import paint
from edge.scene.shadow import cast_shadow
from edge.scene.sprites import Box, Sprite, lay, sprite
from edge.scene.stage import Solid, Stage, Vapour
from edge.scene.truth import Ground, SceneObject, scene_objects
from edge.scene.weather import weather_of
from edge.scene.world import Flame, World


class Renderer:
    """Draws one world for one camera; what it keeps only saves time, every picture depends on the moment alone.

    Not safe for two threads at once.
    """

    def __init__(self, world: World, camera: PinholeCamera) -> None:
        self._camera = camera
        self._world = world
        self._light = light_of(world.ambience)
        air = air_of(world, camera)
        self._backdrop = backdrop(world, camera, air)
        self._stage = Stage(world, camera, self._light, air)
        self._lens = lens_of(world.ambience, camera, world.seed, is_infrared=world.conditions.is_infrared)
        self._weather = weather_of(world, camera)
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
        if self._weather is not None:
            picture = self._weather.over(picture, t_s)
        return self._lens.apply(picture, t_s)

    def truth(self, t_s: float) -> tuple[SceneObject, ...]:
        """What is in the picture at a moment, near to far."""
        items = self._stage.at(t_s)
        if self._world.least_contrast <= 0:
            return scene_objects(items, self._backdrop.boards, self._camera)
        # Only where somebody asks for it: drawing the stills once more costs more than the truth itself.
        stills = [item for item in items if isinstance(item, Solid) and item.is_still]
        ground = Ground(self._with_stills(stills), self._world.least_contrast)
        return scene_objects(items, self._backdrop.boards, self._camera, ground)

    def lookalikes(self, t_s: float) -> tuple[Lookalike, ...]:
        """What in the picture at a moment may be mistaken for smoke, flame or a stall, and is none."""
        return seen_lookalikes(self._world, self._stage.at(t_s), self._camera)

    def lookalike_boxes(self, t_s: float) -> tuple[tuple[Lookalike, tuple[float, float, float, float]], ...]:
        """Where look-alikes that come and go show at a moment, xyxy in pixels, not cut at the border."""
        return lookalike_boxes(self._stage.at(t_s))

    def _with_stills(self, stills: list[Solid]) -> NDArray[np.uint8]:
        """The backdrop with everything that stands still; kept until somebody comes or goes."""
        key = tuple(still.now.identity for still in stills)
        if key != self._still_key:
            picture = self._backdrop.picture.copy()
            for still in stills:
                cast_shadow(picture, still.mesh, self._camera, self._light)
            for still in stills:
                self._lay(still, picture, None)
                self._add_flares(still, picture)
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
            return _lay_cover(item, picture, self._flame_gain, is_dark=self._world.conditions.is_dark)
        shade = cast_shadow(picture, item.mesh, self._camera, self._light)
        paint(item.drawing, picture, (0.0, 0.0), 1.0, smooth=True)
        x1, y1, x2, y2 = item.drawing.box_px
        box = (max(0, int(x1) - 1), max(0, int(y1) - 1), int(x2) + 2, int(y2) + 2)
        return joined(box, shade, self._add_flares(item, picture)) or box

    def _add_flares(self, item: Solid, picture: NDArray[np.uint8]) -> Box | None:
        """A lamp's halo shows in the dark and in thick air only; gives the box touched."""
        conditions = self._world.conditions
        if not item.mesh.flares or not (conditions.is_dark or conditions.fog_bgr is not None):
            return None
        share = 1.0 if conditions.is_dark else 0.45
        reach_m = self._world.ambience.haze_m
        return add_flares(picture, item.mesh.flares, self._camera, conditions.wetness, reach_m, share)


def _lay_cover(item: Vapour, picture: NDArray[np.uint8], flame_gain: float, *, is_dark: bool) -> Box:
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
        if is_dark:
            light_around(picture, cover)
    return x1, y1, x2, y2
