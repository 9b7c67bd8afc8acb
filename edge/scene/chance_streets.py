"""Streets of chance for training pictures: every seed another place, hour, weather, camera and set of things."""

from math import cos, hypot, radians, sin
from typing import Literal

import numpy as np

from edge.scene.boards import furnish
from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.chance_actors import fittings, traffic
from edge.scene.chance_conditions import chance_ambience, chance_conditions, lamps_of
from edge.scene.chance_lookalikes import lookalikes
from edge.scene.chance_trade import trade_and_fire
from edge.scene.conditions import CLEAR_DAY, Conditions
from edge.scene.forms.fittings import Billboard, Tree
from edge.scene.houses import house_row
from edge.scene.plan import PaintedArea, Plan, Polygon, Surface
from edge.scene.street import Street
from edge.scene.world import Actor, Stand, World

ConditionsChoice = Literal["all", "day"]
_QUIET_SHARE = 0.12
"""Share of streets with nothing going on: a model must also learn to stay silent."""
_CLEAR_M = 5.5
"""Trees and billboards stand at least this far from a camera."""
_LEAST_CONTRAST = 5.5
"""Grey levels smoke must change the picture by to be boxed: with less a person does not see it in a single frame."""
_CONTRAST_PER_NOISE = 0.5
"""More of them for each grey level of sensor noise, which hides thin smoke at night."""


def random_street(seed: int, conditions_choice: ConditionsChoice = "all") -> Street:
    """A street of chance with two cameras; any moment from 0 to 300 s shows its things in full swing.

    Args:
        seed: chooses everything.
        conditions_choice: "day" keeps to plain daylight.
    """
    random = generator("random street", seed)
    drawn = chance_conditions(random)
    conditions = drawn if conditions_choice == "all" else CLEAR_DAY
    half_road = float(random.uniform(3.0, 6.0))
    depth = float(random.uniform(4.0, 14.0))
    facade = half_road + depth
    cameras = (_camera("cam-1", random, half_road, facade), _camera("cam-2", random, half_road, facade))
    actors: list[Actor] = []
    if random.random() > _QUIET_SHARE:
        actors += trade_and_fire(random, cameras[0], half_road, facade, conditions)
    taken = [actor.place for actor in actors if isinstance(actor.place, Stand)]
    actors += lookalikes(random, cameras[0], half_road, facade, conditions, taken)
    actors += _out_of_the_way(fittings(random, half_road, facade, taken, conditions), cameras)
    actors += traffic(random, half_road, facade, conditions)
    wind_turn, wind = float(random.uniform(0, 360)), float(random.uniform(0.0, 1.3))
    wind_mps = (wind * sin(radians(wind_turn)), wind * cos(radians(wind_turn)))
    zone: Polygon = ((-3.0, half_road + 1), (3.0, half_road + 1), (3.0, facade - 1), (-3.0, facade - 1))
    ambience = chance_ambience(random, conditions, cameras[0])
    highest_m = max(camera.height_m for camera in cameras)
    plan = _plan(random, half_road, facade, zone, conditions, highest_m + 1.5)
    world = World(
        seed,
        plan,
        tuple(actors),
        wind_mps,
        ambience,
        conditions=conditions,
        lamps=lamps_of(actors, plan.walls) if conditions.is_dark else (),
        least_contrast=_LEAST_CONTRAST + _CONTRAST_PER_NOISE * ambience.noise_sigma,
    )
    return Street(world, cameras, {"vendor_guide_zone": zone})


def _out_of_the_way(actors: list[Actor], cameras: tuple[PinholeCamera, ...]) -> list[Actor]:
    """Without the trees and boards that would fill a whole picture."""

    def is_apart(actor: Actor) -> bool:
        place = actor.place
        if not isinstance(place, Stand) or not isinstance(actor.form, Tree | Billboard):
            return True
        return all(hypot(place.east_m - eye.east_m, place.north_m - eye.north_m) > _CLEAR_M for eye in cameras)

    return [actor for actor in actors if is_apart(actor)]


def _camera(camera_id: str, random: np.random.Generator, half_road: float, facade: float) -> PinholeCamera:
    """A camera on a pole or a house front, looking at the north pavement from within the street."""
    height = float(random.uniform(3.0, 12.0))
    fov = float(random.uniform(40, 100))
    if random.random() < 0.5:
        east, north, yaw = (
            float(random.uniform(-12, 12)),
            -half_road - float(random.uniform(0.5, 3.5)),
            float(random.uniform(-55, 55)),
        )
    else:
        side = 1.0 if random.random() < 0.5 else -1.0
        east, north = side * float(random.uniform(4, 25)), float(random.uniform(-half_road, facade - 1.5))
        yaw = -side * float(random.uniform(82, 130))
    tilt = float(random.uniform(5, 15)) + height * float(random.uniform(0.4, 1.7))
    return PinholeCamera(camera_id, east, north, height, yaw, tilt, fov)


def _plan(
    random: np.random.Generator,
    half_road: float,
    facade: float,
    zone: Polygon,
    conditions: Conditions,
    least_height_m: float,
) -> Plan:
    grey, warm = float(random.uniform(70, 125)), float(random.uniform(-12, 12))
    light, tint = float(random.uniform(115, 185)), float(random.uniform(-18, 18))
    awnings = float(random.uniform(0, 0.7))
    south = -half_road - float(random.uniform(4, 9))
    walls = (
        *house_row("north-row", random, (-75, facade), (75, facade), awning_share=awnings),
        *house_row("south-row", random, (75, south), (-75, south), awning_share=awnings),
    )
    crossing = float(random.uniform(-25, 25))
    return Plan(
        roads=((-120, -half_road, 120, half_road),),
        crossings=((crossing, -half_road, crossing + 3.5, half_road),) if random.random() < 0.5 else (),
        painted=(PaintedArea(zone, (90, 215, 235)),) if random.random() < 0.3 else (),
        walls=furnish(random, walls, is_dark=conditions.is_dark, least_height_m=least_height_m),
        surface=Surface(
            int(random.integers(1 << 16)),
            (grey - warm / 2, grey, grey + warm / 2),
            (light - tint, light, light + tint),
            float(random.uniform(0.3, 1.2)),
            has_bond=bool(random.random() < 0.5),
        ),
    )
