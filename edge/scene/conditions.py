"""The hour and the weather a street is seen in; the default, a clear day, costs the picture nothing."""

from dataclasses import dataclass
from typing import Literal

LightOfDay = Literal["day", "dusk", "night"]
Weather = Literal["clear", "overcast", "rain", "fog", "haze", "snow", "glare"]
Lookalike = Literal[
    "steam",
    "mist",
    "exhaust",
    "dust",
    "red awning",
    "street lamp",
    "lantern",
    "traffic light",
    "brake light",
    "headlight",
    "sunset",
    "orange vest",
    "tarpaulin",
    "parked van",
    "sun glare",
]
"""What has been taken for smoke, flame or a stall on real streets, and is none."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """One street's hour and weather.

    Attributes:
        light: the hour, for slicing results by it.
        weather: the weather, for slicing results by it.
        rain: 0..1, how dense the falling rain is.
        snow: 0..1, how dense the falling snow is, and how white the ground.
        wetness: 0..1, how strongly the ground mirrors.
        lens_drops: water drops on the camera's window.
        glare: 0..1, how strongly a low sun shines into the lens.
        is_infrared: the camera has switched to its grey night mode and lights the street itself.
        skylight_bgr: the sky's light as a share of a clear day's; None by day.
        fog_bgr: the colour far things fade into; None where the air is clear.
    """

    light: LightOfDay = "day"
    weather: Weather = "clear"
    rain: float = 0.0
    snow: float = 0.0
    wetness: float = 0.0
    lens_drops: int = 0
    glare: float = 0.0
    is_infrared: bool = False
    skylight_bgr: tuple[float, float, float] | None = None
    fog_bgr: tuple[float, float, float] | None = None

    @property
    def is_dark(self) -> bool:
        """Whether lamps are lit."""
        return self.light != "day"


CLEAR_DAY = Conditions()
