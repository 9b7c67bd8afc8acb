"""What the camera itself adds: exposure, colour cast, softness, vignette and sensor noise."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from edge.scene.camera import PinholeCamera
from edge.scene.chance import generator
from edge.scene.world import Ambience

_MARGIN_PX = 64
"""The noise tile is this much larger than the picture: each frame shows another cut of it."""


@dataclass(frozen=True, slots=True)
class Lens:
    """One camera's look, ready to be applied.

    Attributes:
        table: (1, 256, 3) tone curve by channel.
        vignette: (H, W, 3), 255 means unchanged.
        noise: (H + margin, W + margin, 3) signed sensor noise.
        blur_px: standard deviation of the softness.
        seed: keys the choice of noise.
        is_infrared: the night mode, which sees no colours.
    """

    table: NDArray[np.uint8]
    vignette: NDArray[np.uint8]
    noise: NDArray[np.int16]
    blur_px: float
    seed: int
    is_infrared: bool = False

    def apply(self, picture: NDArray[np.uint8], t_s: float) -> NDArray[np.uint8]:
        """The picture as the sensor delivers it; the noise depends on the moment only."""
        height, width = picture.shape[:2]
        soft = cv2.GaussianBlur(picture, (3, 3), self.blur_px) if self.blur_px > 0.2 else picture
        if self.is_infrared:
            soft = cv2.cvtColor(cv2.cvtColor(soft, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
        toned = cv2.LUT(soft, self.table)
        shaded = cv2.multiply(toned, self.vignette, scale=1 / 255)
        x, y = generator("lens", self.seed, round(t_s * 1000)).integers(0, _MARGIN_PX, 2)
        grain = self.noise[y : y + height, x : x + width]
        return cv2.add(shaded, grain, dtype=cv2.CV_8U).astype(np.uint8, copy=False)


def lens_of(ambience: Ambience, camera: PinholeCamera, seed: int, *, is_infrared: bool = False) -> Lens:
    """Prepare a camera's look; each camera gets its own noise."""
    random = generator("grain", seed, camera.camera_id)
    steps = np.linspace(0, 1, 256)
    curve = [np.clip((steps * ambience.exposure * gain) ** ambience.gamma, 0, 1) * 255 for gain in ambience.gain_bgr]
    y, x = np.mgrid[0 : camera.height_px, 0 : camera.width_px]
    radius = np.hypot((x / camera.width_px - 0.5) * 2, (y / camera.height_px - 0.5) * 2)
    vignette = np.clip(255 * (1 - 0.11 * radius**2), 0, 255)
    shape = (camera.height_px + _MARGIN_PX, camera.width_px + _MARGIN_PX)
    grey = random.normal(0, ambience.noise_sigma, shape)
    colour = 0.0 if is_infrared else 0.5
    noise = np.stack([grey + random.normal(0, ambience.noise_sigma * colour, shape) for _ in range(3)], axis=-1)
    # Sensors smear noise a little when they interpolate colours.
    smeared = cv2.GaussianBlur(noise.astype(np.float32), (3, 3), 0.5)
    return Lens(
        np.stack(curve, axis=-1).astype(np.uint8)[None],
        np.repeat(vignette.astype(np.uint8)[..., None], 3, axis=2),
        np.rint(smeared).astype(np.int16),
        ambience.blur_px,
        int(random.integers(1 << 30)),
        is_infrared,
    )
