"""The pictures that things are laid on, and what is known to be absent from them.

A folder in the datasets' form says itself what it is exhaustive for: of it, only pictures without a box of what may be
laid are taken. What a person saw beside that is said on the command line, FOLDER:smoke,flame.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from contract.errors import UsageError
from datasets.composites.parts import part_of_name, read_divided
from datasets.composites.things import LABELS
from datasets.composites.views import View
from datasets.folder import Split
from datasets.picture import safe_read_picture
from datasets.split_lock import SplitLock

_CLIPS = frozenset({".mp4", ".avi", ".mkv", ".mov"})
FRAMES_PER_CLIP = 24


@dataclass(frozen=True, slots=True)
class Background:
    """One picture, or one frame of a clip. `view` None: guessed."""

    stem: str
    path: Path
    frame: int | None
    view: View | None


@dataclass(frozen=True, slots=True)
class Family:
    """The backgrounds of one source. `absent`: labels none of them shows, in the order of `LABELS`."""

    name: str
    absent: tuple[str, ...]
    backgrounds: tuple[Background, ...]
    licence: str


def read_family(argument: str, views: Mapping[str, View | None], part: Split, lock: SplitLock | None) -> Family | None:
    """A folder or clip and, after a colon, labels that a person saw to be absent from all of it.

    None where it is sound but has nothing in this part.

    Args:
        argument: ``FOLDER``, ``CLIP.mp4``, or either with ``:label,label``.
        views: by picture stem; a family with any picture listed there is limited to those listed.
        part: the part that is wanted; a clip is in one of them by its name.
        lock: says which pictures are in it, None where there is none.

    Raises:
        UsageError: no such folder, no usable picture in it, one the lock does not know, or an unknown label.
    """
    path, absent = _split(argument)
    if path.suffix.lower() in _CLIPS:
        frames = _frames(path, views)
        return Family(path.stem, _ordered(absent), frames, "not stated") if part_of_name(path.stem) == part else None
    folder = read_divided(path, lock)
    free = [picture for picture in folder.pictures if not any(box.label in LABELS for box in picture.boxes)]
    listed = [picture for picture in free if picture.path.stem in views]
    usual = views.get(f"{folder.name}/*")
    chosen = [
        Background(picture.path.stem, picture.path, None, views.get(picture.path.stem) or usual)
        for picture in (listed or free)
        if picture.split == part
    ]
    if not free:
        raise UsageError(f"{path}: every picture has a box of what would be laid on it; name another background")
    if not chosen:
        return None
    return Family(folder.name, _ordered(absent | folder.exhaustive_for), tuple(chosen), folder.licence)


def read_background(background: Background, longest_px: int) -> NDArray[np.uint8]:
    """The picture, (h, w, 3) BGR, shrunk to `longest_px`.

    Raises:
        UsageError: no picture, or a clip that ends before the frame.
    """
    if background.frame is None:
        picture = safe_read_picture(background.path)
    else:
        picture = _frame(background.path, background.frame)
    share = longest_px / max(picture.shape[:2])
    if share < 1:
        picture = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return picture


def _split(argument: str) -> tuple[Path, frozenset[str]]:
    if Path(argument).exists():
        return Path(argument), frozenset()
    name, _, labels = argument.rpartition(":")
    if not name or not Path(name).exists():
        raise UsageError(f"{argument}: no such folder or clip; give FOLDER or FOLDER:label,label")
    found = frozenset(labels.split(","))
    unknown = sorted(found - set(LABELS))
    if unknown:
        raise UsageError(f"{argument}: {', '.join(unknown)} is none of {', '.join(LABELS)}")
    return Path(name), found


def _ordered(labels: Iterable[str]) -> tuple[str, ...]:
    known = set(labels)
    return tuple(label for label in LABELS if label in known)


def _frames(path: Path, views: Mapping[str, View | None]) -> tuple[Background, ...]:
    """Frames spread over the clip."""
    try:
        with av.open(str(path)) as clip:
            count = sum(1 for packet in clip.demux(video=0) if packet.size)
    except (av.error.FFmpegError, IndexError) as error:
        raise UsageError(f"{path}: no clip that can be read ({error})") from error
    numbers = sorted({int(number) for number in np.linspace(0, max(0, count - 3), FRAMES_PER_CLIP)})
    return tuple(Background(f"{path.stem}_{n:05d}", path, n, views.get(path.stem)) for n in numbers)


def _frame(path: Path, number: int) -> NDArray[np.uint8]:
    with av.open(str(path)) as clip:
        for index, frame in enumerate(clip.decode(video=0)):
            if index == number:
                return frame.to_ndarray(format="bgr24").astype(np.uint8)
    raise UsageError(f"{path}: ends before frame {number}; the clip is cut short")
