"""What an audit finds: faults, which must be mended, and remarks, which a person should have seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from datasets.folder import LabelledBox, LabelledFolder, LabelledPicture
from datasets.looks import Look
from datasets.picture import PictureSize
from datasets.split_lock import Half


class Kind(StrEnum):
    """What kind of finding, in the order of the page."""

    UNREADABLE = "unreadable"
    LABEL = "label"
    CLASH = "clash"
    LEAK = "leak"
    TWIN = "twin"
    WHOLE_FRAME = "whole frame"
    TINY = "tiny"
    SLIVER = "sliver"
    REPEATED = "repeated"
    RARE = "rare"


FAULTS = frozenset({Kind.UNREADABLE, Kind.LABEL, Kind.CLASH, Kind.LEAK})

ADVICE: Mapping[Kind, str] = {
    Kind.UNREADABLE: "The file is no picture, cut short, or far too large. Replace or remove it.",
    Kind.LABEL: "A label file, split or folder says something impossible. Each names its line; correct it.",
    Kind.CLASH: "Two sources spell one class in two ways, or share a name. Import one again with --rename.",
    Kind.LEAK: "One scene is learnt from and judged on: scores of these pictures are too good. "
    "python -m datasets split keeps scenes together; audit with its --lock.",
    Kind.TWIN: "One picture twice (re-encoded, mirrored, the next frame), within a half. It weighs double; harmless "
    "in moderation.",
    Kind.WHOLE_FRAME: "A box of nearly the whole picture. Right for a close-up, wrong for a label that means "
    "“somewhere here”; a street camera sees nothing that large.",
    Kind.TINY: "At 640 pixels a few pixels wide: the model learns to invent. Remove boxes that nobody could name.",
    Kind.SLIVER: "Very long and thin: often a slip of the hand.",
    Kind.REPEATED: "Two boxes of one class on one thing. Remove one.",
    Kind.RARE: "Too few boxes to learn or to judge from.",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture that could be read, with all that checks need of it."""

    source: str
    picture: LabelledPicture
    size: PictureSize
    look: Look
    half: Half | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture on the page, with the boxes that matter drawn thick."""

    source: str
    picture: LabelledPicture
    marked: tuple[LabelledBox, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `weight` orders findings of a kind, worst first."""

    kind: Kind
    message: str
    shown: tuple[Shown, ...] = ()
    weight: float = 0.0

    @property
    def is_fault(self) -> bool:
        return self.kind in FAULTS


@dataclass(frozen=True, slots=True)
class Audit:
    """Everything found in `folders`, by kind and weight."""

    folders: tuple[LabelledFolder, ...]
    roots: tuple[Path, ...]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> int:
        return sum(finding.is_fault for finding in self.findings)

    @property
    def remarks(self) -> int:
        return len(self.findings) - self.faults
