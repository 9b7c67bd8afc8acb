"""Baselines on the node's disk: one JSON file a camera and preset, beside it the picture a person judges it by."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from contract.errors import PermanentError, UsageError
from edge.baseline.boards import Acceptance, Baseline

FOLDER = "baseline"


class Shelf:
    """The folder of a node's baselines."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / FOLDER

    def read(self, camera_id: str, preset: str | None = None) -> Baseline | None:
        """The camera's baseline, or None if it has none.

        Raises:
            UsageError: the file is damaged; the message names it.
        """
        path = self.path(camera_id, preset)
        return _parse(path) if path.is_file() else None

    def all(self) -> Iterator[Baseline]:
        """Every baseline, by file name."""
        for path in sorted(self._folder.glob("*.json")):
            yield _parse(path)

    def write(self, baseline: Baseline, picture: NDArray[np.uint8] | None = None) -> None:
        """Keeps it, whole or not at all; `picture` (H, W, 3) BGR is what its boards are shown on.

        Raises:
            PermanentError: the disk refuses.
        """
        path = self.path(baseline.camera_id, baseline.preset)
        _write(path, json.dumps(baseline.model_dump(mode="json"), indent=1).encode())
        if picture is not None:
            _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
            _write(self.picture_path(baseline.camera_id, baseline.preset), data.tobytes())

    def accept(self, baseline: Baseline) -> Baseline:
        """A person agrees to it; it holds from the node's next look at its file."""
        accepted = baseline.model_copy(update={"acceptance": Acceptance.ACCEPTED})
        self.write(accepted)
        return accepted

    def reset(self, camera_id: str, preset: str | None = None) -> bool:
        """Forgets it, so that a new draft is made; whether there was one."""
        path = self.path(camera_id, preset)
        had = path.is_file()
        path.unlink(missing_ok=True)
        self.picture_path(camera_id, preset).unlink(missing_ok=True)
        return had

    def path(self, camera_id: str, preset: str | None = None) -> Path:
        return self._folder / f"{_stem(camera_id, preset)}.json"

    def picture_path(self, camera_id: str, preset: str | None = None) -> Path:
        return self._folder / f"{_stem(camera_id, preset)}.jpg"


def _stem(camera_id: str, preset: str | None) -> str:
    return camera_id if preset is None else f"{camera_id}@{preset}"


def _parse(path: Path) -> Baseline:
    try:
        return Baseline.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(f"{path}: no baseline ({error}); python -m edge baseline reset makes a new one") from error


def _write(path: Path, content: bytes) -> None:
    partial = path.with_suffix(path.suffix + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise PermanentError(f"{path}: can't be written ({error.strerror})") from error
