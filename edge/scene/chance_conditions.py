"""The hour, the weather and the lamps of a street of chance."""

from math import cos, radians, sin

import numpy as np

from edge.scene.camera import PinholeCamera
from edge.scene.conditions import Conditions, LightOfDay, Weather
from edge.scene.forms.fittings import LampPost
from edge.scene.forms.wares import Bulb
from edge.scene.lamplight import Lamp
from edge.scene.mesh import Bgr
from edge.scene.plan import Wall
from edge.scene.world import Actor, Ambience, Stand

_SHARES: tuple[tuple[LightOfDay, Weather, float], ...] = (
    ("day", "clear", 0.40),
    ("day", "overcast", 0.08),
    ("day", "rain", 0.08),
    ("day", "fog", 0.05),
    ("day", "haze", 0.05),
    ("day", "snow", 0.02),
    ("day", "glare", 0.04),
    ("dusk", "clear", 0.07),
    ("dusk", "rain", 0.02),
    ("night", "clear", 0.12),
    ("night", "rain", 0.05),
    ("night", "fog", 0.02),
)
"""How often each is drawn: half the streets in plain daylight, the rest where detectors fail first."""
_INFRARED_SHARE = 0.22
LAMP_COLOURS: tuple[Bgr, ...] = ((0.28, 0.66, 1.0), (0.95, 1.0, 0.95), (0.62, 0.86, 1.0), (0.5, 0.8, 1.0))


def chance_conditions(random: np.random.Generator) -> Conditions:
    """An hour and a weather."""
    shares = np.array([share for _, _, share in _SHARES])
    light, weather, _ = _SHARES[int(random.choice(len(_SHARES), p=shares / shares.sum()))]
    is_rainy = weather == "rain"
    is_wet = is_rainy or (light == "night" and random.random() < 0.25)
    sky = _skylight(random, light)
    return Conditions(
        light=light,
        weather=weather,
        rain=float(random.uniform(0.2, 1.0)) if is_rainy else 0.0,
        snow=float(random.uniform(0.3, 1.0)) if weather == "snow" else 0.0,
        wetness=float(random.uniform(0.4, 1.0)) if is_wet else 0.0,
        lens_drops=int(random.integers(3, 26)) if is_rainy and random.random() < 0.4 else 0,
        glare=float(random.uniform(0.5, 1.0)) if weather == "glare" else 0.0,
        is_infrared=bool(light == "night" and random.random() < _INFRARED_SHARE),
        skylight_bgr=sky,
        fog_bgr=_fog(random, light, weather),
    )


def chance_ambience(random: np.random.Generator, conditions: Conditions, camera: PinholeCamera) -> Ambience:
    """Sun, exposure and sensor for these conditions."""
    warm = float(random.uniform(-0.09, 0.09))
    azimuth, elevation, ambient = float(random.uniform(90, 270)), float(random.uniform(22, 70)), None
    exposure, noise = float(random.uniform(0.9, 1.4)), float(random.uniform(0.5, 6.0))
    if conditions.light == "day" and conditions.weather in ("clear", "glare"):
        ambient = float(random.uniform(0.35, 0.85))
        exposure *= 0.6 if random.random() < 0.1 else 1.0
    elif conditions.light == "day":
        exposure = float(random.uniform(0.72, 1.12))
    if conditions.weather == "glare":
        azimuth, elevation = camera.yaw_deg + float(random.uniform(-28, 28)), float(random.uniform(7, 20))
    if conditions.light == "dusk":
        azimuth, elevation = camera.yaw_deg + float(random.uniform(-60, 60)), 10.0
        exposure, noise = float(random.uniform(1.0, 1.5)), float(random.uniform(2.0, 7.0))
    if conditions.light == "night":
        exposure, noise = float(random.uniform(0.85, 1.35)), float(random.uniform(3.0, 12.0))
    return Ambience(
        sun_azimuth_deg=azimuth,
        sun_elevation_deg=elevation,
        ambient=float(random.uniform(0.86, 0.97)) if ambient is None else ambient,
        exposure=exposure,
        gain_bgr=(1 - warm, 1.0, 1 + warm),
        gamma=float(random.uniform(0.68, 0.95)) if conditions.light == "night" else float(random.uniform(0.75, 1.15)),
        haze_m=_haze(random, conditions),
        noise_sigma=noise,
        blur_px=float(random.uniform(0.0, 1.0)),
    )


def lamps_of(actors: list[Actor], walls: tuple[Wall, ...]) -> tuple[Lamp, ...]:
    """What gives light after dark: street lamps, vendors' bulbs, lit shops."""
    lamps = [lamp for actor in actors if (lamp := _actor_lamp(actor)) is not None]
    for wall in walls:
        if wall.glow_bgr is None:
            continue
        (x1, y1), (x2, y2) = wall.left_m, wall.right_m
        length = max(float(np.hypot(x2 - x1, y2 - y1)), 1e-6)
        # Seen from the street the front's left end comes first, so the street lies to the right of left -> right.
        east, north = (x1 + x2) / 2 + 1.4 * (y2 - y1) / length, (y1 + y2) / 2 - 1.4 * (x2 - x1) / length
        blue, green, red = (0.5 * c for c in wall.glow_bgr)
        lamps.append(Lamp((east, north, 1.9), (blue, green, red), 3.4))
    return tuple(lamps)


def _actor_lamp(actor: Actor) -> Lamp | None:
    if not isinstance(actor.place, Stand):
        return None
    form, stand = actor.form, actor.place
    if isinstance(form, LampPost):
        turn = radians(stand.heading_deg)
        east, north = stand.east_m + 1.3 * sin(turn), stand.north_m + 1.3 * cos(turn)
        blue, green, red = (c / 255 for c in form.light_bgr)
        return Lamp((east, north, form.height_m), (blue, green, red), form.height_m * 1.15, is_hooded=True)
    if isinstance(form, Bulb):
        blue, green, red = (c / 255 * 0.9 for c in form.bgr)
        return Lamp((stand.east_m, stand.north_m, form.height_m), (blue, green, red), 2.1)
    return None


def _skylight(random: np.random.Generator, light: LightOfDay) -> tuple[float, float, float] | None:
    if light == "day":
        return None
    if light == "dusk":
        level = float(random.uniform(0.25, 0.55))
        return level * 1.1, level * 0.95, level * 0.92
    level = float(random.uniform(0.05, 0.17))
    return level * 1.1, level * 0.98, level * 0.95


def _fog(random: np.random.Generator, light: LightOfDay, weather: Weather) -> tuple[float, float, float] | None:
    if weather not in ("fog", "haze", "rain", "snow"):
        return None
    level = float(random.uniform(175, 215)) * {"day": 1.0, "dusk": 0.5, "night": 0.13}[light]
    if weather == "haze":  # dust and smog are yellowish
        return level * 0.9, level * 0.98, level
    return level * 1.02, level, level * 0.97


def _haze(random: np.random.Generator, conditions: Conditions) -> float:
    if conditions.weather == "fog":
        return float(random.uniform(18, 55))
    if conditions.weather == "haze":
        return float(random.uniform(55, 130))
    if conditions.fog_bgr is not None:
        return float(random.uniform(70, 220))
    return float(random.uniform(90, 400)) if conditions.light == "day" else float(random.uniform(250, 600))
