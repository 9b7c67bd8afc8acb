"""A street ready to be watched: the world, its cameras and its named zones."""

from collections.abc import Mapping
from dataclasses import dataclass

from edge.scene.camera import PinholeCamera
from edge.scene.conditions import Conditions
from edge.scene.plan import Polygon
from edge.scene.world import World


@dataclass(frozen=True, slots=True)
class Street:
    """`zones` maps a zone's name to its ground vertices (east, north) in metres."""

    world: World
    cameras: tuple[PinholeCamera, ...]
    zones: Mapping[str, Polygon]

    @property
    def conditions(self) -> Conditions:
        """The hour and the weather it is seen in."""
        return self.world.conditions
