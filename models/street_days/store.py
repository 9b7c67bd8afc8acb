"""One recorded quarter of an hour on disk: what the detector said, what was true, and the crops of plumes.

Everything a rule may ask for is here, so that rules are tried again in seconds while the detector ran once.
"""

import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What a recording is of. `ms_*` are thread CPU milliseconds, per look."""

    seed: int
    camera_id: str
    act: int
    light: str
    weather: str
    model_sha256: str
    ms_render: float
    ms_detect: float
    ms_truth: float
    timetable: str = "day"
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class Detections:
    """Rows in the order of looks; `look` indexes `Recording.looks_s`, boxes are xyxy in shares of the picture."""

    look: NDArray[np.int32]
    label: NDArray[np.str_]
    score: NDArray[np.float32]
    box: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Objects:
    """What was truly there at each truth look; a look-alike's `label` begins with ``~``."""

    at_s: NDArray[np.float64]
    identity: NDArray[np.str_]
    label: NDArray[np.str_]
    visible: NDArray[np.float32]
    box: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Crops:
    """Stabilised crops: `pixels` (K, 32, 32, 3) uint8 BGR of `window` at `look`."""

    look: NDArray[np.int32]
    window: NDArray[np.float32]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Recording:
    """One unit. `attention` says which looks were taken in attention."""

    facts: Facts
    looks_s: NDArray[np.float64]
    attention: NDArray[np.bool_]
    detections: Detections
    objects: Objects
    crops: Crops


def write(path: Path, recording: Recording) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {
        "facts": np.array(json.dumps(asdict(recording.facts))),
        "looks_s": recording.looks_s,
        "attention": recording.attention,
    }
    for name in ("detections", "objects", "crops"):
        arrays |= {f"{name}.{key}": value for key, value in asdict(getattr(recording, name)).items()}
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read(path: Path) -> Recording:
    """The recording at `path`."""
    with np.load(path) as stored:
        arrays = {key: stored[key] for key in stored.files}

    def part(name: str) -> dict[str, Any]:
        return {key.partition(".")[2]: value for key, value in arrays.items() if key.startswith(f"{name}.")}

    return Recording(
        Facts(**json.loads(str(arrays["facts"]))),
        arrays["looks_s"],
        arrays["attention"],
        Detections(**part("detections")),
        Objects(**part("objects")),
        Crops(**part("crops")),
    )


def is_done(path: Path, model_sha256: str) -> bool:
    """Whether `path` is a whole recording by this model."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file, np.load(file) as stored:
            facts = json.loads(str(stored["facts"]))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return False
    return bool(facts.get("format") == FORMAT and facts.get("model_sha256") == model_sha256)
