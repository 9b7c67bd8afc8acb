"""Hours and weathers change the picture, never its determinism; the demo's street has none of them."""

from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.scene.air import air_of
from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.chance_conditions import chance_conditions
from edge.scene.conditions import CLEAR_DAY, Conditions, LightOfDay, Weather
from edge.scene.flare import add_flares
from edge.scene.lamplight import Lamp, lamplight
from edge.scene.mesh import Flare
from edge.scene.render import Renderer
from edge.scene.street import Street
from edge.scene.streets import random_street
from edge.scene.weather import weather_of
from edge.scene.world import Actor, Flame, Schedule, Smoke, Stand

CASES: tuple[tuple[LightOfDay, Weather], ...] = (
    ("day", "fog"),
    ("day", "snow"),
    ("day", "glare"),
    ("dusk", "clear"),
    ("night", "rain"),
)
DEMO_LOOK = {
    "cam-1": ((131, 138, 152), (133, 138, 142), (149, 155, 164), (128, 132, 136)),
    "cam-4": ((106, 109, 114), (144, 147, 149), (126, 138, 141), (140, 154, 159)),
}
"""Mean BGR of the quarters of the demo's pictures at 71.4 s, as they were before there were conditions."""
DEMO_BOXES = {
    "stall-lawful": (266, 96, 328, 161),
    "stall-unlawful": (91, 133, 188, 227),
    "grill": (360, 190, 414, 232),
    "grill.smoke": (364, 16, 458, 196),
    "fire.flame": (440, 132, 458, 156),
    "fire.smoke": (432, 0, 490, 138),
}
"""What the demo's first camera truly sees at 80 s, in pixels, from before there were conditions."""


def drawn(seed: int) -> Conditions:
    """What a street of chance of this seed is seen in."""
    return chance_conditions(generator("random street", seed))


def seed_of(light: LightOfDay, weather: Weather, *, is_infrared: bool = False) -> int:
    """The first street of chance in such conditions."""
    return next(
        seed
        for seed in range(2000)
        if (found := drawn(seed)).light == light and found.weather == weather and found.is_infrared == is_infrared
    )


def small(street: Street) -> PinholeCamera:
    """Its first camera at a quarter of the pixels, which is as good for these laws and cheaper."""
    return replace(street.cameras[0], width_px=320, height_px=180)


