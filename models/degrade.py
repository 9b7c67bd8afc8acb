"""Makes training pictures as poor as surveillance frames are: few pixels, strong compression, noise, blur, no colour.

Labels stay where they are; only pixels change.
"""

import random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
"""Height × width × 3, BGR."""


class Degrade:
    """One of ultralytics' transforms: takes and gives its dictionary of a picture and its labels.

    Attributes:
        share: of the pictures that are made poorer.
    """

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, labels: dict[str, Any]) -> dict[str, Any]:
        if random.random() < self.share:
            labels["img"] = degraded(np.ascontiguousarray(labels["img"]), random)
        return labels


def degraded(picture: Picture, chance: Any) -> Picture:
    """A poorer copy of the same size.

    Args:
        picture: what the camera saw.
        chance: `random`, or a `random.Random` for the same result again.
    """
    height, width = picture.shape[:2]
    if chance.random() < 0.6:
        share = chance.uniform(0.3, 0.8)  # a distant thing keeps a third of its pixels, as on a 352×288 sub-stream
        small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        small = _compressed(np.asarray(small, np.uint8), chance.randint(15, 60))
        picture = np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    else:
        picture = _compressed(picture, chance.randint(15, 50))
    if chance.random() < 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), chance.uniform(0.5, 1.5)), np.uint8)
    if chance.random() < 0.25:
        noise = np.random.default_rng(chance.getrandbits(32)).normal(0, chance.uniform(3, 12), (height, width, 1))
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    if chance.random() < 0.12:  # infra-red at night has no colour
        picture = np.repeat(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)[..., None], 3, axis=2)
    return picture


def _compressed(picture: Picture, quality: int) -> Picture:
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
