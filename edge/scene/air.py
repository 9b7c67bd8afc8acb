"""What lies between a thing and the lens, and what light falls on the thing: lamps, dusk, fog."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.lamplight import Lamp, lamplight
from edge.scene.paint import Light, Veil
from edge.scene.plume import Cover
from edge.scene.world import ActorNow, Flame, Smoke, Stand, World

_FIRE_LIGHT_BGR = (0.18, 0.6, 1.2)
"""A fire's light on the smoke just above it."""
_FIRE_REACH_M = 1.6
_MOST_LIGHT = 1.1
"""Right under a lamp it is as bright as day; the camera's gain would clip anything above."""
_STREET_REACH_M = 60.0
"""Lamps farther from the camera than this light nothing that is seen."""


@dataclass(frozen=True, slots=True)
class Air:
    """One camera's view through the air of a dark or foggy street.

    Attributes:
        base_bgr: the sky's light as a share of daylight.
        lamps: what else gives light.
        fog_bgr: the colour far things fade into, None where the air is clear.
        fog_m: distance at which 37 % of a thing's own light comes through.
        fires_m: the middles of fires (east, north, up), whose smoke they light.
        is_dark: lamps are lit.
    """

    camera: PinholeCamera
    base_bgr: tuple[float, float, float]
    lamps: tuple[Lamp, ...]
    fog_bgr: tuple[float, float, float] | None
    fog_m: float
    fires_m: tuple[tuple[float, float, float], ...]
    is_dark: bool

    def light_at(self, east_m: float, north_m: float, light: Light) -> Light:
        """The light on a thing standing there."""
        at = np.array([[east_m, north_m, 1.0]])
        tint = self.glow(at)[0]
        return replace(light, tint_bgr=tint, veil=self.veil(float(np.linalg.norm(self.camera.position_m - at[0]))))

    def glow(self, points_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """Light at points (N, 3), shares of daylight by channel (N, 3)."""
        return np.minimum(lamplight(self.lamps, self.base_bgr, points_m), _MOST_LIGHT)

    def clearness(self, distance_m: NDArray[np.float64]) -> NDArray[np.float64]:
        """The share of light that comes through so many metres of air."""
        return np.exp(-np.minimum(distance_m, 1e5) / self.fog_m)

    def veil(self, distance_m: float) -> Veil | None:
        """What the air lays over a thing at a distance."""
        if self.fog_bgr is None:
            return None
        return Veil(1.0 - float(np.exp(-distance_m / self.fog_m)), self.fog_bgr)

    def dress(self, now: ActorNow, cover: Cover, height_m: float) -> Cover:
        """Smoke or flame as it looks in this light and through this air; flames give their own light."""
        foot = np.array([[now.stand.east_m, now.stand.north_m, height_m + 1.0]])
        colour = cover.bgr
        if isinstance(now.actor.form, Smoke):
            colour = colour * np.minimum(self.glow(foot)[0] * 1.15, 1.3).astype(np.float32)
            colour = self._lit_from_below(now, cover, colour)
        veil = self.veil(float(np.linalg.norm(self.camera.position_m - foot[0])))
        if veil is not None:
            colour = colour * np.float32(1 - veil.share) + np.asarray(veil.bgr, np.float32) * np.float32(veil.share)
        return replace(cover, bgr=np.clip(colour, 0, 255).astype(np.float32))

    def _lit_from_below(self, now: ActorNow, cover: Cover, colour: NDArray[np.float32]) -> NDArray[np.float32]:
        nearby = [
            fire for fire in self.fires_m if np.hypot(fire[0] - now.stand.east_m, fire[1] - now.stand.north_m) < 1
        ]
        if not nearby:
            return colour
        pixels, depth = self.camera.project(np.array([nearby[0]]))
        reach_px = _FIRE_REACH_M * self.camera.focal_px / max(float(depth[0]), 1.0)
        cell = 2
        y = (np.arange(cover.alpha.shape[0], dtype=np.float32) * cell + cover.top_px - float(pixels[0, 1])) / reach_px
        x = (np.arange(cover.alpha.shape[1], dtype=np.float32) * cell + cover.left_px - float(pixels[0, 0])) / reach_px
        near = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) * 0.5)
        lit: NDArray[np.float32] = (cover.bgr * near[..., None] * np.asarray(_FIRE_LIGHT_BGR, np.float32)).astype(
            np.float32
        )
        return (colour + lit * np.float32(0.5)).astype(np.float32)


def air_of(world: World, camera: PinholeCamera) -> Air | None:
    """The air before one camera; None on a clear day, when nothing needs to be worked out."""
    conditions = world.conditions
    if conditions.skylight_bgr is None and conditions.fog_bgr is None:
        return None
    near = tuple(
        lamp
        for lamp in world.lamps
        if np.hypot(lamp.at_m[0] - camera.east_m, lamp.at_m[1] - camera.north_m) < _STREET_REACH_M
    )
    if conditions.is_infrared:
        near = (*near, Lamp((camera.east_m, camera.north_m, camera.height_m), (0.62, 0.62, 0.62), 17.0))
    fires = tuple(
        (actor.place.east_m, actor.place.north_m, actor.form.base_m + actor.form.height_m * 0.5)
        for actor in world.actors
        if isinstance(actor.form, Flame) and isinstance(actor.place, Stand)
    )
    base = conditions.skylight_bgr or (1.0, 1.0, 1.0)
    return Air(
        camera,
        base,
        near,
        conditions.fog_bgr,
        world.ambience.haze_m,
        fires if conditions.is_dark else (),
        conditions.is_dark,
    )
