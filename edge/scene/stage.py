"""Where the actors of one moment stand in one camera's picture: the ground both the frame and the truth stand on."""

from dataclasses import dataclass

import numpy as np

from edge.scene.air import Air
from edge.scene.camera import PinholeCamera
from edge.scene.fire import flame_cover
from edge.scene.mesh import Mesh
from edge.scene.order import far_to_near
from edge.scene.paint import Drawing, Light, draw
from edge.scene.plume import Cover, smoke_cover
from edge.scene.world import ActorNow, Flame, Smoke, Stand, World


@dataclass(frozen=True, slots=True)
class Solid:
    """An object with a surface."""

    now: ActorNow
    mesh: Mesh
    drawing: Drawing

    @property
    def is_still(self) -> bool:
        """Whether it looks the same in the next frame."""
        form = self.now.actor.form
        return isinstance(self.now.actor.place, Stand) and not isinstance(form, Smoke | Flame) and form.is_still


@dataclass(frozen=True, slots=True)
class Vapour:
    """Smoke or flame; `cell_px` is the side of a cover's cell."""

    now: ActorNow
    cover: Cover
    cell_px: int


class Stage:
    """Places one world's actors before one camera and keeps the meshes that never change."""

    def __init__(self, world: World, camera: PinholeCamera, light: Light, air: Air | None) -> None:
        self._world = world
        self._camera = camera
        self._light = light
        self._air = air
        self._local: dict[str, Mesh] = {}
        self._still: dict[str, Solid | None] = {}
        self._latest: tuple[float, tuple[Solid | Vapour, ...]] | None = None
        self._standing_shows: dict[str, bool] = {}
        self._walls_m = np.array([(*wall.left_m, *wall.right_m) for wall in world.plan.walls]).reshape(-1, 4)

    def at(self, t_s: float) -> tuple[Solid | Vapour, ...]:
        """Everything in view at a moment, far to near; a frame and its truth ask for the same one."""
        if self._latest is None or self._latest[0] != t_s:
            self._latest = (t_s, self._set(t_s))
        return self._latest[1]

    def _set(self, t_s: float) -> tuple[Solid | Vapour, ...]:
        placed: list[Solid | Vapour] = []
        for now in far_to_near(self._world.actors_at(t_s), self._camera):
            item = self._placed(now) if self._may_show(now) else None
            if item is not None:
                placed.append(item)
        return tuple(placed)

    def _may_show(self, now: ActorNow) -> bool:
        """A cheap look at the foot only, before anything is drawn."""
        key = now.actor.identity
        if not isinstance(now.actor.place, Stand):
            return self._is_near_view(now) and not self._is_behind_wall(now)
        if key not in self._standing_shows:
            self._standing_shows[key] = not self._is_behind_wall(now)
        return self._standing_shows[key]

    def _is_near_view(self, now: ActorNow) -> bool:
        """Whether a passer-by's foot is in the picture or close enough that some of it may be."""
        form = now.actor.form
        reach_m = 2.5 if isinstance(form, Smoke | Flame) else 2.5 + form.half_size_m[1]
        pixels, depth = self._camera.project(np.array([[now.stand.east_m, now.stand.north_m, 1.0]]))
        if depth[0] < -reach_m:
            return False
        if depth[0] < reach_m:
            return True
        margin = reach_m * 1.5 * self._camera.focal_px / float(depth[0])
        x, y = (float(v) for v in pixels[0])
        width, height = self._camera.width_px, self._camera.height_px
        return -margin < x < width + margin and -margin < y < height + margin

    def _is_behind_wall(self, now: ActorNow) -> bool:
        """Whether a house front crosses the line from the camera to the foot; walls are higher than any camera."""
        eye_x, eye_y = self._camera.east_m, self._camera.north_m
        reach_x, reach_y = now.stand.east_m - eye_x, now.stand.north_m - eye_y
        left_x, left_y, right_x, right_y = self._walls_m.T
        wall_x, wall_y = right_x - left_x, right_y - left_y
        cross = reach_x * wall_y - reach_y * wall_x
        cross = np.where(np.abs(cross) < 1e-9, 1e-9, cross)
        along_sight = ((left_x - eye_x) * wall_y - (left_y - eye_y) * wall_x) / cross
        along_wall = ((left_x - eye_x) * reach_y - (left_y - eye_y) * reach_x) / cross
        is_hit = (along_sight > 0) & (along_sight < 1) & (along_wall > 0) & (along_wall < 1)
        return bool(is_hit.any())

    def _placed(self, now: ActorNow) -> Solid | Vapour | None:
        form, wind = now.actor.form, self._world.wind_mps
        if isinstance(form, Smoke):
            cover = smoke_cover(now, form, wind, self._camera)
            if cover is not None and self._air is not None:
                cover = self._air.dress(now, cover, form.height_m)
            return None if cover is None else Vapour(now, cover, 2)
        if isinstance(form, Flame):
            cover = flame_cover(now, form, wind, self._camera)
            if cover is not None and self._air is not None:
                cover = self._air.dress(now, cover, form.base_m)
            return None if cover is None else Vapour(now, cover, 1)
        if not form.is_still:
            return self._drawn(now, form.mesh(now.age_s, now.travelled_m))
        key = now.actor.identity
        if key not in self._local:
            self._local[key] = form.mesh(0.0, 0.0)
        if not isinstance(now.actor.place, Stand):
            return self._drawn(now, self._local[key])
        if key not in self._still:
            self._still[key] = self._drawn(now, self._local[key])
        return self._still[key]

    def _drawn(self, now: ActorNow, mesh: Mesh) -> Solid | None:
        placed = mesh.placed(now.stand.east_m, now.stand.north_m, now.stand.heading_deg)
        light = self._light
        if self._air is not None:
            light = self._air.light_at(now.stand.east_m, now.stand.north_m, light)
        drawing = draw(placed, self._camera, light)
        if drawing is None:
            return None
        x1, y1, x2, y2 = drawing.box_px
        if x2 <= 0 or y2 <= 0 or x1 >= self._camera.width_px or y1 >= self._camera.height_px:
            return None
        return Solid(now, placed, drawing)
