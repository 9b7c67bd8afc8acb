"""The committed lock: which half and which fold each picture lies in, for good.

A picture that moved from train to val between two versions makes their numbers incomparable, and nobody notices. The
lock holds names, hashes and places, no pictures; it is read by whoever trains or judges.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.configfile import parse_settings
from contract.errors import UsageError
from datasets.folder import LabelledFolder, LabelledPicture
from datasets.json_file import read_json
from datasets.whole_file import write_whole_text

Half = Literal["train", "val", "withheld"]
"""withheld: split.json says train, but the picture shows a scene of val: neither learnt from nor judged on."""

SHA_DIGITS = 16
"""Hexadecimal digits of the sha256 that are kept: enough to notice another picture under an old name."""


@dataclass(frozen=True, slots=True)
class LockedPicture:
    """Where a picture lies. Pictures of one `scene` share half and fold; `fold` counts from 0."""

    sha: str
    scene: str
    half: Half
    fold: int


@dataclass(frozen=True, slots=True)
class SplitLock:
    """Every locked picture by source and stem."""

    folds: int
    by_source: Mapping[str, Mapping[str, LockedPicture]]

    def find(self, source: str, stem: str) -> LockedPicture | None:
        """The picture's place, None where it was never locked."""
        return self.by_source.get(source, {}).get(stem)


class _LockFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Literal["xunjie-split/1"]
    folds: int = Field(ge=2, le=20)
    sources: dict[str, dict[str, tuple[str, str, Half, int]]]


def read_lock(path: Path) -> SplitLock:
    """The lock in `path`.

    Raises:
        UsageError: missing or malformed.
    """
    remedy = "make one with `python -m datasets split`"
    held = parse_settings(read_json(path, remedy), _LockFile, str(path))
    by_source = {
        source: {stem: LockedPicture(*place) for stem, place in pictures.items()}
        for source, pictures in held.sources.items()
    }
    for source, pictures in by_source.items():
        for stem, picture in pictures.items():
            if not 0 <= picture.fold < held.folds:
                raise UsageError(f"{path}: {source}/{stem}: fold {picture.fold} is not 0..{held.folds - 1}; correct it")
    return SplitLock(held.folds, by_source)


def write_lock(path: Path, lock: SplitLock) -> None:
    """Replaces the file at `path`; one line per picture, so that a change can be read in a diff."""
    sources = []
    for source, pictures in sorted(lock.by_source.items()):
        lines = [
            f"   {json.dumps(stem)}: {json.dumps([place.sha, place.scene, place.half, place.fold])}"
            for stem, place in sorted(pictures.items())
        ]
        sources.append(f"  {json.dumps(source)}: {{\n" + ",\n".join(lines) + "\n  }")
    head = f'{{\n "form": "xunjie-split/1",\n "folds": {lock.folds},\n "sources": {{\n'
    write_whole_text(path, head + ",\n".join(sources) + "\n }\n}\n")


def halved(folder: LabelledFolder, lock: SplitLock) -> LabelledFolder:
    """The folder with the lock's halves; withheld pictures are left out.

    Raises:
        UsageError: a picture isn't locked.
    """
    kept = []
    for picture, place in _placed(folder, lock):
        if place.half != "withheld":
            kept.append(replace(picture, split=place.half))
    return replace(folder, pictures=tuple(kept))


def folded(folder: LabelledFolder, lock: SplitLock, fold: int) -> LabelledFolder:
    """The folder with the pictures of `fold` as val and all others as train, withheld ones included.

    Raises:
        UsageError: a picture isn't locked, or there is no such fold.
    """
    if not 0 <= fold < lock.folds:
        raise UsageError(f"fold {fold}: the lock has folds 0..{lock.folds - 1}")
    pictures = (replace(p, split="val" if place.fold == fold else "train") for p, place in _placed(folder, lock))
    return replace(folder, pictures=tuple(pictures))


def _placed(folder: LabelledFolder, lock: SplitLock) -> list[tuple[LabelledPicture, LockedPicture]]:
    placed = []
    for picture in folder.pictures:
        place = lock.find(folder.name, picture.path.stem)
        if place is None:
            raise UsageError(f"{picture.path}: is in no split; run `python -m datasets split` to lock it")
        placed.append((picture, place))
    return placed
