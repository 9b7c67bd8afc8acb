"""A split's plan: which sources, what is held out of each, and how names tell scenes."""

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from contract.configfile import Settings, load_yaml
from contract.errors import UsageError
from datasets.looks import HASH_BITS

DEFAULT_SCENE_PATTERNS = (
    r"(video[_-]?\d+)",
    r"^(.+?)[_-]?frame[_-]?(?:no)?\d+",
)
"""Frame numbering that needs no explanation: everything of one video is one scene."""


def _valid_pattern(pattern: str) -> str:
    try:
        groups = re.compile(pattern).groups
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    if groups != 1:
        raise ValueError(f"{pattern!r} needs exactly one (group), has {groups}")
    return pattern


class Sequence(Settings):
    """Numbered pictures: neighbours in number are one scene."""

    pattern: str
    """Searched in the stem; its group is the number, what stands before it the series."""
    gap: int = Field(ge=1)
    """How far two numbers may lie apart."""
    distance: int = Field(default=HASH_BITS, ge=0, le=HASH_BITS)
    """Bits of 256 that the two may differ in besides; 256: numbers alone decide."""

    _pattern = field_validator("pattern")(_valid_pattern)


class SourcePlan(Settings):
    """One source of the split."""

    folder: Path
    holdout: Literal["given", "share", "all", "none"] = "share"
    """given: as split.json says; share: `val_share` of its scenes; all, none: every picture is val, train."""
    scenes: tuple[str, ...] = DEFAULT_SCENE_PATTERNS
    """Searched in the stem; the first that matches names the scene by its group."""
    sequences: tuple[Sequence, ...] = ()

    @field_validator("scenes")
    @classmethod
    def _scenes(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_valid_pattern(pattern) for pattern in patterns)


class SplitPlan(Settings):
    """Everything a lock is made from."""

    val_share: float = Field(default=0.2, gt=0.0, lt=1.0)
    """Share of pictures and of each class's boxes to hold out of every source whose holdout is `share`."""
    folds: int = Field(default=5, ge=2, le=20)
    sources: tuple[SourcePlan, ...] = Field(min_length=1)


def checked_pattern(pattern: str) -> str:
    """The pattern, if it is one.

    Raises:
        UsageError: it isn't.
    """
    try:
        return _valid_pattern(pattern)
    except ValueError as error:
        raise UsageError(str(error)) from error


def read_split_plan(path: Path) -> SplitPlan:
    """The plan in `path`; folders are relative to the folder `python -m datasets` runs in.

    Raises:
        UsageError: unreadable, malformed, a pattern that is none.
    """
    return load_yaml(path, SplitPlan)


def plan_for_folders(folders: tuple[Path, ...], val_share: float, folds: int) -> SplitPlan:
    """The plan for folders given on the command line: split.json is obeyed where there is one."""
    sources = tuple(
        SourcePlan(folder=folder, holdout="given" if (folder / "split.json").exists() else "share")
        for folder in folders
    )
    return SplitPlan(val_share=val_share, folds=folds, sources=sources)
