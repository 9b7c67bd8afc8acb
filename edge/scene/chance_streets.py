"""Streets of chance for training pictures: every seed another place, light, camera and set of things."""

from math import cos, radians, sin

import numpy as np

from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.chance_actors import fittings, trade_and_fire, traffic
from edge.scene.houses import house_row
from edge.scene.plan import PaintedArea, Plan, Polygon, Surface
from edge.scene.street import Street
from edge.scene.world import Actor, Ambience, Stand, World

_QUIET_SHARE = 0.12
"""Share of streets with nothing going on: a model must also learn to stay silent."""


def random_street(seed: int) -> Street:
    """A street of chance with two cameras; any moment from 0 to 300 s shows its things in full swing."""
    random = generator("random street", seed)
    half_road = float(random.uniform(3.0, 6.0))
    depth = float(random.uniform(4.0, 14.0))
    facade = half_road + depth
    camera = _camera("cam-1", random, half_road, facade)
    actors: list[Actor] = []
    if random.random() > _QUIET_SHARE:
        actors += trade_and_fire(random, camera, half_road, facade)
    actors += fittings(random, half_road, facade, [actor.place for actor in actors if isinstance(actor.place, Stand)])
    actors += traffic(random, half_road, facade)
    wind_turn, wind = float(random.uniform(0, 360)), float(random.uniform(0.0, 1.3))
    wind_mps = (wind * sin(radians(wind_turn)), wind * cos(radians(wind_turn)))
    zone: Polygon = ((-3.0, half_road + 1), (3.0, half_road + 1), (3.0, facade - 1), (-3.0, facade - 1))
    plan = _plan(random, half_road, facade, zone)
    world = World(seed, plan, tuple(actors), wind_mps, _ambience(random))
    return Street(world, (camera, _camera("cam-2", random, half_road, facade)), {"vendor_guide_zone": zone})


def _camera(camera_id: str, random: np.random.Generator, half_road: float, facade: float) -> PinholeCamera:
    """A camera on a pole or a house front, looking at the north pavement from within the street."""
    height = float(random.uniform(3.5, 9.0))
    fov = float(random.uniform(50, 95))
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
    tilt = float(random.uniform(8, 16)) + height * float(random.uniform(0.4, 1.6))
    return PinholeCamera(camera_id, east, north, height, yaw, tilt, fov)


def _plan(random: np.random.Generator, half_road: float, facade: float, zone: Polygon) -> Plan:
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
        walls=walls,
        surface=Surface(
            int(random.integers(1 << 16)),
            (grey - warm / 2, grey, grey + warm / 2),
            (light - tint, light, light + tint),
            float(random.uniform(0.3, 1.2)),
            has_bond=bool(random.random() < 0.5),
        ),
    )


def _ambience(random: np.random.Generator) -> Ambience:
    is_dusk = random.random() < 0.2
    warm = float(random.uniform(-0.09, 0.09))
    return Ambience(
        sun_azimuth_deg=float(random.uniform(90, 270)),
        sun_elevation_deg=float(random.uniform(22, 70)),
        ambient=float(random.uniform(0.45, 0.95)),
        exposure=float(random.uniform(0.5, 0.8)) if is_dusk else float(random.uniform(0.9, 1.4)),
        gain_bgr=(1 - warm, 1.0, 1 + warm),
        gamma=float(random.uniform(0.75, 1.15)),
        haze_m=float(random.uniform(90, 400)),
        noise_sigma=float(random.uniform(0.5, 6.0)),
        blur_px=float(random.uniform(0.0, 1.0)),
    )