def quarters(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Mean BGR of the four quarters, (4, 3)."""
    return cv2.resize(frame, (2, 2), interpolation=cv2.INTER_AREA).reshape(4, 3).astype(np.float64)


def test_every_hour_and_weather_is_drawn_and_plain_days_most() -> None:
    found = Counter((drawn(seed).light, drawn(seed).weather) for seed in range(600))
    assert {light for light, _ in found} == {"day", "dusk", "night"}
    assert {weather for _, weather in found} == {"clear", "overcast", "rain", "fog", "haze", "snow", "glare"}
    assert 0.3 < found[("day", "clear")] / 600 < 0.5
    assert 0.1 < sum(count for (light, _), count in found.items() if light == "night") / 600 < 0.3


def test_a_street_says_the_conditions_it_is_drawn_in() -> None:
    for seed in range(5):
        assert random_street(seed).conditions == drawn(seed)
        assert random_street(seed, "day").conditions == CLEAR_DAY


@pytest.mark.parametrize(("light", "weather"), CASES)
def test_conditions_show_the_same_bytes_at_any_moment(light: LightOfDay, weather: Weather) -> None:
    """A picture in the dark or in rain depends on seed, camera and moment alone, not on the pictures before it."""
    street = random_street(seed_of(light, weather))
    walked = Renderer(street.world, small(street))
    for t_s in (3.0, 40.2):
        walked.frame(t_s)
    again = random_street(seed_of(light, weather))
    fresh = Renderer(again.world, small(again))
    assert fresh.frame(12.5).tobytes() == walked.frame(12.5).tobytes()
    assert fresh.truth(12.5) == walked.truth(12.5)
    assert fresh.lookalikes(12.5) == walked.lookalikes(12.5)


def test_the_demo_street_looks_as_it_did(renderers: dict[str, Renderer]) -> None:
    """The demo has no weather, and its pictures are those from before there was any."""
    for camera_id, expected in DEMO_LOOK.items():
        np.testing.assert_allclose(quarters(renderers[camera_id].frame(71.4)), expected, atol=1.5)
    boxes = {thing.identity: thing.box_px for thing in renderers["cam-1"].truth(80.0)}
    for identity, expected_box in DEMO_BOXES.items():
        np.testing.assert_allclose(boxes[identity], expected_box, atol=1.5)


def test_a_clear_day_needs_no_air_and_no_weather(street: Street) -> None:
    """What is off costs nothing: there is nothing to call for each frame."""
    assert street.conditions == CLEAR_DAY
    assert not street.world.lamps
    for camera in street.cameras:
        assert air_of(street.world, camera) is None
        assert weather_of(street.world, camera) is None


def test_night_is_dark_but_for_its_lamps(street: Street) -> None:
    """Without lamps the night is darker by far; a lamp lights the ground below it and little else."""
    sky = replace(CLEAR_DAY, light="night", skylight_bgr=(0.08, 0.08, 0.08))
    camera = replace(street.cameras[0], width_px=320, height_px=180)
    day = Renderer(street.world, camera).frame(20.0).mean()
    dark = Renderer(replace(street.world, conditions=sky), camera).frame(20.0)
    lamp = Lamp((0.0, 7.0, 6.0), (0.9, 0.9, 0.9), 3.0, is_hooded=True)
    lit = Renderer(replace(street.world, conditions=sky, lamps=(lamp,)), camera).frame(20.0)
    assert dark.mean() < 0.3 * day
    pixels, _ = camera.project(np.array([[0.0, 7.0, 0.0]]))
    x, y = (round(v) for v in pixels[0])
    gain = lit.astype(np.int16) - dark
    assert gain[y - 4 : y + 5, x - 4 : x + 5].mean() > 25
    assert abs(gain[:20].mean()) < 10


def test_lamplight_falls_with_distance_and_a_hood_keeps_it_down() -> None:
    points = np.array([[0.0, 0.0, 0.0], [3.0, 0.0, 0.0], [9.0, 0.0, 0.0], [0.0, 0.0, 9.0]])
    hooded = lamplight((Lamp((0.0, 0.0, 6.0), (1.0, 1.0, 1.0), 3.0, is_hooded=True),), (0.1, 0.1, 0.1), points)
    assert hooded[0, 0] > hooded[1, 0] > hooded[2, 0] > 0.1
    assert hooded[3, 0] == pytest.approx(0.1)


def test_the_infrared_mode_sees_no_colours() -> None:
    street = random_street(seed_of("night", "clear", is_infrared=True))
    frame = Renderer(street.world, small(street)).frame(5.0).astype(np.int16)
    warm = np.abs(frame[..., 2] - frame[..., 0])
    # Only the white balance' small constant gain may tell the channels apart.
    assert (warm <= 0.12 * frame.max(axis=2) + 6).all()


def test_fog_hides_the_far_more_than_the_near(street: Street) -> None:
    fog = replace(CLEAR_DAY, weather="fog", fog_bgr=(190.0, 190.0, 190.0))
    world = replace(street.world, conditions=fog, ambience=replace(street.world.ambience, haze_m=25.0))
    camera = small(street)
    clear, foggy = (Renderer(each, camera).frame(20.0).astype(np.float64) for each in (street.world, world))
    far, near = slice(20, 60), slice(140, 180)
    assert foggy[far].std() < 0.55 * clear[far].std()
    assert foggy[far].std() / clear[far].std() < foggy[near].std() / clear[near].std()


def test_rain_falls_and_does_not_stand(street: Street) -> None:
    """The streaks of two moments differ where nothing else moves."""
    rain = replace(CLEAR_DAY, weather="rain", rain=1.0)
    quiet = replace(street.world.ambience, noise_sigma=0.0)
    still = tuple(actor for actor in street.world.actors if actor.identity.startswith("lamp"))
    wet = Renderer(replace(street.world, conditions=rain, ambience=quiet, actors=still), small(street))
    dry = Renderer(replace(street.world, ambience=quiet, actors=still), small(street))
    assert np.array_equal(dry.frame(1.0), dry.frame(2.0))
    assert (np.abs(wet.frame(1.0).astype(np.int16) - wet.frame(2.0)) > 8).mean() > 0.02


def test_a_fire_in_the_dark_lights_what_is_near(street: Street) -> None:
    sky = replace(CLEAR_DAY, light="night", skylight_bgr=(0.1, 0.1, 0.1))
    stand, burning = Stand(0.0, 7.0), Schedule(-60.0, 1e6)
    flame = Actor("fire", "flame", Flame(5, 0.1, 0.8, 1.2), stand, burning)
    camera = small(street)
    with_fire = replace(street.world, conditions=sky, actors=(flame,))
    lit = Renderer(with_fire, camera).frame(20.0).astype(np.int16)
    dark = Renderer(replace(with_fire, actors=()), camera).frame(20.0)
    pixels, _ = camera.project(np.array([[1.3, 7.0, 0.0]]))
    x, y = (round(v) for v in pixels[0])
    beside = (lit - dark)[y - 3 : y + 4, x - 3 : x + 4].mean(axis=(0, 1))
    assert beside[2] > 12
    assert beside[2] > beside[0]


def test_smoke_nobody_can_see_is_not_boxed(street: Street) -> None:
    """Thick black smoke in a black night is no smoke to a camera; the same smoke by day is."""
    stand, burning = Stand(0.0, 7.0), Schedule(-60.0, 1e6)
    smoke = Actor("plume", "smoke", Smoke(5, 1.0, 1.0, strength=1.5, darkness=0.9), stand, burning)
    day = replace(street.world, actors=(smoke,), least_contrast=5.0)
    night = replace(day, conditions=replace(CLEAR_DAY, light="night", skylight_bgr=(0.03, 0.03, 0.03)))
    camera = small(street)
    assert [thing.label for thing in Renderer(day, camera).truth(20.0) if thing.label != "shop_sign"] == ["smoke"]
    assert not [thing for thing in Renderer(night, camera).truth(20.0) if thing.label == "smoke"]


def test_a_headlight_dazzles_only_those_it_shines_at() -> None:
    camera = PinholeCamera("cam", 0.0, 0.0, 1.0, yaw_deg=0.0, tilt_deg=0.0, fov_deg=60.0, width_px=320, height_px=180)
    towards, away = np.array([0.0, -1.0, 0.0]), np.array([0.0, 1.0, 0.0])
    halos = []
    for facing in (towards, away):
        picture = np.zeros((180, 320, 3), np.uint8)
        add_flares(picture, (Flare(np.array([0.0, 12.0, 0.7]), (200, 220, 230), 0.7, None, facing),), camera, 0, 300, 1)
        halos.append(picture.max())
    assert halos[0] > 150
    assert halos[1] == 0
