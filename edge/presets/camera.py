"""A camera that turns: each of its frames says at which preset it was taken, or that nothing may be concluded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import cv2
import httpx
import numpy as np

from contract.clock import Clock
from contract.errors import UsageError
from contract.ids import CameraId
from edge.camera_settings import PtzSettings
from edge.presets.aim import LOST, Aim, AimByPicture
from edge.presets.match import outline
from edge.values import Frame

STATUS_TIMEOUT_S = 2.0
LOOK_PX = (320, 180)


class Inner(Protocol):
    """The camera as it is without turning."""

    @property
    def camera_id(self) -> CameraId: ...
    @property
    def name(self) -> str: ...
    def frames(self) -> Iterator[Frame]: ...


class Finder(Protocol):
    """Says where the camera is aimed when a frame was taken."""

    def find(self, frame: Frame) -> Aim: ...


class ByPicture:
    """By comparing with the presets' pictures."""

    def __init__(self, settings: PtzSettings) -> None:
        """Reads the presets' pictures.

        Raises:
            UsageError: one is missing or no picture; the message names it.
        """
        self._aim = AimByPicture({preset.name: outline(_read(preset.picture)) for preset in settings.presets})

    def find(self, frame: Frame) -> Aim:
        return self._aim.note(outline(frame.fitted(*LOOK_PX)))


class ByStatus:
    """By asking the camera, at most every `check_every_s`; an answer that names no preset means it is lost."""

    def __init__(self, settings: PtzSettings, clock: Clock) -> None:
        self._settings = settings
        self._names = {preset.name for preset in settings.presets}
        self._clock = clock
        self._asked_s = float("-inf")
        self._aim = LOST

    def find(self, frame: Frame) -> Aim:  # noqa: ARG002  # the port's signature
        if self._clock.monotonic() - self._asked_s >= self._settings.check_every_s:
            self._asked_s = self._clock.monotonic()
            name = self._ask()
            self._aim = Aim(name, is_moving=False) if name in self._names else LOST
        return self._aim

    def _ask(self) -> str | None:
        """The preset's name; None for any answer that is none, and for no answer."""
        assert self._settings.status_url is not None
        try:
            answer = httpx.get(self._settings.status_url, timeout=STATUS_TIMEOUT_S)
            answer.raise_for_status()
            value: object = answer.text.strip() if self._settings.status_field is None else answer.json()
            for key in [] if self._settings.status_field is None else self._settings.status_field.split("."):
                value = value.get(key) if isinstance(value, dict) else None
        except (httpx.HTTPError, ValueError):
            return None
        return value if isinstance(value, str) else None


class AimedCamera:
    """`inner`, whose frames know their preset."""

    def __init__(self, inner: Inner, finder: Finder) -> None:
        self._inner = inner
        self._finder = finder

    @property
    def camera_id(self) -> CameraId:
        return self._inner.camera_id

    @property
    def name(self) -> str:
        return self._inner.name

    def frames(self) -> Iterator[Frame]:
        for frame in self._inner.frames():
            if not frame.is_whole():
                continue
            aim = self._finder.find(frame)
            yield replace(frame, preset=aim.preset, is_moving=aim.is_moving)


def aimed(inner: Inner, settings: PtzSettings | None, clock: Clock) -> Inner:
    """`inner`, or what makes its frames know their preset where it turns."""
    if settings is None:
        return inner
    return AimedCamera(inner, ByPicture(settings) if settings.known_by == "picture" else ByStatus(settings, clock))


def _read(path: Path | None) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = None if path is None else cv2.imread(str(path))
    if image is None:
        raise UsageError(f"{path}: no readable picture of a preset; save one from the camera at that preset")
    return np.asarray(image, np.uint8)
